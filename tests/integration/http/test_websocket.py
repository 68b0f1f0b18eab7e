"""roost.v1 over a real WebSocket: what works, and every way to be wrong with its documented answer."""
import hashlib
import random
import struct
import threading
import time
import unittest

import roost
import ws
from roost import wait_until


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = roost.shared()

    @classmethod
    def tearDownClass(cls):
        cls.server.clear()

    def connect(self, **more):
        client = ws.Client(self.server, **more)
        self.addCleanup(client.close)
        return client

    def cat(self):
        session = self.server.new(["cat"])
        return session["id"]

    def refused(self, **more):
        with self.assertRaises(ws.Refused) as refused:
            ws.Client(self.server, **more)
        return refused.exception


class Handshake(Case):
    def test_hello_comes_first(self):
        client = self.connect()
        self.assertEqual(client.headers["sec-websocket-protocol"], "roost.v1")
        self.assertRegex(client.headers["x-correlation-id"], r"^[0-9a-f]{32}$")
        kind, hello = client.receive()
        self.assertEqual((kind, hello["type"]), ("text", "hello"))
        self.assertRegex(hello["connection"], r"^c\d+$")
        self.assertEqual(hello["node"], self.server.get("/status").json()["node"])
        self.assertGreaterEqual(hello["limits"]["window"], 65536)

    def test_the_unix_socket_needs_no_token(self):
        self.connect(unix=True).expect("hello")

    def test_other_subprotocols_are_refused(self):
        for name in (None, "roost.v2", "graphql-ws", ""):
            refused = self.refused(subprotocol=name)
            self.assertEqual((refused.status, refused.problem), (400, "bad-subprotocol"), name)
        self.connect(subprotocol="other, roost.v1").expect("hello")

    def test_no_token_or_a_wrong_one(self):
        server = roost.own(self)
        for token in ("", "wrong", server.token[:-1]):
            with self.assertRaises(ws.Refused) as refused:
                ws.Client(server, token=token)
            self.assertEqual((refused.exception.status, refused.exception.problem), (401, "unauthenticated"), token)
        self.assertEqual(self.refused(token="", path=f"/ws?token={self.server.token}").status, 400)

    def test_foreign_origins_and_hosts(self):
        for origin in ("http://evil.example", "null", "https://127.0.0.1", f"http://127.0.0.1:{self.server.port}.evil.example"):
            refused = self.refused(headers={"Origin": origin})
            self.assertEqual((refused.status, refused.problem), (403, "origin-refused"), origin)
        refused = self.refused(headers={"Host": "evil.example"})
        self.assertEqual((refused.status, refused.problem), (403, "host-refused"))
        self.connect(headers={"Origin": f"http://127.0.0.1:{self.server.port}"}).expect("hello")

    def test_a_cookie_needs_an_origin(self):
        answer = self.server.call("POST", "/login", {"token": self.server.token}, token="")
        cookie = answer.headers["set-cookie"].split(";")[0]
        self.assertEqual(self.refused(token="", headers={"Cookie": cookie}).problem, "origin-refused")
        own = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{self.server.port}"}
        self.connect(token="", headers=own).expect("hello")

    def test_what_is_no_upgrade(self):
        plain = self.server.get("/ws")
        self.assertEqual((plain.status, plain.problem), (426, "upgrade-required"))
        self.assertEqual(self.refused(version="12").status, 426)
        self.assertEqual(self.refused(headers={"Sec-WebSocket-Key": "short"}).status, 400)
        self.assertEqual(self.server.call("POST", "/ws").status, 426)


