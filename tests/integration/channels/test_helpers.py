"""Each way in which a helper can misbehave, over each transport: every caller has one answer, in time; memory has a
bound; nobody else on the node notices; and once the helper is well, the channel closes by itself.

How long the simplest answer takes here is measured beside each of them, so that a slow machine is not a failure."""
import json
import unittest

import bystander
import callers
import rig
import roost
from helpers import SECRET, SECRET_PATH

CALLERS = 10  # six over HTTP, four over one WebSocket
GROWTH = 32 << 20
# What callers may be told, by what the helper does: "" is its own value. What differs for a transport has its row.
OK = {""}
TIMED = {"timeout", "rejected"}
BROKEN = {"transport", "rejected"}
LIES = {"protocol", "rejected"}
EXPECTED = {
    "echo": OK,
    "hang": TIMED,
    "late": TIMED,
    "never_read": TIMED,
    "slow": TIMED,
    # Another one that dies takes those with it that have been sent to the same program.
    "die_before_read": BROKEN,
    "die_after_read": BROKEN,
    "die_in_answer": BROKEN,
    "die_after_answer": OK | BROKEN,
    "close_out": BROKEN,
    "twice": OK,
    "out_of_order": OK,
    "not_json": LIES,
    "not_json_rpc": LIES,
    "wrong_id": TIMED,
    ("http", "wrong_id"): LIES,
    "result_and_error": LIES,
    "deep": LIES,
    "huge": LIES,
    "flood_stderr": OK,
    "error": {"helper_error", "rejected"},
    "secret": {"helper_error", "rejected"},
}
HEALTHY = {"echo", "twice", "out_of_order", "flood_stderr"}  # no reason to open
SILENT = {"hang", "late", "never_read", "slow", "wrong_id"}
# Seconds. Who says something is given the time that it takes on a busy machine.
TIMEOUTS = {True: 0.3, False: 3.0}
NOT_HTTP = {"twice", "out_of_order"}  # an answer belongs to a connection


def expected(kind, mode):
    reasons = EXPECTED.get((kind, mode), EXPECTED[mode])
    # A program that lies is ended, and while it ends it is not there.
    return reasons | {"transport"} if kind == "stdio" and reasons is LIES else reasons


