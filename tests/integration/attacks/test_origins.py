"""What a page of a stranger, or a name that a stranger controls, can try: none gets a 101 (WS-11), and each is counted."""
import unittest

import node as nodes
import peer


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # 127.0.0.1 alone may have 20 idle HTTP connections; every request here has an address of its own instead.
        cls.node = nodes.Node()
        answer = cls.node.call("POST", "/login", {"token": cls.node.token}, token="")
        cls.cookie = answer.headers["set-cookie"].split(";")[0]
        cls.own = f"http://127.0.0.1:{cls.node.port}"
        cls.visits = 0

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()

    def try_it(self, token=None, headers=(), **more):
        type(self).visits += 1
        source = f"127.0.{2 + self.visits // 200}.{1 + self.visits % 200}"
        return peer.ask(self.node.port, peer.upgrade(self.node.port, token, headers, **more), source)

    def refused(self, reason, status, problem, **more):
        """One attempt, its answer, and its place in the counters."""
        before = self.node.totals()["refused"]
        reply = self.try_it(**more)
        self.assertEqual((reply.status, reply.problem), (status, problem), reply)
        after = self.node.totals()["refused"]
        self.assertEqual({name: n - before.get(name, 0) for name, n in after.items() if n != before.get(name, 0)}, {reason: 1})
        return reply


class Origins(Case):
    def tricks(self):
        port = self.node.port
        return {
            "no origin": [],
            "empty": [""],
            "null": ["null"],
            "another host": ["http://evil.example"],
            "another host, our port": [f"http://evil.example:{port}"],
            "suffix": [f"http://127.0.0.1.evil.example:{port}"],
            "suffix behind the port": [f"{self.own}.evil.example"],
            "prefix": [f"http://evil127.0.0.1:{port}"],
            "prefix with a dot": [f"http://evil.127.0.0.1:{port}"],
            "user info": [f"http://127.0.0.1:{port}@evil.example"],
            "user info of ours": [f"http://evil.example@127.0.0.1:{port}"],
            "another port": [f"http://127.0.0.1:{port + 1}"],
            "no port": ["http://127.0.0.1"],
            "a port that overflows": [f"http://127.0.0.1:{port + 65536}"],
            "another scheme": [f"https://127.0.0.1:{port}"],
            "a WebSocket's scheme": [f"ws://127.0.0.1:{port}"],
            "no scheme": [f"127.0.0.1:{port}"],
            "a file": ["file://"],
            "trailing slash": [f"{self.own}/"],
            "path": [f"{self.own}/index.html"],
            "query": [f"{self.own}?"],
            "fragment": [f"{self.own}#"],
            "trailing dot": [f"http://127.0.0.1.:{port}"],
            "another name of ours": [f"http://localhost:{port}"],
            "another loopback": [f"http://127.0.0.2:{port}"],
            "octal": [f"http://0177.0.0.1:{port}"],
            "hexadecimal": [f"http://0x7f000001:{port}"],
            "decimal": [f"http://2130706433:{port}"],
            "short": [f"http://127.1:{port}"],
            "v4-mapped": [f"http://[::ffff:127.0.0.1]:{port}"],
            "escaped": [f"http://127%2e0.0.1:{port}"],
            "wide digits": [f"http://１27.0.0.1:{port}".encode().decode("latin-1")],
            "two in one header": [f"{self.own} http://evil.example"],
            "a list": [f"{self.own}, http://evil.example"],
            "two headers, ours first": [self.own, "http://evil.example"],
            "two headers, ours last": ["http://evil.example", self.own],
            "two headers, both ours": [self.own, self.own],
            "a tab behind": [f"{self.own}\tx"],
        }

    def test_no_trick_gets_in(self):
        tricks = self.tricks()
        for name, origins in tricks.items():
            with self.subTest(name):
                headers = [("Cookie", self.cookie)] + [("Origin", origin) for origin in origins]
                self.refused("origin", 403, "origin-refused", headers=headers)

    def test_tricks_do_not_get_in_with_a_token_either(self):
        # Absent is right there: programs send none.
        for name, origins in self.tricks().items():
            if origins and name != "two headers, both ours":
                with self.subTest(name):
                    reply = self.try_it(token=self.node.token, headers=[("Origin", origin) for origin in origins])
                    self.assertEqual((reply.status, reply.problem), (403, "origin-refused"))

    def test_spellings_of_the_same_origin(self):
        """What the URL standard makes the same: a host in capitals and a port with a zero in front are let in.
        So would be a scheme in capitals, but no browser sends one: it is refused."""
        port = self.node.port
        host = f"LocalHost:{port}"
        for origin in (f"http://localhost:{port}", f"http://LOCALHOST:{port}", f"http://localhost:0{port}"):
            reply = self.try_it(headers=[("Cookie", self.cookie), ("Origin", origin)], host=host)
            self.assertEqual(reply.status, 101, (origin, reply))
        for origin in (f"HTTP://localhost:{port}", f"HTTP://LOCALHOST:{port}", f"Http://localhost:{port}"):
            with self.subTest(origin):
                self.refused("origin", 403, "origin-refused", headers=[("Cookie", self.cookie), ("Origin", origin)], host=host)

    def test_the_login_works_from_its_own_page_only(self):
        self.assertEqual(self.try_it(headers=[("Cookie", self.cookie), ("Origin", self.own)]).status, 101)
        with_site = [("Cookie", self.cookie), ("Sec-Fetch-Site", "cross-site")]
        self.refused("origin", 403, "origin-refused", headers=with_site)
        self.refused("credential", 401, "unauthenticated", headers=[("Origin", self.own)])
        self.refused("credential", 401, "unauthenticated", headers=[("Origin", self.own), ("Cookie", self.cookie[:-4] + "AAAA")])

    def test_a_page_cannot_ask_for_a_refusals_reason_across_origins(self):
        # GET /ws without an upgrade tells the reason of a refusal, to our own page.
        lines = ["GET /ws HTTP/1.1", f"Host: 127.0.0.1:{self.node.port}", f"Cookie: {self.cookie}"]
        reply = peer.ask(self.node.port, peer.request([*lines, "Sec-Fetch-Site: same-origin"]), "127.0.9.1")
        self.assertEqual((reply.status, reply.problem), (426, "upgrade-required"))
        for stranger in ("Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"):
            reply = peer.ask(self.node.port, peer.request([*lines, stranger]), "127.0.9.1")
            self.assertEqual((reply.status, reply.problem), (403, "origin-refused"), stranger)


