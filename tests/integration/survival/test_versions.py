"""Servers of two versions take turns at one keeper: each gets all sessions, whoever started them."""
import os
import unittest

import node
import wire
from keeper import is_alive, read_until
from roost import wait_until
from wire import Link, Memory


class Versions(node.Case):
    def old_server(self):
        """A server that speaks version 1 only, as owner of this node's keeper."""
        link = Link(os.path.join(self.node.data, "keeper", "keeper.sock"))
        self.addCleanup(link.close)
        link.welcome, link.sessions = link.hello(oldest=1, newest=1)
        self.assertEqual(link.welcome.version, 1)
        return link

    def test_an_old_server_s_session_is_served(self):
        one = self.node
        keeper = one.keeper_pid()
        mine = one.new(["cat"], title="of the new one")
        one.kill()
        old = self.old_server()
        self.assertEqual(set(old.sessions), {mine["id"]})
        self.assertEqual(old.welcome.pid, keeper)
        started = old.start("oldsession01", ["/bin/bash", "-c", "i=0; while read -r x; do i=$((i+1)); echo \"$i [$x]\"; done"], history=1 << 20,
                            env=["PATH=/usr/bin:/bin", one.marker])
        os.write(started.master, b"first\n")
        printed = read_until(started.master, lambda out: b"1 [first]\r\n" in out)
        # As a server does: the output goes into the memory.
        memory = Memory(started.memory)
        memory.write(0, 0, printed)
        memory.close()
        started.close()
        old.close()

        one.start()
        self.assertEqual(one.keeper_pid(), keeper)
        self.assertEqual(set(one.sessions()), {mine["id"], "oldsession01"})
        self.assertEqual((one.session("oldsession01")["pid"], one.session("oldsession01")["state"]), (started.pid, "running"))
        self.assertEqual(one.session(mine["id"])["title"], "of the new one")
        one.type("oldsession01", b"second\n")
        one.wait_for("oldsession01", text="2 [second]")
        self.assertTrue(one.output("oldsession01")[1].startswith(printed))

        one.kill()
        again = self.old_server()
        self.assertEqual(set(again.sessions), {mine["id"], "oldsession01"})
        told = again.sessions["oldsession01"]
        self.assertEqual((told.pid, told.phase), (started.pid, wire.RUNNING))
        memory = Memory(told.memory)
        self.assertIn(b"2 [second]", memory.output()[1])
        memory.close()
        os.write(told.master, b"third\n")
        read_until(told.master, lambda out: b"3 [third]" in out)
        again.close()
        one.start()
        self.assertEqual(set(one.sessions()), {mine["id"], "oldsession01"})
        self.assertTrue(is_alive(started.pid))
        for name in one.sessions():
            self.assertEqual(one.delete(f"/sessions/{name}?now=1").status, 202)
            one.wait_for(name, exit=True)

    def test_a_server_that_is_superseded_does_not_write(self):
        one = self.node
        session = one.new(node.ledger())
        one.wait_for(session["id"], text="20 210")
        old = self.old_server()  # while the other one runs
        memory = Memory(old.sessions[session["id"]].memory)
        before = memory.output()[1]
        self.assertEqual(memory.owner, old.welcome.generation)
        self.assert_whole_ledger(before)
        master = old.sessions[session["id"]].master
        shown = read_until(master, lambda out: out.count(b"\n") > 20)
        # What the new owner reads is next to what the earlier one stored, and the earlier one stores nothing more.
        self.assertEqual(memory.output()[1], before)
        whole = before + shown
        self.assert_whole_ledger(whole)
        memory.close()
        self.assertIsNone(one.process.poll())
        wait_until(lambda: one.get("/readyz").status == 503, "the superseded server says so")

    def test_an_exit_between_servers_of_two_versions(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        session = one.new(["bash", "-c", f"until [ -e {gate} ]; do read -rt 0.05 x; done; exit 5"])
        one.kill()
        old = self.old_server()
        open(gate, "w", encoding="ascii").close()
        self.assertEqual(old.expect(wire.EXITED, id=session["id"]).status, 5)
        old.expect(wire.EMPTIED, id=session["id"])
        old.close()
        one.start()
        one.wait_for(session["id"], exit=True)
        self.assertEqual(one.session(session["id"])["exit_status"], 5)


if __name__ == "__main__":
    unittest.main()
