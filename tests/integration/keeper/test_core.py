"""Starting, exit statuses, signals, ending, forgetting."""
import errno
import os
import resource
import signal
import struct

import keeper
import wire
from keeper import Keeper, is_alive, read_until, wait_until

BASH = "/bin/bash"


class Starting(keeper.Case):
    def test_program_sees_what_was_asked_for(self):
        owner = Keeper().owner()
        script = 'pwd; echo "$GREETING|$SECRET_OF_CALLER|$0|$1"; stty size; tty; umask; ulimit -n; ls -l /proc/self/fd | grep -c " -> "; sleep 60'
        started = owner.start("a1", [BASH, "-c", script, "zero", "one two"], env=["GREETING=hello world", "PATH=/usr/bin:/bin"],
                              folder="/tmp", size=(101, 37))
        text = read_until(started.master, lambda out: out.count(b"\n") >= 7).decode().replace("\r", "").split("\n")
        self.assertEqual(text[0:3], ["/tmp", "hello world||zero|one two", "37 101"])
        self.assertTrue(text[3].startswith("/dev/pts/"), text[3])
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(int(text[4], 8), mask)
        self.assertEqual(text[5], str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
        self.assertEqual(text[6], "4", "0, 1, 2 and the folder that ls reads: nothing of the keeper's")
        self.assertEqual(os.getsid(started.pid), started.pid)

    def test_signals_are_as_a_program_expects(self):
        started = Keeper().owner().start("a1", ["/bin/sleep", "60"])
        with open(f"/proc/{started.pid}/status", encoding="ascii") as file:
            masks = dict(line.split(":\t") for line in file if line.startswith("Sig"))
        self.assertEqual([int(masks[key], 16) for key in ("SigBlk", "SigIgn", "SigCgt")], [0, 0, 0])

    def test_extra_descriptors_are_3_and_up(self):
        owner = Keeper().owner()
        pipes = [os.pipe() for _ in range(8)]
        started = owner.start("a1", [BASH, "-c", "for i in 3 4 5 6 7 8 9 10; do echo -n $i >&$i; done; ls /proc/self/fd; sleep 60"],
                              env=["PATH=/bin:/usr/bin"], extras=[write for _, write in pipes])
        for number, (read, write) in enumerate(pipes, 3):
            os.close(write)
            self.assertEqual(os.read(read, 10), str(number).encode())
            os.close(read)
        started.close()

    def test_line_discipline(self):
        owner = Keeper().owner()
        started = owner.start("a1", [BASH, "-c", "stty -a; sleep 60"], env=["PATH=/bin:/usr/bin"])
        text = read_until(started.master, lambda out: b"-extproc" in out or b"echoke" in out).decode()
        self.assertIn("erase = ^?;", text)
        for word in ("iutf8", "icrnl", "ixon", "icanon", "isig", "iexten", "opost", "onlcr", "echo", "echoe", "echok", "echoctl", "echoke"):
            self.assertIn(word, text.split())

    def test_scripts_without_interpreter_line(self):
        kept = Keeper()
        script = os.path.join(kept.top, "script")
        with open(script, "w", encoding="ascii") as file:
            file.write('echo "$0 $1"\n')
        os.chmod(script, 0o755)
        started = kept.owner().start("a1", [script, "word"])
        self.assertEqual(read_until(started.master, None).decode().strip(), f"{script} word")

    def test_memory_is_made_and_sealed(self):
        owner = Keeper().owner()
        started = owner.start("a1", [BASH, "-c", "sleep 60"], history=1 << 20)
        memory = wire.Memory(started.memory)
        self.assertEqual(memory.segments, 16 + 1 + 80)
        self.assertEqual(memory.owner, 1)
        self.assertEqual(memory.magic, 0x316D656D2D747372)
        self.assertEqual(memory.records(), [])
        for size in (4096, 1 << 30):
            with self.assertRaises(OSError):
                os.ftruncate(started.memory, size)
        memory.close()

    def test_what_cannot_be_started_is_refused_and_leaves_nothing(self):
        kept = Keeper()
        owner = kept.owner()
        before = (len(keeper.process.descriptors(kept.pid)), len(keeper.tree_of(kept.pid)))
        for step, error, words, more in (
            (wire.STEP_PROGRAM, errno.ENOENT, ["/no/such/program"], {}),
            (wire.STEP_PROGRAM, errno.EACCES, ["/etc/passwd"], {}),
            (wire.STEP_PROGRAM, errno.E2BIG, [BASH, "x" * 200_000], {}),
            (wire.STEP_FOLDER, errno.ENOENT, [BASH], {"folder": "/no/such/folder"}),
            (wire.STEP_FOLDER, errno.ENOTDIR, [BASH], {"folder": "/etc/passwd"}),
            (wire.STEP_MEMORY, errno.EINVAL, [BASH], {"history": 1 << 40}),
            (wire.STEP_MEMORY, errno.EINVAL, [BASH], {"history": (1 << 64) - 1}),
        ):
            refused = owner.refused("a1", words, **more)
            self.assertEqual((refused.step, refused.error, refused.id), (step, error, "a1"), (words[0], more))
        started = owner.start("a1", [BASH, "-c", "sleep 60"])
        self.assertEqual(owner.refused("a1", [BASH]).step, wire.STEP_ID)
        owner.forget("a1")
        started.close()
        wait_until(lambda: (len(keeper.process.descriptors(kept.pid)), len(keeper.tree_of(kept.pid))) == before,
                   lambda: f"{keeper.process.descriptors(kept.pid)} {keeper.tree_of(kept.pid)}")

    def test_a_slow_start_holds_nobody_up(self):
        kept = Keeper()
        owner = kept.owner()
        fifo = os.path.join(kept.top, "fifo")
        os.mkfifo(fifo)
        # A sandbox that does not come to its end stands for a disk that does not answer.
        slow = owner.ask_start("slow", wire.request([BASH, "-c", f"read x < {fifo}"], sandboxed=True))
        owner.start("quick", [BASH, "-c", "exit 3"]).close()
        self.assertEqual(owner.expect(wire.EXITED, id="quick").status, 3)
        owner.end("slow")
        self.assertEqual(owner.answer(slow, wire.REFUSED).step, wire.STEP_SANDBOX)


class Exiting(keeper.Case):
    def test_statuses(self):
        owner = Keeper().owner()
        for id_, script, status, number in (("a", "exit 0", 0, 0), ("b", "exit 77", 77, 0), ("c", "kill -9 $$", -1, 9), ("d", "kill -SEGV $$", -1, 11)):
            owner.start(id_, [BASH, "-c", "ulimit -c 0; " + script]).close()
            exited = owner.expect(wire.EXITED, id=id_)
            self.assertEqual((exited.status, exited.signal), (status, number))
            owner.expect(wire.EMPTIED, id=id_)

    def test_all_output_is_there_and_then_the_end(self):
        owner = Keeper().owner()
        started = owner.start("a", [BASH, "-c", "for i in {1..200}; do echo line $i; done"])
        owner.expect(wire.EMPTIED, id="a")
        self.assertEqual(read_until(started.master, None).count(b"\r\n"), 200)

    def test_exited_comes_before_emptied(self):
        owner = Keeper().owner()
        started = owner.start("a", [BASH, "-c", "setsid sleep 0.3 & exit 5"], env=["PATH=/usr/bin:/bin"])
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 5)
        self.assertEqual(owner.unread, [])
        owner.expect(wire.EMPTIED, id="a")
        self.assertFalse(is_alive(started.warden))

    def test_a_terminal_that_is_closed_for_a_moment_has_not_ended(self):
        owner = Keeper().owner()
        started = owner.start("a", [BASH, "-c", "t=$(tty); exec <&- >&- 2>&-; read -t 0.2 < <(sleep 60 & ); exec >$t; echo back; exec sleep 60"],
                              env=["PATH=/usr/bin:/bin"])
        self.assertIn(b"back", read_until(started.master, lambda out: b"back" in out))


