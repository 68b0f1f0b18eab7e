"""Events, tokens, status, health, the API's document, the Unix socket and the end of the server."""
import json
import threading
import time
import unittest

import roost
import ws
from roost import wait_until
from sse import Stream


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = roost.shared()

    def setUp(self):
        self.addCleanup(self.server.clear)

    def test_a_sessions_life(self):
        with Stream(self.server) as events:
            self.assertEqual((events.status, events.headers["content-type"]), (200, "text/event-stream"))
            self.assertEqual(events.headers["cache-control"], "no-store")
            session = self.server.new(["sh", "-c", "read line; exit 3"], title="life")
            created = events.next("session.created")
            self.assertEqual(set(created["data"]), {"topic", "at", "session"})
            self.assertEqual(created["data"]["topic"], "session.created")
            self.assertEqual(set(created["data"]["session"]), set(session))
            self.assertEqual(created["data"]["session"]["id"], session["id"])
            self.server.call("PATCH", f"/sessions/{session['id']}", {"title": "other"})
            wait_until(lambda: events.next("session.changed")["data"]["session"]["title"] == "other", "the new title")
            self.server.post(f"/sessions/{session['id']}/input", {"keys": ["Enter"]})
            exited = events.next("session.exited")
            self.assertEqual((exited["data"]["session"]["state"], exited["data"]["session"]["exit_status"]), ("exited", 3))
            wait_until(lambda: self.server.delete(f"/sessions/{session['id']}").status in (200, 404), "it is forgotten")
            removed = events.next("session.removed")
            self.assertEqual(removed["data"]["session"]["id"], session["id"])
            ids = [int(e["id"]) for e in (created, exited, removed)]
            self.assertEqual(ids, sorted(set(ids)))

    def test_topics_choose(self):
        with Stream(self.server, "?topics=session.exited") as events:
            self.server.new(["true"])
            self.assertEqual(events.next()["event"], "session.exited")

    def test_resume_replays_what_was_missed(self):
        with Stream(self.server) as events:
            first = self.server.new(["sleep", "100"])
            last = events.next("session.created")["id"]
        second = self.server.new(["sleep", "100"])
        with Stream(self.server, "?topics=session.created", headers={"Last-Event-ID": last}) as events:
            self.assertEqual(events.next()["data"]["session"]["id"], second["id"])
        with Stream(self.server, "?topics=session.created", headers={"Last-Event-ID": "1"}) as events:
            self.assertEqual(events.next()["event"], "gap", "the id is of an earlier run")
            self.assertNotEqual(first["id"], "")

    def test_a_scoped_token_sees_its_session_only(self):
        mine = self.server.new(["sleep", "100"])
        token = self.server.token_for("viewer", session=mine["id"])
        with Stream(self.server, token=token) as events:
            self.server.new(["sleep", "100"])
            self.server.delete(f"/sessions/{mine['id']}?now=1")
            self.assertEqual(events.next("session.created", "session.exited")["data"]["session"]["id"], mine["id"])

    def test_a_busy_title_does_not_flood(self):
        script = r"i=0; while [ $i -lt 400 ]; do printf '\033]2;title %d\007' $i; i=$((i+1)); sleep 0.005; done; sleep 100"
        with Stream(self.server, "?topics=session.changed") as events:
            self.server.new(["sh", "-c", script])
            count = 0
            started = time.monotonic()
            while True:
                count += 1
                if events.next(seconds=20)["data"]["session"]["title"] == "title 399":
                    break
            self.assertLess(count, (time.monotonic() - started) * 10 + 5)

    def test_many_watchers_hear_the_same(self):
        streams = [Stream(self.server, "?topics=session.created") for _ in range(10)]
        try:
            session = self.server.new(["sleep", "100"])
            self.assertEqual({s.next()["data"]["session"]["id"] for s in streams}, {session["id"]})
        finally:
            for stream in streams:
                stream.close()


