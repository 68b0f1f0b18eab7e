"""Starts in a sandbox, and starts as another user with limits."""
import contextlib
import errno
import os
import resource
import subprocess
import sys
import unittest

import keeper
import wire
from keeper import Keeper, cgroup_folder, read_until, wait_until

BASH = "/bin/bash"
ENV = ["PATH=/usr/bin:/bin"]
BWRAP = "/usr/bin/bwrap"
SANDBOX = [BWRAP, "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "--die-with-parent"]

# Makes a session keyring with a key in it, and becomes the program that is named after it.
KEY_HOLDER = """
import ctypes, os, sys
add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
call = ctypes.CDLL(None, use_errno=True).syscall
if call(keyctl, 1, None) < 0 or call(add_key, b"user", b"roost-test-key", b"secret", 6, -3) < 0:
    sys.exit(3)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Sandboxes(keeper.Case):
    def setUp(self):
        super().setUp()
        self.kept = Keeper()
        self.owner = self.kept.owner()
        # As a server does: descriptor 3 is the keeper's own program.
        self.stage = os.open(f"/proc/{self.kept.pid}/exe", os.O_RDONLY)
        self.addCleanup(os.close, self.stage)

    def words(self, *program, options=()):
        return [*SANDBOX, *options, "--", "/proc/self/fd/3", "--stage", "4", *program]

    def start(self, *program, options=(), **more):
        return self.owner.start("a", self.words(*program, options=options), [self.stage], sandboxed=True, env=ENV, **more)

    def refused(self, *program, options=()):
        return self.owner.refused("a", self.words(*program, options=options), [self.stage], sandboxed=True, env=ENV)

    def test_the_program_runs_inside(self):
        started = self.start(BASH, "-c", "echo pid $$ $1; ls /proc/self/fd; echo end; echo done; sleep 600", "x", "word")
        text = read_until(started.master, lambda out: b"done" in out).decode().split()
        self.assertEqual(text[0], "pid")
        self.assertLess(int(text[1]), 10, "a process namespace of its own")
        self.assertEqual(text[2:8], ["word", "0", "1", "2", "3", "end"], "no descriptor of the sandbox's is left; 3 is the folder that ls reads")
        self.owner.end("a")
        self.owner.expect(wire.EMPTIED, id="a")

    def test_its_status_is_the_program_s(self):
        self.start(BASH, "-c", "exit 42").close()
        self.assertEqual(self.owner.expect(wire.EXITED, id="a").status, 42)

    def test_scripts(self):
        script = os.path.join(self.kept.top, "script")
        with open(script, "w", encoding="ascii") as file:
            file.write('echo "plain $1"\n')
        os.chmod(script, 0o755)
        started = self.start(script, "word")
        self.assertIn(b"plain word", read_until(started.master, None))

    def test_a_sandbox_that_refuses(self):
        refused = self.refused(BASH, options=["--bad-option"])
        self.assertEqual((refused.step, refused.error), (wire.STEP_SANDBOX, 0))
        self.assertEqual(refused.text, "bwrap: Unknown option --bad-option")
        self.assertEqual(keeper.tree_of(self.kept.pid), [])
        self.assertEqual(self.kept.owner().sessions, {})

    def test_a_mount_that_fails(self):
        refused = self.refused(BASH, options=["--bind", "/no/such/folder", "/mnt"])
        self.assertEqual(refused.step, wire.STEP_SANDBOX)
        self.assertIn("/no/such/folder", refused.text)

    def test_what_it_says_is_cut(self):
        refused = self.owner.refused("a", [BASH, "-c", "for i in {1..200}; do echo line $i; done; exit 1"], sandboxed=True, env=ENV)
        self.assertEqual(refused.step, wire.STEP_SANDBOX)
        self.assertTrue(refused.text.startswith("line 1\nline 2\n"), refused.text)
        self.assertTrue(400 < len(refused.text) <= 511, len(refused.text))

    def test_a_program_that_is_not_in_the_sandbox(self):
        for program, error in (("/no/such/program", errno.ENOENT), ("/etc/passwd", errno.EACCES), ("/usr/bin", errno.EACCES), ("bash", errno.EINVAL)):
            refused = self.refused(program)
            self.assertEqual((refused.step, refused.error), (wire.STEP_PROGRAM, error), program)
        self.assertEqual(keeper.tree_of(self.kept.pid), [])

    def test_the_stage_alone_is_nothing(self):
        import subprocess  # pylint: disable=import-outside-toplevel
        for words in ((), ("4",), ("1", "/bin/true"), ("x", "/bin/true"), ("99", "/bin/true")):
            self.assertEqual(subprocess.run([keeper.program(), "--stage", *words], capture_output=True, check=False).returncode, 2, words)

    def test_everything_in_it_ends(self):
        script = "setsid sleep 600 & (setsid setsid sleep 600 &); trap '' HUP TERM; echo ready; sleep 600"
        started = self.start(BASH, "-c", script)
        read_until(started.master, lambda out: b"ready" in out)
        tree = keeper.tree_of(started.warden)
        self.assertGreaterEqual(len(tree), 4)
        os.kill(started.pid, 9)  # the sandbox itself, as an out-of-memory killer may
        self.owner.expect(wire.EXITED, id="a")
        self.owner.end("a")
        self.owner.expect(wire.EMPTIED, id="a")
        self.assertEqual([pid for pid in tree if keeper.is_alive(pid)], [])


class Limits(keeper.Case):
    def test_resource_limits(self):
        owner = Keeper().owner()
        limits = [(resource.RLIMIT_NOFILE, 77), (resource.RLIMIT_FSIZE, 1024 * 1024), (resource.RLIMIT_CPU, 1000)]
        started = owner.start("a", [BASH, "-c", "ulimit -n -f -t -H; ulimit -n -f -t -S; echo done; sleep 60"], env=ENV, limits=limits)
        text = read_until(started.master, lambda out: b"done" in out).decode()
        for number in (" 77\r", " 1024\r", " 1000\r"):
            self.assertEqual(text.count(number), 2, text)
        self.assertEqual(owner.refused("b", [BASH], limits=[(99, 1)]).step, wire.STEP_PACKET)

    def test_another_user(self):
        owner = Keeper().owner()
        script = "id -u; id -g; id -G; stat -c %u $(tty); touch /root/x 2>/dev/null && echo bad; echo done; sleep 60"
        started = owner.start("a", [BASH, "-c", script], env=ENV, user=(61000, 61001), groups=[61001, 61002, 61003])
        text = read_until(started.master, lambda out: b"done" in out).decode().split("\r\n")
        self.assertEqual(text[:5], ["61000", "61001", "61001 61002 61003", "61000", "done"])
        with open(f"/proc/{started.pid}/status", encoding="ascii") as file:
            status = file.read()
        self.assertIn("Uid:\t61000\t61000\t61000\t61000", status)
        self.assertRegex(status, r"CapEff:\t0+\n")
        # Without the user's groups it has none of ours.
        started = owner.start("b", [BASH, "-c", "id -G; sleep 60"], env=ENV, user=(61000, 61001))
        self.assertEqual(read_until(started.master, lambda out: b"\n" in out), b"61001\r\n")

    def test_the_terminal_of_another_user_is_as_after_a_login(self):
        owner = Keeper().owner()
        script = "stat -c '%u %g %a' $(tty); umask; sleep 60"
        started = owner.start("a", [BASH, "-c", script], env=ENV, user=(61000, 61001), groups=[61001], terminal_group=61005)
        text = read_until(started.master, lambda out: out.count(b"\n") >= 2).decode().split("\r\n")
        self.assertEqual(text[:2], ["61000 61005 620", "0022"])
        # It is a word for keepers that know it, and for no other user it means nothing.
        started = owner.start("b", [BASH, "-c", "stat -c %u $(tty); sleep 60"], env=ENV, terminal_group=61005)
        self.assertEqual(read_until(started.master, lambda out: b"\n" in out), b"%d\r\n" % os.geteuid())

    def test_another_user_has_no_keys_of_ours(self):
        """A keeper in a session keyring that holds a key of its user's."""
        mine = [sys.executable, "-c", KEY_HOLDER]
        if subprocess.run([*mine, "true"], check=False).returncode != 0:
            return  # no keyrings in this kernel or container
        owner = Keeper(prefix=mine).owner()
        script = "grep -c roost-test-key /proc/keys; sleep 60"
        started = owner.start("a", [BASH, "-c", script], env=ENV)
        self.assertGreaterEqual(int(read_until(started.master, lambda out: b"\n" in out)), 1, "our own program has it")
        started = owner.start("b", [BASH, "-c", script], env=ENV, user=(61000, 61001), groups=[61001])
        self.assertEqual(read_until(started.master, lambda out: b"\n" in out), b"0\r\n")

    def test_the_folder_is_entered_as_that_user(self):
        kept = Keeper()
        refused = kept.owner().refused("a", [BASH], env=ENV, user=(61000, 61001), folder=kept.folder)
        self.assertEqual((refused.step, refused.error), (wire.STEP_FOLDER, errno.EACCES))

    def test_groups_need_a_user(self):
        self.assertEqual(Keeper().owner().refused("a", [BASH], groups=[5]).step, wire.STEP_PACKET)

    def test_a_keeper_that_is_not_root_has_one_user(self):
        kept = Keeper(prefix=["/usr/bin/setpriv", "--reuid", "61000", "--regid", "61000", "--clear-groups", "--"], owner=61000)
        owner = kept.owner()  # we are root: accepted
        refused = owner.refused("a", [BASH], user=(61000, 61000))
        self.assertEqual((refused.step, refused.error), (wire.STEP_USER, errno.EPERM))
        # A limit above the keeper's own, which it may not raise: its own stays.
        started = owner.start("b", [BASH, "-c", "ulimit -He; sleep 60"], env=ENV, limits=[(resource.RLIMIT_NICE, 40)])
        self.assertEqual(read_until(started.master, lambda out: b"\n" in out), b"0\r\n")
        owner.end("b")
        owner.expect(wire.EMPTIED, id="b")
        started = owner.start("a", [BASH, "-c", "id -u; sleep 60"], env=ENV)
        self.assertEqual(read_until(started.master, lambda out: b"\n" in out), b"61000\r\n")
        owner.end("a")
        owner.expect(wire.EMPTIED, id="a")


def has_cgroups():
    """Whether a keeper that is started here must find a cgroup v2 that it may write to."""
    folder = cgroup_folder(os.getpid())
    return folder is not None and os.access(folder, os.W_OK) and os.access(os.path.join(folder, "cgroup.procs"), os.W_OK)


class Cgroups(keeper.Case):
    def test_a_cgroup_for_each_session(self):
        kept = Keeper()
        owner = kept.owner()
        self.assertEqual(bool(owner.welcome.has_cgroups), has_cgroups())
        if not has_cgroups():
            self.assertEqual(owner.refused("a", [BASH], cgroup=["pids.max=5"]).error, errno.EOPNOTSUPP)
            return
        home = cgroup_folder(os.getpid()).rstrip("/") + f"/roost-{kept.pid}"
        started = owner.start("a", [BASH, "-c", "setsid sleep 600 & sleep 600"], env=ENV, cgroup=["cpu.pressure=", "pids.max=55"][:0])
        self.assertEqual(cgroup_folder(started.pid), home + "/a")
        self.assertEqual(cgroup_folder(started.warden), home + "/_keeper")
        wait_until(lambda: len(keeper.tree_of(started.warden)) == 3, "all of it")
        with open(home + "/a/cgroup.procs", encoding="ascii") as file:
            self.assertEqual(len(file.read().split()), 3)
        owner.end("a")
        owner.expect(wire.EMPTIED, id="a")
        wait_until(lambda: not os.path.exists(home + "/a"), "its cgroup's end")
        kept.kill(15)
        kept.wait_gone()
        self.assertFalse(os.path.exists(home))

    def test_a_line_that_the_kernel_refuses(self):
        kept = Keeper()
        owner = kept.owner()
        for line in ("nosuch.file=1", "memory.nosuch=1", "cpu.max="):
            refused = owner.refused("a", [BASH], cgroup=[line])
            self.assertEqual(refused.step, wire.STEP_LIMIT, line)
            self.assertNotEqual(refused.error, 0)
        for line in ("cgroup.procs=1", "../x.y=1", "memory.max", "=1", "memory/x.y=1", ".x=1", "Memory.max=1"):
            self.assertEqual(owner.refused("a", [BASH], cgroup=[line]).step, wire.STEP_PACKET, line)
        home = (cgroup_folder(os.getpid()) or "").rstrip("/") + f"/roost-{kept.pid}/a"
        self.assertFalse(os.path.exists(home))

    def test_a_delegated_cgroup_of_a_plain_user(self):
        if not has_cgroups():
            return
        own = cgroup_folder(os.getpid()).rstrip("/") + f"/delegated-{os.getpid()}"
        os.mkdir(own)
        for name in ("", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"):
            os.chown(own + name, 61010, 61010)
        script = f'echo $$ > {own}/cgroup.procs; exec /usr/bin/setpriv --reuid 61010 --regid 61010 --clear-groups -- "$0" "$@"'
        kept = Keeper(prefix=[BASH, "-c", script], owner=61010)
        owner = kept.owner()
        self.assertTrue(owner.welcome.has_cgroups & 1)
        started = owner.start("a", ["/bin/sleep", "600"])
        self.assertEqual(cgroup_folder(started.pid), f"{own}/roost-{kept.pid}/a")
        owner.end("a")
        owner.expect(wire.EMPTIED, id="a")
        kept.kill(15)
        kept.wait_gone()

        def is_removed():
            with contextlib.suppress(OSError):  # busy until the keeper is reaped
                os.rmdir(own)
            return not os.path.exists(own)

        wait_until(is_removed, "nothing is left in it")

    def test_the_next_one_removes_what_a_killed_one_left(self):
        if not has_cgroups():
            return
        kept = Keeper()
        started = kept.owner().start("a", ["/bin/sleep", "600"])
        home = os.path.dirname(cgroup_folder(started.pid))
        os.mkdir(home + "/a/nested")
        kept.stop()
        self.assertTrue(os.path.exists(home))
        Keeper()
        wait_until(lambda: not os.path.exists(home), "its end")

    def test_without(self):
        kept = Keeper("--no-cgroups")
        owner = kept.owner()
        self.assertEqual(owner.welcome.has_cgroups, 0)
        started = owner.start("a", ["/bin/sleep", "600"])
        self.assertEqual(cgroup_folder(started.pid), cgroup_folder(os.getpid()))
        self.assertEqual(owner.refused("b", [BASH], cgroup=["pids.max=5"]).error, errno.EOPNOTSUPP)


if __name__ == "__main__":
    unittest.main()
