"""No limit is exceeded at any time (WS-1), and each place comes back (WS-2), whatever clients do in whatever order."""
import os
import random
import socket
import unittest

import node as nodes
import peer
import ws

# Printed with each run; ROOST_SEED repeats it.
SEED = int(os.environ.get("ROOST_SEED", random.SystemRandom().randrange(1 << 32)))
OPERATIONS = 300
NOTHING = {"accepted": 0, "opened": 0, "refused": {}, "timed_out": {}, "closed": {}}


class EveryOrder(unittest.TestCase):
    def test_places_come_back_whatever_the_order(self):
        print(f"ROOST_SEED={SEED}")
        chance = random.Random(SEED)
        self.node = nodes.own(self, "max: 14, max_per_ip: 5, max_per_user: 7, admin_reserve: 2, max_handshakes: 6, handshake_rate: 0")
        # Rows name a token by its label.
        self.tokens = [self.node.token_for("operator", label="one"), self.node.token_for("viewer", label="two"), self.node.token]
        session = self.node.new(["cat"])["id"]
        self.held = []
        self.statuses = {}
        coming = [(self.upgrade, 16), (self.upgrade_and_run, 2), (self.ask, 3), (self.ask_slowly, 2), (self.say_nothing, 2), (self.half_a_header, 2)]
        going = [(self.leave, 6), (self.vanish, 2), (self.reset, 2), (self.half_close, 2), (self.say_goodbye, 2), (self.attach, 3), (self.be_ended, 1)]
        watch = nodes.Watch(self.node)
        for number in range(OPERATIONS):
            # Tides, so that both the caps and emptiness are met.
            deeds = coming + going if number // 50 % 2 == 0 else coming[1:] + going * 2
            deed = chance.choices([d for d, _ in deeds], [weight for _, weight in deeds])[0]
            deed(chance, session)
            watch.look()
        print(f"statuses {self.statuses}, most {watch.most}, looks {watch.looks}, {nodes.differences(NOTHING, self.node.totals())}")
        self.assertEqual(watch.broken, [], f"ROOST_SEED={SEED}")
        self.assertGreater(self.statuses.get(101, 0), 10, "enough came in for the rest to mean something")
        for it in self.held:
            it[0].close()
        self.node.wait_for_used(websockets=0, http=0, handshakes=0, local=1)
        self.assertEqual(self.node.pool()["connections"], [])
        # Nothing is left of anybody's share either.
        for number in range(7):
            it = peer.Peer(self.node, f"127.0.0.{50 + number // 5}", token=self.tokens[0])
            self.addCleanup(it.close)
        totals = self.node.totals()
        self.assertEqual(totals["opened"], sum(totals["closed"].values()) + 7, "each that was opened was closed once")

    # Each deed holds what it opens as (socket or peer, is it a WebSocket).

    def source(self, chance):
        return f"127.0.0.{50 + chance.randrange(5)}"

    def note(self, status):
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def upgrade(self, chance, session):
        try:
            it = peer.Peer(self.node, self.source(chance), token=chance.choice(self.tokens))
        except (ws.Refused, ws.Closed, OSError) as error:
            self.note(getattr(error, "status", "closed"))
            return
        self.note(101)
        self.held.append((it, True))

    def upgrade_and_run(self, chance, session):
        """Gone before the answer is read."""
        sock = self.open(chance)
        try:
            sock.sendall(peer.upgrade(self.node.port, chance.choice(self.tokens)))
        except OSError:
            pass  # refused already
        chance.choice([peer.reset, socket.socket.close])(sock)

    def open(self, chance):
        return peer.connect(self.node.port, self.source(chance))

    def send_and_hold(self, chance, data):
        sock = self.open(chance)
        try:
            sock.sendall(data)
        except OSError:
            pass  # refused already
        self.held.append((sock, False))
        return sock

    def ask(self, chance, session):
        sock = self.send_and_hold(chance, peer.request(["GET /healthz HTTP/1.1", "Host: localhost"]))
        self.note(peer.read_reply(sock).status or "closed")

    def ask_slowly(self, chance, session):
        self.send_and_hold(chance, peer.request(["POST /login HTTP/1.1", "Host: localhost", "Content-Length: 20"]) + b"{")

    def say_nothing(self, chance, session):
        self.send_and_hold(chance, b"")

    def half_a_header(self, chance, session):
        self.send_and_hold(chance, b"GET /ws HTTP/1.1\r\nHost: loc")

    def take(self, chance, websocket=None):
        """One of the held, which is then the caller's; nothing when there is none."""
        fitting = [it for it in self.held if websocket is None or it[1] == websocket]
        if not fitting:
            return None
        chosen = chance.choice(fitting)
        self.held.remove(chosen)
        return chosen

    def leave(self, chance, session):
        if it := self.take(chance):
            it[0].close()

    def vanish(self, chance, session):
        """With an unread answer in the kernel, which makes a reset of a close."""
        if it := self.take(chance, True):
            try:
                it[0].send({"type": "ping", "id": 1})
            except OSError:
                pass  # the server was quicker
            it[0].close()

    def reset(self, chance, session):
        if it := self.take(chance):
            peer.reset(it[0].sock if it[1] else it[0])

    def half_close(self, chance, session):
        if it := self.take(chance):
            try:
                (it[0].sock if it[1] else it[0]).shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server was quicker
            self.held.append(it)

    def say_goodbye(self, chance, session):
        if it := self.take(chance, True):
            try:
                it[0].send_frame(ws.CLOSE, b"\x03\xe8")
            except OSError:
                pass  # the server was quicker
            self.held.append(it)

    def attach(self, chance, session):
        if it := self.take(chance, True):
            try:
                it[0].send({"type": "attach", "stream": 1, "session": session, "cols": 80, "rows": 24, "mode": "view"})
            except OSError:
                pass  # the server was quicker
            self.held.append(it)

    def be_ended(self, chance, session):
        rows = self.node.pool()["connections"]
        if rows:
            name = chance.choice(rows)["id"]
            answer = self.node.call("DELETE", f"/connections/{name}", unix=True)
            self.assertIn(answer.status, (204, 404, 503))