class Streams(Case):
    def test_type_and_see(self):
        session = self.cat()
        client = self.connect()
        client.expect("hello")
        attached = client.attach(7, session, cols=100, rows=30)
        self.assertEqual((attached["session"], attached["how"], attached["reason"], attached["mode"]), (session, "snapshot", "first_attach", "control"))
        self.assertEqual((attached["cols"], attached["rows"]), (100, 30))
        client.input(7, b"hello\r")
        self.assertIn(b"hello", client.read_output(7, b"hello\r\nhello"))
        info = self.server.get(f"/sessions/{session}").json()
        self.assertEqual((info["viewers"], info["cols"], info["rows"]), (1, 100, 30))
        self.assertRegex(info["holder"], r"^c\d+$")

    def test_large_messages_of_many_arrive_whole(self):
        """Beyond 64 KiB a message is read piece by piece, in turns with those of others."""
        watched = []
        for _ in range(6):
            client = self.connect()
            size = client.expect("hello")["limits"]["max_frame"] - 5
            session = self.server.new(["sh", "-c", f"stty raw -echo; echo ready; head -c {size} | sha256sum"])["id"]
            client.attach(1, session)
            client.read_output(1, b"ready")
            data = random.Random(session).randbytes(size)
            watched.append((client, data))
        senders = [threading.Thread(target=client.input, args=(1, data)) for client, data in watched]
        for sender in senders:
            sender.start()
        for client, data in watched:
            client.read_output(1, hashlib.sha256(data).hexdigest().encode(), seconds=60)
        for sender in senders:
            sender.join(10)

    def test_resume_by_offset_is_a_delta(self):
        session = self.cat()
        with ws.Client(self.server) as client:
            attached = client.attach(1, session)
            client.input(1, b"one\r")
            offset = attached["offset"]
            seen = b""
            while b"one\r\none\r\n" not in seen:
                message = client.receive()
                if message[0] == "output":
                    seen += message[3]
                    offset = message[2] + len(message[3])
        self.server.post(f"/sessions/{session}/input", {"text": "two\n"})
        wait_until(lambda: b"two\r\ntwo\r\n" in self.server.get(f"/sessions/{session}/output").body, "cat answers")
        client = self.connect()
        again = client.attach(2, session, since={"epoch": attached["epoch"], "offset": offset})
        self.assertEqual((again["how"], again["offset"]), ("delta", offset))
        self.assertEqual(client.read_output(2, b"two\r\ntwo\r\n"), b"two\r\ntwo\r\n", "no byte missing, none doubled")
        other = client.attach(3, session, since={"epoch": "other", "offset": offset})
        self.assertEqual((other["how"], other["reason"]), ("snapshot", "epoch_changed"))

    def test_one_socket_carries_many_sessions(self):
        sessions = [self.cat() for _ in range(3)]
        client = self.connect()
        for number, session in enumerate(sessions):
            client.attach(number, session)
        for number in range(3):
            client.input(number, b"to %d\r" % number)
        seen = {number: b"" for number in range(3)}
        while not all(b"to %d\r\nto %d\r\n" % (n, n) in seen[n] for n in seen):
            message = client.receive()
            if message[0] == "output":
                seen[message[1]] += message[3]
        for number, data in seen.items():
            for other in set(seen) - {number}:
                self.assertNotIn(b"to %d" % other, data)

    def test_resize_take_control_and_refresh(self):
        session = self.cat()
        one, two = self.connect(), self.connect()
        one.attach(1, session, cols=80, rows=24)
        two.attach(1, session, cols=120, rows=40)
        one.send({"type": "take_control", "stream": 1})
        self.assertTrue(one.expect("control", stream=1, you=True))
        one.send({"type": "resize", "stream": 1, "cols": 90, "rows": 33})
        resized = two.expect("resized", cols=90)
        self.assertEqual((resized["stream"], resized["rows"]), (1, 33))
        one.send({"type": "refresh", "stream": 1})
        while True:
            message = one.receive()
            if message[0] == "snapshot" and message[3] == 4:
                break

    def test_the_end_of_a_program(self):
        session = self.server.new(["sh", "-c", "read x; exit 9"])["id"]
        client = self.connect()
        client.attach(1, session)
        client.input(1, b"\r")
        self.assertEqual(client.expect("exited", stream=1)["status"], 9)
        client.input(1, b"x")
        self.assertEqual(client.expect("error", stream=1)["code"], "session-ended")

    def test_detach_ends_the_viewer_not_the_session(self):
        session = self.cat()
        client = self.connect()
        client.attach(1, session)
        client.send({"type": "detach", "stream": 1})
        wait_until(lambda: self.server.get(f"/sessions/{session}").json()["viewers"] == 0, "nobody watches")
        client.attach(1, session)

    def test_a_large_paste_arrives_whole(self):
        session = self.server.new(["sh", "-c", "stty raw -echo; echo ready; head -c 700000 | wc -c"])["id"]
        client = self.connect()
        client.attach(1, session)
        client.read_output(1, b"ready")
        client.input(1, b"p" * 700_000)
        client.read_output(1, b"700000")

    def test_a_viewer_that_never_acks_gets_one_window(self):
        session = self.server.new(["sh", "-c", "stty raw -echo; read x; head -c 8000000 /dev/zero | tr '\\0' 'z'; exec sleep 100"])["id"]
        client = self.connect()
        window = client.expect("hello")["limits"]["window"]
        client.attach(1, session)
        client.input(1, b"\n")
        wait_until(lambda: self.server.get(f"/sessions/{session}").json()["offset"] >= 8000000, "the program is not slowed", 60)
        client.sock.settimeout(1)
        received = 0
        try:
            while True:
                message = client.receive()
                if message[0] == "output":
                    received += len(message[3])
        except TimeoutError:
            pass
        self.assertGreater(received, 0)
        self.assertLessEqual(received, window + 65536)

    def test_events_on_the_socket(self):
        client = self.connect()
        client.send({"type": "subscribe", "topics": ["session.created"]})
        client.send({"type": "ping", "id": 1})
        client.expect("pong", id=1)
        session = wait_until(lambda: self.cat(), "a session")
        event = client.expect("event")
        self.assertEqual((event["topic"], event["session"]["id"]), ("session.created", session))
        self.assertIn("at", event)


