"""PostgreSQL goes away and comes back: who works does not notice, and everybody can see it (DB-6)."""
import signal
import time

import nodes
from roost import wait_until
from sse import Stream

GRACE, CHECK, CONNECT, LONGEST = 1.0, 0.2, 2.0, 1.0  # seconds, as in nodes.settings
LOOK = 2.0   # how long a look at a server may take
SLACK = 4.0  # of a busy machine


class Away(nodes.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.ensure)
        self.server_node = self.node(name="away")
        self.server_node.wait_for("ready")
        self.session = self.server_node.new(["cat"])["id"]
        self.typed = 0

    def echo(self):
        """Types a line, and waits until it is on the screen."""
        self.typed += 1
        word = f"line-{self.typed}-of-it"
        self.assertEqual(self.server_node.post(f"/sessions/{self.session}/input", f"{word}\n".encode()).status, 202)
        answer = self.server_node.post(f"/sessions/{self.session}/wait", {"regex": word, "timeout_ms": 10000})
        self.assertTrue(answer.json()["met"], answer)

    def metric(self, state):
        return f'roost_database_state{{state="{state}"}} 1' in self.server_node.get("/metrics").text

    def outage(self, go, come, at_once):
        """One outage. @param at_once seconds until it is seen."""
        node = self.server_node
        with Stream(node) as events:
            went = time.time()
            go()
            lost = events.next("database.changed", seconds=at_once + SLACK)["data"]
            self.assertEqual(lost["state"], "connecting", lost)
            self.assertTrue(lost["reason"])
            self.assertLess(time.time() - went, at_once + SLACK)
            self.echo()
            report = node.wait_for("memory-only", GRACE + CONNECT + LOOK + CHECK + SLACK)
            took = nodes.seconds_at(report["since"]) - went
            self.assertLess(took, GRACE + CONNECT + LOOK + CHECK + SLACK)
            self.assertTrue(report["reason"])
            self.assertGreater(report["attempt"], 0)
            # Everything works, and says what does not.
            self.echo()
            other = node.new(["cat"])["id"]
            self.assertEqual(node.delete(f"/sessions/{other}?now=1").status // 100, 2)
            ready = node.get("/readyz")
            self.assertEqual(ready.status, 200, ready)
            part = ready.json()["components"]["database"]
            self.assertTrue(part["ready"] and part["reason"].startswith("memory-only: "), part)
            self.assertTrue(self.metric("memory-only"))
            self.assertFalse(self.metric("ready"))
            come()
            back = time.time()
            report = node.wait_for("ready", LONGEST + CONNECT + LOOK + SLACK)
            returned = nodes.seconds_at(report["since"]) - back
            self.assertTrue(self.metric("ready"))
            self.assertIsNone(node.get("/readyz").json()["components"]["database"]["reason"])
            self.assertEqual((report["reason"], report["attempt"], report["next_attempt_at"]), (None, 0, None))
            seen = [lost["state"]]
            while seen[-1] != "ready":
                seen.append(events.next("database.changed")["data"]["state"])
            self.assertIn("memory-only", seen)
            # Once it has said that it works without, it does not take that back until it is so.
            self.assertNotIn("connecting", seen[seen.index("memory-only"):], seen)
            self.echo()
        print(f"\n  memory-only after {took:.1f} s (grace {GRACE:.0f} s), ready {max(0, returned):.1f} s after it was back", flush=True)

    def test_DB_6_stopped_in_order(self):
        self.outage(self.server.stop, self.server.start, CHECK)

    def test_DB_6_killed(self):
        self.outage(self.server.kill, self.server.start, CHECK)

    def test_DB_6_frozen(self):
        self.outage(self.server.freeze, self.server.thaw, CHECK + LOOK)

    def test_DB_6_again_and_again(self):
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            before = [each["state"] for each in self.server_node.database()["transitions"]].count("ready")
            self.server.stop(how)
            wait_until(lambda: self.server_node.database()["state"] != "ready", "it is seen")
            self.server.start()
            wait_until(lambda: [each["state"] for each in self.server_node.database()["transitions"]].count("ready") > before, "ready again")
        self.echo()

    def test_DB_6_shorter_than_the_grace_is_not_memory_only(self):
        node = self.node(nodes.settings(self.db.url(), grace="60s"))
        node.wait_for("ready")
        self.server.stop()
        node.wait_for("connecting")
        self.server.start()
        report = node.wait_for("ready")
        self.assertNotIn("memory-only", [each["state"] for each in report["transitions"]])

    def test_DB_6_away_at_the_start_the_server_starts_all_the_same(self):
        self.server.stop()
        node = self.node()
        node.wait_for("memory-only")
        self.assertEqual(node.post("/sessions", {"command": ["true"]}).status, 201)
        self.server.start()
        node.wait_for("ready")

    def test_a_server_ends_in_order_while_its_database_is_frozen(self):
        self.server.freeze()
        began = time.monotonic()
        self.assertEqual(self.server_node.end(), 0)
        self.assertLess(time.monotonic() - began, CONNECT + LOOK + 2 * SLACK)

    def test_a_server_ends_in_order_while_it_waits_for_the_lock(self):
        holder = self.server.session("SELECT pg_advisory_lock(1919905651, 1)", self.server.database().name)
        self.addCleanup(holder.communicate)
        db = self.server.database()
        holder = self.server.session("SELECT pg_advisory_lock(1919905651, 1)", db.name)
        self.addCleanup(holder.communicate)
        node = self.node(nodes.settings(db.url()))
        node.wait_for("locking")
        began = time.monotonic()
        self.assertEqual(node.end(), 0)
        self.assertLess(time.monotonic() - began, 2 * SLACK)

    def test_the_database_goes_in_the_middle_of_an_attempt(self):
        db = self.server.database()
        holder = self.server.session("SELECT pg_advisory_lock(1919905651, 1)", db.name)
        node = self.node(nodes.settings(db.url()))
        node.wait_for("locking")
        self.server.kill()
        holder.kill()
        holder.communicate()
        node.wait_for("memory-only")
        self.server.start()
        node.wait_for("ready")
