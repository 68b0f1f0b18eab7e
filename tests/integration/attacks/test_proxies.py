"""Whose connection it is: X-Forwarded-For and PROXY headers count from trusted proxies only (WS-10)."""
import socket
import struct
import unittest

import node as nodes
import peer
import ws

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_COMMAND, LOCAL_COMMAND = 0x21, 0x20
TCP4, TCP6 = 0x11, 0x21


def proxy_header(source, command=PROXY_COMMAND, more=b""):
    """A PROXY protocol header, version 2, as a proxy sends it for a client with this address."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    address = socket.inet_pton(family, source)
    body = address + socket.inet_pton(family, "::1" if ":" in source else "127.0.0.1") + struct.pack(">HH", 40000, 443) + more
    return SIGNATURE + bytes([command, TCP6 if ":" in source else TCP4]) + struct.pack(">H", len(body)) + body


class Case(unittest.TestCase):
    def start(self, connections=""):
        self.node = nodes.own(self, connections)

    def come(self, source="127.0.0.1", forwarded=(), token=None, before=b""):
        """One WebSocket: the peer, or the ws.Refused."""
        headers = [("X-Forwarded-For", value) for value in ([forwarded] if isinstance(forwarded, str) else forwarded)]
        try:
            it = peer.Peer(self.node, source, token=token, headers=headers, before=before)
        except ws.Refused as refused:
            return refused
        self.addCleanup(it.close)
        return it

    def addresses(self):
        """The pool's clients by address; each row as soon as its connection is open."""
        counts = {}
        for row in self.node.pool()["connections"]:
            counts[row["address"]] = counts.get(row["address"], 0) + 1
        return counts

    def assert_share(self, outcomes, share=20):
        """So many got in, the rest was told that this address has enough."""
        inside = [it for it in outcomes if isinstance(it, ws.Client)]
        outside = [it for it in outcomes if isinstance(it, ws.Refused)]
        self.assertEqual(len(inside), share)
        self.assertEqual({(it.status, it.problem) for it in outside}, {(429, "rate-limited")})
        self.assertEqual(self.node.totals()["refused"], {"address": len(outside)})
        return inside


class Untrusted(Case):
    def test_forged_headers_change_nothing(self):
        self.start("max_per_user: 100")
        inside = self.assert_share([self.come("127.0.0.66", f"203.0.113.{n}") for n in range(30)])
        self.assertEqual(self.addresses(), {"127.0.0.66": len(inside)})

    def test_a_proxy_header_is_no_request(self):
        self.start()
        with peer.connect(self.node.port, "127.0.0.66") as sock:
            sock.sendall(proxy_header("203.0.113.1") + peer.upgrade(self.node.port, self.node.token))
            self.assertEqual(peer.read_reply(sock).status, 400)


