"""`roost channels` and `roost call` against helpers that answer, are slow, fail, and are not there."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

from client import Terminal, environment, program, run
from roost import Server, wait_until

HELPER = r"""
import json, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answer = {"jsonrpc": "2.0", "id": asked["id"]}
    method, params = asked["method"], asked.get("params")
    if method == "sleep":
        time.sleep(params[0])
    if method == "fail":
        answer["error"] = {"code": -32000, "message": "not today", "data": {"category": "transient"}}
    elif method == "unknown":
        answer["error"] = {"code": -32601, "message": "no such method"}
    else:
        answer["result"] = {"method": method, "params": params}
    print(json.dumps(answer), flush=True)
"""

CONFIG = """
channels:
  echo: {{transport: {{kind: stdio, command: [{python}, {helper}]}}, timeout: 10s, breaker: {{consecutive: 1000, min_calls: 10000}}}}
  trips: {{transport: {{kind: stdio, command: [{python}, {helper}]}}, timeout: 10s, breaker: {{consecutive: 1, open: 1h}}}}
  stands-in:
    transport: {{kind: stdio, command: [{python}, {helper}]}}
    idempotent: true
    last_good: 5m
    fallback: {{decision: ask, n: 1.50}}
  gone: {{transport: {{kind: unix, path: nothing.sock}}}}
