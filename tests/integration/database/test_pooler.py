"""A connection pooler between the node and its database: no lock can be held through one."""
import nodes
import postgres


class Pooler(nodes.Case):
    def pooler(self, mode="transaction"):
        made = postgres.Pooler(self.server, mode)
        self.addCleanup(made.stop)
        return made

    def test_DB_1_a_url_through_a_pooler_is_refused_and_names_init_url(self):
        pooler = self.pooler()
        before = pooler.sql("SHOW search_path", self.db), pooler.sql("SHOW statement_timeout", self.db)
        node = self.node(nodes.settings(self.db.url(port=pooler.port)))
        report = node.wait_for("memory-only")
        self.assertIn("database.init_url", report["reason"])
        self.assertGreater(nodes.seconds_at(report["next_attempt_at"]) - nodes.seconds_at(report["since"]), 30, "tried again slowly")
        for what in ("status", "up", "verify"):
            run = nodes.migrate(what, self.db.url(port=pooler.port))
            self.assertEqual(run.status, 69, run.text())
            self.assertIn("database.init_url", run.err)
        # What was looked at is left as it was for whoever is given that connection next.
        self.assertEqual((pooler.sql("SHOW search_path", self.db), pooler.sql("SHOW statement_timeout", self.db)), before)
        self.assertEqual(self.db.value("SELECT to_regnamespace('roost') IS NULL AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"), "t")

    def test_DB_1_a_pooler_in_session_mode_is_refused_too(self):
        run = nodes.migrate("up", self.db.url(port=self.pooler("session").port))
        self.assertEqual(run.status, 69, run.text())
        self.assertIn("database.init_url", run.err)

    def test_DB_1_with_a_direct_init_url_servers_behind_a_pooler_get_ready(self):
        pooler = self.pooler()
        config = nodes.settings(self.db.url(port=pooler.port), init_url=self.db.url())
        fleet = [self.node(config, name=f"n{number}") for number in range(3)]
        for node in fleet:
            node.wait_for("ready")
        self.assertEqual(self.db.value("SELECT count(*) FROM roost.node"), "3")
        run = nodes.migrate("verify", self.db.url(port=pooler.port), init_url=self.db.url())
        self.assertEqual(run.status, 0, run.text())
