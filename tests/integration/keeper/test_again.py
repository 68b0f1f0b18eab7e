"""The next program of a session: same name, same memory, a terminal of its own."""
import errno
import os
import signal
import struct

import keeper
import wire
from keeper import Keeper, is_alive, read_until, wait_until

BASH = "/bin/bash"
ENV = ["PATH=/usr/bin:/bin"]


def session_of(packet):
    """What a `session` packet says that must not change."""
    return packet.phase, packet.status, packet.signal, packet.pid


class Again(keeper.Case):
    def ended(self, owner, script="exit 7", **more):
        """A session `a` whose program has ended; its `started`."""
        started = owner.start("a", [BASH, "-c", script], env=ENV, **more)
        owner.expect(wire.EXITED, id="a")
        owner.expect(wire.EMPTIED, id="a")
        return started

    def told(self, owner):
        return owner.expect(wire.SESSION, request=owner.fetch("a"))

    def assert_as_it_was(self, owner, before):
        self.assertEqual(session_of(self.told(owner)), session_of(before))

    def test_the_memory_goes_on_and_the_terminal_is_new(self):
        owner = Keeper().owner()
        first = self.ended(owner, history=1 << 20)
        memory = wire.Memory(first.memory)
        memory.write(3, 0, b"of the first one")
        second = owner.start("a", [BASH, "-c", "echo again; read x; exit 9"], env=ENV, again=True, size=(90, 30), history=4096)
        self.assertTrue(os.path.sameopenfile(first.memory, second.memory))
        self.assertNotEqual((first.pid, first.warden), (second.pid, second.warden))
        self.assertEqual(read_until(first.master, None), b"", "the first one's terminal has ended")
        read_until(second.master, lambda out: b"again" in out)
        self.assertEqual((memory.output(), memory.owner), ((0, b"of the first one"), 1))
        told = self.told(owner)
        self.assertEqual(session_of(told), (wire.RUNNING, -1, 0, second.pid), "the old status is forgotten")
        os.write(told.master, b"go\n")
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 9)
        owner.expect(wire.EMPTIED, id="a")
        memory.close()

    def test_many_times(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner, "exit 0").close()
        before = (len(keeper.process.descriptors(kept.pid)), len(keeper.tree_of(kept.pid)))
        for number in range(1, 60):
            owner.start("a", [BASH, "-c", f"exit {number}"], again=True).close()
            self.assertEqual(owner.expect(wire.EXITED, id="a").status, number)
            owner.expect(wire.EMPTIED, id="a")
        wait_until(lambda: (len(keeper.process.descriptors(kept.pid)), len(keeper.tree_of(kept.pid))) == before,
                   lambda: f"{keeper.process.descriptors(kept.pid)} {keeper.tree_of(kept.pid)}")

    def test_what_cannot_be_started_leaves_it_as_it_was(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner, "kill -9 $$").close()
        before = self.told(owner)
        descriptors = len(keeper.process.descriptors(kept.pid))
        for step, error, words, more in (
            (wire.STEP_PROGRAM, errno.ENOENT, ["/no/such/program"], {}),
            (wire.STEP_FOLDER, errno.ENOENT, [BASH], {"folder": "/no/such/folder"}),
            (wire.STEP_SANDBOX, 0, [BASH, "-c", "echo no namespaces; exit 1"], {"sandboxed": True}),
        ):
            refused = owner.refused("a", words, again=True, env=ENV, **more)
            self.assertEqual((refused.step, refused.error, refused.id), (step, error, "a"), words)
            self.assertEqual(refused.text, "no namespaces" if step == wire.STEP_SANDBOX else "")
            self.assert_as_it_was(owner, before)
        wait_until(lambda: len(keeper.process.descriptors(kept.pid)) == descriptors, "no descriptor is left")
        owner.start("a", [BASH, "-c", "exit 3"], again=True).close()
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 3)

    def test_only_an_emptied_session(self):
        owner = Keeper().owner()
        refused = owner.refused("a", [BASH], again=True)
        self.assertEqual((refused.step, refused.error), (wire.STEP_ID, errno.ENOENT))
        started = owner.start("a", [BASH, "-c", "trap '' HUP; setsid sleep 600 & read x; exit 5"], env=ENV)
        busy = (wire.STEP_ID, errno.EBUSY)
        refused = owner.refused("a", [BASH], again=True)
        self.assertEqual((refused.step, refused.error), busy, "it runs")
        os.write(started.master, b"go\n")
        owner.expect(wire.EXITED, id="a")
        refused = owner.refused("a", [BASH], again=True)
        self.assertEqual((refused.step, refused.error), busy, "not all of it has ended")
        owner.end("a")
        owner.expect(wire.EMPTIED, id="a")
        first = owner.ask_start("a", wire.request([BASH, "-c", "sleep 600"], env=ENV, sandboxed=True, again=True))
        refused = owner.refused("a", [BASH], again=True)
        self.assertEqual((refused.step, refused.error), busy, "it is being started")
        owner.end("a")
        owner.answer(first, wire.REFUSED)
        refused = owner.refused("a", [BASH])
        self.assertEqual((refused.step, refused.error), (wire.STEP_ID, errno.EEXIST), "it is there")

    def test_a_start_is_taken_back_with_its_owner(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner).close()
        before = self.told(owner)
        for way in ("gone", "fenced"):
            owner.ask_start("a", wire.request(["/bin/sleep", "60"], env=["MARK=again1"], sandboxed=True, again=True))
            wait_until(lambda: keeper.marked("MARK=again1"), "it runs")
            if way == "gone":
                owner.close()
            owner = kept.owner()
            self.assertEqual(session_of(owner.sessions["a"]), session_of(before), way)
            self.assertGone("again1")
            wait_until(lambda: not keeper.tree_of(kept.pid), "its warden's end")
        owner.start("a", [BASH, "-c", "exit 3"], again=True).close()
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 3)

    def test_the_next_owner_gets_the_second_program(self):
        kept = Keeper()
        owner = kept.owner()
        first = self.ended(owner)
        second = owner.start("a", [BASH, "-c", "read x; echo got $x; sleep 60"], again=True, env=ENV)
        owner.close()
        owner = kept.owner()
        told = owner.sessions["a"]
        self.assertEqual(session_of(told), (wire.RUNNING, -1, 0, second.pid))
        self.assertTrue(os.path.sameopenfile(told.memory, first.memory))
        os.write(told.master, b"word\n")
        read_until(told.master, lambda out: b"got word" in out)

    def test_the_keeper_reads_for_the_second_program(self):
        kept = Keeper()
        owner = kept.owner()
        owner.set_drain(1)
        started = self.ended(owner)
        memory = wire.Memory(started.memory)
        memory.write(0, 0, b"first|")
        gate = os.path.join(kept.top, "gate")
        os.mkfifo(gate)
        owner.start("a", [BASH, "-c", f"read x < {gate}; echo -n second; read x < {gate}; exit 4"], again=True, env=ENV).close()
        owner.close()
        wait_until(lambda: memory.owner == 0, "the keeper writes")
        with open(gate, "w", encoding="ascii") as file:
            file.write("go\n")
        wait_until(lambda: memory.output() == (0, b"first|second"), memory.output)
        with open(gate, "w", encoding="ascii") as file:
            file.write("go\n")
        wait_until(lambda: not keeper.tree_of(kept.pid), "its end")
        told = kept.owner().sessions["a"]
        self.assertEqual((told.phase, told.status), (wire.HAS_EMPTIED, 4))
        memory.close()

    def test_a_session_that_waits_for_its_next_program_survives_without_a_server(self):
        kept = Keeper()
        owner = kept.owner()
        owner.set_drain(1)
        self.ended(owner).close()
        before = self.told(owner)
        for _ in range(2):
            owner.close()
            owner = kept.owner()
            self.assertEqual(session_of(owner.sessions["a"]), session_of(before))
        owner.start("a", [BASH, "-c", "exit 3"], again=True).close()
        self.assertEqual(owner.expect(wire.EXITED, id="a").status, 3)

    def test_forget_while_it_is_being_started(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner).close()
        asked = owner.ask_start("a", wire.request(["/bin/sleep", "60"], env=["MARK=again2"], sandboxed=True, again=True))
        wait_until(lambda: keeper.marked("MARK=again2"), "it runs")
        owner.forget("a")
        self.assertEqual(owner.answer(asked, wire.REFUSED).error, errno.ECANCELED)
        self.assertGone("again2")
        wait_until(lambda: not keeper.tree_of(kept.pid), "its warden's end")
        owner.start("a", [BASH, "-c", "exit 0"]).close()  # the name is free
        self.assertEqual(set(kept.owner().sessions), {"a"})

    def test_signals_and_the_end_reach_the_second_program(self):
        owner = Keeper().owner()
        self.ended(owner).close()
        owner.start("a", ["/bin/sleep", "60"], again=True).close()
        owner.signal("a", signal.SIGTERM, wire.TREE)
        self.assertEqual(owner.expect(wire.EXITED, id="a").signal, signal.SIGTERM)
        owner.expect(wire.EMPTIED, id="a")
        owner.start("a", [BASH, "-c", "trap '' TERM HUP; sleep 60"], again=True, env=ENV).close()
        owner.end("a")
        self.assertEqual(owner.expect(wire.EXITED, id="a").signal, signal.SIGKILL)

    def test_a_killed_warden_of_the_second_program(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner).close()
        before = self.told(owner)
        asked = owner.ask_start("a", wire.request([BASH, "-c", "setsid sleep 60 & exec sleep 60"], env=["PATH=/usr/bin:/bin", "MARK=again3"],
                                                  sandboxed=True, again=True))
        wait_until(lambda: len(keeper.marked("MARK=again3")) == 2, "both run")
        os.kill(keeper.process.children(kept.pid)[0][0], signal.SIGKILL)
        owner.answer(asked, wire.REFUSED)
        self.assertGone("again3")
        self.assert_as_it_was(owner, before)
        second = owner.start("a", ["/bin/sleep", "60"], env=["MARK=again4"], again=True)
        os.kill(second.warden, signal.SIGKILL)
        self.assertEqual(owner.expect(wire.EXITED, id="a").signal, signal.SIGKILL)
        owner.expect(wire.EMPTIED, id="a")
        self.assertGone("again4")

    def test_the_keeper_ends_with_a_second_program(self):
        kept = Keeper()
        owner = kept.owner()
        self.ended(owner).close()
        owner.start("a", ["/bin/sleep", "60"], env=["MARK=again5"], again=True).close()
        kept.kill(signal.SIGTERM)
        kept.wait_gone()
        self.assertGone("again5")

    def test_malformed(self):
        owner = Keeper().owner()
        self.ended(owner).close()
        good = wire.request(["/bin/true"], again=True)
        for content in (good + wire.part(12, b""), wire.request(["/bin/true"]) + wire.part(12, b"x"), good[:-1],
                        good.replace(struct.pack("=HHI", 6, 0, 8), struct.pack("=HHI", 1006, 0, 8))):
            self.assertEqual(owner.answer(owner.ask_start("a", content), wire.REFUSED).step, wire.STEP_PACKET)
        self.assertFalse(is_alive(self.told(owner).pid))
