"""What `roost` does when a server closes, refuses, restarts or finds nobody there. The server is a fake one that does so on command."""
import json
import os
import tempfile
import threading
import time
import unittest

from client import SECONDS, Terminal, run
from fake import SESSION, Fake, problem
from roost import ROOT, wait_until

ID = SESSION["id"]
SLACK = 1.5  # seconds that a busy machine may add
# How an attach ends that does not come back by itself.
STOPS = {
    1000: "the server closed the connection",
    1002: "the server says that the client broke the protocol",
    1003: "the server cannot take this kind of data",
    1007: "the server says that the client sent bad text",
    1008: "the server's policy refuses this connection",
    1009: "the server says that a message was too big",
    4400: "the server ended the connection",
    4401: r"the token is not valid \(any more\).*give a valid --token",
    4403: "the token does not allow this",
    4409: "the session was taken over elsewhere",
    4429: "the server says that this client sends too much",
    4499: "the server ended the connection",
}
BUSY = problem(503, "at-capacity", "The server is at its connection limit", 7)


def table():
    """Each code of the contract, and the ends of its ranges, with what a client does."""
    with open(os.path.join(ROOT, "tests/golden/close_codes.json"), encoding="utf-8") as file:
        contract = json.load(file)
    codes = {row["code"]: row["client"] for row in contract["codes"]}
    for row in contract["ranges"]:
        codes.setdefault(row["from"], row["client"])
        codes.setdefault(row["to"], row["client"])
    return codes


def attach(fake, *words, **more):
    return Terminal("attach", ID, "--server", fake.url, *words, server=fake, ROOST_TOKEN="t", **more)


def closes_once(code, reason="", before=lambda websocket: None):
    """Serves the first client ten bytes and closes; whoever comes then may stay."""
    def talk(websocket):
        websocket.accept_attach()
        if websocket.number == 1:
            websocket.output(0, b"0123456789")
            websocket.wait_for_ack(10)
            before(websocket)
            websocket.close(code, reason)
        websocket.stay()
    return talk


class Base(unittest.TestCase):
    def fake(self, talk=None, **more):
        fake = Fake(talk, **more)
        self.addCleanup(fake.close)
        return fake

    def attach(self, fake, *words, **more):
        terminal = attach(fake, *words, **more)
        self.addCleanup(terminal.close)
        return terminal

    def attached_again(self, fake, seconds=SECONDS):
        """Waits for the second attach: the client's wish."""
        wait_until(lambda: len(fake.websockets) > 1 and fake.websockets[1].attach, "the client attaches again", seconds)
        return fake.websockets[1].attach

    def leave(self, terminal):
        terminal.detach()
        self.assertEqual(terminal.ended(), 0)
        self.assertEqual(terminal.settings(), terminal.before)


