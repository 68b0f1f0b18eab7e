"""Whoever holds the lock of the schema freezes, dies, or loses its session: the others go on, and it changes nothing more (DB-4)."""
import signal
import time

import nodes
import proxy
from roost import wait_until

# Where the holder is held up: on its way into its first transaction, in the middle of it, at its end, and after it.
PLACES = ["SELECT to_regclass('roost.schema_head')", "BEGIN", "CREATE TABLE roost.node", "COMMIT", "SELECT pg_catalog.pg_advisory_unlock"]
SESSION_TIMEOUT = 2  # nodes.QUICK


def statements(server):
    """What `migrate up` says to an empty database."""
    db = server.database()
    with proxy.Proxy(server.port) as middle:
        run = nodes.migrate("up", db.url(port=middle.port))
        assert run.status == 0, run.text()
        return middle.statements()


class Holder(nodes.Case):
    def setUp(self):
        super().setUp()
        self.known = statements(self.server)

    def number_of(self, beginning):
        """Which statement is the first that begins so: that of the first migration, however many there are."""
        found = [number for number, text in enumerate(self.known, 1) if text.startswith(beginning)]
        self.assertTrue(found, (beginning, self.known))
        return found[0]

    def state(self, db):
        """All that a holder that comes back could change: the rows with who wrote them, and what there is."""
        return db.sql("SELECT xmin, * FROM roost.schema_migration"), db.sql("SELECT xmin, * FROM roost.schema_head"), db.dump()

    def hold_up(self, place, deed):
        """A `migrate up` in a database of its own that `deed(middle, run, link)` is done to before that statement; then the others
        get ready, and what they made stays as it is when the first one goes on."""
        db = self.server.database()
        with proxy.Proxy(self.server.port) as middle:
            runs = []
            middle.at("before", self.number_of(place), lambda link: deed(middle, wait_until(lambda: runs, "started")[0], link))
            runs.append(nodes.Migrate("up", db.url(port=middle.port), name="frozen"))
            self.assertTrue(middle.happened.wait(20), "the statement was never reached")
            self.assertNotEqual(db.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0", "it holds the lock")
            other = nodes.Node(nodes.settings(db.url()), name="other")
            try:
                ready = other.wait_for("ready", SESSION_TIMEOUT + 20)
                before = self.state(db)
                proxy.kill(runs[0].pid, signal.SIGCONT)
                middle.may_go_on.set()
                status = runs[0].wait(30)
                self.assertIn(status, (0, 69), runs[0].text())
                self.assertEqual(self.state(db), before, f"{place}: it has changed something")
                self.assertEqual(other.wait_for("ready")["schema_version"], ready["schema_version"])
            finally:
                other.stop()
        self.assert_up(db=db)
        return before[0], status

    def test_DB_4_a_holder_that_is_stopped_loses_the_lock_and_changes_nothing_when_it_goes_on(self):
        def stop(middle, run, link):
            proxy.kill(run.pid, signal.SIGSTOP)
            middle.stall(link)

        results = nodes.at_once([lambda place=place: self.hold_up(place, stop) for place in PLACES])
        for place, (rows, status) in zip(PLACES, results):
            # What was committed before it froze is its own; everything else is the other one's.
            self.assertEqual(rows[0][-1], "roost/frozen" if place == PLACES[-1] else "roost/other", place)
            # Whoever only had to give the lock back may do so in time: nobody waits for it.
            self.assertIn(status, (0, 69) if place == PLACES[-1] else (69,), place)

    def test_DB_4_a_holder_whose_packets_go_nowhere_loses_the_lock(self):
        results = nodes.at_once([lambda place=place: self.hold_up(place, lambda middle, run, link: middle.stall(link)) for place in PLACES])
        self.assertEqual({status for _, status in results[:-1]}, {69})

    def test_DB_4_a_holder_that_is_killed_frees_the_lock_at_once(self):
        for place in PLACES:
            with self.subTest(place), proxy.Proxy(self.server.port) as middle:
                db = self.server.database()
                runs = []

                def kill(link, runs=runs):
                    proxy.kill(wait_until(lambda: runs, "started")[0].pid)
                    raise proxy.Cut

                middle.at("before", self.number_of(place), kill)
                runs.append(nodes.Migrate("up", db.url(port=middle.port), session_timeout="60s"))
                self.assertEqual(runs[0].wait(), -signal.SIGKILL)
                # No time-out has to pass.
                self.assertEqual(nodes.migrate("up", db.url(), lock_wait="5s").status, 0)
                self.assert_up(db=db)

    def test_DB_4_a_holder_whose_session_is_ended_says_so_and_its_transaction_is_gone(self):
        for place in PLACES:
            with self.subTest(place), proxy.Proxy(self.server.port) as middle:
                db = self.server.database()
                ended = []

                def terminate(link, db=db, ended=ended):
                    ended.extend(db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roost/ended'"))

                middle.at("before", self.number_of(place), terminate)
                run = nodes.migrate("up", db.url(port=middle.port), name="ended")
                self.assertEqual(run.status, 69, run.text())
                self.assertEqual(wait_until(lambda ended=ended: ended, "psql has said what it did"), [["t"]])
                self.assert_up(db=db)

    def test_DB_4_when_nothing_arrives_any_more_both_sides_give_up(self):
        # Longest: the time-out of a statement (5 s), and 2 s for the server to say so itself.
        def fall_silent(place):
            db = self.server.database()
            with proxy.Proxy(self.server.port) as middle:
                if place is None:
                    middle.silence()
                else:
                    middle.at("before", self.number_of(place), middle.silence)
                began = time.monotonic()
                run = nodes.migrate("up", db.url(port=middle.port), migration_timeout="3s")
                self.assertEqual(run.status, 69, f"{place}: {run.text()}")
                self.assertLess(time.monotonic() - began, 20)
                # The server has given up its side, too.
                self.assertEqual(nodes.migrate("up", db.url(), lock_wait="5s").status, 0, place)
            self.assert_up(db=db)

        nodes.at_once([lambda place=place: fall_silent(place) for place in [None, *PLACES]])

    def test_a_server_whose_session_is_ended_comes_back_by_itself(self):
        node = self.node(name="victim")
        node.wait_for("ready")
        self.db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roost/victim'")
        wait_until(lambda: [each["state"] for each in node.database()["transitions"]].count("ready") == 2, "ready again")

    def test_a_server_that_looks_seldom_is_not_cut_off_as_if_it_held_the_lock(self):
        # The time-out of a session is for those that change the schema. Two of these pass between two looks.
        node = self.node(nodes.settings(self.db.url(), check_interval="4s", session_timeout="2s"), name="seldom")
        first = node.wait_for("ready")
        mine = "SELECT backend_start FROM pg_stat_activity WHERE application_name = 'roost/seldom'"
        since = self.db.sql(mine)
        wait_until(lambda: self.db.value("SELECT now() - min(state_change) > '2.6s' FROM pg_stat_activity WHERE application_name = 'roost/seldom'")
                   != "f", "the session was idle for long, or is gone", 10)
        self.assertEqual(self.db.sql(mine), since)
        self.assertEqual(node.database()["since"], first["since"])
