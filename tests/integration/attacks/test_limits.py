"""The caps: who gets in, who is told to wait, what an administrator can do, and what SIGHUP changes."""
import unittest

import node as nodes
import peer
import ws
from roost import wait_until


class Case(unittest.TestCase):
    def start(self, connections=""):
        self.node = nodes.own(self, connections)

    def join(self, source="127.0.0.1", **more):
        it = peer.Peer(self.node, source, **more)
        self.addCleanup(it.close)
        it.expect("hello")
        return it

    def refused(self, source="127.0.0.1", **more):
        """The ws.Refused of one who must not get in; its Retry-After is looked at here."""
        refused = peer.refusal(self.node, source, **more)
        self.assertTrue(5 <= int(refused.headers["retry-after"]) <= 15, refused.headers)
        self.assertEqual(refused.headers["content-type"], "application/problem+json")
        return refused.status, refused.problem

    def foresee(self, source="127.0.0.1", token=None):
        """What a page is told that asks why its WebSocket failed."""
        lines = ["GET /ws HTTP/1.1", f"Host: 127.0.0.1:{self.node.port}", f"Authorization: Bearer {token or self.node.token}"]
        reply = peer.ask(self.node.port, peer.request(lines), source)
        if reply.status in (429, 503):
            self.assertTrue(5 <= reply.retry_after <= 15)
        return reply.status, reply.problem