class Forwarded(Case):
    def setUp(self):
        self.start("trusted_proxies: [127.0.0.1, 10.0.0.0/8], max_per_user: 100")

    def test_the_limit_is_each_clients_own(self):
        self.assert_share([self.come(forwarded="203.0.113.1") for _ in range(25)])
        self.assertIsInstance(self.come(forwarded="203.0.113.2"), ws.Client)
        self.assertIsInstance(self.come("127.0.0.3"), ws.Client)
        self.assertEqual(self.addresses(), {"203.0.113.1": 20, "203.0.113.2": 1, "127.0.0.3": 1})

    def test_the_rightmost_that_is_not_trusted_counts(self):
        for forwarded in ("203.0.113.1", "198.51.100.7, 203.0.113.1", "203.0.113.1, 10.1.2.3", "forged, 203.0.113.1,10.1.2.3 , 127.0.0.1",
                          ["198.51.100.7", "203.0.113.1"], ["198.51.100.7", "203.0.113.1", "10.9.9.9"], "203.0.113.1:51234", "::ffff:203.0.113.1"):
            self.assertIsInstance(self.come(forwarded=forwarded), ws.Client, forwarded)
        self.assertEqual(self.addresses(), {"203.0.113.1": 8})

    def test_what_a_client_adds_on_the_left_is_not_believed(self):
        self.assert_share([self.come(forwarded=f"198.51.100.{n}, 203.0.113.1") for n in range(30)])

    def test_a_network_of_ipv6_is_one_client(self):
        self.assert_share([self.come(forwarded=f"2001:db8:0:1::{n:x}") for n in range(1, 26)])
        self.assertIsInstance(self.come(forwarded="2001:db8:0:2::1"), ws.Client)

    def test_others_cannot_forge_through_the_same_door(self):
        inside = self.assert_share([self.come("127.0.0.66", f"203.0.113.{n}") for n in range(30)])
        self.assertEqual(self.addresses(), {"127.0.0.66": len(inside)})

    def test_clients_of_a_proxy_share_no_limit_before_their_header(self):
        # All of them come from the proxy's address: more of them at once than one address may have.
        socks = [peer.connect(self.node.port) for _ in range(50)]
        try:
            for number, sock in enumerate(socks):
                sock.sendall(peer.upgrade(self.node.port, self.node.token, [("X-Forwarded-For", f"203.0.113.{number}")]))
            self.assertEqual({peer.read_reply(sock).status for sock in socks}, {101})
        finally:
            for sock in socks:
                sock.close()


class ProxyProtocol(Case):
    def setUp(self):
        self.start("trusted_proxies: [127.0.0.1], proxy_protocol: true, max_per_user: 100")

    def test_the_limit_is_each_clients_own(self):
        inside = self.assert_share([self.come(before=proxy_header("203.0.113.1")) for _ in range(25)])
        self.assertIsInstance(self.come(before=proxy_header("203.0.113.2")), ws.Client)
        self.assertIsInstance(self.come(before=proxy_header("2001:db8::1", more=b"\x04\0\0")), ws.Client)
        self.assertEqual(self.addresses(), {"203.0.113.1": len(inside), "203.0.113.2": 1, "2001:db8::1": 1})

    def test_a_forwarded_header_of_the_client_changes_nothing(self):
        it = self.come(before=proxy_header("203.0.113.1"), forwarded="198.51.100.7")
        self.assertIsInstance(it, ws.Client)
        self.assertEqual(self.addresses(), {"203.0.113.1": 1})

    def test_a_health_check_of_the_proxy_itself(self):
        request = peer.request(["GET /healthz HTTP/1.1", "Host: localhost"])
        local = SIGNATURE + bytes([LOCAL_COMMAND, 0]) + b"\0\0"
        self.assertEqual(peer.ask(self.node.port, local + request).status, 200)

    def test_others_send_none(self):
        self.assertIsInstance(self.come("127.0.0.3"), ws.Client)

    def test_garbage_is_counted(self):
        port = self.node.port
        bad = [peer.upgrade(port, self.node.token), b"PROXY TCP4 203.0.113.1 127.0.0.1 40000 443\r\n\r\n", SIGNATURE + b"\x31\x11\0\x0c" + bytes(12),
               SIGNATURE + b"\x21\x11\0\x04" + bytes(4), bytes(64)]
        for number, data in enumerate(bad):
            with peer.connect(port) as sock:
                sock.sendall(data)
                reply = peer.read_reply(sock)
                self.assertNotEqual(reply.status, 101, data)
            self.node.wait_for_count("refused", "proxy_header", number + 1)
        self.assertEqual(self.node.totals()["refused"], {"proxy_header": len(bad)})
        self.node.wait_for_used(http=0, handshakes=0)
        self.assertIsInstance(self.come(before=proxy_header("203.0.113.1")), ws.Client)

    def test_a_header_byte_by_byte(self):
        data = proxy_header("203.0.113.9") + peer.upgrade(self.node.port, self.node.token)
        with peer.connect(self.node.port) as sock:
            for at in range(0, len(data), 3):
                sock.sendall(data[at:at + 3])
            self.assertEqual(peer.read_reply(sock).status, 101)
            self.assertEqual(self.addresses(), {"203.0.113.9": 1})
