"""Owners: versions, generations, fencing, what outlives them, what is told again."""
import errno
import os
import resource
import struct
import subprocess
import sys
import time

import keeper
import wire
from keeper import Keeper, read_until, wait_until

BASH = "/bin/bash"


class Versions(keeper.Case):
    def test_the_newest_that_both_speak(self):
        kept = Keeper()
        for oldest, newest, agreed in ((1, 1, 1), (1, 2, 2), (2, 2, 2), (1, 9, 3), (2, 65535, 3)):
            welcome, _ = kept.link().hello(oldest, newest)
            self.assertEqual((welcome.version, welcome.oldest, welcome.newest, welcome.pid), (agreed, 1, 3, kept.pid))

    def test_none_in_common_changes_nothing(self):
        kept = Keeper()
        owner = kept.owner()
        for oldest, newest in ((4, 9), (0, 0), (2, 1)):
            stranger = kept.link()
            welcome, _ = stranger.hello(oldest, newest)
            self.assertEqual((welcome.version, welcome.generation), (0, 0))
            self.assertIsNone(stranger.receive())
        owner.start("a", [BASH, "-c", "exit 0"]).close()
        owner.expect(wire.EMPTIED, id="a")

    def test_version_1_has_no_version_2(self):
        owner = Keeper().owner(oldest=1, newest=1)
        self.assertEqual(owner.welcome.has_cgroups, 0)
        self.assertEqual(owner.answer(owner.fetch("a"), wire.REFUSED).step, wire.STEP_PACKET)
        for more in ({"limits": [(resource.RLIMIT_NOFILE, 50)]}, {"user": (65534, 65534)}, {"cgroup": ["pids.max=5"]}):
            self.assertEqual(owner.refused("a", [BASH], **more).step, wire.STEP_PACKET, more)
        owner.start("a", [BASH, "-c", "exit 4"]).close()
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 4)

    def test_version_2_has_no_version_3(self):
        owner = Keeper().owner(oldest=1, newest=2)
        owner.start("a", [BASH, "-c", "exit 4"]).close()
        owner.expect(wire.EMPTIED, id="a")
        self.assertEqual(owner.refused("a", [BASH], again=True).step, wire.STEP_PACKET)
        refused = owner.refused("a", [BASH])
        self.assertEqual((refused.step, refused.error), (wire.STEP_ID, errno.EEXIST))

    def test_only_hello_opens(self):
        kept = Keeper()
        for content in (wire.head(wire.END) + wire.name("a"), b"x", wire.head(wire.HELLO), wire.head(wire.HELLO) + struct.pack("=IHH32s", 1, 1, 2, b"")):
            link = kept.link()
            link.send(content)
            self.assertIsNone(link.receive())

    def test_silent_connections_are_few_and_short(self):
        kept = Keeper()
        silent = [kept.link() for _ in range(8)]
        begin = time.monotonic()
        self.assertIsNone(kept.link().receive(), "the ninth is closed at once")
        self.assertLess(time.monotonic() - begin, 2)
        for link in silent:
            self.assertIsNone(link.receive(8))
        self.assertGreater(time.monotonic() - begin, 4)
        kept.owner()


class Fencing(keeper.Case):
    def test_the_last_one_owns(self):
        kept = Keeper()
        first = kept.owner()
        started = first.start("a", [BASH, "-c", "read x; echo got $x; sleep 60"])
        memory = wire.Memory(started.memory)
        self.assertEqual((first.welcome.generation, memory.owner), (1, 1))
        second = kept.owner()
        first.expect(wire.FENCED)
        self.assertIsNone(first.receive())
        self.assertEqual((second.welcome.generation, memory.owner), (2, 2))
        told = second.sessions["a"]
        self.assertEqual((told.pid, told.warden, told.phase, told.has_terminal), (started.pid, started.warden, wire.RUNNING, 1))
        self.assertTrue(os.path.sameopenfile(told.memory, started.memory))
        os.write(told.master, b"word\n")
        read_until(told.master, lambda out: b"got word" in out)
        memory.close()

    def test_the_generation_is_there_before_the_descriptors(self):
        kept = Keeper()
        started = kept.owner().start("a", ["/bin/sleep", "60"])
        memory = wire.Memory(started.memory)
        for generation in range(2, 30):
            link = kept.link()
            link.send(wire.head(wire.HELLO) + struct.pack("=IHH32s", wire.MAGIC, 1, 2, b""))
            welcome = link.expect(wire.WELCOME)
            self.assertEqual((welcome.generation, memory.owner), (generation, generation))
        memory.close()

    def test_the_log_names_the_server(self):
        kept = Keeper()
        link = kept.link()
        link.send(wire.head(wire.HELLO) + struct.pack("=IHH32s", wire.MAGIC, 1, 2, b"1.2\n\x1b[31m%s\xff-b"))
        link.expect(wire.READY)
        self.assertIn("owner 1: server 1.2[31m%s-b, version 2, 0 sessions\n", kept.log())

    def test_a_second_hello_is_refused(self):
        owner = Keeper().owner()
        owner.send(wire.head(wire.HELLO, 9) + struct.pack("=IHH32s", wire.MAGIC, 1, 2, b""))
        self.assertEqual(owner.expect(wire.REFUSED, request=9).step, wire.STEP_PACKET)

    def test_fetch(self):
        owner = Keeper().owner()
        started = owner.start("a", [BASH, "-c", "exit 8"])
        owner.expect(wire.EMPTIED, id="a")
        told = owner.expect(wire.SESSION, request=owner.fetch("a"))
        self.assertEqual((told.phase, told.status, told.pid, told.warden), (wire.HAS_EMPTIED, 8, started.pid, 0))
        refused = owner.answer(owner.fetch("b"), wire.REFUSED)
        self.assertEqual((refused.step, refused.error), (wire.STEP_ID, errno.ENOENT))


