"""The keeper is killed, alone or with the server: the API says what is lost, nothing is left over, and new sessions work."""
import os
import signal
import unittest

import node
import process
import ws
from keeper import is_alive
from roost import wait_until


class KeeperDies(node.Case):
    def start_some(self):
        one = self.node
        names = [one.new(command)["id"] for command in (["cat"], None, ["sh", "-c", "setsid sleep 600 & trap '' HUP TERM; echo up; sleep 600"],
                                                        ["python3", "-c", "import os, time\nif os.fork(): time.sleep(600)\nos.setsid(); time.sleep(600)"])]
        one.wait_for(names[2], text="up")
        done = one.new(["sh", "-c", "echo over; exit 4"])["id"]
        one.wait_for(done, exit=True)
        return names, done

    def kill_keeper(self):
        pid = self.node.keeper_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def new_one_works(self):
        one = self.node

        def created():
            answer = one.post("/sessions", {"command": ["cat"]})
            return answer.json()["id"] if answer.status == 201 else None
        name = wait_until(created, "a new session", 5)
        one.type(name, b"works\n")
        one.wait_for(name, text="works")
        return name

    def test_the_keeper_alone(self):
        one = self.node
        names, done = self.start_some()
        processes = process.with_environment(one.marker)
        self.assertGreater(len(processes), 5)
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.send({"type": "subscribe", "topics": ["session.changed", "session.exited"]})
            viewer.send({"type": "ping", "id": 1})
            viewer.expect("pong")
            first = self.kill_keeper()
            told = {}
            wait_until(lambda: {one.session(n)["state"] for n in names} == {"lost"}, "they are lost", 3)
            while set(told) != set(names):
                event = viewer.expect("event")
                if event["session"]["state"] == "lost":
                    told[event["session"]["id"]] = event["topic"]
        for name in names:
            self.assertIsNotNone(one.session(name)["exited_at"])
        # What was over before is not lost, and still there.
        self.assertEqual((one.session(done)["state"], one.session(done)["exit_status"]), ("exited", 4))
        self.assertIn(b"over", one.output(done)[1])
        wait_until(lambda: not [p for p in processes if is_alive(p)], "no process survives", 10)
        name = self.new_one_works()
        self.assertNotEqual(one.keeper_pid(), first)
        one.restart()
        one.type(name, b"again\n")
        one.wait_for(name, text="again")
        for each in names:
            if each in one.sessions():
                self.assertEqual(one.delete(f"/sessions/{each}").status, 200)

    def test_a_lost_session_can_be_forgotten(self):
        one = self.node
        name = one.new(["cat"])["id"]
        self.kill_keeper()
        wait_until(lambda: one.session(name)["state"] == "lost", "it is lost", 3)
        self.assertEqual(one.delete(f"/sessions/{name}").status, 200)
        self.assertEqual(one.sessions(), {})

    def test_a_viewer_hears_of_it(self):
        one = self.node
        name = one.new(["cat"])["id"]
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.attach(3, name)
            self.kill_keeper()
            try:
                while True:
                    message = viewer.receive()
                    if message[0] == "text" and message[1]["type"] in ("exited", "error"):
                        break
            except ws.Closed:
                self.fail("the connection lives on")

    def test_keeper_and_server(self):
        one = self.node
        for order in ("keeper first", "server first"):
            self.start_some()
            processes = process.with_environment(one.marker)
            if order == "keeper first":
                self.kill_keeper()
                one.kill()
            else:
                one.kill()
                self.kill_keeper()
            wait_until(lambda p=processes: not [x for x in p if is_alive(x)], "no process survives", 10)
            one.start()
            self.assertEqual(one.sessions(), {}, order)
            one.delete(f"/sessions/{self.new_one_works()}?now=1")
            wait_until(lambda: [s["state"] for s in one.sessions().values()] == ["exited"], "it ends")
            for name in one.sessions():
                one.delete(f"/sessions/{name}")

    def test_again_and_again(self):
        one = self.node
        for _ in range(5):
            name = self.new_one_works()
            self.kill_keeper()
            wait_until(lambda n=name: one.session(n)["state"] == "lost", "it is lost", 3)
        self.new_one_works()
        self.assertLessEqual(len([p for p in one.keepers if is_alive(p)]), 1)

    def test_a_keeper_that_is_asked_to_end(self):
        one = self.node
        names, _ = self.start_some()
        os.kill(one.keeper_pid(), signal.SIGTERM)
        wait_until(lambda: not [n for n in names if one.session(n)["state"] == "running"], "they end or are lost", 15)
        wait_until(lambda: not process.with_environment(one.marker), "no process survives", 10)
        self.new_one_works()


if __name__ == "__main__":
    unittest.main()
