"""Schemas that are not as they should be: nothing is changed, the reason says what to do, the server works without (DB-5);
and users who may not do everything."""
import nodes

NEWER = "INSERT INTO roost.schema_migration (version, name, checksum, state, needs, applied_by) VALUES ({0}, 'later', 'x', '{1}', {2}, 'later'); " \
        "UPDATE roost.schema_head SET version = {0}"


class Schema(nodes.Case):
    def setUp(self):
        super().setUp()
        self.assert_up()
        self.last = int(self.db.value("SELECT max(version) FROM roost.schema_migration"))

    def ledger(self):
        return self.db.sql("SELECT xmin, * FROM roost.schema_migration"), self.db.sql("SELECT xmin, * FROM roost.schema_head"), self.db.dump()

    def assert_blocked(self, damage, mend, *words):
        """After the damage nobody gets ready or changes anything, and everybody says why; after the mending all is well."""
        self.db.sql(damage)
        before = self.ledger()
        for what in ("verify", "status", "up"):
            run = nodes.migrate(what, self.db.url())
            self.assertEqual(run.status, 1, f"{what}: {run.text()}")
            for word in words:
                self.assertIn(word, run.err, what)
        node = self.node()
        report = node.wait_for("blocked")
        for word in words:
            self.assertIn(word, report["reason"])
        self.assertNotIn("ready", [each["state"] for each in report["transitions"]])
        self.assertGreater(nodes.seconds_at(report["next_attempt_at"]) - nodes.seconds_at(report["since"]), 30, "tried again slowly")
        # It works all the same, and says so.
        self.assertIn(node.new(["true"])["state"], ("starting", "running", "exited"))
        ready = node.get("/readyz")
        self.assertEqual(ready.status, 200, ready)
        self.assertIn("blocked: ", ready.json()["components"]["database"]["reason"])
        self.assertIn('roost_database_state{state="blocked"} 1', node.get("/metrics").text)
        self.assertEqual(self.ledger(), before, "nothing was changed")
        self.db.sql(mend)
        node.restart()
        node.wait_for("ready")
        self.assert_up()

    def test_DB_5_a_migration_that_was_edited_after_it_was_applied(self):
        self.db.sql("CREATE TABLE saved AS SELECT checksum FROM roost.schema_migration WHERE version = 1")
        self.assert_blocked("UPDATE roost.schema_migration SET checksum = repeat('0', 64) WHERE version = 1",
                            "UPDATE roost.schema_migration SET checksum = (SELECT checksum FROM saved) WHERE version = 1",
                            "migration 1 (node)", "edited after it was applied", "restore")

    def test_DB_5_a_gap_in_the_ledger(self):
        self.db.sql("CREATE TABLE saved AS SELECT * FROM roost.schema_migration WHERE version = 1")
        self.assert_blocked("DELETE FROM roost.schema_migration WHERE version = 1; " + NEWER.format(self.last + 1, "applied", 0),
                            f"INSERT INTO roost.schema_migration SELECT * FROM saved; DELETE FROM roost.schema_migration WHERE version > {self.last}; "
                            f"UPDATE roost.schema_head SET version = {self.last}",
                            "migration 1 (node) is missing", "backup")

    def test_DB_5_a_ledger_that_lost_its_last_row(self):
        # The head knows better: to make the same tables again would fail for ever.
        self.db.sql(f"CREATE TABLE saved AS SELECT * FROM roost.schema_migration WHERE version = {self.last}")
        self.assert_blocked(f"DELETE FROM roost.schema_migration WHERE version = {self.last}", "INSERT INTO roost.schema_migration SELECT * FROM saved",
                            "contradicts itself", "backup")

    def test_DB_5_a_head_that_contradicts_the_ledger(self):
        self.assert_blocked("UPDATE roost.schema_head SET version = 77", f"UPDATE roost.schema_head SET version = {self.last}",
                            "contradicts itself", "77", "backup")

    def test_DB_5_a_ledger_without_its_head(self):
        self.assert_blocked("DELETE FROM roost.schema_head", f"INSERT INTO roost.schema_head (version) VALUES ({self.last})", "contradicts itself")

    def test_DB_5_an_invalid_index(self):
        self.db.sql("CREATE TABLE roost.pair (a integer); INSERT INTO roost.pair VALUES (1), (1)")
        with self.assertRaises(AssertionError):  # what a build that was cut short leaves, too
            self.db.sql("CREATE UNIQUE INDEX CONCURRENTLY pair_a ON roost.pair (a)")
        self.assert_blocked("SELECT 1", "DELETE FROM roost.pair; REINDEX INDEX CONCURRENTLY roost.pair_a", "pair_a", "REINDEX INDEX CONCURRENTLY")

    def test_DB_5_a_newer_schema_that_needs_a_newer_build(self):
        self.assert_blocked(NEWER.format(self.last + 1, "applied", self.last + 1),
                            f"DELETE FROM roost.schema_migration WHERE version > {self.last}; UPDATE roost.schema_head SET version = {self.last}",
                            f"needs a version of Roost that knows migration {self.last + 1}", "Install a newer one")

    def test_DB_5_a_newer_schema_that_was_begun_and_not_finished(self):
        self.assert_blocked(NEWER.format(self.last + 1, "started", 0), f"DELETE FROM roost.schema_migration WHERE version > {self.last}; "
                            f"UPDATE roost.schema_head SET version = {self.last}", "not finished")

    def test_DB_5_a_newer_schema_that_this_build_can_use(self):
        self.db.sql(NEWER.format(self.last + 1, "applied", self.last))
        before = self.ledger()
        self.assert_up()
        status = nodes.migrate("status", self.db.url())
        self.assertEqual(status.status, 0, status.text())
        self.assertRegex(status.out, rf"(?m)^ +{self.last + 1}  applied +later$")
        self.assertEqual(self.node().wait_for("ready")["schema_version"], self.last + 1)
        self.assertEqual(self.ledger(), before)


