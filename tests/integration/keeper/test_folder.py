"""The folder: who may use it, one keeper each, and when a keeper ends by itself."""
import os
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time

import keeper
import wire
from keeper import Keeper, is_alive, wait_until


def run(*words):
    return subprocess.run([keeper.program(), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)


class Words(keeper.Case):
    def test_version_and_help(self):
        self.assertRegex(run("--version").stdout, r"^roost-keeper \d+\.\d+\.\d+\n$")
        self.assertIn("usage: roost-keeper", run("--help").stdout)

    def test_what_is_not_understood(self):
        for words in ((), ("--what", "/tmp"), ("/tmp", "/tmp"), ("--linger", "/tmp"), ("--linger", "-1", "/tmp"), ("--linger", "99999999999", "/tmp")):
            done = run(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("usage:", done.stderr)

    def test_the_program_needs_no_library(self):
        with open(keeper.program(), "rb") as file:
            content = file.read()
        start, = struct.unpack_from("=Q", content, 32)  # of the program headers, of which each begins with its type
        size, count = struct.unpack_from("=HH", content, 54)
        kinds = [struct.unpack_from("=I", content, start + i * size)[0] for i in range(count)]
        self.assertEqual(3 in kinds, b"__asan_init" in content, "PT_INTERP: a dynamic linker")


class Folders(keeper.Case):
    def refused(self, folder, why):
        done = run(folder)
        self.assertEqual((done.returncode, why in done.stderr), (1, True), done)
        self.assertEqual(os.path.exists(os.path.join(folder, "keeper.sock")), False)

    def test_only_a_closed_folder_of_ours(self):
        with tempfile.TemporaryDirectory() as top:
            folder = os.path.join(top, "keeper")
            self.refused(folder, "No such file")
            os.mkdir(folder)
            for mode in (0o755, 0o710, 0o701, 0o777):
                os.chmod(folder, mode)
                self.refused(folder, f"mode {mode:04o}")
            os.chmod(folder, 0o700)
            os.chown(folder, 65534, -1)
            self.refused(folder, "uid 65534")
            self.refused("/etc/passwd", "Not a directory")

    def test_files_are_ours_alone(self):
        kept = Keeper()
        for name in ("keeper.sock", "keeper.pid", "keeper.log", "lock"):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(kept.folder, name)).st_mode) & 0o077, 0, name)

    def test_a_long_path(self):
        top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, top, True)
        kept = Keeper(folder=os.path.join(top, "x" * 120, "y" * 120))
        self.assertEqual(kept.owner().welcome.generation, 1)

    def test_one_keeper_each(self):
        kept = Keeper()
        done = run(kept.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn("another keeper holds the folder", done.stderr)
        foreground = run("--foreground", kept.folder)
        self.assertEqual(foreground.returncode, 0)
        self.assertEqual(kept.owner().welcome.pid, kept.pid)

    def test_ten_at_once_make_one(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o700)
            runs = [subprocess.Popen([keeper.program(), folder], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(10)]
            said = [run.communicate(timeout=20)[1] for run in runs]
            self.assertEqual([run.returncode for run in runs], [0] * 10)
            self.assertEqual(sorted(bool(text) for text in said), [False] + [True] * 9, said)
            link = wire.Link(os.path.join(folder, "keeper.sock"))
            welcome, _ = link.hello()
            os.kill(welcome.pid, signal.SIGTERM)
            wait_until(lambda: not is_alive(welcome.pid), "its end")
            link.close()

    def test_after_one_that_was_killed(self):
        kept = Keeper()
        kept.kill()
        kept.wait_gone()
        again = Keeper(folder=kept.folder)
        self.assertEqual(again.owner().welcome.pid, again.pid)


class Daemon(keeper.Case):
    def test_it_holds_nothing_of_its_caller(self):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o700)
            subprocess.run([keeper.program(), folder], check=True, close_fds=False, cwd=folder, env={"SECRET": "sesame"}, timeout=20)
            os.close(write)
            self.assertEqual(os.read(read, 1), b"", "the pipe has ended: nobody else holds it")
            os.close(read)
            with open(os.path.join(folder, "keeper.pid"), encoding="ascii") as file:
                pid = int(file.read())
            self.addCleanup(os.kill, pid, signal.SIGKILL)
            with open(f"/proc/{pid}/environ", "rb") as file:
                self.assertNotIn(b"sesame", file.read())
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
            self.assertEqual(os.getsid(pid), pid)
            targets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)]
            self.assertEqual(targets, ["/dev/null", "/dev/null", os.path.join(folder, "keeper.log")])

    def test_foreground(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o700)
            with subprocess.Popen([keeper.program(), "--foreground", folder], stderr=subprocess.PIPE) as run_:
                wait_until(lambda: os.path.exists(os.path.join(folder, "keeper.sock")), "the socket")
                run_.terminate()
                _, said = run_.communicate(timeout=10)
                self.assertEqual(run_.returncode, 0)
                self.assertIn(b"ends", said)
            self.assertEqual(os.listdir(folder), ["lock"])

    def test_the_log_is_bounded(self):
        kept = Keeper()
        with open(os.path.join(kept.folder, "keeper.log"), "a", encoding="ascii") as file:
            file.write("x" * ((1 << 20) + 1))
        kept.owner()
        wait_until(lambda: len(kept.log()) < 10_000 and "owner 1" in kept.log(), "a new beginning")


class EndingByItself(keeper.Case):
    def test_without_anything_to_keep(self):
        kept = Keeper("--linger", "1")
        begin = time.monotonic()
        kept.wait_gone(5)
        self.assertGreater(time.monotonic() - begin, 0.5)
        self.assertEqual(sorted(os.listdir(kept.folder)), ["keeper.log", "lock"])

    def test_an_owner_or_a_session_keeps_it(self):
        kept = Keeper("--linger", "1")
        owner = kept.owner()
        owner.start("a", ["/bin/sleep", "2"]).close()
        owner.expect(wire.EXITED, id="a")
        owner.close()
        owner = kept.owner()  # the status was not forgotten
        owner.forget("a")
        self.assertTrue(kept.is_alive())
        owner.close()
        kept.wait_gone(5)

    def test_when_its_folder_is_gone(self):
        kept = Keeper()
        owner = kept.owner()
        owner.start("a", ["/bin/sleep", "600"], env=["MARK=folder1"]).close()
        shutil.rmtree(kept.folder)
        owner.signal("a", signal.SIGCONT)  # its owner still has it
        self.assertTrue(keeper.marked("MARK=folder1"))
        owner.close()
        wait_until(lambda: not kept.is_alive(), "its end")
        self.assertGone("folder1")

    def test_when_another_stands_in_its_place(self):
        kept = Keeper()
        kept.owner().close()
        os.rename(kept.socket, kept.socket + ".old")
        with open(kept.socket, "w", encoding="ascii"):
            pass
        kept.wait_gone()
        self.assertTrue(os.path.exists(kept.socket), "what is not its own stays")
