"""A password that is wrong is said to be, and no password is shown to anybody."""
import subprocess

import nodes
import postgres
import roost

WRONG = "battery-staple-2846"


class Secrets(nodes.Case):
    def setUp(self):
        super().setUp()
        self.db = self.server.database(postgres.GUARDED)

    def everything_of(self, node):
        """All that a node tells anybody."""
        pages = [node.get(path).text for path in ("/database", "/metrics", "/readyz", "/info", "/status", "/connections")]
        return "\n".join([node.log(), *pages])

    def test_a_wrong_password_is_said_slowly_tried_again_and_never_shown(self):
        node = self.node(nodes.settings(self.db.url(postgres.GUARDED, password=WRONG)))
        report = node.wait_for("memory-only")
        self.assertIn("password", report["reason"])
        self.assertIn("database.url", report["reason"])
        self.assertGreater(nodes.seconds_at(report["next_attempt_at"]) - nodes.seconds_at(report["since"]), 30, "tried again slowly")
        self.assertNotIn(WRONG, self.everything_of(node))
        for what in ("status", "verify", "up"):
            run = nodes.migrate(what, self.db.url(postgres.GUARDED, password=WRONG))
            self.assertEqual(run.status, 69, run.text())
            self.assertIn("password", run.err)
            self.assertNotIn(WRONG, run.text())

    def test_the_right_password_is_never_shown_either(self):
        node = self.node(nodes.settings(self.db.url(postgres.GUARDED, password=postgres.PASSWORD)))
        node.wait_for("ready")
        self.db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
        node.wait_for("ready")
        self.assertNotIn(postgres.PASSWORD, self.everything_of(node))

    def test_a_database_that_is_not_there_is_said(self):
        url = self.db.url("roost").replace(self.db.name, "nowhere")
        report = self.node(nodes.settings(url)).wait_for("memory-only")
        self.assertIn("name of the database", report["reason"])

    def test_no_print_out_or_refusal_of_the_configuration_shows_a_password(self):
        place = f"127.0.0.1:{self.server.port}/{self.db.name}"
        urls = [f"postgresql://guarded:{WRONG}@{place}", f"postgresql://{place}?user=guarded&password={WRONG}",
                f"postgresql://{place}?password={WRONG},{WRONG}&sslpassword={WRONG}", f"postgresql://guarded:a@{WRONG}@{place}",
                f"postgresql://guarded:a?{WRONG}@{place}",
                f"mysql://guarded:{WRONG}@{place}", f"postgresql://guarded:{WRONG}@{place}?nonsense=1", f"postgresql://guarded:{WRONG}%zz@{place}"]
        for url in urls:
            for key in ("url", "init_url"):
                config = nodes.settings(url) if key == "url" else nodes.settings(self.db.url(), init_url=url)
                path = f"{self.server.folder}/{key}.yaml"
                with open(path, "w", encoding="utf-8") as file:
                    file.write(config)
                for words in (["--print-config"], ["--check-config"], ["migrate", "status"]):
                    before, after = ([], words) if words[0] != "migrate" else (words, [])
                    done = subprocess.run([roost.program(), *before, "--config", path, "--data-dir", f"{self.server.folder}/none", *after],
                                          env=postgres.environment(), capture_output=True, text=True, timeout=60)
                    self.assertNotIn(WRONG, done.stdout + done.stderr, (url, key, words))
