"""Breakers set by hand: who may, what then holds, how long, and what a killed server remembers of it."""
import time
import unittest

import rig
import sse
import ws
from roost import wait_until
from test_contract import RFC3339, helper, own, warm


class Overrides(unittest.TestCase):
    def setUp(self):
        self.helper = helper(self, "unix")
        self.channels = {
            "hand": f"transport: {self.helper.transport}, timeout: 300ms, breaker: {{consecutive: 3, open: 300ms..300ms, half_open_successes: 1}}",
            "covered": f"transport: {self.helper.transport}, timeout: 300ms, fallback: [1]"}
        self.node = own(self, self.channels)
        warm(self, self.node, "hand")

    def put(self, state, reason="maintenance", name="hand", token=None, **more):
        return self.node.call("PUT", f"/channels/{name}/override", {"state": state, "reason": reason, **more}, token=token)

    def clear(self, name="hand", token=None):
        return self.node.delete(f"/channels/{name}/override", token=token)

    def test_open_lets_nothing_pass(self):
        answer = self.put("open")
        self.assertEqual(answer.status, 200, answer)
        told = answer.json()
        self.assertEqual(told["state"], "forced-open")
        self.assertEqual({k: v for k, v in told["override"].items() if k != "who"},
                         {"state": "forced-open", "reason": "maintenance", "expires_at": None})
        self.assertTrue(told["override"]["who"])
        before = len(self.helper.seen("asked"))
        answer = self.node.ask("hand")
        self.assertEqual((answer.status, answer.json()["reason"], answer.json()["breaker"]), (503, "rejected", "forced-open"), answer)
        self.assertEqual(len(self.helper.seen("asked")), before, "the helper is not asked")
        self.assertEqual(self.node.metrics()['roost_channel_overridden{channel="hand"}'], 1)
        self.assertIn("hand is forced-open", self.node.get("/readyz").text)

        answer = self.clear()
        self.assertEqual((answer.status, answer.json()["state"], answer.json()["override"]), (200, "closed", None), answer)
        self.assertEqual(self.node.ask("hand").status, 200)
        what = [row["what"] for row in self.node.channel("hand")["transitions"]]
        self.assertEqual(what, ["override_set", "override_cleared"])
        self.assertEqual(self.clear().status, 200, "twice is once")
        self.assertEqual(len(self.node.channel("hand")["transitions"]), 2)

    def test_open_gives_what_stands_in(self):
        self.put("open", name="covered")
        told = self.node.ask("covered").json()
        self.assertEqual((told["value"], told["degraded"], told["reason"], told["breaker"]), ([1], True, "rejected", "forced-open"))

    def test_disabled_never_opens(self):
        self.put("disabled")
        for _ in range(5):
            self.assertEqual(self.node.ask("hand", "hang").json()["reason"], "timeout")
        told = self.node.channel("hand")
        self.assertEqual((told["state"], told["window"]["failed"], told["totals"]["opens"]), ("disabled", 0, 0))

    def test_metrics_only_tells_of_what_would_happen(self):
        self.put("metrics-only")
        for _ in range(5):
            self.assertEqual(self.node.ask("hand", "hang").json()["reason"], "timeout")
        told = self.node.channel("hand")
        self.assertEqual((told["state"], told["totals"]["opens"]), ("metrics-only", 0))
        self.assertEqual([row["what"] for row in told["transitions"]], ["override_set", "would_trip"])
        self.assertEqual(self.node.metrics()['roost_channel_would_trips_total{channel="hand"}'], 1)

    def test_only_administrators(self):
        for role in ("viewer", "operator"):
            token = self.node.token_for(role)
            for answer in (self.put("open", token=token), self.clear(token=token)):
                self.assertEqual((answer.status, answer.problem), (403, "forbidden"), answer)
        self.assertEqual(self.node.channel("hand")["state"], "closed")
        self.assertEqual(self.put("open", token=self.node.token_for("admin", label="boss")).json()["override"]["who"], "boss")

    def test_what_is_no_override(self):
        for body in ({}, {"state": "open"}, {"reason": "r"}, {"state": "closed", "reason": "r"}, {"state": "half-open", "reason": "r"},
                     {"state": "forced-open", "reason": "r"}, {"state": "open", "reason": ""}, {"state": "open", "reason": "r" * 201},
                     {"state": "open", "reason": "r", "ttl_s": 0}, {"state": "open", "reason": "r", "ttl_s": 604801},
                     {"state": "open", "reason": "r", "ttl_s": 1.5}, {"state": "open", "reason": "r", "more": 1}):
            with self.subTest(body=body):
                answer = self.node.call("PUT", "/channels/hand/override", body)
                self.assertEqual(answer.status, 400, answer)
        self.assertEqual(self.node.channel("hand")["override"], None)

    def test_it_lapses(self):
        told = self.put("open", ttl_s=1).json()
        self.assertRegex(told["override"]["expires_at"], RFC3339)
        self.assertTrue(0 < told["retry_after_ms"] <= 1000, told)
        answer = self.node.ask("hand")
        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "1"), answer)
        told = self.node.wait_for_state("hand", "closed", seconds=5)
        self.assertEqual((told["override"], told["transitions"][-1]["what"]), (None, "override_expired"))
        self.assertEqual(self.node.ask("hand").status, 200)

    def test_one_replaces_another(self):
        self.put("open", "first", ttl_s=1)
        self.put("disabled", "second")
        time.sleep(1.2)  # the first one's time
        told = self.node.channel("hand")
        self.assertEqual((told["state"], told["override"]["reason"]), ("disabled", "second"))

    def test_it_survives_kill_9(self):
        self.put("open", "kept", ttl_s=600)
        self.put("disabled", "short", name="covered", ttl_s=1)
        before = self.node.channel("hand")["override"]
        self.node.kill()
        time.sleep(1.1)  # what lapses meanwhile is over
        self.node.start()
        told = self.node.wait_for_state("hand", "forced-open", "closed")
        self.assertEqual((told["state"], told["override"]["reason"], told["override"]["who"]), ("forced-open", "kept", before["who"]), told)
        self.assertEqual(told["override"]["expires_at"][:18], before["expires_at"][:18])
        self.assertEqual(self.node.ask("hand").json()["breaker"], "forced-open")
        self.assertEqual(self.node.channel("covered")["override"], None)
        self.assertEqual(self.clear().status, 200)
        self.node.kill()
        self.node.start()
        self.assertEqual(self.node.wait_for_state("hand", "forced-open", "closed")["state"], "closed", "nor is it set again when it was cleared")

    def test_it_survives_sighup(self):
        self.put("open", "kept")
        self.node.reload({**self.channels, "hand": self.channels["hand"].replace("timeout: 300ms", "timeout: 400ms")})
        wait_until(lambda: self.node.channel("hand")["timeout_ms"] == 400, "the new configuration")
        self.assertEqual(self.node.channel("hand")["override"]["reason"], "kept")
        # Another helper is another actor; what was set by hand is the channel's.
        other = helper(self, "http")
        self.node.reload({**self.channels, "hand": f"transport: {other.transport}"})
        wait_until(lambda: self.node.get("/channels/hand").json().get("transport", {}).get("kind") == "http", "the new helper")
        self.assertEqual(self.node.channel("hand")["state"], "forced-open")

    def test_it_is_written_down_who_did_it(self):
        token = self.node.token_for("admin", label="boss")
        phone = self.node.token_for("operator", label="phone")
        self.put("open", token=token)
        self.clear(token=token)
        self.put("open", token=phone)

        def acts():
            rows = self.node.get("/audit").json()["records"]
            return [(r["who"], r["action"], r["target"], r["outcome"]) for r in reversed(rows) if r["action"].startswith("channel.")]

        wanted = [("boss", "channel.override", "hand", "asked"), ("boss", "channel.override", "hand", "done"),
                  ("boss", "channel.override-clear", "hand", "asked"), ("boss", "channel.override-clear", "hand", "done"),
                  ("phone", "channel.override", "hand", "refused")]
        wait_until(lambda: acts() == wanted, acts)

    def test_events_on_both_ways(self):
        with sse.Stream(self.node, "?topics=channel.changed") as stream, ws.Client(self.node) as socket:
            socket.expect("hello")
            socket.send({"type": "subscribe", "topics": ["channel.changed"]})
            socket.send({"type": "ping", "id": 1})
            socket.expect("pong")
            self.put("open", "why not")
            self.clear()
            self.node.trip("hand")
            for told in ("override_set", "override_cleared", "state_changed"):
                first, second = stream.next("channel.changed")["data"], socket.expect("event", topic="channel.changed")
                self.assertEqual({"type": "event", **first}, second)
                self.assertEqual(first["topic"], "channel.changed")
                self.assertRegex(first["at"], RFC3339)
                change = first["channel"]
                self.assertEqual(set(change), {"name", "state", "from", "what", "why", "retry_after_ms", "window"})
                self.assertEqual((change["name"], change["what"]), ("hand", told))
                self.assertEqual(set(change["window"]), {"calls", "failed", "slow"})
            self.assertEqual((change["from"], change["state"], change["why"]), ("closed", "open", "consecutive"))
            self.assertTrue(0 < change["retry_after_ms"] <= 300, change)
            self.helper.behave("echo")
            self.node.heal("hand")
            states = [stream.next("channel.changed")["data"]["channel"]["state"] for _ in range(2)]
            self.assertEqual(states, ["half-open", "closed"], "in order, one for each transition")