"""


class Channels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        helper = os.path.join(cls.folder.name, "helper.py")
        with open(helper, "w", encoding="utf-8") as file:
            file.write(HELPER)
        cls.server = Server(CONFIG.format(python=json.dumps(sys.executable), helper=json.dumps(helper)))

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def ok(self, *words, **more):
        done = run(*words, server=self.server, **more)
        self.assertEqual(done.status, 0, done)
        return done

    def refused(self, status, part, *words, **more):
        done = run(*words, server=self.server, **more)
        self.assertEqual(done.status, status, done)
        self.assertIn(part, done.err)
        self.assertEqual(done.err.count("\n"), 1, done)
        self.assertEqual(done.out, "")
        return done

    def channel(self, name):
        return json.loads(self.ok("channels", name, "--json").out)


class Calls(Channels):
    def test_the_method_is_an_option_or_in_the_json_or_call(self):
        for words, method, params in (
                (["--method", "m", "echo", '{"a": [1, "x"]}'], "m", {"a": [1, "x"]}),
                (["echo", "-m", "m"], "m", None),
                (["echo", '{"method": "n", "params": [2]}'], "n", [2]),
                (["echo", '{"method": "n", "other": 1}'], "call", {"method": "n", "other": 1}),
                (["echo", "[]"], "call", [])):
            done = self.ok("call", *words)
            self.assertEqual(done.err, "")
            self.assertEqual(done.out.count("\n"), 1, done)
            self.assertEqual(json.loads(done.out), {"method": method, "params": params}, words)

    def test_standard_input(self):
        self.assertEqual(json.loads(self.ok("call", "echo", stdin=b'{"a":"\xc3\xbc"}').out)["params"], {"a": "ü"})
        self.assertEqual(json.loads(self.ok("call", "echo", "-", stdin=b"[1,\n2]").out)["params"], [1, 2])
        with tempfile.TemporaryFile() as file:
            file.write(b"[3]")
            file.seek(0)
            done = subprocess.run([program(), "call", "echo"], stdin=file, capture_output=True, env=environment(self.server), timeout=60)
        self.assertEqual(json.loads(done.stdout)["params"], [3], done)
        self.refused(2, "longer than 1 MiB", "call", "echo", "-", stdin=b" " * (1 << 20) + b"{}")

    def test_bad_words_are_not_sent(self):
        before = self.channel("echo")["totals"]["calls"]
        for words in (["echo", "{"], ["echo", "5"], ["echo"], ["echo", "{}", "--timeout", "0"], ["echo", "{}", "--timeout", "601"],
                      ["echo", "{}", "--timeout", "soon"], ["echo", "{}", "more"], []):
            done = run("call", *words, server=self.server)
            self.assertEqual((done.status, done.out), (2, ""), (words, done))
        self.assertEqual(self.channel("echo")["totals"]["calls"], before)

    def test_json_is_the_whole_answer(self):
        done = self.ok("call", "--json", "echo", "[1]")
        answer = json.loads(done.out)
        self.assertEqual((answer["value"], answer["degraded"], answer["attempts"], answer["breaker"]),
                         ({"method": "call", "params": [1]}, False, 1, "closed"))
        done = run("call", "--json", "echo", "-m", "unknown", server=self.server)
        self.assertEqual((done.status, json.loads(done.out)["reason"]), (1, "helper_error"), done)

    def test_it_is_pretty_for_people_only(self):
        with Terminal("call", "echo", "[1]", server=self.server, NO_COLOR="1") as terminal:
            wait_until(lambda: b'"params": [' in terminal.shown, lambda: terminal.shown)
            self.assertIn(b'{\r\n  "method": "call",\r\n  "params": [\r\n    1\r\n  ]\r\n}', terminal.shown)

    def test_a_helper_that_refuses_is_late_or_is_not_there(self):
        self.refused(1, "helper_error -32601, not worth trying again", "call", "echo", "-m", "unknown")
        self.refused(1, "helper_error -32000, worth trying again", "call", "echo", "-m", "fail")
        began = time.monotonic()
        self.refused(1, "timeout, worth trying again", "call", "echo", "--timeout", "0.2", "-m", "sleep", "[3]")
        self.assertLess(time.monotonic() - began, 3)
        self.refused(1, "channel_unavailable", "call", "gone", "{}")
        self.refused(1, "`roost channels` lists them", "call", "ecco", "{}")

    def test_an_open_breaker_says_when_to_come_back(self):
        run("call", "trips", "-m", "fail", server=self.server)
        done = self.refused(1, "rejected, worth trying again in ", "call", "trips", "{}")
        self.assertGreater(int(re.search(r"again in (\d+) s", done.err).group(1)), 60)
        self.assertEqual(self.channel("trips")["state"], "open")

    def test_what_stands_in_is_told_of(self):
        first = self.ok("call", "stands-in", '{"a": 1}').out
        self.ok("channels", "override", "stands-in", "open", "--reason", "a test")
        self.addCleanup(self.ok, "channels", "override", "stands-in", "clear")
        again = self.ok("call", "stands-in", '{"a": 1}')
        self.assertEqual(json.loads(again.out), json.loads(first))
        self.assertRegex(again.err, r"^roost: degraded: rejected(, \d+ s old)?\n$")
        other = self.ok("call", "stands-in", '{"a": 2}')
        self.assertEqual(other.out, '{"decision":"ask","n":1.50}\n')
        self.assertEqual(other.err, "roost: degraded: rejected\n")

    def test_a_viewer_may_look_and_not_call(self):
        viewer = self.server.token_for("viewer")
        url = f"http://127.0.0.1:{self.server.port}"
        self.assertIn("echo", self.ok("channels", "--server", url, "--token", viewer).out)
        self.refused(1, "use a token with more rights", "call", "echo", "{}", "--server", url, "--token", viewer)
        operator = self.server.token_for("operator")
        self.ok("call", "echo", "{}", "--server", url, "--token", operator)
        self.refused(1, "use a token with more rights", "channels", "override", "echo", "open", "--reason", "x", "--server", url,
                     "--token", operator)


class Lists(Channels):
    def test_the_list(self):
        self.ok("call", "echo", "{}")
        lines = self.ok("channels").out.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "SINCE", "CALLS", "FAILED", "SLOW", "IN-FLIGHT", "LIMIT", "TIMEOUT", "HELPER"])
        self.assertEqual([line.split()[0] for line in lines[1:]], ["echo", "gone", "stands-in", "trips"])
        self.assertRegex(lines[1], r"^echo +closed +\d+ \w+ +\d+ +0 +0 +0 +\d+ +10 s +stdio pid \d+$")
        self.assertRegex(lines[2], r" unix down$")
        self.assertEqual(self.ok("channels", "-q").out, "echo\ngone\nstands-in\ntrips\n")
        self.assertEqual(len(json.loads(self.ok("channels", "--json").out)["channels"]), 4)
        self.refused(1, "`roost channels` lists them", "channels", "ecco")

    def test_one_channel(self):
        run("call", "trips", "-m", "fail", server=self.server)
        text = self.ok("channels", "trips").out
        self.assertRegex(text, r"state +open for \d+ s, the next call is let through in \d+ s\n")
        self.assertRegex(text, r"set by hand +none\n")
        self.assertRegex(text, r"\n +no answer +1: helper_error 1\n")
        self.assertRegex(text, r"\n\S+Z +state_changed +closed +open +1 +1 +0 ")

    def test_overrides(self):
        self.ok("channels", "override", "echo", "open", "--reason", "planned work", "--ttl", "600")
        shown = self.channel("echo")
        self.assertEqual((shown["state"], shown["override"]["state"], shown["override"]["reason"]),
                         ("forced-open", "forced-open", "planned work"))
        self.assertIsNotNone(shown["override"]["expires_at"])
        self.assertRegex(self.ok("channels", "echo").out, r"set by hand +forced-open by .+ until \S+Z: planned work\n")
        self.refused(1, "rejected", "call", "echo", "{}")
        for state in ("disabled", "metrics-only"):
            self.ok("channels", "override", "echo", state, "-r", "a look")
            self.assertEqual(self.channel("echo")["override"], {**self.channel("echo")["override"], "state": state, "expires_at": None})
            self.ok("call", "echo", "{}")
        self.assertEqual(json.loads(self.ok("channels", "override", "echo", "clear", "--json").out)["override"], None)
        self.assertEqual(self.channel("echo")["state"], "closed")
        what = [each["what"] for each in self.channel("echo")["transitions"]]
        self.assertEqual((what.count("override_set"), what.count("override_cleared")), (3, 1), what)

    def test_bad_overrides(self):
        for words in (["echo"], ["echo", "closed", "--reason", "x"], ["echo", "open"], ["echo", "open", "--reason", ""],
                      ["echo", "open", "--reason", "x" * 201], ["echo", "open", "--reason", "x", "--ttl", "0"],
                      ["echo", "open", "--reason", "x", "--ttl", "604801"], ["echo", "clear", "--reason", "x"]):
            self.refused(2, "roost: ", "channels", "override", *words)
        self.assertIsNone(self.channel("echo")["override"])
        self.refused(1, "`roost channels` lists them", "channels", "override", "ecco", "open", "--reason", "x")

    def test_a_server_without_channels(self):
        bare = Server()
        self.addCleanup(bare.stop)
        self.assertIn("no channels", run("channels", server=bare).out)
        self.assertEqual(run("channels", "-q", server=bare).out, "")


if __name__ == "__main__":
    unittest.main()
