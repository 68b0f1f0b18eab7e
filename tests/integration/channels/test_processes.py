"""Helpers as processes, and a configuration that changes: none is left behind, none is disturbed without need."""
import os
import signal
import threading
import unittest

import process
import rig
from keeper import is_alive
from roost import wait_until
from test_contract import helper, own, timed, warm


class Processes(unittest.TestCase):
    def alive(self, made):
        return [pid for pid in rig.programs_of(made) if is_alive(pid)]

    def start(self, **more):
        made = helper(self)
        node = own(self, {"prog": f"transport: {made.transport}, timeout: 2s, breaker: {{consecutive: 1000}}"}, **more)
        warm(self, node, "prog")
        self.assertEqual(len(self.alive(made)), 1)
        return made, node

    def test_none_is_left_after_sigterm(self):
        made, node = self.start()
        node.process.terminate()
        self.assertEqual(node.process.wait(20), 0)
        self.assertEqual(self.alive(made), [])

    def test_none_is_left_after_sigterm_even_if_it_does_not_want_to(self):
        made, node = self.start()
        made.behave("never_read")
        node.ask("prog", timeout_ms=50)
        os.kill(self.alive(made)[0], signal.SIGSTOP)
        node.process.terminate()
        self.assertEqual(node.process.wait(20), 0)
        wait_until(lambda: not self.alive(made), "its end")

    def test_none_is_left_after_kill_9_of_the_server(self):
        made, node = self.start()
        made.behave("never_read")  # so that it does not see the end of its input
        node.kill()
        wait_until(lambda: not self.alive(made), "its end")

    def test_one_that_is_killed_is_started_again(self):
        made, node = self.start()
        first = self.alive(made)
        os.kill(first[0], signal.SIGKILL)
        wait_until(lambda: node.ask("prog").status == 200, "it is back")
        self.assertEqual(len(self.alive(made)), 1)
        self.assertNotEqual(self.alive(made), first)
        self.assertEqual(node.channel("prog")["transport"]["starts"], 2)

    def test_one_that_hangs_for_good_is_started_anew(self):
        made = helper(self)
        node = own(self, {"prog": f"transport: {made.transport}, {rig.QUICK}"})
        warm(self, node, "prog")
        first = self.alive(made)
        os.kill(first[0], signal.SIGSTOP)  # whatever it is told, it does not hear
        node.trip("prog")
        took = node.heal("prog", 20)
        self.assertNotEqual(self.alive(made), first)
        print(f"a stopped program: closed again after {took:.1f} s")

    def test_no_zombies(self):
        made, node = self.start()
        for _ in range(4):
            node.ask("prog", "die_after_read")
        wait_until(lambda: node.ask("prog").status == 200, "it is back")
        self.assertEqual([each for each in process.children(node.pid) if each[1] == "Z"], [])

    def test_no_descriptor_is_left_behind(self):
        made = {kind: helper(self, kind) for kind in rig.KINDS}
        channels = {kind: f"transport: {made[kind].transport}, timeout: 3s, breaker: {{consecutive: 1000, min_calls: 10000}}" for kind in made}
        node = own(self, channels)
        warm(self, node, *channels)
        before = len(process.descriptors(node.pid))
        for mode in ("die_after_read", "hang", "not_json", "close_out") * 2:
            for name in channels:
                node.ask(name, mode, timeout_ms=60)
        for _ in range(2):
            node.reload({})
            wait_until(lambda: not node.get("/channels").json()["channels"], "none")
            node.reload(channels)
            wait_until(lambda: len(node.get("/channels").json()["channels"]) == 3, "all again")
        warm(self, node, *channels)
        wait_until(lambda: len(process.descriptors(node.pid)) <= before + 3, lambda: process.descriptors(node.pid))

    def test_what_a_program_gets_of_the_server(self):
        made = helper(self)
        script = os.path.join(made.folder, "tell")
        with open(script, "w", encoding="ascii") as file:
            file.write('#!/usr/bin/env python3\nimport json, os, sys\n'
                       'for line in sys.stdin:\n    m = json.loads(line)\n    if "id" in m:\n'
                       '        print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": {"env": sorted(os.environ), "fds": sorted(os.listdir("/proc/self/fd")), "cwd": os.getcwd()}}), flush=True)\n')
        os.chmod(script, 0o700)
        node = own(self, {"tell": f"transport: {{kind: stdio, command: [./tell], folder: '{made.folder}'}}, timeout: 5s"})
        warm(self, node, "tell")
        told = node.ask("tell").json()["value"]
        self.assertEqual([name for name in told["env"] if name.startswith("ROOST_")], [])
        self.assertEqual(told["cwd"], made.folder)
        self.assertEqual(told["fds"][:3], ["0", "1", "2"])
        self.assertLessEqual(len(told["fds"]), 4, "its own listing is the fourth")