class Tokens(unittest.TestCase):
    def setUp(self):
        self.server = roost.own(self)

    def test_make_list_use_and_revoke(self):
        answer = self.server.post("/tokens", {"role": "viewer", "label": "dashboard", "expires_in_s": 3600})
        self.assertEqual(answer.status, 201)
        made = answer.json()
        self.assertEqual(set(made), {"id", "token", "role", "session", "run_as", "label", "created_at", "expires_at", "node"})
        self.assertEqual((made["role"], made["label"], made["session"]), ("viewer", "dashboard", None))
        self.assertEqual(self.server.get("/sessions", token=made["token"]).status, 200)
        listed = self.server.get("/tokens")
        self.assertNotIn(made["token"], listed.text)
        row = next(t for t in listed.json()["tokens"] if t["id"] == made["id"])
        self.assertEqual(set(row), {"id", "role", "session", "run_as", "label", "created_at", "expires_at", "last_used_at", "node"})
        self.assertIsNotNone(row["last_used_at"])
        gone = self.server.delete(f"/tokens/{made['id']}")
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertEqual(self.server.get("/sessions", token=made["token"]).problem, "unauthenticated")
        self.assertEqual(self.server.delete(f"/tokens/{made['id']}").problem, "not-found")

    def test_an_expired_token_is_nothing(self):
        token = self.server.token_for("viewer", expires_in_s=1)
        self.assertEqual(self.server.get("/sessions", token=token).status, 200)
        made_at = time.monotonic()
        while time.monotonic() < made_at + 1.1:
            time.sleep(0.05)  # The token's second passes; asking meanwhile would count as guessing.
        self.assertEqual(self.server.get("/sessions", token=token).problem, "unauthenticated")

    def test_bad_wishes(self):
        for body, problem in (({}, "missing-field"), ({"role": "root"}, "bad-value"), ({"role": "viewer", "session": "A B"}, "bad-value"),
                              ({"role": "viewer", "expires_in_s": 0}, "bad-value"), ({"role": "viewer", "label": "x" * 101}, "bad-value"),
                              ({"role": "viewer", "expire": 1}, "unknown-field")):
            answer = self.server.post("/tokens", body)
            self.assertEqual((answer.status, answer.problem), (400, problem), body)
        self.assertEqual(self.server.post("/tokens", {"role": "admin", "session": "ab12"}).status, 400)