class Empty(nodes.Case):
    def test_an_empty_database_has_everything_pending(self):
        status = nodes.migrate("status", self.db.url())
        self.assertEqual(status.status, 0, status.text())
        self.assertRegex(status.out, r"(?m)^ +1  pending +node$")
        verify = nodes.migrate("verify", self.db.url())
        self.assertEqual(verify.status, 1, verify.text())
        self.assertIn("roostd migrate up", verify.err)
        self.assertEqual(self.db.value("SELECT to_regnamespace('roost') IS NULL"), "t", "looking changes nothing")


class Rights(nodes.Case):
    """`guest` owns nothing, and may not make a schema."""

    def test_without_the_right_to_make_the_schema_the_reason_says_what_to_do(self):
        run = nodes.migrate("up", self.db.url("guest"))
        self.assertEqual(run.status, 69, run.text())
        self.assertIn("42501", run.err)
        node = self.node(nodes.settings(self.db.url("guest")))
        report = node.wait_for("memory-only")
        self.assertIn("42501", report["reason"])
        self.assertIn("CREATE SCHEMA roost AUTHORIZATION", report["reason"])
        self.assertGreater(nodes.seconds_at(report["next_attempt_at"]) - nodes.seconds_at(report["since"]), 30, "tried again slowly")
        # What the reason says helps.
        self.db.sql("CREATE SCHEMA roost AUTHORIZATION guest")
        node.restart()
        node.wait_for("ready")
        self.assert_up(self.db.url("guest"))

    def test_a_schema_that_an_administrator_has_made_is_used(self):
        self.db.sql("CREATE SCHEMA roost AUTHORIZATION guest")
        self.assert_up(self.db.url("guest"))
        self.assertEqual(self.db.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'roost'"), [["guest"]])

    def test_a_user_who_may_not_look_at_the_schema_is_told_so(self):
        self.assert_up()
        run = nodes.migrate("verify", self.db.url("guest"))
        self.assertEqual(run.status, 69, run.text())
        self.assertIn("42501", run.err)
