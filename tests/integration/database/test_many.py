"""Many at the same instant on one empty database (DB-1)."""
import time

import nodes
from oracle import Oracle
from roost import wait_until

MANY = 50
GOAL = 3      # times what one alone takes
PATIENCE = 60  # seconds: only a hang takes so long


class Many(nodes.Case):
    def start(self, count, url):
        """So many nodes at once. Seconds until the last was ready, by what each of them says."""
        gate = nodes.Gate()
        fleet = []
        config = nodes.settings(url, check_interval="60s", session_timeout="120s")
        try:
            fleet = [nodes.Node(config, gate, name=f"n{number}") for number in range(count)]
            begin, _ = gate.open()
            for node in fleet:
                node.listen()
            reports = [node.wait_for("ready", PATIENCE) for node in fleet]
            self.assertEqual({report["attempt"] for report in reports}, {0})
            for report in reports:  # nobody had to try again
                states = [each["state"] for each in report["transitions"]]
                self.assertLessEqual(states.count("connecting"), 1, report)
            return max(nodes.seconds_at(report["since"]) for report in reports) - begin, reports
        finally:
            for node in fleet:
                node.stop()

    def bring_up(self, count, url, **more):
        gate = nodes.Gate()
        runs = [nodes.Migrate("up", url, gate, name=f"m{number}", **more) for number in range(count)]
        _, begin = gate.open()
        for run in runs:
            self.assertEqual(run.wait(), 0, run.text())
        return time.monotonic() - begin, runs

    def test_DB_1_fifty_servers_at_once_get_ready_and_each_migration_runs_once(self):
        alone, _ = self.start(1, self.db.url())
        db = self.server.database()
        oracle = Oracle(db)
        together, reports = self.start(MANY, db.url())
        oracle.check(self)
        self.assertEqual({report["schema_version"] for report in reports}, {int(db.value("SELECT version FROM roost.schema_head"))})
        self.assertEqual(db.value("SELECT count(*) FROM roost.node"), str(MANY))
        one, _ = self.start(1, "memory:")
        machine, _ = self.start(MANY, "memory:")
        print(f"\n  one server {alone:.2f} s, {MANY} at once {together:.2f} s: {together / alone:.1f} times (goal {GOAL}); without PostgreSQL "
              f"{one:.2f} s and {machine:.2f} s: {machine / one:.1f} times is the machine's own part; "
              f"PostgreSQL adds {together - machine:+.2f} s", flush=True)
        self.assertLess(together, PATIENCE)

    def test_DB_1_fifty_times_migrate_up_at_once(self):
        alone, _ = self.bring_up(1, self.db.url())
        db = self.server.database()
        oracle = Oracle(db)
        together, runs = self.bring_up(MANY, db.url())
        spans = oracle.check(self)
        self.assertEqual(len(spans), 1, "one of them did everything")
        changed = [run for run in runs if not run.out.endswith(": 0 changes made\n")]
        self.assertEqual(len(changed), 1, [run.text() for run in changed])
        self.assertEqual(db.dump().split("CREATE SCHEMA roost")[1].count("CREATE TABLE roost."),
                         self.db.dump().count("CREATE TABLE roost."))
        print(f"\n  one migrate up {alone:.2f} s, {MANY} at once {together:.2f} s: {together / alone:.1f} times", flush=True)
        self.assertLess(together, PATIENCE)

    def test_DB_1_fifty_servers_wait_for_slow_changes_once(self):
        # What one server alone needs is next to nothing here: changes that take their time show what waiting adds.
        oracle = Oracle(self.db, slowness=0.4)
        alone, _ = self.start(1, self.db.url())
        oracle.check(self)
        db = self.server.database()
        oracle = Oracle(db, slowness=0.4)
        together, _ = self.start(MANY, db.url())
        oracle.check(self)
        print(f"\n  slow changes: one server {alone:.2f} s, {MANY} at once {together:.2f} s: {together / alone:.1f} times (goal {GOAL})", flush=True)
        self.assertLess(together, PATIENCE)

    def test_DB_1_slow_migrations_under_locks_of_others_run_once(self):
        oracle = Oracle(self.db, slowness=0.3)
        gate = nodes.Gate()
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'roost/%' AND datname = '{self.db.name}'"
        holder = self.server.session("SELECT pg_advisory_lock(1919905651, 1)", self.db.name)
        runs = [nodes.Migrate("up", self.db.url(), gate, session_timeout="30s", name=f"m{number}") for number in range(20)]
        gate.open()
        wait_until(lambda: self.db.value(sessions) == "20", "all are there")
        # Each change is noted in this table: whoever makes one waits for this lock.
        blocker = self.server.session("BEGIN; LOCK TABLE oracle.change IN ACCESS EXCLUSIVE MODE", self.db.name)
        holder.communicate()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'oracle.change'::regclass"
        wait_until(lambda: self.db.value(waiting) == "1", "a change waits for the lock")
        # All others ask for theirs all the time, and nobody ever waits inside of a statement (CREATE INDEX CONCURRENTLY would wait for that).
        began = time.monotonic()
        while time.monotonic() - began < 1:
            self.assertEqual(self.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"), "0")
            self.assertEqual(self.db.value(waiting), "1")
        blocker.communicate("COMMIT;\n")
        for run in runs:
            self.assertEqual(run.wait(), 0, run.text())
        oracle.check(self)
        self.assertEqual(sum(not run.out.endswith(": 0 changes made\n") for run in runs), 1)

    def test_DB_1_a_lock_that_never_comes_free_is_given_up_and_said(self):
        holder = self.server.session("SELECT pg_advisory_lock(1919905651, 1)", self.db.name)
        self.addCleanup(holder.communicate)
        run = nodes.migrate("up", self.db.url(), lock_wait="1s")
        self.assertEqual(run.status, 69, run.text())
        self.assertIn("another node holds the lock", run.err)
        self.assertEqual(self.db.value("SELECT to_regnamespace('roost') IS NULL"), "t")

