"""Questions over all nodes go through pools of workers that bound everything, whatever PostgreSQL does (DB-10)."""
import json
import time

import nodes
import postgres
from roost import wait_until

# The API's own patience is 10 s.
BOUND = 14


class Pools(nodes.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.ensure)

    def pair(self, config=None):
        made = [self.node(config, name=name) for name in ("first", "second")]
        for each in made:
            each.wait_for("ready")
        return made

    def run_program(self, one, script):
        session = one.new(["sh", "-c", script])["id"]
        answer = one.post(f"/sessions/{session}/wait", {"exit": True, "timeout_ms": 20000})
        self.assertTrue(answer.json()["met"], answer)
        return session

    def ids(self, one, query="scope=all"):
        answer = one.get(f"/history?{query}")
        self.assertEqual(answer.status, 200, (answer, one.log()[-1500:]))
        return {row["id"] for row in answer.json()["sessions"]}

    def pool(self, one, name):
        return next(pool for pool in one.database()["pools"] if pool["name"] == name)

    def bounded(self, ask):
        """What it gives, which it does in time."""
        begin = time.monotonic()
        answer = ask()
        self.assertLess(time.monotonic() - begin, BOUND, answer)
        return answer

    def active(self, query):
        """Statements like this that are being carried out."""
        return self.db.value(f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '{query}' AND pid <> pg_backend_pid()")

    def slow(self):
        """Every question to PostgreSQL about sessions takes an hour; what is written there goes on."""
        self.db.sql("ALTER TABLE roost.session RENAME TO session_of_before; CREATE VIEW roost.session AS SELECT s.* FROM roost.session_of_before s, "
                    "pg_sleep(3600); GRANT SELECT ON roost.session TO roost")

    def quick(self):
        self.db.sql("DROP VIEW roost.session; ALTER TABLE roost.session_of_before RENAME TO session")

    def test_history_of_all_nodes_in_pages(self):
        first, second = self.pair()
        theirs = {self.run_program(first, "exit 1"), self.run_program(first, "exit 2")}
        own = {self.run_program(second, "exit 3")}
        for one in (first, second):
            wait_until(lambda one=one: self.ids(one) == theirs | own, lambda one=one: self.ids(one))
        self.assertEqual(self.ids(second, "scope=node"), own)
        rows, cursor = [], ""
        while cursor is not None:
            answer = second.get(f"/history?scope=all&limit=1{cursor and f'&cursor={cursor}'}").json()
            rows += [(row["created_at"], row["id"]) for row in answer["sessions"]]
            cursor = answer["next"]
        self.assertEqual(rows, sorted(rows, reverse=True), "newest first")
        self.assertEqual(len(rows), 3)
        middle = rows[1][0]
        self.assertEqual(self.ids(first, f"scope=all&before={middle}"), {rows[2][1]})
        self.assertEqual(self.ids(first, f"scope=all&from={middle}"), {rows[0][1], rows[1][1]})
        for wrong in ("scope=world", "from=yesterday", "scope=all&cursor=x"):
            self.assertEqual(first.get(f"/history?{wrong}").status, 400, wrong)
        shown = {pool["name"]: pool["size"] for pool in first.database()["pools"]}
        self.assertEqual(shown, {"app": 6, "init": 1, "analytics": 2})
        self.assertEqual(self.pool(first, "init")["busy"], 1)

    def test_a_recording_of_another_node(self):
        first, second = self.pair()
        session = self.run_program(first, "echo over there; seq 20000")
        wait_until(lambda: first.get(f"/sessions/{session}/recording?format=text").status == 200, "recorded", 30)
        wait_until(lambda: second.get(f"/sessions/{session}/recording?format=text").status == 200, "brought there", 30)
        for form in ("text", "asciicast-v2", "asciicast-v3"):
            here, there = (one.get(f"/sessions/{session}/recording?format={form}") for one in (first, second))
            self.assertEqual(there.status, 200)
            self.assertEqual(here.text, there.text, form)
        self.assertIn("over there", there.text)
        self.assertEqual(second.get("/sessions/0123456789abcdef/recording").status, 404)

    def test_slow_questions_end_and_are_cancelled_in_the_server_and_nobody_else_notices(self):
        first, second = self.pair()
        self.run_program(first, "exit 1")
        wait_until(lambda: len(self.ids(second)) == 1, lambda: self.ids(second))
        self.slow()
        answers = nodes.at_once([lambda: self.bounded(lambda: second.get("/history?scope=all")) for _ in range(4)]
                                + [lambda: [self.bounded(lambda: second.get("/history")).status for _ in range(20)]])
        self.assertEqual([answer.status for answer in answers[:4]], [504] * 4)
        self.assertEqual(answers[4], [200] * 20)
        wait_until(lambda: self.active("%FROM session%") == "0", "cancelled in the server")
        self.assertEqual(self.pool(second, "analytics")["timeouts"], 4)
        metrics = second.get("/metrics").text
        self.assertIn('roost_database_pool_timeouts_total{pool="analytics"} 4', metrics)
        self.quick()
        wait_until(lambda: len(self.ids(second)) == 1, lambda: self.ids(second))

    def test_PostgreSQL_stopped_and_frozen(self):
        first, second = self.pair()
        self.run_program(first, "exit 1")
        wait_until(lambda: len(self.ids(second)) == 1, lambda: self.ids(second))
        for away, back in ((self.server.stop, self.server.start), (self.server.freeze, self.server.thaw)):
            away()
            answer = self.bounded(lambda: second.get("/history?scope=all"))
            self.assertIn(answer.status, (503, 504), answer)
            self.run_program(second, "exit 2")
            self.assertEqual(self.bounded(lambda: second.get("/history")).status, 200)
            second.wait_for("memory-only")
            begin = time.monotonic()
            answer = second.get("/history?scope=all")
            self.assertEqual((answer.status, answer.json()["type"]), (503, "/problems/store-unavailable"))
            self.assertLess(time.monotonic() - begin, 2, "refused at once")
            self.assertEqual(self.pool(second, "analytics")["waiting"], 0)
            back()
            second.wait_for("ready")
            wait_until(lambda: second.get("/history?scope=all").status == 200, "back by itself")

    def test_through_a_pooler_in_transaction_mode(self):
        pooler = postgres.Pooler(self.server)
        self.addCleanup(pooler.stop)
        first, second = self.pair(nodes.settings(self.db.url(port=pooler.port), init_url=self.db.url()))
        before = pooler.sql("SHOW search_path", self.db), pooler.sql("SHOW statement_timeout", self.db)
        session = self.run_program(first, "echo through the pooler")
        wait_until(lambda: self.ids(second) == {session}, lambda: self.ids(second), 30)
        wait_until(lambda: second.get(f"/sessions/{session}/recording?format=text").status == 200, "brought there", 30)
        self.assertIn("through the pooler", second.get(f"/sessions/{session}/recording?format=text").text)
        self.assertEqual((pooler.sql("SHOW search_path", self.db), pooler.sql("SHOW statement_timeout", self.db)), before,
                         "what is given to others is as it was")
        # The pooler's one connection is free again, also after a question that never ends.
        self.slow()
        self.assertEqual(self.bounded(lambda: second.get("/history?scope=all")).status, 504)
        wait_until(lambda: self.active("%FROM session%") == "0", "cancelled in the server", 30)
        self.quick()
        wait_until(lambda: self.ids(second) == {session}, "back by itself", 30)

    def test_an_end_in_the_middle_of_a_question_is_in_time(self):
        one = self.node()
        one.wait_for("ready")
        self.run_program(one, "exit 1")
        wait_until(lambda: len(self.ids(one)) == 1, lambda: self.ids(one))
        self.slow()
        begin = time.monotonic()
        done = nodes.at_once([lambda: self.status_of(one), lambda: wait_until(lambda: self.pool(one, "analytics")["busy"], "busy") and one.end()])
        self.assertEqual(done[1], 0, one.log()[-2000:])
        self.assertLess(time.monotonic() - begin, BOUND)
        wait_until(lambda: self.active("%FROM session%") == "0", "cancelled in the server", 30)

    @staticmethod
    def status_of(one):
        try:
            return one.get("/history?scope=all").status
        except (OSError, ValueError, json.JSONDecodeError):
            return None


class Alone(nodes.Case):
    def test_a_node_that_shares_nothing_has_all_in_its_own_file(self):
        one = self.node(nodes.settings(""))
        one.wait_for("ready")
        session = one.new(["sh", "-c", "exit 9"])["id"]
        wait_until(lambda: [row["id"] for row in one.get("/history?scope=all").json()["sessions"]] == [session], "written down")
        self.assertEqual(one.database()["pools"], [])
        self.assertGreaterEqual(one.database()["archive"]["written"], 1)
        self.assertNotIn("roost_database_pool", one.get("/metrics").text)


class Retention(nodes.Case):
    def test_what_is_too_old_is_removed_from_PostgreSQL_too(self):
        one = self.node()
        one.wait_for("ready")
        row = "INSERT INTO roost.session_event SELECT 's', now() - interval '%d days', 'exited', '{}', '%s' || n, 10 FROM generate_series(1, %d) n"
        self.db.sql(row % (91, "old", 1000) + ";" + row % (89, "young", 10))
        first = one.new(["sh", "-c", "exit 1"])["id"]
        one.restart()
        one.wait_for("ready")
        left = lambda: self.db.value("SELECT count(*) FROM roost.session_event WHERE session = 's'")
        wait_until(lambda: left() == "10", left, 30)
        self.assertIn('roost_retention_removed_total{from="shared"} 1000', one.get("/metrics").text)
        self.assertIn(first, [session["id"] for session in one.get("/history?scope=all").json()["sessions"]])