class Codes(Base):
    def test_every_code_of_the_table(self):
        clients = []
        for code, word in table().items():
            # 1006 is never sent: it stands for a connection that broke.
            fake = self.fake(closes_once(code) if code != 1006 else self.breaks_once)
            clients.append((code, word, fake, self.attach(fake)))
        self.assertGreater(len(clients), 20)
        for code, word, fake, terminal in clients:
            with self.subTest(code=code, word=word):
                self.check(code, word, fake, terminal)

    @staticmethod
    def breaks_once(websocket):
        websocket.accept_attach()
        if websocket.number == 1:
            websocket.output(0, b"0123456789")
            websocket.wait_for_ack(10)
        else:
            websocket.stay()

    def check(self, code, word, fake, terminal):
        if word in ("reconnect", "limited", "fresh"):
            since = self.attached_again(fake).get("since")
            self.assertEqual(since, None if word == "fresh" else {"epoch": "e", "offset": 10})
            self.leave(terminal)
        elif word == "ended":
            self.assertEqual(terminal.ended(), 1)  # nobody said with which status
            self.assertIn(b"[work has ended]", terminal.shown)
        elif code == 4408:
            terminal.wait_for("press any key to come back")
            self.leave(terminal)
            self.assertEqual(len(fake.upgrades), 1)
        else:
            self.assertIn(word, ("stop", "not_soon", "authenticate"))
            self.assertEqual(terminal.ended(), 1)
            self.assertRegex(terminal.shown, rb"roost: " + STOPS[code].encode())
            self.assertEqual(terminal.settings(), terminal.before)
            self.assertEqual(len(fake.upgrades), 1)

    def test_a_server_that_keeps_failing_is_given_up_after_five_attempts(self):
        fake = self.fake(lambda websocket: (websocket.accept_attach(), websocket.close(1011)))
        terminal = self.attach(fake)
        self.assertEqual(terminal.ended(60), 1)
        self.assertEqual(len(fake.upgrades), 6)
        self.assertRegex(terminal.shown, rb"roost: the server made a mistake .*its log tells why")

    def test_a_server_that_says_goodbye_and_does_not_hang_up(self):
        def talk(websocket):
            websocket.accept_attach()
            if websocket.number == 1:
                websocket.say_goodbye(1013, "Retry-After: 0")
                ended.wait(SECONDS)
            websocket.stay()
        ended = threading.Event()
        self.addCleanup(ended.set)
        fake = self.fake(talk)
        terminal = self.attach(fake)
        self.attached_again(fake, 3)
        ended.set()
        self.leave(terminal)

    def test_the_reason_of_a_close_is_shown(self):
        terminal = self.attach(self.fake(closes_once(1008, "closed by an administrator")))
        self.assertEqual(terminal.ended(), 1)
        self.assertIn(b"roost: the server's policy refuses this connection (closed by an administrator)", terminal.shown)


class Hints(Base):
    """The server says when to come back."""

    def assert_waits(self, seconds, jitter, code, reason="", before=lambda websocket: None):
        closed = []
        fake = self.fake(closes_once(code, reason, lambda w: (before(w), closed.append(time.monotonic()))))
        terminal = self.attach(fake)
        self.attached_again(fake)
        waited = fake.upgrades[1] - closed[0]
        self.assertGreaterEqual(waited, seconds)
        self.assertLess(waited, seconds + jitter + SLACK)
        self.leave(terminal)

    def test_a_drain(self):
        self.assert_waits(1.5, 1.0, 1012, before=lambda w: w.say("draining", reconnect_after_ms=1500))

    def test_try_again_later(self):
        self.assert_waits(2.0, 0.5, 1013, "full; Retry-After: 2")

    def test_a_drain_whose_close_frame_did_not_get_through(self):
        def talk(websocket):
            websocket.accept_attach()
            if websocket.number > 1:
                return websocket.stay()
            websocket.say("draining", reconnect_after_ms=1500)
            closed.append(time.monotonic())
        closed = []
        fake = self.fake(talk)
        terminal = self.attach(fake)
        self.attached_again(fake)
        self.assertGreaterEqual(fake.upgrades[1] - closed[0], 1.5)
        self.leave(terminal)


