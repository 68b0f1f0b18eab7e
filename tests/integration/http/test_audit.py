"""Who did what, and which WebSockets there were: written down, and told to administrators."""
import os
import sqlite3
import unittest

import roost
import ws
from roost import wait_until


class Audit(unittest.TestCase):
    def setUp(self):
        self.server = roost.own(self)

    def rows(self, query=""):
        answer = self.server.get(f"/audit?{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["records"]

    def acts(self, query=""):
        """The acts, oldest first, as (who, action, target, outcome)."""
        return [(r["who"], r["action"], r["target"], r["outcome"]) for r in reversed(self.rows(query))]

    def me(self):
        return self.rows("limit=1")[0]["who"]

    def test_tokens_are_written_down_before_and_after(self):
        made = self.server.post("/tokens", {"role": "viewer", "label": "phone"}).json()
        self.assertEqual(self.server.delete(f"/tokens/{made['id']}").status, 204)
        wait_until(lambda: len(self.acts("action=token.revoke")) == 2, self.acts)
        me = self.me()
        self.assertEqual(self.acts("action=token.create"),
                         [(me, "token.create", "", "asked"), (me, "token.create", made["id"], "done")])
        self.assertEqual(self.acts("action=token.revoke"),
                         [(me, "token.revoke", made["id"], "asked"), (me, "token.revoke", made["id"], "done")])
        text = self.server.get("/audit").text
        self.assertNotIn(made["token"], text)
        asked, done = reversed(self.rows("action=token.create"))
        self.assertEqual(asked["correlation_id"], done["correlation_id"])
        self.assertEqual(set(asked["detail"]) - {"token"}, {"address"})

    def test_sessions_and_recordings(self):
        session = self.server.new(["true"])
        wait_until(lambda: self.server.get(f"/sessions/{session['id']}").json()["state"] == "exited", "its end")
        wait_until(lambda: self.server.get(f"/sessions/{session['id']}/recording").status == 200, "its recording")
        self.assertEqual(self.server.delete(f"/sessions/{session['id']}").status, 200)
        wait_until(lambda: self.acts("action=session.end"), self.acts)
        self.assertEqual([a[1:] for a in self.acts() if a[1] != "recording.read"],
                         [("session.create", session["id"], "done"), ("session.end", session["id"], "done")])
        self.assertIn(("recording.read", session["id"], "asked"), [a[1:] for a in self.acts()])

    def test_who_may_not_and_who_is_not_known(self):
        phone = self.server.token_for("viewer", label="phone")
        self.assertEqual(self.server.post("/tokens", {"role": "admin"}, token=phone).status, 403)
        self.assertEqual(self.server.get("/sessions", token="wrong").status, 401)
        wait_until(lambda: self.acts("action=login"), self.acts)
        self.assertEqual(self.acts("who=phone"), [("phone", "token.create", "", "refused")])
        self.assertEqual(self.acts("action=login"), [("", "login", "", "refused")])
        self.assertEqual(self.server.get("/audit", token=phone).status, 403)

    def test_what_cannot_be_written_down_first_is_not_done(self):
        ids = lambda: [t["id"] for t in self.server.get("/tokens").json()["tokens"]]
        before = ids()
        file = sqlite3.connect(os.path.join(self.server.data, "roost.db"), isolation_level=None)
        self.addCleanup(file.close)
        file.execute("BEGIN IMMEDIATE")
        answer = self.server.post("/tokens", {"role": "viewer"})
        self.assertEqual((answer.status, answer.problem), (503, "store-unavailable"))
        self.assertIn("it was not done", answer.text)
        self.assertEqual(ids(), before)
        self.server.new(["true"])  # terminals do not wait for it
        file.execute("ROLLBACK")
        wait_until(lambda: self.server.post("/tokens", {"role": "viewer"}).status == 201, "it can be written again")
        wait_until(lambda: self.acts("action=session.create"), "what waited is written")

    def test_pages_and_times(self):
        for _ in range(5):
            self.server.new(["true"])
        wait_until(lambda: len(self.acts("action=session.create")) == 5, self.acts)
        seen, cursor = [], ""
        while True:
            page = self.server.get("/audit?action=session.create&limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
            seen += page["records"]
            cursor = page["next"]
            if cursor is None:
                break
        self.assertEqual(seen, self.rows("action=session.create"))
        middle = seen[2]["at"]
        later = [r for r in seen if r["at"] >= middle]
        self.assertEqual(self.rows(f"action=session.create&from={middle}"), later)
        self.assertEqual(self.rows(f"action=session.create&before={middle}"), [r for r in seen if r not in later])
        answer = self.server.get("/audit?from=yesterday")
        self.assertEqual((answer.status, answer.problem), (400, "bad-value"))


class Connections(unittest.TestCase):
    def setUp(self):
        self.server = roost.own(self)

    def rows(self, query=""):
        answer = self.server.get(f"/connections/history?{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["connections"]

    def test_open_and_closed_ones(self):
        with ws.Client(self.server) as socket:
            socket.expect("hello")
            wait_until(self.rows, "it is written while it is open")
            self.assertEqual([(r["closed_at"], r["close_code"]) for r in self.rows()], [(None, None)])
        wait_until(lambda: self.rows()[0]["closed_at"], "its end")
        (row,) = self.rows()
        self.assertGreater(row["bytes_out"], 0)
        self.assertGreaterEqual(row["closed_at"], row["opened_at"])
        self.assertEqual(self.rows("who=nobody"), [])
        self.assertEqual(self.server.get("/connections/history", token=self.server.token_for("operator")).status, 403)

    def test_one_that_an_administrator_closed(self):
        with ws.Client(self.server) as socket:
            socket.expect("hello")
            (row,) = self.server.get("/connections").json()["connections"]
            self.assertEqual(self.server.delete(f"/connections/{row['id']}").status, 204)
            self.assertEqual(socket.expect_close(), 1008)
        wait_until(lambda: self.rows() and self.rows()[0]["closed_at"], "its end")
        self.assertEqual([(r["id"], r["close_code"]) for r in self.rows()], [(row["id"], 1008)])


if __name__ == "__main__":
    unittest.main()
