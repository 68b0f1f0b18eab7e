"""Channels over HTTP, as the contract says: shapes, reasons, what stands in, one more try, places."""
import os
import re
import stat
import threading
import time
import unittest

import rig
import roost
from helpers import SECRET, SECRET_PATH
from roost import wait_until

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
AT_ONCE = 0.15  # of a time-out of 2 s or more: nobody waited for it
REASONS = {"timeout", "rejected", "channel_unavailable", "transport", "protocol", "helper_error", "overload", "cancelled"}


def own(test, channels, more="log: {level: warn}\n"):
    node = rig.Node(channels, more)
    test.addCleanup(node.stop)
    return node


def helper(test, kind="stdio", **more):
    made = rig.Helper(kind, **more)
    test.addCleanup(made.remove)
    return made


def warm(test, node, *names):
    """A program needs its moment to start; then its time-outs count."""
    for name in names:
        wait_until(lambda n=name: node.ask(n, timeout_ms=5000).json().get("reason", "?") is None, lambda n=name: f"{n}: {node.ask(n)}")


def timed(act):
    begun = time.monotonic()
    return act(), time.monotonic() - begun


class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helper = rig.Helper("stdio")
        cls.addClassCleanup(cls.helper.remove)
        cls.other = rig.Helper("http")
        cls.addClassCleanup(cls.other.remove)
        cls.node = rig.Node({
            "plain": f"transport: {cls.helper.transport}, timeout: 3s, idempotent: true",
            "aside": f"transport: {cls.other.transport}, timeout: 300ms, fallback: {{decision: ask}}, "
                     "breaker: {consecutive: 3, open: 1m, window: 20s}, concurrency: {limit: 7}",
            "away": "transport: {kind: unix, path: /nowhere/at/all}, timeout: 5s",
        })
        cls.addClassCleanup(cls.node.stop)
        wait_until(lambda: cls.node.ask("plain").status == 200, "it is started")

    def test_one_channel(self):
        told = self.node.channel("plain")
        self.assertLessEqual({"name": "plain", "state": "closed", "retry_after_ms": 0, "in_flight": 0, "waiting": 0, "limit": 32,
                              "timeout_ms": 3000, "consecutive_failures": 0, "config_version": 1, "override": None, "fallback": False,
                              "idempotent": True}.items(), told.items())
        self.assertEqual(set(told), {"name", "state", "since", "retry_after_ms", "window", "in_flight", "waiting", "limit", "timeout_ms",
                                     "consecutive_failures", "generation", "config_version", "override", "transport", "fallback",
                                     "idempotent", "totals", "transitions"})
        self.assertRegex(told["since"], RFC3339)
        self.assertEqual(set(told["window"]), {"calls", "failed", "slow", "length_ms"})
        self.assertEqual(told["window"]["length_ms"], 10000)
        self.assertEqual(set(told["totals"]), {"calls", "ok", "degraded", "failed", "retries", "fallback_failed", "opens", "late"})
        self.assertEqual(set(told["totals"]["failed"]), REASONS)
        way = told["transport"]
        self.assertEqual(set(way), {"kind", "up", "pid", "starts", "unknown_messages", "violations"})
        self.assertEqual((way["kind"], way["up"], way["starts"]), ("stdio", True, 1))
        self.assertEqual(rig.programs_of(self.helper), [way["pid"]])

    def test_the_list_is_sorted_and_has_the_same(self):
        answer = self.node.get("/channels")
        self.assertEqual((answer.status, set(answer.json())), (200, {"channels"}))
        rows = answer.json()["channels"]
        self.assertEqual([row["name"] for row in rows], ["aside", "away", "plain"])
        self.assertEqual({row["name"]: set(row) for row in rows}, {row["name"]: set(self.node.channel("plain")) for row in rows})
        self.assertEqual([row["fallback"] for row in rows], [True, False, False])

    def test_a_call(self):
        answer = self.node.ask("plain", "greet", {"to": ["you", None, 1.5, "ü\n"]})
        self.assertEqual(answer.status, 200, answer)
        told = answer.json()
        self.assertEqual(set(told), {"value", "degraded", "reason", "age_ms", "attempts", "breaker"})
        self.assertEqual(told["value"]["method"], "greet")
        self.assertEqual(told["value"]["params"], {"to": ["you", None, 1.5, "ü\n"]})
        self.assertEqual({k: v for k, v in told.items() if k != "value"},
                         {"degraded": False, "reason": None, "age_ms": 0, "attempts": 1, "breaker": "closed"})
        self.assertIn("x-correlation-id", answer.headers)
        self.assertIsNone(self.node.ask("plain", "none").json()["value"]["params"])
        self.assertEqual(self.node.ask("plain", "list", [1, [2]]).json()["value"]["params"], [1, [2]])

    def test_what_is_no_call(self):
        for body in ({}, {"method": ""}, {"method": 1}, {"method": "a", "params": 1}, {"method": "a", "params": "text"}, {"method": "a", "params": None},
                     {"method": "a", "timeout_ms": 0}, {"method": "a", "timeout_ms": 600001}, {"method": "a", "timeout_ms": "1s"},
                     {"method": "x" * 129}, {"method": "a", "more": 1}, [], "no json"):
            with self.subTest(body=body):
                answer = self.node.post("/channels/plain/call", body)
                self.assertEqual(answer.status, 400, answer)
                self.assertEqual(answer.headers["content-type"], "application/problem+json")

    def test_an_unknown_channel(self):
        for method, path, body in (("GET", "/channels/none", None), ("PUT", "/channels/none/override", {"state": "open", "reason": "r"}),
                                   ("DELETE", "/channels/none/override", None)):
            answer = self.node.call(method, path, body)
            self.assertEqual((answer.status, answer.problem), (404, "no-such-channel"), answer)
        answer = self.node.ask("none")
        told = answer.json()
        self.assertEqual((answer.status, answer.problem, told["reason"], told["retryable"], told["breaker"]),
                         (404, "no-such-channel", "channel_unavailable", False, None), answer)

    def test_a_problem_says_it_all(self):
        answer, seconds = timed(lambda: self.node.ask("away"))
        told = answer.json()
        self.assertEqual((answer.status, answer.problem), (503, "channel-unavailable"), answer)
        self.assertLessEqual({"type", "title", "status", "detail", "correlation_id", "reason", "retryable", "retry_after_ms", "attempts", "breaker"},
                             set(told) | {"detail"})
        self.assertEqual((told["reason"], told["retryable"], told["breaker"], told["attempts"]), ("channel_unavailable", True, "closed", 1))
        self.assertEqual(told["correlation_id"], answer.headers["x-correlation-id"])
        self.assertIn("retry-after", answer.headers)
        self.assertLess(seconds, 5 * AT_ONCE)
        self.assertNotIn("nowhere", answer.text, "paths are for administrators")

    def test_degraded_with_why_and_the_state(self):
        self.other.behave("hang")
        self.addCleanup(self.other.behave)
        answer, seconds = timed(lambda: self.node.ask("aside"))
        self.assertEqual((answer.status, answer.json()),
                         (200, {"value": {"decision": "ask"}, "degraded": True, "reason": "timeout", "age_ms": 0, "attempts": 1, "breaker": "closed"}))
        self.assertLess(abs(seconds - 0.3), 0.3)
        while self.node.ask("aside").json()["reason"] == "timeout":
            pass
        answer, seconds = timed(lambda: self.node.ask("aside"))
        self.assertEqual((answer.status, answer.json()),
                         (200, {"value": {"decision": "ask"}, "degraded": True, "reason": "rejected", "age_ms": 0, "attempts": 0, "breaker": "open"}))
        self.assertLess(seconds, AT_ONCE)
        told = self.node.channel("aside")
        self.assertEqual((told["state"], told["limit"], told["window"]["length_ms"]), ("open", 7, 20000))
        self.assertTrue(15000 < told["retry_after_ms"] <= 60000, told)
        last = told["transitions"][-1]
        self.assertEqual((last["what"], last["from"], last["to"], last["why"]), ("state_changed", "closed", "open", "consecutive"))
        self.assertEqual(set(last), {"at", "what", "from", "to", "why", "window"})
        self.assertEqual(last["window"], {"calls": 3, "failed": 3, "slow": 3})
        self.assertEqual(told["totals"]["failed"], dict.fromkeys(REASONS, 0), "whoever has a value has no failure")

        ready = self.node.get("/readyz")
        self.assertEqual(ready.status, 200, "a channel that is open does not make the node unready")
        self.assertIn("aside is open", str(ready.json()), ready)
        metrics = self.node.metrics()
        self.assertEqual(metrics['roost_channel_state{channel="aside",state="open"}'], 1)
        self.assertEqual(metrics['roost_channel_state{channel="aside",state="closed"}'], 0)
        self.assertEqual(metrics['roost_channel_trips_total{channel="aside"}'], 1)
        self.assertGreaterEqual(metrics['roost_channel_calls_total{channel="aside",outcome="degraded"}'], 4)
        self.assertGreaterEqual(metrics['roost_channel_rejections_total{channel="aside",why="open"}'], 1)

    def test_metrics_of_each_channel(self):
        self.node.ask("plain")
        names = set(re.match(r"\w+", name).group(0) for name in self.node.metrics() if 'channel="plain"' in name)
        self.assertEqual(names, {f"roost_channel_{each}" for each in (
            "state", "calls_total", "retries_total", "fallbacks_total", "fallbacks_failed_total", "permits_total", "permits_expired_total",
            "slow_total", "late_total", "trips_total", "would_trips_total", "rejections_total", "probes_total", "open_seconds_total", "in_flight",
            "waiting", "limit", "timeout_seconds", "window_calls", "overridden", "helper_up", "helper_starts_total", "helper_unknown_total",
            "helper_violations_total", "call_seconds_bucket", "call_seconds_sum", "call_seconds_count")})
        calls = sum(value for name, value in self.node.metrics().items() if name.startswith('roost_channel_calls_total{channel="plain"'))
        self.assertEqual(calls, self.node.metrics()['roost_channel_call_seconds_count{channel="plain"}'])

    def test_who_may_do_what(self):
        for role, may_see, may_call in (("viewer", 200, 403), ("operator", 200, 200), ("admin", 200, 200)):
            token = self.node.token_for(role)
            self.assertEqual(self.node.get("/channels", token=token).status, may_see)
            self.assertEqual(self.node.get("/channels/plain", token=token).status, may_see)
            self.assertEqual(self.node.ask("plain", token=token).status, may_call)
        self.assertEqual(self.node.get("/channels", token="none").status, 401)


