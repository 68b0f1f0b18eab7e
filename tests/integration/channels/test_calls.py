"""Calls over the WebSocket: results, cancelling, how many, and what becomes of them when the socket ends."""
import time
import unittest

import client
import rig
import ws
from roost import wait_until
from test_contract import helper, own, warm

MOST = 64  # calls of a connection that are not answered yet


class Calls(unittest.TestCase):
    def setUp(self):
        self.helper = helper(self, "unix")
        self.node = own(self, {
            "calm": f"transport: {self.helper.transport}, timeout: 30s, concurrency: {{limit: 200}}, breaker: {{consecutive: 1000}}",
            "covered": f"transport: {self.helper.transport}, timeout: 300ms, fallback: [1], breaker: {{consecutive: 3, open: 1m}}",
            "away": "transport: {kind: unix, path: /nowhere}"})
        warm(self, self.node, "calm")

    def connect(self, **more):
        socket = ws.Client(self.node, **more)
        self.addCleanup(socket.close)
        socket.expect("hello")
        return socket

    def call(self, socket, number, channel="calm", **more):
        socket.send({"type": "call", "id": number, "channel": channel, **more})

    def answered(self, socket, number, channel="calm", **more):
        self.call(socket, number, channel, **more)
        return socket.expect("result", id=number)

    def asked(self, method):
        return [row["id"] for row in self.helper.seen("asked") if row["asked"] == method]

    def test_a_value(self):
        socket = self.connect()
        told = self.answered(socket, 5, method="greet", params={"a": [1]})
        value = told.pop("value")
        self.assertEqual((value["method"], value["params"]), ("greet", {"a": [1]}))
        self.assertEqual(told, {"type": "result", "id": 5, "ok": True, "degraded": False, "reason": None, "age_ms": 0, "attempts": 1, "breaker": "closed"})

    def test_who_names_the_method(self):
        socket = self.connect()
        for number, (sent, method, params) in enumerate((
                ({"params": {"method": "m", "params": [1]}}, "m", [1]), ({"params": {"method": "m"}}, "m", None),
                ({"params": {"method": "m", "more": 1}}, "call", {"method": "m", "more": 1}), ({"params": [2]}, "call", [2]), ({}, "call", None),
                ({"method": "n", "params": {"method": "m"}}, "n", {"method": "m"}))):
            value = self.answered(socket, number, **sent)["value"]
            self.assertEqual((value["method"], value["params"]), (method, params), sent)

    def test_no_value(self):
        socket = self.connect()
        told = self.answered(socket, 1, method="hang", timeout_ms=100)
        message = told["error"].pop("message")
        self.assertTrue(message)
        self.assertEqual(told, {"type": "result", "id": 1, "ok": False, "degraded": False, "attempts": 1, "breaker": "closed",
                                "error": {"code": "timeout", "retryable": True, "retry_after_ms": 0}})
        told = self.answered(socket, 2, method="error", params={"code": -32602, "message": "x"})
        self.assertEqual((told["error"]["code"], told["error"]["helper_code"], told["error"]["retryable"]), ("helper_error", -32602, False))
        told = self.answered(socket, 3, channel="none")
        self.assertEqual((told["ok"], told["error"]["code"], told["breaker"]), (False, "channel_unavailable", None))
        told = self.answered(socket, 4, channel="away")
        self.assertEqual((told["ok"], told["error"]["code"], told["error"]["retryable"], told["breaker"]), (False, "channel_unavailable", True, "closed"))

    def test_degraded(self):
        socket = self.connect()
        told = self.answered(socket, 1, "covered", method="hang")
        self.assertEqual((told["ok"], told["value"], told["degraded"], told["reason"]), (True, [1], True, "timeout"))

    def test_viewers_may_not_call(self):
        told = self.answered(self.connect(token=self.node.token_for("viewer")), 1, method="echo")
        self.assertEqual((told["ok"], told["error"]["code"], told["error"]["retryable"]), (False, "forbidden", False))

    def test_many_at_a_time_each_its_own(self):
        socket = self.connect()
        for number in range(50):
            self.call(socket, number, method="out_of_order", params=[number])
        for _ in range(50):
            told = socket.expect("result")
            self.assertEqual(told["value"]["params"], [told["id"]])

    def test_an_id_that_is_in_use(self):
        socket = self.connect()
        self.call(socket, 1, method="hang")
        self.call(socket, 1, method="echo")
        self.assertEqual(socket.expect("error")["code"], "bad-value")
        socket.send({"type": "cancel", "id": 1})
        self.assertEqual(socket.expect("result", id=1)["error"]["code"], "cancelled")
        self.assertTrue(self.answered(socket, 1, method="echo")["ok"], "it may be used again")

    def test_cancel(self):
        socket = self.connect()
        self.call(socket, 9, method="hang")
        wait_until(lambda: self.asked("hang"), "the helper has it")
        before = self.node.channel("calm")
        begun = time.monotonic()
        socket.send({"type": "cancel", "id": 9})
        told = socket.expect("result", id=9)
        self.assertLess(time.monotonic() - begun, 5, "not after 30 s")
        self.assertEqual((told["ok"], told["error"]["code"], told["attempts"]), (False, "cancelled", 1))
        wait_until(lambda: self.asked("hang")[0] in self.helper.cancelled(), "the helper is told")
        after = self.node.channel("calm")
        self.assertEqual((after["in_flight"], after["window"], after["totals"]["failed"]["cancelled"]), (0, before["window"], 1))
        socket.send({"type": "cancel", "id": 9})
        socket.send({"type": "cancel", "id": 12345})
        socket.send({"type": "ping", "id": 1})
        self.assertEqual(socket.receive()[1]["type"], "pong", "what is not there any more is no mistake")

    def test_64_at_most(self):
        socket = self.connect()
        for number in range(MOST):
            self.call(socket, number, method="hang")
        wait_until(lambda: len(self.asked("hang")) == MOST, lambda: len(self.asked("hang")))
        told = self.answered(socket, 100, method="echo")
        self.assertEqual((told["ok"], told["error"]["code"], told["error"]["retryable"]), (False, "overload", True))
        self.assertTrue(self.answered(self.connect(), 1, method="echo")["ok"], "others are not concerned")
        # A terminal on the same socket works.
        session = self.node.new(["cat"])["id"]
        socket.attach(1, session)
        socket.input(1, b"typed\n")
        socket.read_output(1, b"typed")
        for number in range(MOST):
            socket.send({"type": "cancel", "id": number})
        seen = {socket.expect("result")["id"] for _ in range(MOST)}
        self.assertEqual(seen, set(range(MOST)))
        self.assertTrue(self.answered(socket, 100, method="echo")["ok"])

    def test_who_goes_takes_the_calls_along(self):
        for how in ("closed", "cut"):
            before = len(self.asked("hang"))
            socket = self.connect()
            for number in range(5):
                self.call(socket, number, method="hang")
            wait_until(lambda: len(self.asked("hang")) == before + 5, "the helper has them")
            self.assertEqual(self.node.channel("calm")["in_flight"], 5)
            if how == "closed":
                socket.send_frame(ws.CLOSE, b"\x03\xe8")
                socket.expect_close()
            socket.close()
            wait_until(lambda: set(self.asked("hang")) <= set(self.helper.cancelled()), lambda: f"{how}: the helper is told: {self.helper.cancelled()}")
            wait_until(lambda: self.node.channel("calm")["in_flight"] == 0, "the places are free")

    def test_the_server_goes(self):
        """SIGTERM with calls out: each has an answer or the socket ends, and the server does not wait for 30 s."""
        socket = self.connect()
        for number in range(3):
            self.call(socket, number, method="hang")
        wait_until(lambda: len(self.asked("hang")) == 3, "the helper has them")
        begun = time.monotonic()
        self.node.process.terminate()
        code = socket.expect_close()
        self.assertEqual(code, 1012)
        self.assertEqual(self.node.process.wait(20), 0)
        self.assertLess(time.monotonic() - begun, 10)

    def test_what_is_no_call(self):
        socket = self.connect()
        for frame in ({"id": 1}, {"channel": "calm"}, {"id": -1, "channel": "calm"}, {"id": "1", "channel": "calm"}, {"id": 1, "channel": 2},
                      {"id": 1, "channel": "calm", "params": 3}, {"id": 1, "channel": "calm", "method": ""}, {"id": 1, "channel": "calm", "timeout_ms": 0},
                      {"id": 1, "channel": "calm", "params": {"method": 7}}, {"id": 1, "channel": "calm", "more": 1}):
            socket.send({"type": "call", **frame})
            told = socket.expect("error")
            self.assertIn(told["code"], ("bad-value", "missing-field", "unknown-field", "bad-field"), (frame, told))
        self.assertTrue(self.answered(socket, 1, method="echo")["ok"], "the socket is as it was")

    def test_roost_call(self):
        done = client.run("call", "--method", "greet", "calm", '{"a": 1}', server=self.node)
        self.assertEqual(done.status, 0, done)
        self.assertIn('"greet"', done.out)
        done = client.run("call", "covered", '{"method": "hang"}', server=self.node)
        self.assertEqual((done.status, done.out.strip()), (0, "[1]"), done)
        self.assertTrue(done.err, "a degraded answer is told of")
        done = client.run("call", "--timeout", "0.2", "--method", "hang", "calm", server=self.node)
        self.assertNotEqual(done.status, 0, done)
        self.assertEqual(done.out, "")
        done = client.run("channels", server=self.node)
        self.assertEqual(done.status, 0, done)
        for name in ("calm", "covered", "away"):
            self.assertIn(name, done.out)
