"""Every documented error of the HTTP API."""
import json
import socket
import unittest

import roost


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = roost.shared()
        cls.session = cls.server.new(["sleep", "1000"])
        cls.path = f"/sessions/{cls.session['id']}"

    @classmethod
    def tearDownClass(cls):
        cls.server.clear()

    def expect(self, answer, status, problem, *details):
        self.assertEqual((answer.status, answer.problem), (status, problem), answer)
        document = answer.json()
        self.assertEqual(document["status"], status)
        self.assertTrue(document["title"])
        self.assertEqual(document["correlation_id"], answer.headers["x-correlation-id"])
        for detail in details:
            self.assertIn(detail, document.get("detail", ""), answer)

    # ---- before anything is created ----

    def create(self, **fields):
        before = len(self.server.get("/sessions").json()["sessions"])
        answer = self.server.post("/sessions", fields)
        self.assertEqual(len(self.server.get("/sessions").json()["sessions"]), before, "a refused session left something")
        return answer

    def test_a_bad_command(self):
        self.expect(self.create(command=["no-such-program-at-all"]), 422, "command-not-found", "no-such-program-at-all")
        self.expect(self.create(command=["/etc/passwd"]), 422, "command-not-executable", "/etc/passwd")
        self.expect(self.create(command=["/etc"]), 422, "command-not-executable")
        self.expect(self.create(command=[""]), 400, "bad-command", "command[0]")
        self.expect(self.create(command="ls -l"), 400, "bad-value", "command: expected a list of texts")
        self.expect(self.create(command=["a", "b\u0000c"]), 400, "bad-value", "command[1]", "NUL")

    def test_a_bad_cwd(self):
        self.expect(self.create(command=["true"], cwd="/no/such/folder"), 422, "bad-cwd", "/no/such/folder")
        self.expect(self.create(command=["true"], cwd="/etc/passwd"), 422, "bad-cwd")
        self.expect(self.create(command=["true"], cwd="relative/../path"), 422, "bad-cwd")
        self.expect(self.create(command=["true"], cwd=""), 400, "bad-value", "cwd")

    def test_absurd_sizes(self):
        for cols in (0, -1, 4097, 65536, 10**9, 10**30):
            self.expect(self.create(command=["true"], cols=cols), 400, "bad-size", "cols", "1 to 4096")
        self.expect(self.create(command=["true"], rows=1.5), 400, "bad-value", "rows: expected a whole number")
        self.expect(self.create(command=["true"], rows="24"), 400, "bad-value", 'got "24"')
        for body in ({"cols": 0, "rows": 1}, {"cols": 80, "rows": 5000}):
            self.expect(self.server.post(self.path + "/resize", body), 400, "bad-size")

    def test_a_bad_environment_title_sandbox_record_and_node(self):
        self.expect(self.create(command=["true"], env={"A=B": "x"}), 400, "bad-environment")
        self.expect(self.create(command=["true"], env={"": "x"}), 400, "bad-environment")
        self.expect(self.create(command=["true"], env={"A": 1}), 400, "bad-value", "env.A: expected text, got 1")
        self.expect(self.create(command=["true"], title="a\x1b[31mb"), 400, "bad-title")
        self.expect(self.create(command=["true"], title="x" * 257), 400, "bad-value", "title")
        self.expect(self.create(command=["true"], sandbox="no-such"), 422, "no-such-profile", "no-such")
        self.expect(self.create(command=["true"], record="yes"), 400, "bad-value", "record")
        self.expect(self.create(command=["true"], node="elsewhere"), 400, "bad-value", "node", "elsewhere")
        self.expect(self.create(command=["true"], size_policy="biggest"), 400, "bad-value", "latest, smallest, largest, manual")

    def test_unknown_fields_are_named_with_the_nearest(self):
        self.expect(self.create(comand=["true"]), 400, "unknown-field", '"comand"', 'did you mean "command"?')
        self.expect(self.server.post(self.path + "/wait", {"txt": "a"}), 400, "unknown-field", 'did you mean "text"?')
        self.expect(self.server.get(self.path + "/output?sinse=1"), 400, "unknown-field", 'did you mean "since"?')
        self.expect(self.server.call("PATCH", self.path, {"cols": 3}), 400, "unknown-field", "known are title, size_policy, restart, record")

    # ---- bodies ----

    def test_bodies_that_are_not_json(self):
        for body, place in (("{", "line 1, column 2"), ('{"title": "a",}', "line 1, column 15"), ('{"title":\n nope}', "line 2, column 2"),
                            ('{"cols": 1, "cols": 2}', "there twice"), ("[" * 100, "nested too deeply"), ('"\\ud800"', "line 1, column 8"),
                            ("{} {}", "something follows"), ("NaN", "not JSON")):
            self.expect(self.server.post("/sessions", body), 400, "bad-json", place)
        answer = self.server.post("/sessions", b'{"title": "\xff\xfe"}', headers={"Content-Type": "application/json"})
        self.expect(answer, 400, "bad-json")
        self.expect(self.server.post("/sessions", "[]"), 400, "bad-value", "expected an object, got a list")
        self.expect(self.server.post(self.path + "/wait", ""), 400, "bad-json", "ends too early")

    def test_other_content_types(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream"):
            answer = self.server.post("/sessions", "{}", headers={"Content-Type": kind})
            self.expect(answer, 415, "unsupported-media-type", "application/json")
        answer = self.server.post(self.path + "/input", "x", headers={"Content-Type": "text/plain"})
        self.expect(answer, 415, "unsupported-media-type", "application/octet-stream")
        self.assertEqual(self.server.post("/sessions", '{"command": ["true"]}', headers={"Content-Type": "application/json;charset=UTF-8"}).status, 201)

    def test_bodies_that_are_too_large(self):
        self.expect(self.server.post("/sessions", '{"title":"' + "x" * (300 << 10) + '"}'), 413, "body-too-large")
        self.expect(self.server.post(self.path + "/wait", '{"text":"' + "x" * (20 << 10) + '"}'), 413, "body-too-large", "16384")
        self.expect(self.server.post(self.path + "/input", b"x" * ((1 << 20) + 1)), 413, "body-too-large")
        connection = self.server.connection()
        connection.putrequest("POST", "/api/v1/sessions")
        connection.putheader("Authorization", f"Bearer {self.server.token}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual(answer.status, 413, "refused before a byte of it was read")
        connection.close()

    def test_a_body_where_none_is_expected(self):
        self.expect(self.server.call("GET", "/sessions", {"a": 1}), 400, "bad-request", "no body")

    # ---- addresses ----

    def test_unknown_paths_and_methods(self):
        for path in ("/nothing", "/sessions/", "/sessions/ab/cd", "/cluster", "/agents",
                     "/approvals"):
            self.expect(self.server.get(path), 404, "not-found")
        for method, path, allowed in (("PUT", "/sessions", "GET, HEAD, POST, OPTIONS"), ("POST", self.path, "GET, HEAD, PATCH, DELETE, OPTIONS"),
                                      ("GET", self.path + "/input", "POST, OPTIONS"), ("DELETE", "/events", "GET, OPTIONS")):
            answer = self.server.call(method, path)
            self.expect(answer, 405, "method-not-allowed")
            self.assertEqual(answer.headers["allow"], allowed)
        options = self.server.call("OPTIONS", "/sessions")
        self.assertEqual((options.status, options.headers["allow"], options.body), (204, "GET, HEAD, POST, OPTIONS", b""))

    def test_head_is_get_without_a_body(self):
        for path in ("/healthz", "/api/v1/sessions"):
            answer = self.server.call("HEAD", path)
            self.assertEqual((answer.status, answer.body), (200, b""))

    def test_sessions_that_are_not_there(self):
        for method, rest, body in (("GET", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/input", {"text": "x"}),
                                   ("POST", "/resize", {"cols": 1, "rows": 1}), ("GET", "/screen", None), ("GET", "/output", None),
                                   ("POST", "/wait", {"exit": True})):
            self.expect(self.server.call(method, "/sessions/nosuch1" + rest, body), 404, "no-such-session")
        for odd in ("ABC", "a-b", "a" * 33, "%2e%2e%2e", "a%20b", "%C3%A9"):
            self.expect(self.server.get(f"/sessions/{odd}"), 404, "no-such-session")

    def test_bad_queries(self):
        for path in ("/output?since=-1", "/output?since=abc", "/output?since=", "/output?since=99999999999999999999", "/output?limit=0",
                     "/output?limit=99999999999", "/screen?format=html", "/output?since=1&since=2"):
            self.expect(self.server.get(self.path + path), 400, "bad-value", "query parameter")
        self.expect(self.server.delete(self.path + "?now=yes"), 400, "bad-value", "now")
        self.expect(self.server.get("/events?topics=session.exitd"), 400, "bad-value", 'did you mean "session.exited"?')
        self.expect(self.server.get("/events", headers={"Last-Event-ID": "x"}), 400, "bad-value", "Last-Event-ID")

    def test_bad_waits_and_input(self):
        wait = self.path + "/wait"
        self.expect(self.server.post(wait, {}), 400, "missing-field", "text, regex, idle_ms, command, exit")
        self.expect(self.server.post(wait, {"text": "a", "exit": True}), 400, "bad-value", "exactly one")
        self.expect(self.server.post(wait, {"regex": "("}), 400, "bad-pattern")
        self.expect(self.server.post(wait, {"exit": True, "timeout_ms": 110001}), 400, "bad-value", "timeout_ms")
        self.expect(self.server.post(self.path + "/input", {}), 400, "missing-field", "text, keys or both")
        self.expect(self.server.post(self.path + "/input", {"keys": ["Entre"]}), 400, "bad-key", "Entre")
        self.expect(self.server.post(self.path + "/input?wait=prompt", {"text": "x"}), 400, "bad-value", "wait")

    # ---- credentials ----

    def test_no_token_or_a_wrong_one(self):
        server = roost.own(self)
        for token in ("", "wrong", server.token + "x", server.token[:-1]):
            answer = server.get("/sessions", token=token)
            self.expect(answer, 401, "unauthenticated")
            self.assertIn("www-authenticate", answer.headers)
        self.expect(server.get("/sessions", token="", headers={"Authorization": f"Basic {server.token}"}), 401, "unauthenticated")

    def test_whoever_guesses_is_slowed_down(self):
        server = roost.own(self)
        answers = [server.get("/sessions", token=f"guess{i}") for i in range(12)]
        self.expect(answers[0], 401, "unauthenticated")
        self.expect(answers[-1], 429, "rate-limited")
        self.assertGreaterEqual(int(answers[-1].headers["retry-after"]), 1)
        self.assertEqual(server.get("/sessions").status, 200, "a right token is never blocked by a neighbour")

    def test_a_token_in_the_url_is_refused(self):
        self.assertEqual(self.server.get(f"/sessions?token={self.server.token}", token="").status, 400)

    def test_roles(self):
        viewer = self.server.token_for("viewer")
        operator = self.server.token_for("operator")
        self.assertEqual(self.server.get(self.path, token=viewer).status, 200)
        for method, path, body in (("POST", "/sessions", {}), ("DELETE", self.path, None), ("PATCH", self.path, {"title": "x"}),
                                   ("POST", self.path + "/input", {"text": "x"}), ("POST", self.path + "/resize", {"cols": 1, "rows": 1})):
            self.expect(self.server.call(method, path, body, token=viewer), 403, "forbidden", "operator")
        self.assertEqual(self.server.post(self.path + "/input", {"text": "x"}, token=operator).status, 202)
        for method, path, body in (("GET", "/tokens", None), ("POST", "/tokens", {"role": "viewer"}), ("DELETE", "/tokens/abc", None)):
            self.expect(self.server.call(method, path, body, token=operator), 403, "forbidden", "admin")

    def test_a_token_for_one_session(self):
        other = self.server.new(["sleep", "1000"])
        scoped = self.server.token_for("operator", session=self.session["id"])
        self.assertEqual([s["id"] for s in self.server.get("/sessions", token=scoped).json()["sessions"]], [self.session["id"]])
        self.assertEqual(self.server.post(self.path + "/input", {"text": "x"}, token=scoped).status, 202)
        for path in (f"/sessions/{other['id']}", "/sessions/nosuch1", f"/sessions/{other['id']}/screen"):
            self.expect(self.server.get(path, token=scoped), 403, "forbidden")
        self.expect(self.server.post("/sessions", {}, token=scoped), 403, "forbidden")
        self.assertEqual(self.server.get("/status", token=scoped).json()["sessions"], 1)

    def test_foreign_origins_and_hosts(self):
        for origin in ("http://evil.example", "null", f"http://localhost:{self.server.port + 1}", f"https://127.0.0.1:{self.server.port}"):
            answer = self.server.post("/sessions", {"command": ["true"]}, headers={"Origin": origin})
            self.expect(answer, 403, "origin-refused")
        answer = self.server.post("/sessions", {"command": ["true"]}, headers={"Origin": f"http://127.0.0.1:{self.server.port}"})
        self.assertEqual(answer.status, 201)
        self.expect(self.server.get("/sessions", headers={"Host": "evil.example"}), 403, "host-refused")

    # ---- the protocol itself ----

    def raw(self, data):
        """The status of the answer to bytes that are no proper request; 0 when the server just hangs up."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as sock:
            sock.sendall(data)
            try:
                head = sock.recv(65536)
            except ConnectionResetError:
                head = b""
        return int(head.split()[1]) if head.startswith(b"HTTP/") else 0

    def test_malformed_requests(self):
        authorization = f"Authorization: Bearer {self.server.token}\r\n".encode()
        host = f"Host: 127.0.0.1:{self.server.port}\r\n".encode()
        for data, allowed in ((b"GET\r\n\r\n", (400, 0)), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (400, 0)),
                              (b"GET /api/v1/sessions HTTP/1.1\r\n" + authorization + b"\r\n", (400,)),
                              (b"GET /api/v1/sess%zzions HTTP/1.1\r\n" + host + authorization + b"\r\n", (400,)),
                              (b"GET /api/v1/../../etc HTTP/1.1\r\n" + host + authorization + b"\r\n", (400, 404)),
                              (b"POST /api/v1/sessions HTTP/1.1\r\n" + host + authorization + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", (400, 0)),
                              (b"GET /api/v1/sessions HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n", (431, 0))):
            self.assertIn(self.raw(data), allowed, data[:60])
        self.assertEqual(self.server.get("/healthz").status, 200)

    def test_a_traceparent_is_continued(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        answer = self.server.get("/sessions/nosuch1", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        self.assertEqual(answer.headers["x-correlation-id"], trace)
        self.assertEqual(answer.json()["correlation_id"], trace)

    def test_answers_say_nothing_of_the_inside(self):
        answers = [self.server.post("/sessions", {"command": ["no-such"]}), self.server.get("/sessions/nosuch1"),
                   self.server.post("/sessions", "{")]
        for answer in answers:
            for word in (self.server.folder, "caf::", "boost", "std::", ".cpp", "errno"):
                self.assertNotIn(word, answer.text)
            json.loads(answer.text)


if __name__ == "__main__":
    unittest.main()
