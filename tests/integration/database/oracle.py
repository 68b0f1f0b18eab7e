"""What PostgreSQL itself says of all changes of a schema: who made which, and when."""
import collections

SETUP = """
CREATE SCHEMA oracle;
-- A number is taken for good, the row goes with its transaction: a gap is a change that was rolled back.
CREATE TABLE oracle.change (number bigserial, at double precision, pid integer, moment text, what text);
CREATE TABLE oracle.slowness (seconds double precision);
INSERT INTO oracle.slowness VALUES (0);
CREATE FUNCTION oracle.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  each record;
BEGIN
  IF tg_event = 'ddl_command_start' THEN
    INSERT INTO oracle.change (at, pid, moment, what) VALUES (extract(epoch FROM clock_timestamp()), pg_backend_pid(), 'begin', tg_tag);
    PERFORM pg_sleep(seconds) FROM oracle.slowness;
  ELSE
    FOR each IN SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE command_tag LIKE 'CREATE %' LOOP
      INSERT INTO oracle.change (at, pid, moment, what)
        VALUES (extract(epoch FROM clock_timestamp()), pg_backend_pid(), 'end', each.object_identity);
    END LOOP;
  END IF;
END $$;
CREATE EVENT TRIGGER oracle_begin ON ddl_command_start EXECUTE FUNCTION oracle.note();
CREATE EVENT TRIGGER oracle_end ON ddl_command_end EXECUTE FUNCTION oracle.note();
"""

Span = collections.namedtuple("Span", "begin end pid what")


class Oracle:
    """Installed in a database before anybody uses it."""

    def __init__(self, db, slowness=0):
        self.db = db
        db.sql(SETUP)
        db.sql(f"UPDATE oracle.slowness SET seconds = {slowness}")

    def spans(self):
        """Each session's changes, from its first to its last, in order."""
        found = {}
        for at, pid, what in self.db.sql("SELECT at, pid, what FROM oracle.change ORDER BY number"):
            span = found.get(pid) or Span(float(at), float(at), int(pid), [])
            found[pid] = span._replace(end=float(at), what=[*span.what, what])
        return sorted(found.values())

    def made(self):
        """How often each thing was made: name → count."""
        return collections.Counter(row[0] for row in self.db.sql("SELECT what FROM oracle.change WHERE moment = 'end'"))

    def rolled_back(self):
        taken, kept = self.db.sql("SELECT CASE WHEN is_called THEN last_value ELSE 0 END, (SELECT count(*) FROM oracle.change) "
                                  "FROM oracle.change_number_seq")[0]
        return int(taken) - int(kept)

    def check(self, test):
        """DB-1: everything was made once, nothing was tried in vain, no two sessions changed anything at the same time."""
        made = self.made()
        test.assertIn("roost.node", made, "the oracle has seen nothing")
        test.assertEqual({what for what, count in made.items() if count != 1}, set(), made)
        test.assertEqual(self.rolled_back(), 0)
        spans = self.spans()
        for earlier, later in zip(spans, spans[1:]):
            test.assertLess(earlier.end, later.begin, f"at the same time: {spans}")
        ledger = self.db.sql("SELECT version, state FROM roost.schema_migration ORDER BY version")
        test.assertEqual(ledger, [[str(number), "applied"] for number in range(1, len(ledger) + 1)])
        test.assertEqual(self.db.value("SELECT version FROM roost.schema_head"), str(len(ledger)))
        return spans