class Rights(Case):
    def test_a_viewer_may_not_type(self):
        session = self.cat()
        client = self.connect(token=self.server.token_for("viewer"))
        client.send({"type": "attach", "stream": 1, "session": session, "cols": 80, "rows": 24, "mode": "control"})
        self.assertEqual(client.expect("error", stream=1)["code"], "forbidden")
        attached = client.attach(1, session, mode="view")
        self.assertEqual(attached["mode"], "view")
        client.input(1, b"x")
        self.assertEqual(client.expect("error", stream=1)["code"], "view-only")
        client.send({"type": "take_control", "stream": 1})
        self.assertEqual(client.expect("error", stream=1)["code"], "forbidden")
        self.assertEqual(self.server.get(f"/sessions/{session}/output").body, b"")

    def test_view_mode_is_kept_for_operators_too(self):
        session = self.cat()
        client = self.connect()
        client.attach(1, session, mode="view")
        client.input(1, b"x")
        self.assertEqual(client.expect("error", stream=1)["code"], "view-only")

    def test_a_scoped_token_reaches_its_session_only(self):
        mine, other = self.cat(), self.cat()
        client = self.connect(token=self.server.token_for("operator", session=mine))
        client.attach(1, mine)
        client.send({"type": "attach", "stream": 2, "session": other, "cols": 80, "rows": 24, "mode": "view"})
        self.assertIn(client.expect("error", stream=2)["code"], ("forbidden", "no-such-session"))
        client.send({"type": "subscribe", "topics": ["session.created", "session.removed"]})
        client.send({"type": "ping", "id": 1})
        client.expect("pong")
        self.cat()
        self.server.delete(f"/sessions/{mine}?now=1")
        self.server.post(f"/sessions/{mine}/wait", {"exit": True})
        wait_until(lambda: self.server.delete(f"/sessions/{mine}").status == 200, "it is forgotten")
        self.assertEqual(client.expect("event")["session"]["id"], mine)


class Wrong(Case):
    """Mistakes that cost the message, not the connection."""

    def error(self, client, message, code):
        client.send(message)
        error = client.expect("error")
        self.assertEqual(error["code"], code, error)
        self.assertRegex(error["correlation_id"], r"^[0-9a-f]{32}$")
        self.assertTrue(error["message"])
        client.send({"type": "ping", "id": 5})
        client.expect("pong", id=5)
        return error

    def test_stream_numbers(self):
        session = self.cat()
        client = self.connect()
        client.attach(1, session)
        self.error(client, {"type": "attach", "stream": 1, "session": session, "cols": 80, "rows": 24, "mode": "view"}, "stream-in-use")
        for kind in ("detach", "take_control", "refresh"):
            self.error(client, {"type": kind, "stream": 2}, "no-such-stream")
        self.error(client, {"type": "resize", "stream": 2, "cols": 80, "rows": 24}, "no-such-stream")
        client.input(99, b"x")
        self.assertEqual(client.expect("error", stream=99)["code"], "no-such-stream")
        for number in (-1, 2**32, 1.5, "1", None):
            self.error(client, {"type": "detach", "stream": number}, "bad-value")
        client.ack(99, 5)
        client.ack(1, 2**40)
        client.send({"type": "ping", "id": 6})
        client.expect("pong", id=6)

    def test_sessions_and_sizes(self):
        session = self.cat()
        client = self.connect()
        attach = {"type": "attach", "stream": 1, "session": session, "cols": 80, "rows": 24, "mode": "view"}
        self.error(client, {**attach, "session": "nosuch1"}, "no-such-session")
        self.error(client, {**attach, "cols": 70000}, "bad-size")
        self.error(client, {**attach, "mode": "control", "cols": 0}, "bad-size")
        self.error(client, {**attach, "mode": "own"}, "bad-value")
        self.error(client, {**attach, "since": {"epoch": "x"}}, "missing-field")
        self.error(client, {**attach, "extra": 1}, "unknown-field")
        client.attach(1, session, mode="view")

    def test_text_that_is_no_message(self):
        client = self.connect()
        for text, code in ((b"", "bad-json"), (b"{", "bad-json"), (b"[1]", "bad-value"), (b'{"type":"attach","type":"ping"}', "bad-json"),
                           (b'{"no":"type"}', "missing-field"), (b"{}", "missing-field"), (b'{"type":"atach"}', "bad-value"),
                           (b"[" * 200, "bad-json")):
            client.send_frame(ws.TEXT, text)
            self.assertEqual(client.expect("error")["code"], code, text)
        self.error(client, {"type": "subscribe", "topics": ["session.nothing"]}, "bad-value")
        self.error(client, {"type": "subscribe"}, "missing-field")
        self.error(client, {"type": "ping"}, "missing-field")

    def test_calls_on_channels_that_are_not_there(self):
        client = self.connect()
        client.send({"type": "call", "id": 3, "channel": "policy", "params": {"a": 1}})
        result = client.expect("result", id=3)
        self.assertEqual((result["ok"], result["error"]["code"]), (False, "channel_unavailable"))