class Signals(keeper.Case):
    def test_jobs_reaches_leader_and_foreground_job(self):
        owner = Keeper().owner()
        # The inner shell is a job of its own in the foreground.
        inner = 'trap "echo inner usr" USR1; echo inner ready; while :; do sleep 0.05; done'
        started = owner.start("a", [BASH, "-c", f"set -m; trap 'echo outer usr' USR1; {BASH} -c '{inner}'; while :; do sleep 0.05; done"],
                              env=["PATH=/usr/bin:/bin"])
        read_until(started.master, lambda out: b"inner ready" in out)
        owner.signal("a", signal.SIGUSR1)
        read_until(started.master, lambda out: b"inner usr" in out)
        owner.signal("a", signal.SIGKILL)
        self.assertEqual(owner.expect(wire.EXITED, id="a").signal, 9)
        owner.expect(wire.EMPTIED, id="a")  # all of its session, not only two groups

    def test_a_stopped_tree_hears_hup(self):
        owner = Keeper().owner()
        for name, reach in (("a", wire.TREE), ("b", wire.JOBS)):
            started = owner.start(name, [BASH, "-c", "trap 'exit 5' HUP; kill -STOP $$; while :; do read -t 0.02 < <(sleep 60); done"], env=["PATH=/usr/bin:/bin"])
            wait_until(lambda pid=started.warden: keeper.process.children(pid)[0][1] == "T", "it is stopped")
            owner.signal(name, signal.SIGHUP, reach)
            self.assertEqual(owner.expect(wire.EXITED, id=name).status, 5)
            owner.end(name)

    def test_tree_reaches_what_has_left_the_session(self):
        owner = Keeper().owner()
        started = owner.start("a", [BASH, "-c", "setsid setsid sleep 61 & disown; echo ready; exec sleep 62"], env=["PATH=/usr/bin:/bin", "MARK=tree1"])
        read_until(started.master, lambda out: b"ready" in out)

        def sleeps(pid):
            try:
                return os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath("/bin/sleep")
            except OSError:
                return False
        wait_until(lambda: sum(map(sleeps, keeper.marked("MARK=tree1"))) == 2, "what leaves has left: both sleep")
        owner.signal("a", signal.SIGTERM, wire.JOBS)
        owner.expect(wire.EXITED, id="a")
        self.assertEqual(len(keeper.marked("MARK=tree1")), 1)
        owner.signal("a", signal.SIGTERM, wire.TREE)
        owner.expect(wire.EMPTIED, id="a")
        self.assertGone("tree1")

    def test_nonsense_is_refused_or_ignored(self):
        owner = Keeper().owner()
        started = owner.start("a", ["/bin/sleep", "60"])
        for number, reach in ((0, 0), (-1, 0), (65, 0), (1 << 30, 1), (9, 2), (9, 1 << 31)):
            owner.send(wire.head(wire.SIGNAL, 77) + wire.name("a") + struct.pack("=iI", number, reach))
            self.assertEqual(owner.expect(wire.REFUSED, request=77).step, wire.STEP_PACKET)
        self.assertTrue(is_alive(started.pid))


class Forgetting(keeper.Case):
    def test_forget_ends_what_is_left(self):
        kept = Keeper()
        owner = kept.owner()
        started = owner.start("a", [BASH, "-c", "setsid sleep 60 & sleep 60"], env=["PATH=/usr/bin:/bin", "MARK=forget1"])
        owner.forget("a")
        self.assertGone("forget1")
        wait_until(lambda: not is_alive(started.warden), "the warden's end")
        started.close()
        owner.start("a", [BASH, "-c", "exit 0"]).close()  # the name is free
        owner.expect(wire.EMPTIED, id="a")
        owner.forget("a")
        owner.forget("neverwas")
        self.assertEqual(kept.owner().sessions, {})

    def test_end_is_harmless_when_repeated(self):
        owner = Keeper().owner()
        owner.start("a", [BASH, "-c", "trap '' HUP TERM; sleep 60"]).close()
        for _ in range(3):
            owner.end("a")
        self.assertEqual(owner.expect(wire.EXITED, id="a").signal, 9)
        owner.expect(wire.EMPTIED, id="a")
        owner.end("a")
        owner.end("unknown")
        owner.start("b", [BASH, "-c", "exit 1"]).close()
        self.assertEqual(owner.expect(wire.EXITED, id="b").status, 1)
