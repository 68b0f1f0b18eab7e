"""Who watches, and who waits: both are served on when the server is back, without doing anything for it."""
import json
import os
import time
import unittest

import node
import ws
from asking import Asking
from client import Terminal
from keeper import is_alive, tree_of
from node import Followers, ledger
from roost import wait_until


class Attached(node.Case):
    def test_a_person_types_on(self):
        one = self.node
        name = one.new(["bash", "-c", "while read -r x; do echo \"[$x]\"; done"])["id"]
        with Terminal("attach", name, server=one) as terminal:
            terminal.attached()
            for turn in range(3):
                terminal.send(f"before {turn}\r")
                terminal.wait_for(rf"\[before {turn}\]")
                one.restart()
                terminal.send(f"after {turn}\r")
                terminal.wait_for(rf"\[after {turn}\]")
            out = one.output(name)[1]
            for turn in range(3):
                self.assertEqual(out.count(b"[after %d]" % turn), 1)
            self.assertIsNone(terminal.process.poll())
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_keys_typed_while_nobody_is_there_arrive(self):
        one = self.node
        name = one.new(["bash", "-c", "while read -r x; do echo \"[$x]\"; done"])["id"]
        with Terminal("attach", name, server=one) as terminal:
            terminal.attached()

            def away():
                terminal.wait_for(r"connection lost|retrying", seconds=30)
                terminal.send("in the dark\r")
            one.restart(while_away=away)
            terminal.wait_for(r"\[in the dark\]", seconds=60)
            self.assertEqual(one.output(name)[1].count(b"[in the dark]"), 1)

    def test_an_orderly_restart(self):
        one = self.node
        name = one.new(["cat"])["id"]
        with Terminal("attach", name, server=one) as terminal:
            terminal.attached()
            one.terminate()
            one.start()
            terminal.send("still here\r")
            terminal.wait_for("still here\r\nstill here", seconds=30)

    def test_the_status_of_an_end_that_nobody_saw(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        session = one.new(["bash", "-c", f"until [ -e {gate} ]; do read -rt 0.05 x; done; echo bye; exit 9"])
        with Terminal("attach", session["id"], server=one) as terminal:
            terminal.attached()

            def away():
                open(gate, "w", encoding="ascii").close()
                wait_until(lambda: not is_alive(session["pid"]), "it ends")
            one.restart(while_away=away)
            self.assertEqual(terminal.ended(60), 9)
            self.assertIn(b"bye", terminal.shown)

    def test_a_socket_goes_on_by_offset(self):
        one = self.node
        names = [one.new(ledger(0.005))["id"] for _ in range(4)]
        followers = Followers(one, names)
        for _ in range(4):
            followers.follow(0.3)
            one.kill()
            followers.drop()
            one.start()
            followers.attach()  # how: delta, or it fails
        followers.follow(0.3)
        for name in names:
            self.assertGreater(self.assert_whole_ledger(followers.bytes[name]), 50)
        followers.client.close()

    def test_an_offset_of_the_future_is_no_delta(self):
        one = self.node
        session = one.new(["cat"])
        one.restart()
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            told = viewer.attach(1, session["id"], since={"epoch": session["epoch"], "offset": 1 << 40})
            self.assertEqual(told["how"], "snapshot")

    def test_events_go_on(self):
        one = self.node
        session = one.new(["cat"])
        one.restart()
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.send({"type": "subscribe", "topics": ["session.exited"]})
            viewer.send({"type": "ping", "id": 1})
            viewer.expect("pong")  # the wish before it is on its way to the events, and what happens from now on comes after it
            one.delete(f"/sessions/{session['id']}?now=1")
            told = viewer.expect("event", topic="session.exited")
            self.assertEqual(told["session"]["id"], session["id"])


class Waiting(Asking, node.Case):
    def test_text(self):
        one = self.node
        name = one.new(["cat"])["id"]
        for words in (["--text", "needle"], ["--regex", "n.edle"]):
            asked = self.ask("wait", name, *words)
            self.is_asked(asked)
            one.restart()
            self.assertIsNone(asked.poll())
            one.type(name, b"needle\n")
            self.assertEqual(self.answered(asked)[0], 0)
            one.delete(f"/sessions/{name}?now=1")
            one.wait_for(name, exit=True)
            name = one.new(["cat"])["id"]

    def test_exit(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        session = one.new(["bash", "-c", f"until [ -e {gate} ]; do read -rt 0.05 x; done; exit 4"])
        asked = self.ask("wait", session["id"], "--exit", "--json")
        self.is_asked(asked)

        def away():
            open(gate, "w", encoding="ascii").close()
            wait_until(lambda: not is_alive(session["pid"]), "it ends")
        one.restart(while_away=away)
        status, out, err = self.answered(asked)
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out)["exit_status"], 4)

    def test_command(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        name = one.new()["id"]
        one.wait_for(name, idle_ms=300)
        one.type(name, f"until [ -e {gate} ]; do sleep 0.05; done; (exit 6)\n".encode())
        wait_until(lambda: (one.session(name)["shell"] or {}).get("running"), "the shell says what it runs")
        asked = self.ask("wait", name, "--command", "--json")
        self.is_asked(asked)
        one.restart()
        self.is_asked(asked)
        open(gate, "w", encoding="ascii").close()
        status, out, err = self.answered(asked)
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out)["exit_status"], 6)

    def test_a_command_that_ended_meanwhile(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        name = one.new()["id"]
        one.wait_for(name, idle_ms=300)
        one.type(name, f"until [ -e {gate} ]; do sleep 0.05; done; (exit 6)\n".encode())
        wait_until(lambda: (one.session(name)["shell"] or {}).get("running"), "the shell says what it runs")
        asked = self.ask("wait", name, "--command", "--json")
        self.is_asked(asked)
        before = one.session(name)["shell"]["running"]

        def away():
            open(gate, "w", encoding="ascii").close()
            wait_until(lambda: not [p for p in tree_of(one.session_pid) if is_alive(p)], "the command has ended")
        one.session_pid = one.session(name)["pid"]
        self.assertIn("until", before)
        one.restart(while_away=away)
        status, out, err = self.answered(asked, 20)
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out)["exit_status"], 6)

    def test_send_and_wait(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        name = one.new()["id"]
        one.wait_for(name, idle_ms=300)
        asked = self.ask("send", name, "--wait", f"echo b''egan; until [ -e {gate} ]; do sleep 0.05; done; echo it''ended; (exit 77)")
        one.wait_for(name, text="began")
        one.restart()
        open(gate, "w", encoding="ascii").close()
        status, out, err = self.answered(asked)
        self.assertEqual(status, 77, (out, err))
        self.assertEqual(one.output(name)[1].count(b"itended"), 1)

    def test_the_time_left_counts_on(self):
        one = self.node
        name = one.new(["cat"])["id"]
        begin = time.monotonic()
        asked = self.ask("wait", name, "--text", "never", "--timeout", "3")
        self.is_asked(asked)
        one.restart()
        self.assertEqual(self.answered(asked)[0], 124)
        self.assertGreater(time.monotonic() - begin, 2.9)
        self.assertLess(time.monotonic() - begin, 8)


if __name__ == "__main__":
    unittest.main()