class Closing(Case):
    """Mistakes after which there is nothing left to say."""

    def closes(self, client, code):
        self.assertEqual(client.expect_close(), code)

    def test_binary_frames_that_are_none(self):
        for payload in (b"", b"\x00", b"\x99abc", b"\x10", b"\x10\0\0\0", b"\x11\0\0\0\1", b"\x11" + b"\0" * 13,
                        struct.pack(">BIQ", 0x11, 1, 2**63), b"\x01" + b"\0" * 12, b"\x02" + b"\0" * 13):
            client = self.connect()
            client.expect("hello")
            client.send_frame(ws.BINARY, payload)
            self.assertEqual(client.expect("error")["code"], "bad-frame", payload)
            self.closes(client, 1008)

    def test_messages_that_are_too_big(self):
        client = self.connect()
        limit = client.expect("hello")["limits"]["max_frame"]
        try:
            client.send_frame(ws.BINARY, struct.pack(">BI", 0x10, 1) + b"x" * (limit + 1))
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was refused by its announced length, before all of it was sent.
        self.closes(client, 1009)
        client = self.connect()
        client.expect("hello")
        client.send_frame(ws.TEXT, b"", length=1 << 40)
        self.closes(client, 1009)

    def test_fragments_that_add_up_to_too_much(self):
        client = self.connect()
        limit = client.expect("hello")["limits"]["max_frame"]
        piece = b"x" * 65536
        try:
            client.send_frame(ws.TEXT, piece, final=False)
            for _ in range(limit // len(piece) + 1):
                client.send_frame(0, piece, final=False)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.closes(client, 1009)

    def test_frames_that_break_rfc_6455(self):
        for what, opcode, payload, options in (("no mask", ws.TEXT, b"{}", {"masked": False}), ("a reserved bit", ws.TEXT, b"{}", {"reserved": 4}),
                                               ("a reserved opcode", 5, b"", {}), ("a long ping", ws.PING, b"x" * 126, {}),
                                               ("a fragmented ping", ws.PING, b"", {"final": False}), ("a stray continuation", 0, b"", {})):
            client = self.connect()
            client.expect("hello")
            client.send_frame(opcode, payload, **options)
            self.assertEqual(client.expect_close(), 1002, what)

    def test_text_that_is_not_utf_8(self):
        client = self.connect()
        client.expect("hello")
        client.send_frame(ws.TEXT, b'{"type":"\xff"}')
        self.closes(client, 1007)

    def test_a_close_is_answered(self):
        client = self.connect()
        client.expect("hello")
        client.send_frame(ws.CLOSE, struct.pack(">H", 1000) + b"bye")
        self.closes(client, 1000)

    def test_pings_are_answered(self):
        client = self.connect()
        client.expect("hello")
        client.send_frame(ws.PING, b"are you there")
        first, second = client._take(2)
        self.assertEqual((first & 0x0F, client._take(second & 0x7F)), (ws.PONG, b"are you there"))

    def test_a_client_that_vanishes_leaves_nothing(self):
        session = self.cat()
        client = ws.Client(self.server)
        client.attach(1, session)
        client.sock.close()
        wait_until(lambda: self.server.get(f"/sessions/{session}").json()["viewers"] == 0, "its viewer is gone")

    def test_half_a_handshake_is_given_up(self):
        import socket
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=15)
        sock.sendall(b"GET /ws HTTP/1.1\r\nHost: ")
        started = time.monotonic()
        while sock.recv(4096):
            pass
        self.assertLess(time.monotonic() - started, 10)
        sock.close()


if __name__ == "__main__":
    unittest.main()
