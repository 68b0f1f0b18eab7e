"""Limits of a session's life: they hold also over a server that was away."""
import time
import unittest

import node
from roost import wait_until


class Limits(unittest.TestCase):
    def make(self, config):
        made = node.Node(node.CONFIG + config)
        self.addCleanup(made.stop)
        return made

    def state(self, one, session):
        return one.get(f"/sessions/{session}").json()["state"]

    def test_a_lifetime_ends_a_session(self):
        one = self.make("terminals: {limits: {lifetime: 1s}}\n")
        session = one.new(["sleep", "600"])["id"]
        self.assertEqual(self.state(one, session), "running")
        one.wait_for(session, exit=True)
        self.assertEqual(self.state(one, session), "exited")

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
        # The profile's own are among them.
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


if __name__ == "__main__":
    unittest.main()