class Away(unittest.TestCase):
    """Nothing is at the channel's end: told at once, and it heals when something comes."""

    def test_a_program_that_comes_later(self):
        made = helper(self)
        program = os.path.join(made.folder, "later")
        node = own(self, {"later": f"transport: {{kind: stdio, command: ['{program}']}}, timeout: 5s, fallback: none"})
        self.check_away(node, "later")
        with open(program, "w", encoding="ascii") as file:
            words = " ".join(f"'{word}'" for word in made.command)
            file.write(f"#!/bin/sh\nexec {words}\n")
        self.check_away(node, "later")
        os.chmod(program, stat.S_IRWXU)
        self.check_comes(node, "later")

    def test_a_socket_and_a_host_that_come_later(self):
        made = [helper(self, kind, is_there=False) for kind in ("unix", "http")]
        node = own(self, {each.kind: f"transport: {each.transport}, timeout: 5s, fallback: none" for each in made})
        for each in made:
            self.check_away(node, each.kind)
            each.start()
            self.check_comes(node, each.kind)
            each.end()
            self.check_away(node, each.kind, {"channel_unavailable", "transport"})

    def test_a_host_without_a_name(self):
        node = own(self, {"nohost": "transport: {kind: http, url: 'http://no-such-host.invalid/rpc'}, timeout: 20s"})
        answer, seconds = timed(lambda: node.ask("nohost"))
        self.assertEqual((answer.status, answer.json()["reason"]), (503, "channel_unavailable"), answer)
        self.assertLess(seconds, 15, "as soon as the resolver knows")

    def check_away(self, node, name, first=frozenset({"channel_unavailable"})):
        wait_until(lambda: node.channel(name), "it is there")
        answer, seconds = timed(lambda: node.ask(name))
        self.assertIn(answer.json()["reason"], first, answer)
        self.assertLess(seconds, 1)
        for _ in range(12):
            answer, seconds = timed(lambda: node.ask(name))
            told = answer.json()
            self.assertEqual((answer.status, told["value"], told["degraded"], told["reason"], told["breaker"]),
                             (200, "none", True, "channel_unavailable", "closed"), answer)
            self.assertLess(seconds, 1, "a fraction of 5 s")
        self.assertEqual(node.channel(name)["transport"]["up"], False)

    def check_comes(self, node, name):
        wait_until(lambda: not node.ask(name).json()["degraded"], f"{name} heals", 8)
        self.assertEqual(node.channel(name)["transport"]["up"], True)