class Reload(unittest.TestCase):
    def setUp(self):
        self.one, self.two = helper(self), helper(self)
        self.channels = {"one": f"transport: {self.one.transport}, timeout: 3s", "two": f"transport: {self.two.transport}, timeout: 3s"}

    def test_a_new_channel_comes_and_an_old_one_goes(self):
        node = own(self, {"one": self.channels["one"]})
        warm(self, node, "one")
        pid = node.channel("one")["transport"]["pid"]
        node.reload(self.channels)
        wait_until(lambda: node.get("/channels/two").status == 200, "it is there")
        warm(self, node, "two")
        self.assertEqual(node.channel("one")["transport"]["pid"], pid, "nobody touched the other one")
        node.reload({"two": self.channels["two"]})
        wait_until(lambda: node.get("/channels/one").status == 404, "it is gone")
        wait_until(lambda: not rig.programs_of(self.one), "so is its helper")
        self.assertEqual(node.ask("one").status, 404)
        self.assertEqual([row["name"] for row in node.get("/channels").json()["channels"]], ["two"])
        self.assertEqual([name for name in node.metrics() if 'channel="one"' in name], [])
        node.reload(self.channels)
        wait_until(lambda: node.get("/channels/one").status == 200, "it comes again")
        warm(self, node, "one")

    def test_other_rules_leave_a_call_alone(self):
        node = own(self, self.channels)
        warm(self, node, "one")
        before = node.channel("one")
        answers = []
        caller = threading.Thread(target=lambda: answers.append(timed(lambda: node.ask("one", "late", {"seconds": 1.2}))))
        caller.start()
        wait_until(lambda: node.channel("one")["in_flight"] == 1, "the call is out")
        node.reload({**self.channels, "one": self.channels["one"].replace("timeout: 3s", "timeout: 400ms, concurrency: {limit: 3}, breaker: {consecutive: 2}")})
        wait_until(lambda: node.channel("one")["limit"] == 3, "the new rules")
        caller.join(10)
        answer, seconds = answers[0]
        self.assertEqual((answer.status, answer.json()["attempts"]), (200, 1), answer)
        self.assertGreaterEqual(seconds, 1.2)
        after = node.channel("one")
        self.assertEqual((after["timeout_ms"], after["config_version"]), (400, 2))
        self.assertEqual(after["transport"]["pid"], before["transport"]["pid"])
        self.assertEqual(after["totals"]["ok"], before["totals"]["ok"] + 1, "totals never fall")
        self.assertEqual(after["transitions"][-1]["what"], "config_changed")

    def test_the_same_file_changes_nothing(self):
        node = own(self, self.channels)
        warm(self, node, "one", "two")
        before = node.get("/channels").json()
        node.reload(self.channels)
        node.reload({**self.channels, "three": "transport: {kind: unix, path: /nowhere}"})
        wait_until(lambda: node.get("/channels/three").status == 200, "it has been read")
        rows = {row["name"]: row for row in node.get("/channels").json()["channels"]}
        for row in before["channels"]:
            self.assertEqual(rows.get(row["name"]), row, node.log())

    def test_another_helper_in_place_of_one_with_a_call_out(self):
        node = own(self, self.channels)
        warm(self, node, "one")
        answers = []
        caller = threading.Thread(target=lambda: answers.append(timed(lambda: node.ask("one", "hang"))))
        caller.start()
        wait_until(lambda: node.channel("one")["in_flight"] == 1, "the call is out")
        other = helper(self, "unix")
        node.reload({**self.channels, "one": f"transport: {other.transport}, timeout: 3s"})
        caller.join(10)
        answer, seconds = answers[0]
        self.assertIn(answer.json()["reason"], ("channel_unavailable", "timeout"), answer)
        self.assertLess(seconds, 3.5)
        wait_until(lambda: node.get("/channels/one").json().get("transport", {}).get("kind") == "unix", "the new one", 15)
        warm(self, node, "one")
        wait_until(lambda: not rig.programs_of(self.one), "the old one's end")

    def test_while_another_helper_comes_there_is_the_fallback(self):
        node = own(self, {"one": self.channels["one"] + ", fallback: [1]"})
        warm(self, node, "one")
        self.one.behave("never_read")
        os.kill(rig.programs_of(self.one)[0], signal.SIGSTOP)  # so that it needs its time to end
        answers = []
        caller = threading.Thread(target=lambda: answers.append(node.ask("one", "hang")))
        caller.start()
        wait_until(lambda: node.channel("one")["in_flight"] == 1, "the call is out")
        other = helper(self, "unix")
        node.reload({"one": f"transport: {other.transport}, timeout: 3s, fallback: [1]"})
        caller.join(10)

        def is_there():
            answers.append(node.ask("one"))
            return not answers[-1].json()["degraded"]

        wait_until(is_there, "the new one", 15)
        self.assertEqual([(a.status, a.json()["value"], a.json()["reason"]) for a in answers[:-1]],
                         [(200, [1], "channel_unavailable")] * (len(answers) - 1))
        self.assertGreater(len(answers), 2, "there was a time without any")

    def test_a_broken_file_changes_nothing(self):
        node = own(self, self.channels)
        warm(self, node, "one")
        before = len(node.log())
        node.reload({**self.channels, "bad": "transport: {kind: pigeon}"})
        wait_until(lambda: "pigeon" in node.log()[before:], "it is told of")
        self.assertEqual(node.ask("one").status, 200)
        self.assertEqual(node.get("/channels/bad").status, 404)

    def test_in_and_out_again_and_again(self):
        """Each reload is another one before the last one is through: in the end it is as the last one says."""
        node = own(self, self.channels)
        warm(self, node, "one", "two")
        both = self.channels
        for wanted in (({"one": both["one"]}, both) * 4):
            node.reload(wanted)
            wait_until(lambda w=wanted: set(r["name"] for r in node.get("/channels").json()["channels"]) <= set(w), "it has been read")
        wait_until(lambda: node.ask("two").status == 200, lambda: f"{node.ask('two')}", 20)
        self.assertEqual(len(rig.programs_of(self.two)), 1)
        self.assertEqual(len(rig.programs_of(self.one)), 1)