class Node(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = roost.shared()

    def test_status(self):
        status = self.server.get("/status").json()
        self.assertEqual(set(status), {"node", "version", "uptime_ms", "sessions", "connections", "components"})
        self.assertGreater(status["uptime_ms"], 0)
        with ws.Client(self.server) as client:
            client.expect("hello")
            wait_until(lambda: self.server.get("/status").json()["connections"] == status["connections"] + 1, "the connection counts")
        wait_until(lambda: self.server.get("/status").json()["connections"] == status["connections"], "and counts no more")
        for component in status["components"].values():
            self.assertEqual(component, {"ready": True, "reason": None})

    def test_health_needs_no_credential(self):
        alive = self.server.get("/healthz", token="")
        self.assertEqual((alive.status, alive.json()), (200, {"alive": True}))
        ready = self.server.get("/readyz", token="")
        self.assertEqual((ready.status, ready.json()["ready"]), (200, True))
        self.assertIn("terminals", ready.json()["components"])

    def test_the_document_describes_what_is_there(self):
        document = self.server.get("/openapi.json").json()
        self.assertEqual(document["openapi"], "3.1.0")
        for path, operations in document["paths"].items():
            for method in operations:
                answer = self.server.call(method.upper(), path.replace("{id}", "nosuch1"), token="")
                self.assertIn(answer.status, (200, 401), (method, path))
                allowed = self.server.call("OPTIONS", path.replace("{id}", "nosuch1"))
                self.assertIn(method.upper(), allowed.headers["allow"])

    def test_the_unix_socket_needs_no_token(self):
        self.assertEqual(self.server.get("/sessions", unix=True).status, 200)
        url = self.server.get("/login-url", unix=True)
        self.assertEqual((url.status, url.json()), (200, {"url": self.server.url}))
        self.assertEqual(self.server.get("/login-url").problem, "forbidden")
        self.assertEqual(self.server.get("/tokens", unix=True).status, 200)
        viewer = self.server.token_for("viewer")
        self.assertEqual(self.server.post("/sessions", {}, unix=True, token=viewer).problem, "forbidden", "a token that is shown counts")

    def test_a_login_by_cookie(self):
        self.assertEqual(roost.own(self).call("POST", "/login", {"token": "wrong"}, token="").problem, "unauthenticated")
        answer = self.server.call("POST", "/login", {"token": self.server.token}, token="")
        self.assertIn(answer.status, (200, 204), answer)
        cookie = answer.headers["set-cookie"]
        for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(attribute, cookie)
        own = {"Cookie": cookie.split(";")[0], "Origin": f"http://127.0.0.1:{self.server.port}"}
        self.assertEqual(self.server.get("/sessions", token="", headers=own).status, 200)
        foreign = {**own, "Origin": "http://evil.example"}
        self.assertEqual(self.server.post("/sessions", {}, token="", headers=foreign).problem, "origin-refused")

    def test_one_connection_serves_many_requests(self):
        connection = self.server.connection()
        for _ in range(20):
            connection.request("GET", "/api/v1/sessions", headers={"Authorization": f"Bearer {self.server.token}"})
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            json.loads(response.read())
        connection.close()


class Limits(unittest.TestCase):
    """A server with small limits of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = roost.Server("terminals: {max: 2}\nconnections: {max: 3, max_streams: 2}\n")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.server.clear()

    def test_too_many_sessions(self):
        self.server.new(["sleep", "100"])
        self.server.new(["sleep", "100"])
        answer = self.server.post("/sessions", {"command": ["true"]})
        self.assertEqual((answer.status, answer.problem), (429, "too-many-sessions"))

    def test_too_many_connections(self):
        clients = []
        try:
            with self.assertRaises(ws.Refused) as refused:
                for _ in range(20):
                    clients.append(ws.Client(self.server))
            self.assertEqual((refused.exception.status, refused.exception.problem), (503, "at-capacity"))
            self.assertIn("retry-after", refused.exception.headers)
            self.assertLessEqual(len(clients), 3)
        finally:
            for client in clients:
                client.close()
        wait_until(lambda: self.connects(), "the places are free again")

    def connects(self):
        try:
            ws.Client(self.server).close()
            return True
        except ws.Refused:
            return False

    def test_too_many_streams(self):
        session = self.server.new(["sleep", "100"])
        with ws.Client(self.server) as client:
            client.attach(1, session["id"])
            client.attach(2, session["id"])
            client.send({"type": "attach", "stream": 3, "session": session["id"], "cols": 80, "rows": 24, "mode": "view"})
            self.assertEqual(client.expect("error", stream=3)["code"], "too-many-streams")


class End(unittest.TestCase):
    def test_sigterm_tells_everybody_and_ends_cleanly(self):
        server = roost.Server()
        session = server.new(["sleep", "1000"])
        events = Stream(server)
        client = ws.Client(server)
        client.expect("hello")
        client.attach(1, session["id"])
        codes = []
        drained = []

        def listen():
            try:
                while True:
                    message = client.receive()
                    if message[0] == "text" and message[1]["type"] == "draining":
                        drained.append(message[1])
            except ws.Closed as closed:
                codes.append(closed.code)

        listener = threading.Thread(target=listen)
        listener.start()
        status = server.stop()
        listener.join(10)
        self.assertEqual(status, 0)
        self.assertEqual(codes, [1012])
        self.assertIn("reconnect_after_ms", drained[0])
        while events.block() is not None:
            pass  # What was on its way; then the stream ends.
        events.close()
        client.close()


if __name__ == "__main__":
    unittest.main()
