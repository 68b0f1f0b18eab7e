"""Limits of a session's life: they hold also over a server that was away."""
import re
import signal
import time
import unittest

import client
import node
import roost
from roost import wait_until


class Base(unittest.TestCase):
    def make(self, config):
        made = node.Node(node.CONFIG + config)
        self.addCleanup(made.stop)
        return made

    def state(self, one, session):
        return one.get(f"/sessions/{session}").json()["state"]


class Limits(Base):
    def test_a_lifetime_ends_a_session(self):
        one = self.make("terminals: {limits: {lifetime: 1s}}\n")
        session = one.new(["sleep", "600"])["id"]
        self.assertEqual(self.state(one, session), "running")
        one.wait_for(session, exit=True)
        self.assertEqual(self.state(one, session), "exited")
        self.assertEqual(one.session(session)["end_reason"], "lifetime")
        self.assertIn("(lifetime)", client.run("ls", server=one).out)

    def test_a_lifetime_that_passes_while_no_server_is_there(self):
        one = self.make("terminals: {limits: {lifetime: 2s}}\n")
        session = one.new(["sleep", "600"])["id"]
        over = time.monotonic() + 2.2
        one.restart(lambda: wait_until(lambda: time.monotonic() > over, "the session is older than it may be"))
        one.wait_for(session, exit=True)
        self.assertEqual(self.state(one, session), "exited")

    def test_an_idle_session_ends_and_a_used_one_does_not(self):
        one = self.make("terminals: {limits: {idle: 2s}}\n")
        used, idle = (one.new(["cat"])["id"] for _ in range(2))
        while self.state(one, idle) == "running":
            one.type(used, b"x\n")
        one.wait_for(idle, exit=True)
        self.assertEqual((one.session(idle)["end_reason"], one.session(used)["end_reason"]), ("idle", None))
        self.assertEqual(self.state(one, used), "running")

    def test_a_session_says_who_holds_it_to_its_limits(self):
        one = self.make("terminals: {limits: {processes: 300, cpu: 1.5, cpu_time: 10m, open_files: 1234, file_size: 1GiB}}\n")
        session = one.new(["sh", "-c", "ulimit -n; sleep 600"])
        limits = {each["name"]: (each["value"], each["enforced_by"]) for each in session["limits"]}
        self.assertEqual({name: value for name, (value, _) in limits.items()},
                         {"processes": 300, "cpu": 1.5, "cpu_time": 600, "open_files": 1234, "file_size": 2**30})
        for name in ("cpu_time", "open_files", "file_size"):
            self.assertEqual(limits[name][1], "rlimit")
        # By cgroup where the keeper has one; by nobody else outside of a sandbox.
        self.assertIn((limits["processes"][1], limits["cpu"][1]), [("cgroup", "cgroup"), ("none", "none")])
        self.assertEqual(one.log().count("held by nobody"), [by for _, by in limits.values()].count("none"))
        one.wait_for(session["id"], text="1234")
        one.restart()
        self.assertEqual(one.session(session["id"])["limits"], session["limits"])
        if "isolated" in roost.sandboxes():  # the profile's own are among them
            inside = one.new(["sleep", "600"], sandbox="isolated", cwd="/usr")["limits"]
            self.assertIn({"name": "memory", "value": 4 * 2**30}, [{k: each[k] for k in ("name", "value")} for each in inside])

    def test_sessions_of_one_user(self):
        one = self.make("terminals: {max_per_user: 2}\n")
        for _ in range(2):
            one.new(["cat"])
        answer = one.post("/sessions", {"command": ["cat"]})
        self.assertEqual((answer.status, answer.problem), (429, "too-many-sessions"))
        other = one.token_for("operator", label="somebody else")
        self.assertEqual(one.post("/sessions", {"command": ["cat"]}, token=other).status, 201)


class OfOneUser(Base):
    """What all sessions of one user may take together."""

    GREEDY = ["python3", "-c", "import signal, sys, time\n"
              "for n in (1, 15): signal.signal(n, signal.SIG_IGN)\n"
              "x = b'x' * (int(sys.argv[1]) << 20)\nprint('ready', flush=True)\nwhile True: time.sleep(600)"]

    def counts(self, one):
        page = one.get("/metrics").text
        return tuple(int(re.search(rf"^roost_user_limit_{name}_total (\d+)$", page, re.M).group(1)) for name in ("refusals", "ends"))

    def refusal(self, one, **more):
        answer = one.post("/sessions", {"command": ["cat"]}, **more)
        if answer.status == 201:
            one.delete(f"/sessions/{answer.json()['id']}?now=1")
            return None
        self.assertEqual((answer.status, answer.problem), (429, "user-limit"))
        return answer.json()["detail"]

    def test_memory(self):
        one = self.make("terminals: {user_limits: {memory: 128MiB}}\n")
        other = one.token_for("operator", label="somebody else")
        small = one.new(["cat"])["id"]
        medium = one.new([*self.GREEDY, "60"])["id"]
        theirs = one.post("/sessions", {"command": [*self.GREEDY, "100"]}, token=other).json()["id"]
        large = one.new([*self.GREEDY, "90"])["id"]
        wait_until(lambda: one.session(large)["end_reason"], "the largest of the user that is above ends", 20)
        self.assertEqual(one.session(large)["end_reason"], "user-memory")
        self.assertIn("of memory", self.refusal(one))  # it ignores HUP and TERM: it is still there
        self.assertIsNone(self.refusal(one, token=other))
        one.restart()
        self.assertEqual(one.session(large)["end_reason"], "user-memory")
        one.wait_for(large, exit=True)
        self.assertEqual((one.session(large)["state"], one.session(large)["signal"]), ("exited", signal.SIGKILL))
        wait_until(lambda: self.refusal(one) is None, "there is room again")
        for name in (small, medium, theirs):
            self.assertEqual((self.state(one, name), one.session(name)["end_reason"]), ("running", None))

    def test_the_log_and_the_metrics_say_it(self):
        one = self.make("terminals: {user_limits: {memory: 64MiB}}\n")
        large = one.new([*self.GREEDY, "90"])["id"]
        wait_until(lambda: one.session(large)["end_reason"], "it ends", 20)
        self.refusal(one)
        self.assertEqual(self.counts(one), (1, 1))
        self.assertIn("user is above the limit of memory", one.log())
        self.assertIn(large, one.log())

    def test_processes(self):
        one = self.make("terminals: {user_limits: {processes: 10}}\n")
        other = one.token_for("operator", label="somebody else")
        many = one.new(["bash", "-c", "for i in {1..20}; do sleep 600 & done; echo ready; wait"])["id"]
        one.wait_for(many, text="ready")
        self.assertRegex(wait_until(lambda: self.refusal(one), "more is refused"), r"2[12] processes")
        self.assertIsNone(self.refusal(one, token=other))
        self.assertEqual(self.counts(one)[1], 0)
        self.assertEqual(self.state(one, many), "running")
        one.delete(f"/sessions/{many}?now=1")
        one.wait_for(many, exit=True)
        self.assertIsNone(self.refusal(one))

    def test_many_at_once(self):
        one = self.make("terminals: {user_limits: {processes: 10}}\n")
        statuses = [one.post("/sessions", {"command": ["cat"]}).status for _ in range(15)]
        self.assertEqual(statuses, [201] * 10 + [429] * 5)


if __name__ == "__main__":
    unittest.main()