class Hosts(Case):
    def test_no_trick_gets_in(self):
        port = self.node.port
        for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", f"evil127.0.0.1:{port}", f"localhost.:{port}",
                     f"localhost.evil.example:{port}", f"user@127.0.0.1:{port}", f"127.0.0.1:{port}@evil.example", f"127.1:{port}",
                     f"2130706433:{port}", f"0x7f.0.0.1:{port}", f"127.0.0.1:{port}, evil.example", f"127.0.0.1:{port + 65536}", "127.0.0.1:",
                     f"http://127.0.0.1:{port}", f"[::ffff:127.0.0.1]:{port}", f"127.0.0.2:{port}"):
            with self.subTest(host):
                self.refused("host", 403, "host-refused", token=self.node.token, host=host)

    def test_an_origin_cannot_vouch_for_a_host(self):
        # DNS rebinding: the stranger's page, name and all, and the cookie as if the browser had sent it.
        headers = [("Cookie", self.cookie), ("Origin", f"http://evil.example:{self.node.port}")]
        self.refused("host", 403, "host-refused", headers=headers, host=f"evil.example:{self.node.port}")

    def test_none_and_two(self):
        before = self.node.totals()["opened"]
        self.assertEqual(self.try_it(token=self.node.token, host="").status, 400)
        self.assertEqual(self.try_it(token=self.node.token, headers=[("Host", "127.0.0.1")]).status, 400)
        self.assertEqual(self.node.totals()["opened"], before)


class Credentials(Case):
    def test_none_wrong_and_too_many_wrong(self):
        before = self.node.totals()["refused"]
        source = "127.0.8.1"
        replies = [peer.ask(self.node.port, peer.upgrade(self.node.port, f"roost_{n}"), source) for n in range(12)]
        self.assertEqual({reply.status for reply in replies}, {401, 429})
        slowed = [reply for reply in replies if reply.status == 429]
        self.assertTrue(all(1 <= reply.retry_after <= 60 for reply in slowed))
        after = self.node.totals()["refused"]
        self.assertEqual(after.get("credential", 0) - before.get("credential", 0), 12 - len(slowed))
        self.assertEqual(after.get("login", 0) - before.get("login", 0), len(slowed))
        # Its neighbours, and a good token of its own, are not slowed down.
        self.assertEqual(peer.ask(self.node.port, peer.upgrade(self.node.port, self.node.token), source).status, 101)
        self.assertEqual(peer.ask(self.node.port, peer.upgrade(self.node.port, "wrong"), "127.0.8.2").status, 401)

    def test_bad_handshakes(self):
        for name, lines in {
            "no key": ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: roost.v1"],
            "old version": ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Protocol: roost.v1",
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="],
            "no protocol": ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="],
        }.items():
            with self.subTest(name):
                before = self.node.totals()["refused"].get("handshake", 0)
                data = peer.request(["GET /ws HTTP/1.1", f"Host: 127.0.0.1:{self.node.port}", f"Authorization: Bearer {self.node.token}", *lines])
                self.assertIn(peer.ask(self.node.port, data, "127.0.8.3").status, (400, 426))
                self.assertEqual(self.node.totals()["refused"].get("handshake", 0), before + 1)


class Compression(Case):
    def test_an_offer_of_deflate_is_passed_over(self):
        for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits; server_no_context_takeover", "x-webkit-deflate-frame"):
            reply = self.try_it(token=self.node.token, headers=[("Sec-WebSocket-Extensions", offer)])
            self.assertEqual(reply.status, 101)
            self.assertNotIn("sec-websocket-extensions", reply.headers)