class StandIns(unittest.TestCase):
    def test_the_last_good_answer_with_its_age(self):
        made = helper(self, "unix")
        node = own(self, {"lg": f"transport: {made.transport}, timeout: 300ms, idempotent: true, last_good: 1m, fallback: none, breaker: {{consecutive: 1000}}"})
        warm(self, node, "lg")
        good = node.ask("lg", "q", {"a": 1}).json()["value"]
        made.behave("hang")
        time.sleep(0.05)  # so that the answer has an age
        told = node.ask("lg", "q", {"a": 1}).json()
        self.assertEqual((told["value"], told["degraded"], told["reason"]), (good, True, "timeout"))
        self.assertTrue(300 <= told["age_ms"] < 10000, told)
        told = node.ask("lg", "q", {"a": 2}).json()
        self.assertEqual((told["value"], told["age_ms"]), ("none", 0), "another question")
        told = node.ask("lg", "other", {"a": 1}).json()
        self.assertEqual(told["value"], "none", "another method")

    def test_another_channel(self):
        sick, well = helper(self, "unix"), helper(self, "http")
        node = own(self, {
            "first": f"transport: {sick.transport}, timeout: 300ms, idempotent: true, fallback_channel: second, fallback: none, breaker: {{consecutive: 3, open: 1m}}",
            "second": f"transport: {well.transport}, timeout: 300ms, idempotent: true"})
        warm(self, node, "first", "second")
        sick.behave("die_after_read")
        told = node.ask("first", "q", [7]).json()
        self.assertEqual((told["value"]["params"], told["degraded"], told["reason"]), ([7], True, "transport"))
        node.trip("first", "q")
        told = node.ask("first", "q", [8]).json()
        self.assertEqual((told["value"]["params"], told["degraded"], told["reason"], told["breaker"]), ([8], True, "rejected", "open"))
        well.behave("hang")
        answer, seconds = timed(lambda: node.ask("first", "q", [9]))
        told = answer.json()
        self.assertEqual((told["value"], told["reason"]), ("none", "rejected"), "the original reason")
        self.assertLess(seconds, 0.3 + 0.3)
        self.assertEqual(node.channel("first")["totals"]["fallback_failed"], 1)

    def test_the_callers_own_mistake_is_not_covered(self):
        made = helper(self, "unix")
        node = own(self, {"own": f"transport: {made.transport}, timeout: 1s, fallback: none"})
        warm(self, node, "own")
        answer = node.ask("own", "error", {"code": -32602, "message": "no"})
        self.assertEqual((answer.status, answer.json()["reason"], answer.json()["helper_code"]), (502, "helper_error", -32602))