class Caps(Case):
    def test_of_one_address(self):
        self.start()
        tokens = [self.node.token_for("operator") for _ in range(2)]
        peers = [self.join("127.0.0.5", token=tokens[n % 2]) for n in range(20)]
        for token in (*tokens, self.node.token):
            self.assertEqual(self.refused("127.0.0.5", token=token), (429, "rate-limited"))
            self.assertEqual(self.foresee("127.0.0.5", token), (429, "rate-limited"))
        self.assertEqual(self.foresee("127.0.0.6"), (426, "upgrade-required"))
        self.assertEqual(self.node.totals()["refused"], {"address": 3}, "asking is not being refused")
        peers.pop().close()
        self.node.wait_for_used(websockets=19)
        self.join("127.0.0.5")

    def test_of_one_token(self):
        self.start()
        token, other = self.node.token_for("operator"), self.node.token_for("viewer")
        peers = [self.join(f"127.0.0.{5 + n % 4}", token=token) for n in range(20)]
        self.assertEqual(self.refused("127.0.0.9", token=token), (429, "rate-limited"))
        self.assertEqual(self.foresee("127.0.0.9", token), (429, "rate-limited"))
        self.join("127.0.0.9", token=other)
        self.assertEqual(self.node.totals()["refused"], {"user": 1})
        peers[7].close()
        self.node.wait_for_used(websockets=20)
        self.join("127.0.0.9", token=token)

    def test_of_all_and_the_administrators_reserve(self):
        self.start("max: 6, admin_reserve: 2")
        operator = self.node.token_for("operator")
        peers = [self.join(f"127.0.0.{n}", token=operator) for n in range(10, 14)]
        self.assertEqual(self.refused("127.0.0.20", token=operator), (503, "at-capacity"))
        self.assertEqual(self.foresee("127.0.0.20", operator), (503, "at-capacity"))
        self.assertEqual(self.foresee("127.0.0.20"), (426, "upgrade-required"), "an administrator gets in")
        first, second = self.join("127.0.0.21"), self.join("127.0.0.22")
        self.assertEqual(self.refused("127.0.0.23"), (503, "at-capacity"))
        self.assertEqual(self.node.totals()["refused"], {"capacity": 2})
        self.assertEqual(self.node.used()["websockets"], 6)
        # A place is free for others only when the reserve is.
        first.close()
        self.node.wait_for_used(websockets=5)
        self.assertEqual(self.refused("127.0.0.20", token=operator), (503, "at-capacity"))
        second.close()
        peers[0].close()
        self.node.wait_for_used(websockets=3)
        self.join("127.0.0.20", token=operator)

    def test_retry_after_is_spread(self):
        self.start("max: 1, admin_reserve: 0")
        self.join()
        seen = {int(peer.refusal(self.node, "127.0.0.30").headers["retry-after"]) for _ in range(60)}
        self.assertGreater(len(seen), 5, seen)

    def test_of_the_unix_socket(self):
        self.start("max: 4")
        self.node.wait_for_used(local=1)  # the look itself, over a connection that stays
        held = [ws.Client(self.node, unix=True) for _ in range(3)]
        with self.assertRaises((ws.Refused, ConnectionResetError, BrokenPipeError)) as refused:
            ws.Client(self.node, unix=True)
        if isinstance(refused.exception, ws.Refused):
            self.assertEqual((refused.exception.status, refused.exception.problem), (503, "at-capacity"))
        self.assertEqual((self.node.used()["local"], self.node.totals()["refused"]), (4, {"local": 1}))
        self.join("127.0.0.5")
        for client in held:
            client.close()
        self.node.wait_for_used(local=1)

    def test_of_plain_http(self):
        self.start("max: 30, max_per_ip: 10")
        token = self.node.token
        slow = peer.request(["POST /api/v1/sessions HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", "Content-Length: 10"])
        busy = []
        for number in range(30):
            sock = peer.connect(self.node.port, f"127.0.0.{10 + number // 10}")
            self.addCleanup(sock.close)
            sock.sendall(slow)
            busy.append(sock)
            self.node.wait_for_used(http=number + 1, handshakes=0)
        for source, status, problem in (("127.0.0.10", 429, "rate-limited"), ("127.0.0.99", 503, "at-capacity")):
            with peer.connect(self.node.port, source) as sock:
                reply = peer.read_reply(sock)  # not a byte was sent
            self.assertEqual((reply.status, reply.problem), (status, problem))
            self.assertTrue(5 <= reply.retry_after <= 15)
        self.assertEqual(self.node.totals()["refused"], {"address_http": 1, "http": 1})
        self.assertEqual(self.node.used()["http"], 30)
        busy[0].close()
        self.node.wait_for_used(http=29)
        self.assertEqual(peer.ask(self.node.port, peer.request(["GET /healthz HTTP/1.1", "Host: localhost"]), "127.0.0.99").status, 200)

    def test_idle_connections_make_room(self):
        self.start("max: 5")
        get = peer.request(["GET /healthz HTTP/1.1", "Host: localhost"])
        idle = []
        for number in range(20):
            sock = peer.connect(self.node.port, f"127.0.0.{10 + number}")
            self.addCleanup(sock.close)
            sock.sendall(get)
            self.assertEqual(peer.read_reply(sock).status, 200, number)
            idle.append(sock)
        self.assertLessEqual(self.node.used()["http"], 5)
        self.assertEqual(self.node.totals()["refused"], {})
        self.assertEqual([sock.recv(1) for sock in idle[:15]], [b""] * 15, "the oldest ones are closed, without a word")