class Misbehaving:
    """The tests of one transport; the classes below say which."""

    kind = ""

    @classmethod
    def setUpClass(cls):
        cls.modes = [m for m in EXPECTED if isinstance(m, str) and not (cls.kind == "http" and m in NOT_HTTP)]
        cls.steady = rig.Helper("stdio", "steady")
        cls.addClassCleanup(cls.steady.remove)
        cls.helpers = {}
        # Programs belong to a channel each; the others have many.
        common = None if cls.kind == "stdio" else rig.Helper(cls.kind)
        for mode in cls.modes:
            cls.helpers[mode] = common or rig.Helper(cls.kind)
        for helper in {id(h): h for h in cls.helpers.values()}.values():
            cls.addClassCleanup(helper.remove)
        channels = {cls.name_of(m): f"transport: {cls.helpers[m].transport}, timeout: {int(cls.timeout_of(m) * 1000)}ms, {rig.BREAKER}" for m in cls.modes}
        channels["steady"] = f"transport: {cls.steady.transport}, timeout: 10s"
        cls.node = rig.Node(channels, "log: {level: warn}\nconnections: {max_per_ip: 100, max_per_user: 100, handshake_burst: 1000}\n")
        cls.addClassCleanup(cls.node.stop)
        assert cls.node.ask("steady", timeout_ms=9000).status == 200, cls.node.log()
        cls.aside = bystander.Bystander(cls.node, "steady")
        cls.addClassCleanup(cls.aside.__exit__)

    @staticmethod
    def name_of(mode):
        return "to-" + mode.replace("_", "-")

    @staticmethod
    def timeout_of(mode):
        return TIMEOUTS[mode in SILENT]

    def suffer(self, mode, cli=1):
        """All callers at once, twice: while it is closed, and then as it may be. What both got."""
        name, helper, node = self.name_of(mode), self.helpers[mode], self.node
        helper.behave()
        roost.wait_until(lambda: node.ask(name).status == 200, lambda: f"it is well at first: {node.ask(name)}")
        self.aside.take()
        peak, before = rig.peak_of(node.pid)
        helper.behave(mode)
        wanted = {"method": mode, "params": {"n": 1}}
        with callers.Pulse(node) as pulse:
            first, programs = callers.all_at_once(node, name, **wanted, cli=cli)
            second, _ = callers.all_at_once(node, name, **wanted)
        most = peak()
        self.assertEqual(pulse.broken, [])
        slowest = max(got.seconds for got in first + second)
        print(f"{self.kind} {mode}: slowest {slowest * 1000:.0f} ms, healthz at worst {pulse.worst * 1000:.0f} ms, "
              f"memory +{(most - before) / (1 << 20):.1f} MiB")
        self.check_answers(name, mode, first + second, self.timeout_of(mode) + pulse.allowance)
        self.check_programs(mode, programs)
        kept = (300 << 20) if roost.is_sanitized() else 0  # what was freed
        self.assertLess(most - before, GROWTH + kept, "memory is bounded")
        self.check_healing(name, mode, helper)
        self.check_aside(self.aside.take())
        return first + second

    def check_answers(self, name, mode, all_got, limit):
        self.assertEqual(len(all_got), 2 * CALLERS)
        for got in all_got:
            self.assertEqual(got.count, 1, f"exactly one answer: {got}")
            self.assertIn(got.reason, expected(self.kind, mode), got)
            self.assertLessEqual(got.seconds, limit, f"within its deadline: {got}")
            if got.reason == "":
                self.assertEqual(got.value["params"], {"n": 1}, "its own answer, and nobody else's")
            self.assertNotIn(SECRET, got.body)
            self.assertNotIn(SECRET_PATH, got.body)
        channel = self.node.channel(name)
        if mode in HEALTHY:
            self.assertEqual((channel["state"], channel["consecutive_failures"]), ("closed", 0))
        elif mode != "die_after_answer":
            self.assertGreaterEqual(channel["totals"]["opens"], 1, "it has opened")

    def check_programs(self, mode, programs):
        for got in programs:
            self.assertEqual(got.count, 1, got)
            self.assertIn(got.reason, expected(self.kind, mode), got)
            self.assertNotIn(SECRET, got.body)

    def check_aside(self, aside):
        print(f"{self.kind}: aside: {aside}")
        self.assertEqual(aside.failures, [], "nobody else notices")
        self.assertGreater(len(aside.echoes_ms), 0)
        self.assertGreater(len(aside.calls_ms), 0)

    def check_healing(self, name, mode, helper):
        helper.behave("echo")
        # Open for 300 ms, then two good calls; a program that died again and again is waited for longer.
        self.node.heal(name, 8 if self.kind == "stdio" else 4)
        calls = self.node.channel(name)["totals"]
        told = calls["ok"] + calls["degraded"] + sum(calls["failed"].values())
        self.assertEqual(calls["calls"], told, f"CB-1: each call has ended in one way: {calls}")

    def test_hang(self):
        self.suffer("hang")

    def test_never_read(self):
        self.suffer("never_read")

    def test_die_before_read(self):
        self.suffer("die_before_read")

    def test_die_after_read(self):
        self.suffer("die_after_read")

    def test_die_in_answer(self):
        self.suffer("die_in_answer")

    def test_die_after_answer(self):
        self.suffer("die_after_answer")

    def test_late(self):
        name = self.name_of("late")
        self.suffer("late")
        if self.kind != "http":  # there the connection ends with the call
            roost.wait_until(lambda: self.node.channel(name)["transport"]["unknown_messages"] > 0, "late answers are counted")

    def test_twice(self):
        if "twice" in self.modes:
            self.suffer("twice")
            roost.wait_until(lambda: self.node.channel(self.name_of("twice"))["transport"]["unknown_messages"] > 0, "they are counted")

    def test_out_of_order(self):
        if "out_of_order" in self.modes:
            self.suffer("out_of_order")

    def test_not_json(self):
        self.suffer("not_json")
        self.assertGreater(self.node.channel(self.name_of("not_json"))["transport"]["violations"], 0)

    def test_not_json_rpc(self):
        self.suffer("not_json_rpc")

    def test_wrong_id(self):
        self.suffer("wrong_id")

    def test_result_and_error(self):
        self.suffer("result_and_error")

    def test_deep(self):
        self.suffer("deep")

    def test_100_mib(self):
        self.suffer("huge")

    def test_slowly_byte_by_byte(self):
        self.suffer("slow")

    def test_close_out(self):
        self.suffer("close_out")

    def test_flood_stderr(self):
        if self.kind == "stdio":
            before = len(self.node.log())
            self.suffer("flood_stderr", cli=0)
            self.assertLess(len(self.node.log()) - before, 256 << 10, "the log is bounded")

    def test_errors(self):
        self.suffer("error")

    def test_secret(self):
        self.suffer("secret")


class Stdio(Misbehaving, unittest.TestCase):
    kind = "stdio"


class Unix(Misbehaving, unittest.TestCase):
    kind = "unix"