class Tries(unittest.TestCase):
    def setUp(self):
        self.helper = helper(self, "unix")
        self.node = own(self, {
            "twice": f"transport: {self.helper.transport}, timeout: 2s, idempotent: true, breaker: {{consecutive: 1000}}",
            "once": f"transport: {self.helper.transport}, timeout: 2s, breaker: {{consecutive: 1000}}"})
        warm(self, self.node, "twice", "once")

    def asked(self):
        return len(self.helper.seen("asked"))

    def test_an_idempotent_call_is_tried_twice(self):
        before = self.asked()
        answer = self.node.ask("twice", "die_after_read")
        self.assertEqual((answer.status, answer.json()["reason"], answer.json()["attempts"]), (502, "transport", 2), answer)
        self.assertEqual(self.asked() - before, 2)
        self.assertEqual(self.node.channel("twice")["totals"]["retries"], 1)

    def test_the_second_try_may_be_good(self):
        answer = self.node.ask("twice", "error", {"code": 1, "message": "m", "category": "transient"})
        self.assertEqual(answer.json()["attempts"], 2)
        # The worker that dies of the first request is followed by one that is well.
        self.helper.behave("die_once")
        answer = self.node.ask("twice", "q")
        self.assertEqual((answer.status, answer.json()["attempts"]), (200, 2), answer)

    def test_another_call_is_tried_once(self):
        before = self.asked()
        answer = self.node.ask("once", "die_after_read")
        self.assertEqual((answer.status, answer.json()["reason"], answer.json()["attempts"]), (502, "transport", 1), answer)
        self.assertEqual(self.asked() - before, 1)

    def test_another_call_is_sent_once_over_http_too(self):
        """Also on a connection that has been used before, which may have been idle for too long."""
        made = helper(self, "http")
        node = own(self, {"once": f"transport: {made.transport}, timeout: 2s, breaker: {{consecutive: 1000}}"})
        for mode in ("die_after_read", "close_out", "die_in_answer"):
            warm(self, node, "once")
            before = len(made.seen("asked"))
            answer = node.ask("once", mode)
            self.assertEqual((answer.status, answer.json()["reason"], answer.json()["attempts"]), (502, "transport", 1), answer)
            self.assertEqual(len(made.seen("asked")) - before, 1, mode)

    def test_a_mistake_of_the_callers_is_not_tried_again(self):
        self.assertEqual(self.node.ask("twice", "error", {"code": -32602, "message": "m"}).json()["attempts"], 1)

    def test_timeouts_cancel_and_late_answers_are_counted(self):
        before = self.node.channel("once")
        answer, seconds = timed(lambda: self.node.ask("once", "late", {"seconds": 0.6}, timeout_ms=200))
        self.assertEqual((answer.status, answer.json()["reason"], answer.problem), (504, "timeout", "call-timed-out"), answer)
        self.assertLess(abs(seconds - 0.2), 0.2)
        asked = self.helper.seen("asked")[-1]["id"]
        wait_until(lambda: asked in self.helper.cancelled(), lambda: f"it is told: {self.helper.seen()}")
        wait_until(lambda: self.node.channel("once")["transport"]["unknown_messages"] == before["transport"]["unknown_messages"] + 1,
                   lambda: f"the late answer is counted: {self.node.channel('once')}")
        self.assertEqual(self.node.ask("once").status, 200, "and harms nobody")

    def test_a_longer_time_for_one_call(self):
        answer, seconds = timed(lambda: self.node.ask("once", "late", {"seconds": 0.5}, timeout_ms=1900))
        self.assertEqual(answer.status, 200, answer)
        self.assertGreaterEqual(seconds, 0.5)


