"""What sessions print is brought to PostgreSQL as text, once, and is found there by the same words."""
import contextlib
import os
import signal
import sqlite3
import urllib.parse

import nodes
from roost import wait_until


class Search(nodes.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.ensure)

    def shell(self, one):
        return one.new(["bash"])["id"]

    def run_in(self, one, name, line):
        answer = one.post(f"/sessions/{name}/input?wait=command", {"text": line})
        self.assertEqual(answer.status, 200, answer)

    def hits(self, one, words):
        answer = one.get("/search?" + urllib.parse.urlencode({"q": words}))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["hits"]

    def own(self, one):
        """All pieces in the node's own file."""
        with contextlib.closing(sqlite3.connect(f"file:{os.path.join(one.data, 'roost.db')}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT session, from_offset, to_offset, command, coalesce(exit_status, -1), hex(body) FROM screen_text ORDER BY 1, 2")
            return ["|".join(str(cell) for cell in row) for row in rows]

    def shared(self):
        rows = self.db.value("SELECT string_agg(concat_ws('|', session, from_offset, to_offset, command, coalesce(exit_status, -1), "
                             "upper(encode(convert_to(body, 'UTF8'), 'hex'))), '~' ORDER BY session, from_offset) FROM roost.screen_text")
        return rows.split("~") if rows else []

    def matching(self, words):
        """How many pieces PostgreSQL's own search finds."""
        return int(self.db.value(f"SELECT count(*) FROM roost.screen_text WHERE words @@ CAST('{words}' AS tsquery)"))

    def test_text_gets_there_over_crashes_of_both(self):
        one = self.node()
        one.wait_for("ready")
        name = self.shell(one)
        self.run_in(one, name, "echo first plum; (exit 4)")
        wait_until(lambda: self.matching("plum") == 1, "PostgreSQL finds it", 30)
        self.assertEqual(self.matching("first <-> plum"), 1)
        self.assertEqual(self.matching("plu:*"), 1)
        # PostgreSQL is away: text is found here, and follows.
        self.server.stop(signal.SIGQUIT)
        self.run_in(one, name, "echo second plum")
        self.run_in(one, name, "seq 1 6000")
        wait_until(lambda: self.hits(one, "second plum"), "it is found without PostgreSQL", 30)
        # The server is killed while a command runs.
        one.post(f"/sessions/{name}/input", {"text": "echo third plum; read -rt 3 x; (exit 5)\n"})
        nodes.kill(one.process.pid)
        one.process.wait()
        one.process.stdout.close()
        one.launch()
        one.listen()
        self.server.start()
        wait_until(lambda: [hit["exit_status"] for hit in self.hits(one, "third plum")] == [5], "the command is found with its end", 30)
        wait_until(lambda: self.matching("third") == 1, "PostgreSQL finds it", 30)
        one.wait_for("ready")
        wait_until(lambda: one.database()["outbox"] == 0 and self.shared() == self.own(one), "both have the same", 30)
        self.assertEqual(self.matching("plum"), 3)
        self.assertEqual(self.matching("4711"), 1)
        self.assertEqual(len(self.hits(one, "plum")), 3)