class Http(Misbehaving, unittest.TestCase):
    kind = "http"


class Errors(unittest.TestCase):
    """What a helper's JSON-RPC errors mean to the caller, and to the breaker."""

    @classmethod
    def setUpClass(cls):
        cls.helper = rig.Helper("unix")
        cls.addClassCleanup(cls.helper.remove)
        cls.node = rig.Node({"errs": f"transport: {cls.helper.transport}, timeout: 5s, breaker: {{consecutive: 1000, min_calls: 10000}}"})
        cls.addClassCleanup(cls.node.stop)
        assert cls.node.ask("errs", timeout_ms=9000).status == 200, cls.node.log()

    # code, category, (reason, status, retryable, counted against the helper)
    ROWS = (
        (-32700, None, ("protocol", 502, True, True)),
        (-32600, None, ("protocol", 502, True, True)),
        (-32601, None, ("helper_error", 502, False, False)),
        (-32602, None, ("helper_error", 502, False, False)),
        (-32603, None, ("helper_error", 502, True, True)),
        (-32000, None, ("helper_error", 502, True, True)),
        (-32800, None, ("helper_error", 502, True, False)),
        (7, None, ("helper_error", 502, True, True)),
        (1, "transient", ("helper_error", 502, True, True)),
        (1, "timeout", ("helper_error", 502, True, True)),
        (1, "internal", ("helper_error", 502, True, True)),
        (1, "protocol", ("protocol", 502, True, True)),
        (1, "overload", ("overload", 503, True, False)),
        (1, "caller_error", ("helper_error", 502, False, False)),
        (1, "not_found", ("helper_error", 502, False, False)),
        (1, "auth", ("helper_error", 502, False, False)),
        (1, "cancelled", ("helper_error", 502, True, False)),
        (-32603, "caller_error", ("helper_error", 502, False, False)),
        (1, "never heard of", ("helper_error", 502, True, True)),
        (1, "x" * 5000, ("helper_error", 502, True, True)),
    )

    def test_each_code_and_category(self):
        for code, category, wanted in self.ROWS:
            with self.subTest(code=code, category=category):
                before = self.node.channel("errs")["window"]["failed"]
                answer = self.node.ask("errs", "error", {"code": code, "message": f"no {SECRET}", **({"category": category} if category else {})})
                told = answer.json()
                counted = self.node.channel("errs")["window"]["failed"] - before
                self.assertEqual((told["reason"], answer.status, told["retryable"], counted == 1), wanted, answer)
                self.assertEqual(told.get("helper_code"), code if told["reason"] == "helper_error" else None, answer)
                self.assertNotIn(SECRET, answer.text)
                self.assertEqual("retry-after" in answer.headers, answer.status == 503)

    def test_errors_that_are_none(self):
        for members in ({"code": "x", "message": "m"}, {"code": 1.5, "message": "m"}, {"code": 1}, {"code": 1, "message": 7}, [], "no", 3):
            with self.subTest(error=members):
                self.helper.behave("raw", text=json.dumps(members))
                self.addCleanup(self.helper.behave)
                answer = self.node.ask("errs")
                self.assertEqual((answer.status, answer.json()["reason"]), (502, "protocol"), answer)
                self.helper.behave()
                roost.wait_until(lambda: self.node.ask("errs").status == 200, "it is connected again")

    def test_values_come_as_they_are(self):
        for text in ("null", "true", "-0.0", "123456789012345678901234567890", '"\\u0000"', '{"a":{"a":1},"b":[[],{}]}', '"' + "x" * 1_000_000 + '"'):
            with self.subTest(value=text[:50]):
                self.helper.behave("result", text=text)
                self.addCleanup(self.helper.behave)
                answer = self.node.ask("errs")
                self.assertEqual(answer.status, 200, answer)
                self.assertTrue(answer.text.startswith('{"value":' + text + ',"degraded":false'), answer)


class Statuses(unittest.TestCase):
    def test_each_status(self):
        """What an HTTP helper's status means, whatever its body says."""
        made = rig.Helper("http")
        self.addCleanup(made.remove)
        node = rig.Node({"http": f"transport: {made.transport}, timeout: 5s, breaker: {{consecutive: 1000, min_calls: 10000}}"})
        self.addCleanup(node.stop)
        for code, reason in ((200, None), (429, "overload"), (503, "overload"), (500, "transport"), (502, "transport"), (404, "protocol"),
                             (401, "protocol"), (302, "protocol"), (204, "protocol"), (201, "protocol")):
            with self.subTest(status=code):
                self.assertEqual(node.ask("http", "status", {"status": code}).json()["reason"], reason)
