"""Tokens are written down, and hold on all nodes of one PostgreSQL where database.share_tokens says so."""
import os

import nodes
from roost import wait_until


class Tokens(nodes.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.server.ensure)

    def pair(self, **settings):
        config = nodes.settings(self.db.url(), **settings)
        made = [self.node(config, name=name) for name in ("first", "second")]
        for each in made:
            each.wait_for("ready")
        return made

    def status(self, one, token):
        return one.get("/sessions", token=token).status

    def opens(self, one, token):
        wait_until(lambda: self.status(one, token) == 200, lambda: one.log()[-2000:], 20)

    def closed(self, one, token):
        wait_until(lambda: self.status(one, token) == 401, lambda: one.log()[-2000:], 20)

    def rows(self, condition="true"):
        return int(self.db.value(f"SELECT count(*) FROM roost.token WHERE {condition}"))

    def test_they_are_written_down_without_their_secrets(self):
        (one,) = [self.node(nodes.settings(self.db.url()), name="first")]
        one.wait_for("ready")
        made = one.post("/tokens", {"role": "viewer", "label": "phone"}).json()
        wait_until(lambda: self.rows("label = 'phone' AND revoked_at IS NULL") == 1, "the token is in PostgreSQL")
        self.assertEqual(self.rows("label = 'login'"), 1, "the one that the server made for itself, too")
        self.assertEqual(self.rows(f"token::text LIKE '%{made['token'][6:]}%'"), 0)
        self.assertEqual(one.delete(f"/tokens/{made['id']}").status, 204)
        wait_until(lambda: self.rows("label = 'phone' AND revoked_at IS NOT NULL") == 1, "that it was taken away, too")

    def test_by_default_they_open_their_own_node_alone(self):
        first, second = self.pair()
        phone = first.token_for("viewer")
        wait_until(lambda: self.rows() == 3, "all are in PostgreSQL")
        self.assertEqual(self.status(first, phone), 200)
        self.assertEqual(self.status(second, phone), 401)
        self.assertFalse(os.path.exists(os.path.join(second.data, "shared-tokens.json")))

    def test_shared_ones_open_all_and_are_taken_away_anywhere(self):
        first, second = self.pair(share_tokens="true")
        made = first.post("/tokens", {"role": "viewer", "label": "phone"}).json()
        self.opens(second, made["token"])
        self.assertEqual(second.post("/sessions", {}, token=made["token"]).status, 403, "with its role")
        row = next(row for row in second.get("/tokens").json()["tokens"] if row["id"] == made["id"])
        self.assertTrue(row["node"])
        self.assertIsNone(next(row for row in first.get("/tokens").json()["tokens"] if row["id"] == made["id"])["node"])

        # Without PostgreSQL they hold as before, over a restart, too.
        self.server.kill()
        second.wait_for("memory-only")
        self.assertEqual(self.status(second, made["token"]), 200)
        second.restart()
        self.assertEqual(self.status(second, made["token"]), 200)
        # Taken away there and then, it is gone at once, and elsewhere as soon as they hear of each other.
        self.assertEqual(second.delete(f"/tokens/{made['id']}").status, 204)
        self.assertEqual(self.status(second, made["token"]), 401)
        self.assertEqual(self.status(first, made["token"]), 200)
        self.server.ensure()
        self.closed(first, made["token"])
        self.assertEqual(self.status(second, made["token"]), 401)
        first.restart()
        self.assertEqual(self.status(first, made["token"]), 401)
