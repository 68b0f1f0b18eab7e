"""`roostd migrate up` is killed at, and its connection cut at, every place there is (DB-2, DB-3, DB-5)."""
import os
import random
import signal

import nodes
import proxy
from roost import wait_until

SAMPLE = int(os.environ.get("ROOST_PLACES", "60"))  # places of the byte sweep in a normal run
WORKERS = 4
MOST = 500   # statements: more is a loop without an end


class Sweep(nodes.Case):
    def setUp(self):
        super().setUp()
        with proxy.Proxy(self.server.port) as middle:
            run = nodes.migrate("up", self.db.url(port=middle.port))
            self.assertEqual(run.status, 0, run.text())
            self.statements = middle.statements()
            self.bytes = middle.links[0].bytes
        self.right = self.db.dump()
        self.assertIn("CREATE TABLE roost.schema_migration", self.right)

    def assert_repaired(self, db, where):
        """A plain `migrate up` makes of it what an undisturbed one makes."""
        for what in ("up", "verify"):
            run = nodes.migrate(what, db.url())
            self.assertEqual(run.status, 0, f"{where}, then migrate {what}: {run.text()}")
        self.assertEqual(db.dump(), self.right, where)
        self.assertEqual(db.sql("SELECT version, name, checksum, state, needs, steps_done FROM roost.schema_migration"), self.ledger, where)

    def disturb(self, db, arrange):
        """A `migrate up` on an empty database through a proxy that does what was arranged; (its status, whether it was disturbed)."""
        db.empty()
        with proxy.Proxy(self.server.port) as middle:
            runs = []
            arrange(middle, lambda: wait_until(lambda: runs, "started")[0].pid)
            runs.append(nodes.Migrate("up", db.url(port=middle.port)))
            return runs[0].wait(), middle.happened.is_set()

    def share(self, work, items):
        """Calls `work(db, item)` for all items, on a few threads with a database each."""
        self.ledger = self.db.sql("SELECT version, name, checksum, state, needs, steps_done FROM roost.schema_migration")
        todo = list(items)[::-1]

        def worker():
            db = self.server.database()
            while todo:
                try:
                    item = todo.pop()
                except IndexError:
                    return
                work(db, item)

        nodes.at_once([worker] * WORKERS)

    def sweep_statements(self, deed_of, statuses):
        """Before and after each statement, until a run gets through undisturbed: as many as there are, whatever they are."""
        reached = {moment: 0 for moment in ("before", "sent", "answered")}

        def work(db, item):
            moment, number = item
            status, is_disturbed = self.disturb(db, lambda middle, pid: middle.at(moment, number, deed_of(pid)))
            where = f"{moment} statement {number} of {len(self.statements)}"
            self.assertEqual(is_disturbed, number <= len(self.statements), where)
            if is_disturbed:
                reached[moment] += 1
                self.assertIn(status, statuses, where)
            else:
                self.assertEqual(status, 0, where)
            self.assert_repaired(db, where)

        self.assertLess(len(self.statements), MOST)
        # One beyond the last shows that there are no more.
        self.share(work, [(moment, number) for number in range(1, len(self.statements) + 2) for moment in reached])
        self.assertEqual(set(reached.values()), {len(self.statements)})
        print(f"\n  {len(self.statements)} statements, {sum(reached.values())} places", flush=True)

    def test_DB_2_killed_before_and_after_every_statement_a_plain_restart_makes_the_same_schema(self):
        def deed_of(pid):
            def kill(link):
                proxy.kill(pid())
                raise proxy.Cut
            return kill

        self.sweep_statements(deed_of, {-signal.SIGKILL, 0})  # 0: its last words were on their way already

    def test_DB_2_cut_off_before_and_after_every_statement_it_ends_as_unavailable(self):
        self.sweep_statements(lambda pid: proxy.Proxy.cut, {69, 0})

    def test_DB_2_cut_off_at_any_byte_in_either_direction(self):
        places = [(direction, count) for direction, total in enumerate(self.bytes) for count in range(total + 1)]
        if not nodes.IS_LONG:
            places = random.Random(nodes.SEED).sample(places, min(SAMPLE, len(places)))
        print(f"\n  ROOST_SEED={nodes.SEED}, {len(places)} of {sum(self.bytes) + 2} places", flush=True)
        seen = set()

        def work(db, place):
            status, _ = self.disturb(db, lambda middle, pid: middle.cut_after(*place))
            where = f"cut after byte {place[1]} {'down' if place[0] else 'up'}, ROOST_SEED={nodes.SEED}"
            self.assertIn(status, (69, 0), where)
            seen.add(status)
            self.assert_repaired(db, where)

        self.share(work, places)
        self.assertIn(69, seen)

    def test_DB_3_migrating_again_changes_nothing(self):
        rows = "SELECT xmin, * FROM roost.schema_migration"
        before = self.db.sql(rows)
        for _ in range(3):
            run = self.assert_up()
        self.assertIn("as it should be", run.out)
        self.assertEqual(self.db.dump(), self.right)
        self.assertEqual(self.db.sql(rows), before)