class Administration(Case):
    def test_one_connection_is_ended(self):
        self.start()
        session = self.node.new(["cat"])["id"]
        victim, other = peer.Peer(self.node, "127.0.0.5"), peer.Peer(self.node, "127.0.0.6")
        self.addCleanup(victim.close)
        self.addCleanup(other.close)
        name = victim.expect("hello")["connection"]
        victim.attach(1, session)
        row = next(row for row in self.node.pool()["connections"] if row["id"] == name)
        self.assertEqual((row["address"], row["user"], row["streams"]), ("127.0.0.5", "login", 1))
        for role in ("operator", "viewer"):
            token = self.node.token_for(role)
            self.assertEqual(self.node.delete(f"/connections/{name}", token=token).status, 403)
            self.assertEqual(self.node.get("/connections", token=token).status, 403)
        self.assertEqual(self.node.delete(f"/connections/{name}").status, 204)
        self.assertEqual(victim.answer_close(), (1008, "closed by an administrator"))
        self.node.wait_for_used(websockets=1)
        wait_until(lambda: self.node.delete(f"/connections/{name}").status == 404, "it is gone")
        for unknown in ("c999999", "x", "c", "c1x", "c-1", "c18446744073709551617"):
            self.assertEqual(self.node.delete(f"/connections/{unknown}").status, 404, unknown)
        self.node.wait_for_count("closed", "1008", 1)
        self.assertEqual(self.node.get(f"/sessions/{session}").json()["state"], "running")
        other.send({"type": "ping", "id": 1})
        self.assertEqual(other.expect("pong")["id"], 1)

    def test_one_that_does_not_say_goodbye_is_ended_too(self):
        self.start()
        it = self.join(receive_buffer=4096)
        name = self.node.pool()["connections"][0]["id"]
        self.assertEqual(self.node.delete(f"/connections/{name}").status, 204)
        self.node.wait_for_used(seconds=5, websockets=0)
        it.close()

    def test_limits_follow_the_configuration(self):
        self.start("max: 6, admin_reserve: 0")
        peers = [self.join(f"127.0.0.{5 + n}") for n in range(6)]
        self.node.reload("max: 3, admin_reserve: 0, max_per_ip: 1")
        wait_until(lambda: self.node.pool()["limits"]["max"] == 3, "SIGHUP is seen")
        self.assertEqual(self.refused("127.0.0.30"), (503, "at-capacity"))
        self.assertEqual(self.refused("127.0.0.5"), (429, "rate-limited"))
        for number, it in enumerate(peers):
            it.send({"type": "ping", "id": number})
            self.assertEqual(it.expect("pong")["id"], number, "nobody is dropped")
        for it in peers[2:]:
            it.close()
        self.node.wait_for_used(websockets=2)
        self.join("127.0.0.30")
        self.assertEqual(self.refused("127.0.0.31"), (503, "at-capacity"))
        self.node.reload("max: 8, max_per_user: 4")
        wait_until(lambda: self.node.pool()["limits"] | {"max": 8, "max_per_user": 4} == self.node.pool()["limits"], "SIGHUP is seen")
        self.join("127.0.0.31")
        self.assertEqual(self.refused("127.0.0.32"), (429, "rate-limited"))
        # A mistake changes nothing.
        self.node.reload("max: -1")
        wait_until(lambda: "connections.max" in self.node.log(), "the mistake is reported")
        self.assertEqual(self.node.pool()["limits"]["max"], 8)
        self.join("127.0.0.33", token=self.node.token_for("viewer"))


class Pressure(Case):
    def test_it_is_told_once_each_way(self):
        self.start("max: 10, admin_reserve: 0, pressure_at: 0.8, pressure_release: 0.5")
        first = self.join("127.0.0.5")
        others = [self.join(f"127.0.0.{10 + n}") for n in range(7)]
        told = first.expect("pressure")
        self.assertEqual((told["level"], told["used"], told["capacity"]), (1, 8, 10))
        newcomer = self.join("127.0.0.40")
        self.assertEqual(newcomer.expect("pressure")["level"], 1, "after hello")
        self.assertEqual(self.node.pool()["pressure"], 1)
        self.assertEqual(self.node.metrics()["roost_connections_pressure"], 1)
        others.append(self.join("127.0.0.41"))
        self.assertEqual(first.expect("pressure")["level"], 2)
        ready = self.node.call("GET", "/readyz")
        self.assertEqual((ready.status, ready.json()["components"]["pool"]["ready"]), (200, True), "full, and at work")
        self.assertIn("10 of 10 websockets", ready.json()["components"]["pool"]["reason"])
        for it in others:
            it.close()
        newcomer.close()
        self.assertIn(first.expect("pressure")["level"], (0, 1))
        wait_until(lambda: self.node.pool()["pressure"] == 0, "there is room again", 15)