class Surviving(keeper.Case):
    def test_a_status_waits_for_its_owner(self):
        kept = Keeper()
        owner = kept.owner()
        starts = {f"s{i}": owner.start(f"s{i}", [BASH, "-c", f"read x; exit {i}"]) for i in range(5)}
        owner.close()
        for i in range(5):
            os.write(starts[f"s{i}"].master, b"go\n")
        wait_until(lambda: not keeper.tree_of(kept.pid), "all exits")
        for _ in range(2):  # until it is forgotten
            owner = kept.owner()
            self.assertEqual({k: (p.phase, p.status, p.signal) for k, p in owner.sessions.items()},
                             {f"s{i}": (wire.HAS_EMPTIED, i, 0) for i in range(5)})
        for i in range(5):
            owner.forget(f"s{i}")
        self.assertEqual(kept.owner().sessions, {})

    def test_bytes_outlive_an_owner_that_is_killed(self):
        kept = Keeper()
        code = ("import sys; sys.path[:0] = sys.argv[2:]; import wire; link = wire.Link(sys.argv[1]); link.hello();"
                "link.start('a', ['/bin/bash', '-c', 'for i in {1..100}; do echo line $i; done; read x; echo after $x; sleep 60']);"
                "print('ready', flush=True); link.receive(60)")
        with subprocess.Popen([sys.executable, "-c", code, kept.socket, *sys.path], stdout=subprocess.PIPE) as server:
            self.assertEqual(server.stdout.readline(), b"ready\n")
            server.kill()
        owner = kept.owner()
        master = owner.sessions["a"].master
        out = read_until(master, lambda out: b"line 100" in out)
        self.assertEqual(out.replace(b"\r", b""), b"".join(b"line %d\n" % i for i in range(1, 101)))
        os.write(master, b"all\n")
        read_until(master, lambda out: b"after all" in out)

    def test_a_start_is_taken_back_with_its_owner(self):
        kept = Keeper()
        owner = kept.owner()
        owner.ask_start("a", wire.request(["/bin/sleep", "60"], env=["MARK=back1"], sandboxed=True))
        wait_until(lambda: keeper.marked("MARK=back1"), "it runs")
        owner.close()
        self.assertGone("back1")
        self.assertEqual(kept.owner().sessions, {})

    def test_what_an_owner_said_last_is_done(self):
        kept = Keeper()
        owner = kept.owner()
        owner.start("a", ["/bin/sleep", "60"], env=["MARK=last1"]).close()
        owner.end("a")
        owner.close()
        self.assertGone("last1")
        self.assertEqual(kept.owner().sessions["a"].signal, 9)

    def test_an_owner_that_does_not_read_loses_nothing(self):
        kept = Keeper()
        deaf = kept.owner()
        deaf.start("a", ["/bin/sleep", "60"]).close()
        deaf.socket.settimeout(5)
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            while True:  # each is answered, and no answer is read
                deaf.fetch("a")
        self.assertEqual(kept.owner().sessions["a"].phase, wire.RUNNING)
        self.assertIn("does not read", kept.log())

    def test_many_sessions_are_told_at_the_reader_s_pace(self):
        kept = Keeper()
        owner = kept.owner()
        content = wire.request(["/bin/sleep", "60"])
        asked = [owner.ask_start(f"s{i}", content) for i in range(200)]
        for each in asked:
            owner.answer(each, wire.STARTED, 30).close()
        link = kept.link()
        link.send(wire.head(wire.HELLO) + struct.pack("=IHH32s", wire.MAGIC, 1, 2, b""))
        # It cannot all be in the socket's buffer: the keeper must answer others meanwhile.
        owner.expect(wire.FENCED)
        self.assertEqual(link.expect(wire.WELCOME).sessions, 200)
        told = [link.expect(wire.SESSION) for _ in range(200)]
        link.expect(wire.READY)
        self.assertEqual(len({each.id for each in told}), 200)
        self.assertTrue(all(each.get("memory") and each.get("master") for each in told))
        for each in told:
            each.close()


class Peers(keeper.Case):
    def test_other_users_are_cut_off(self):
        kept = Keeper()
        os.chmod(kept.folder, 0o711)
        os.chmod(kept.socket, 0o777)
        code = ("import os, socket, sys\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
                "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); s.settimeout(5)\n"
                "try: sys.exit(0 if s.recv(1) == b'' else 1)\nexcept ConnectionResetError: sys.exit(0)")
        self.assertEqual(subprocess.run([sys.executable, "-c", code, kept.socket], check=False).returncode, 0)
        self.assertIn("uid 65534", kept.log())