class Restarting(Base):
    def restart(self, away):
        """A server on a Unix socket that drains, is gone for `away` seconds and comes back: how long the client then needs."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "api.sock")

        def drain(websocket):
            websocket.say("draining", reconnect_after_ms=200)
        first = self.fake(closes_once(1012, "restart", drain), path=path)
        terminal = self.attach(first)
        wait_until(lambda: first.websockets and first.websockets[0].acks, "the client is attached", SECONDS)
        first.close()
        back_at = time.monotonic() + away
        wait_until(lambda: time.monotonic() > back_at, "the server is away", away + 1)
        second = self.fake(path=path)
        ready = time.monotonic()
        wait_until(lambda: second.websockets and second.websockets[0].attach, "the client is back", SECONDS)
        needed = second.upgrades[0] - ready
        self.assertEqual(second.websockets[0].attach["since"], {"epoch": "e", "offset": 10})
        self.leave(terminal)
        return needed

    def test_the_client_is_back_soon_after_a_restart(self):
        for away in (0.5, 8):
            with self.subTest(away=away):
                self.assertLess(self.restart(away), 1 + SLACK)


class Refusals(Base):
    """A server that is full."""

    def unix_fake(self, talk=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return self.fake(talk, path=os.path.join(folder.name, "api.sock"))

    def test_verbs_say_when_to_try_again(self):
        fake = self.fake()
        for answer, words in ((BUSY, "The server is at its connection limit: try again in 7 s"),
                              (problem(429, "rate-limited", "Too many requests", 1), "Too many requests: try again in 1 s"),
                              (problem(503, "at-capacity", "The server is at its connection limit"), "limit\n")):
            fake.refuse = lambda target, answer=answer: answer
            for verb in (("ls",), ("screen", ID), ("attach", ID)):
                with self.subTest(words=words, verb=verb):
                    terminal = self.attach(fake) if verb[0] == "attach" else None
                    if terminal:
                        self.assertEqual(terminal.ended(), 1)
                        said = terminal.shown.decode().replace("\r", "")
                    else:
                        done = run(*verb, "--server", fake.url, server=fake)
                        self.assertEqual(done.status, 1)
                        said = done.err
                    self.assertTrue(said.startswith("roost: "), said)
                    self.assertIn(words, said)

    def test_a_refused_handshake_says_when_to_try_again(self):
        fake = self.fake()
        fake.refuse = lambda target: BUSY if target == "/ws" else None
        terminal = self.attach(fake)
        self.assertEqual(terminal.ended(), 1)
        self.assertIn(b"roost: The server is at its connection limit: try again in 7 s", terminal.shown)
        self.assertEqual(terminal.settings(), terminal.before)

    def test_answers_that_come_before_anything_was_read(self):
        for fake in (self.fake(), self.unix_fake()):
            fake.greet = lambda number: BUSY
            for _ in range(20):
                done = run("ls", "--server", fake.url, server=fake)
                self.assertEqual((done.status, done.err), (1, "roost: The server is at its connection limit: try again in 7 s\n"))
            fake.greet = lambda number: BUSY if number % 2 == 0 else None
            fake.accepted = 0  # every second one is the handshake
            for _ in range(10):
                with attach(fake) as terminal:
                    self.assertEqual(terminal.ended(), 1)
                    self.assertIn(b"roost: The server is at its connection limit: try again in 7 s", terminal.shown)

    def test_who_was_attached_waits_as_long_as_the_server_says(self):
        for fake in (self.fake(closes_once(1001)), self.unix_fake(closes_once(1001))):
            with self.subTest(fake.url):
                terminal = self.attach(fake)
                greeted = []

                def greet(number, greeted=greeted):
                    if number == 3:  # after the list of sessions and the first attach
                        greeted.append(time.monotonic())
                        return problem(503, "at-capacity", "The server is at its connection limit", 3)
                    return None
                fake.greet = greet
                terminal.wait_for(r"roost: The server is at its connection limit, retrying in \d s")
                self.attached_again(fake)
                waited = fake.upgrades[1] - greeted[0]
                self.assertGreaterEqual(waited, 3.0)
                self.assertLess(waited, 3.0 + 1.0 + SLACK)
                self.leave(terminal)


class Idle(Base):
    """The server ends a connection because nobody is there (4408)."""
    LINE = r"roost: disconnected after \d+ s without input; press any key to come back"

    def idle(self, *words, talk=None, **more):
        fake = self.fake(talk or closes_once(4408, "idle"))
        terminal = self.attach(fake, *words, cols=100, **more)
        return fake, terminal, terminal.wait_for(self.LINE)

    def test_a_key_comes_back_and_is_sent(self):
        def talk(websocket):
            websocket.accept_attach()
            if websocket.number == 1:
                websocket.output(0, b"0123456789")
                websocket.wait_for_ack(10)
                websocket.close(4408, "idle")
            else:
                websocket.output(10, b"meanwhile")
                websocket.stay()
        fake, terminal, position = self.idle(talk=talk)
        terminal.send("x")
        self.assertEqual(self.attached_again(fake, 3)["since"], {"epoch": "e", "offset": 10})
        terminal.wait_for("meanwhile", position)
        again = fake.websockets[1]
        wait_until(lambda: again.inputs == b"x", "the key is sent", SECONDS)
        # The line stands where the program may not draw.
        wait_until(lambda: any(text["type"] == "refresh" for text in again.texts), "the screen is drawn anew", SECONDS)
        self.leave(terminal)

    def test_nothing_else_comes_back(self):
        fake, terminal, position = self.idle()
        self.assertIn(b"\x1b[?1004l\x1b[?2031l\x1b[?2048l", terminal.shown)  # what a terminal would report by itself
        for size in ((90, 30), (110, 40)):
            terminal.resize(*size)
            position = terminal.wait_for(rf"\x1b\[{size[1]};1H[^H]*" + self.LINE, position)
        self.assertEqual(len(fake.upgrades), 1)
        terminal.send("\r")
        again = self.attached_again(fake, 3)
        self.assertEqual((again["cols"], again["rows"]), (110, 40))
        self.leave(terminal)

    def test_it_can_be_left(self):
        for keys in (b"\x03", b"\x1b[99;5u", b"\x1cd"):
            with self.subTest(keys):
                fake, terminal, _ = self.idle()
                terminal.send(keys)
                self.assertEqual(terminal.ended(), 0)
                self.assertIn(b"[detached from work;", terminal.shown)
                self.assertEqual(terminal.settings(), terminal.before)
                self.assertEqual(len(fake.upgrades), 1)

    def test_the_first_detach_key_alone_is_a_key(self):
        fake, terminal, _ = self.idle()
        terminal.send(b"\x1c")
        self.attached_again(fake)
        wait_until(lambda: fake.websockets[1].inputs == b"\x1c", "the key is sent", SECONDS)
        self.leave(terminal)

    def test_who_only_watches_comes_back_without_typing(self):
        fake, terminal, _ = self.idle("--view")
        terminal.send("x")
        self.assertEqual(self.attached_again(fake, 3)["mode"], "view")
        self.leave(terminal)
        self.assertEqual(fake.websockets[1].inputs, b"")

    def test_it_happens_again(self):
        def talk(websocket):
            websocket.accept_attach()
            if websocket.number < 4:
                websocket.close(4408, "idle")
            websocket.stay()
        fake, terminal, position = self.idle(talk=talk)
        for count in (2, 3, 4):
            terminal.send("x")
            wait_until(lambda: len(fake.websockets) == count and fake.websockets[-1].attach, "the client is back", 3)
            if count < 4:
                position = terminal.wait_for(self.LINE, position)
        wait_until(lambda: b"x" in fake.websockets[-1].inputs, "the key is sent", SECONDS)
        self.leave(terminal)

    def test_a_server_that_is_gone_by_then(self):
        fake, terminal, position = self.idle()
        fake.close()
        terminal.send("x")
        terminal.wait_for(r"roost: connection lost, retrying", position)
        self.leave(terminal)

    def test_who_follows_output_is_there_and_is_ended_without_a_terminal(self):
        def talk(websocket):
            websocket.accept_attach()
            websocket.output(0, b"0123456789")
            websocket.wait_for_ack(10)
            websocket.say("idle_warning", seconds=60)
            while websocket.acks.count(10) < 2:
                if not websocket.receive():
                    return
            warned.append(True)
            websocket.close(4408, "idle")
        warned = []
        fake = self.fake(talk)
        done = run("output", "-f", ID, "--server", fake.url, server=fake)
        self.assertEqual((done.status, done.out), (1, "0123456789"))
        self.assertEqual(done.err, "roost: the connection was idle for too long (idle)\n")
        self.assertEqual(warned, [True])
        self.assertEqual(len(fake.upgrades), 1)


class Pressure(Base):
    def farewell(self, *levels):
        def talk(websocket):
            websocket.accept_attach()
            for level in levels:
                websocket.say("pressure", level=level, used=100, capacity=100)
            websocket.output(0, b"shown")
            websocket.stay()
        terminal = self.attach(self.fake(talk))
        terminal.wait_for("shown")
        self.leave(terminal)
        return terminal.shown

    def test_who_leaves_a_full_server_is_told(self):
        self.assertIn(b"[the server is full: it refuses new connections for now]", self.farewell(1, 2))
        for levels in ((), (1,), (2, 1), (2, 0)):
            self.assertNotIn(b"the server is full", self.farewell(*levels))


if __name__ == "__main__":
    unittest.main()