class Places(unittest.TestCase):
    def ask_together(self, node, name, count, method, params, **more):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(timed(lambda: node.ask(name, method, params, **more)))) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(len(answers), count)
        return answers

    def test_without_a_queue_there_is_an_answer_at_once(self):
        made = helper(self, "unix")
        node = own(self, {"few": f"transport: {made.transport}, timeout: 5s, concurrency: {{limit: 2}}"})
        warm(self, node, "few")
        answers = self.ask_together(node, "few", 6, "late", {"seconds": 1})
        good = [each for each in answers if each[0].status == 200]
        no = [each for each in answers if each[0].status == 503]
        self.assertEqual((len(good), len(no)), (2, 4), answers)
        for answer, seconds in no:
            told = answer.json()
            self.assertEqual((told["reason"], told["retryable"], told["attempts"], told["breaker"]), ("overload", True, 0, "closed"), answer)
            self.assertTrue(50 <= told["retry_after_ms"] <= 250 and answer.headers["retry-after"] == "1", answer)
            self.assertLess(seconds, 0.9)
        self.assertEqual(node.channel("few")["state"], "closed", "CB-11: overload never trips")

    def test_with_a_queue_they_wait(self):
        made = helper(self, "unix")
        node = own(self, {"line": f"transport: {made.transport}, timeout: 5s, concurrency: {{limit: 2, queue: 3}}"})
        warm(self, node, "line")
        answers = self.ask_together(node, "line", 6, "late", {"seconds": 0.4})
        self.assertEqual(sorted(answer.status for answer, _ in answers), [200] * 5 + [503], answers)
        self.assertGreater(max(seconds for answer, seconds in answers if answer.status == 200), 1.1, "the last one waited for two others")
        told = node.channel("line")
        self.assertEqual((told["in_flight"], told["waiting"]), (0, 0))

    def test_who_waits_too_long_has_an_answer_in_time(self):
        made = helper(self, "unix")
        node = own(self, {"line": f"transport: {made.transport}, timeout: 5s, concurrency: {{limit: 1, queue: 10}}, breaker: {{consecutive: 1000}}"})
        warm(self, node, "line")
        answers = self.ask_together(node, "line", 5, "hang", None, timeout_ms=400)
        reasons = sorted(answer.json()["reason"] for answer, _ in answers)
        self.assertEqual(len(reasons), 5)
        self.assertLessEqual(set(reasons), {"timeout", "overload"}, answers)
        for answer, seconds in answers:
            self.assertTrue(0.35 < seconds < 0.9, (answer, seconds))


class Secrets(unittest.TestCase):
    def test_cb_12_what_a_helper_says_stays_with_the_node(self):
        """CB-12: a secret and a path in a helper's error are in no answer, no event, no list and no metric."""
        import sse
        made = helper(self, "unix")
        node = own(self, {"leaky": f"transport: {made.transport}, timeout: 1s, breaker: {{consecutive: 3, open: 1m}}"})
        warm(self, node, "leaky")
        texts = []
        with sse.Stream(node, "?topics=channel.changed") as events:
            for method in ("secret", "not_json", "secret", "secret", "secret"):
                answer = node.ask("leaky", method)
                self.assertNotEqual(answer.status, 200, answer)
                texts.append(answer.text + str(answer.headers))
            texts.append(str(events.next("channel.changed")))
        self.assertEqual(node.channel("leaky")["state"], "open")
        for path in ("/channels", "/channels/leaky", "/metrics", "/readyz", "/audit"):
            texts.append(node.get(path).text)
        for text in texts:
            self.assertNotIn(SECRET, text)
            self.assertNotIn(SECRET_PATH, text)
        self.assertGreaterEqual(len(made.seen("asked")), 4, "it has said them")
