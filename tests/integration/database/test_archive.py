"""Sessions are written down in the node's own file first, and brought to PostgreSQL in order and once (DB-7, DB-8)."""
import random
import signal

import nodes
from roost import wait_until


def ledger(rows):
    """The exit statuses, oldest first."""
    return [int(status) for status in rows.split()] if rows else []


class Archive(nodes.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.ensure)
        self.made = 0

    def make(self, one, count):
        """Sessions that end at once, each with a status that tells it from those before it."""
        for _ in range(count):
            self.made += 1
            session = one.new(["sh", "-c", f"exit {self.made}"])["id"]
            answer = one.post(f"/sessions/{session}/wait", {"exit": True, "timeout_ms": 20000})
            self.assertTrue(answer.json()["met"], answer)

    def own(self, one):
        """What the node itself has, oldest first."""
        rows, cursor = [], ""
        while True:
            told = one.get(f"/history?limit=7&state=exited{cursor}")
            self.assertEqual(told.status, 200, (told, one.log()[-1000:]))
            answer = told.json()
            rows += [row["exit_status"] for row in answer["sessions"]]
            if not answer["next"]:
                return rows[::-1]
            cursor = f"&cursor={answer['next']}"

    def shared(self):
        return ledger(self.db.value("SELECT coalesce(string_agg(exit_status::text, ' ' ORDER BY created_at), '') FROM roost.session "
                                          "WHERE state = 'exited'"))

    def all(self):
        return list(range(1, self.made + 1))

    def assert_shared(self):
        wait_until(lambda: self.shared() == self.all(), lambda: (self.shared(), self.made), 30)
        # Each beginning and each end once.
        self.assertEqual(self.db.value("SELECT string_agg(what || n, ' ' ORDER BY what) FROM (SELECT what, count(*) n FROM "
                                             "roost.session_event WHERE what IN ('created', 'exited') GROUP BY 1) e"),
                         f"created{self.made} exited{self.made}")

    def test_sessions_get_there(self):
        one = self.node()
        one.wait_for("ready")
        self.make(one, 20)
        self.assert_shared()
        wait_until(lambda: self.own(one) == self.all(), lambda: self.own(one))
        wait_until(lambda: one.database()["outbox"] == 0, one.database)

    def test_without_the_database_everything_is_written_down_and_follows(self):
        one = self.node()
        one.wait_for("ready")
        self.make(one, 3)
        self.assert_shared()
        self.server.stop(signal.SIGQUIT)
        self.make(one, 5)
        wait_until(lambda: self.own(one) == self.all(), lambda: self.own(one))
        report = one.wait_for("memory-only")
        self.assertGreaterEqual(report["outbox"], 5)
        self.server.start()
        self.assert_shared()
        states = [step["state"] for step in one.wait_for("ready")["transitions"]]
        self.assertIn("catching-up", states)
        self.assertEqual(one.database()["outbox"], 0)

    def test_whoever_is_killed_nothing_is_lost_or_doubled(self):
        chance = random.Random(nodes.SEED)
        print(f"ROOST_SEED={nodes.SEED} ROOST_ROUNDS={nodes.ROUNDS}", flush=True)
        one = self.node()
        one.wait_for("ready")
        for _ in range(nodes.ROUNDS):
            self.make(one, chance.randint(1, 4))
            # What a client has been told of is in the node's own file a moment later; from then on it is kept.
            wait_until(lambda: self.own(one) == self.all(), lambda: self.own(one))
            what = chance.choice(["server", "database", "both", "frozen"])
            if what in ("database", "both"):
                self.server.kill()
            if what == "frozen":
                self.server.freeze()
                self.make(one, 2)
                wait_until(lambda: self.own(one) == self.all(), lambda: self.own(one))
                self.server.thaw()
            if what in ("server", "both"):
                nodes.kill(one.process.pid)
                one.process.wait()
                one.process.stdout.close()
                one.launch()
                one.listen()
            if what in ("database", "both"):
                self.make(one, 1)
                self.server.start()
        self.assert_shared()
        one.wait_for("ready")

    def test_two_nodes_share_one_database(self):
        first, second = self.node(name="first"), self.node(name="second")
        for each in (first, second):
            each.wait_for("ready")
            self.make(each, 3)
        wait_until(lambda: self.shared() == self.all(), self.shared)
        self.assertEqual(self.db.value("SELECT count(DISTINCT node) FROM roost.session"), "2")
        self.assertEqual(self.own(second), [4, 5, 6], "what a node lists is its own")

    def test_a_graceful_end_writes_down_what_waits(self):
        one = self.node()
        one.wait_for("ready")
        session = one.new(["cat"])["id"]
        self.assertEqual(one.call("PATCH", f"/sessions/{session}", {"title": "the last word"}).status, 200)
        one.restart()
        wait_until(lambda: [s["title"] for s in one.get("/history").json()["sessions"]] == ["the last word"], lambda: one.get("/history").text)


class WithoutPostgreSQL(nodes.Case):
    def test_sqlite_keeps_and_memory_forgets(self):
        for url, kept in (("", 1), ("memory:", 0)):
            one = self.node(nodes.settings(url))
            one.wait_for("ready")
            session = one.new(["sh", "-c", "exit 9"])["id"]
            one.post(f"/sessions/{session}/wait", {"exit": True, "timeout_ms": 20000})
            rows = lambda: [row for row in one.get("/history?state=exited").json()["sessions"] if row["exit_status"] == 9]
            wait_until(lambda: len(rows()) == 1, rows)
            one.delete(f"/sessions/{session}")
            one.restart()
            one.wait_for("ready")
            self.assertEqual(len(rows()), kept, url)
