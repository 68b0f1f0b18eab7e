"""The orderly end (WS-12): everybody is told when to come back, and the process ends in time."""
import signal
import time
import unittest

import node as nodes
import peer
import ws

CLIENTS = 10


class Drain(unittest.TestCase):
    def start(self, connections=""):
        self.node = nodes.own(self, connections)

    def join(self, number, **more):
        it = peer.Peer(self.node, f"127.0.0.{5 + number}", **more)
        self.addCleanup(it.close)
        it.expect("hello")
        return it

    def terminate(self):
        self.node.process.send_signal(signal.SIGTERM)
        return time.monotonic()

    def test_a_load_balancer_can_see_it_coming(self):
        """With drain_delay /readyz says no while everything else still works."""
        self.start("drain_delay: 2s")
        self.terminate()
        self.node.wait_until_unready()
        it = self.join(0)
        self.assertGreater(it.expect("draining")["reconnect_after_ms"], 0)
        self.assertEqual(it.expect_close(), 1012)
        it.send_frame(ws.CLOSE, b"\x03\xf4")
        self.assertEqual(self.node.process.wait(15), 0)

    def test_everybody_is_told_and_the_process_ends(self):
        self.start()
        session = self.node.new(["cat"])["id"]
        peers = [self.join(number) for number in range(CLIENTS)]
        for it in peers[:5]:
            it.attach(1, session)
        local = ws.Client(self.node, unix=True)
        local.expect("hello")
        started = self.terminate()
        times = []
        for it in [*peers, local]:
            times.append(it.expect("draining")["reconnect_after_ms"])
            self.assertEqual(it.expect_close(), 1012)
            it.send_frame(ws.CLOSE, b"\x03\xf4")
        self.assertEqual(self.node.process.wait(15), 0)
        took = time.monotonic() - started
        print(f"drained {len(times)} clients in {took:.2f} s, who come back after {sorted(times)} ms")
        self.assertTrue(all(0 < ms <= 30000 for ms in times), times)
        self.assertGreater(len(set(times)), CLIENTS // 2, "not all at once")
        self.assertLess(took, 10, "shutdown_timeout")

    def test_those_who_do_not_listen_cannot_hold_it_up(self):
        self.start()
        deaf = [self.join(number, receive_buffer=4096) for number in range(4)]
        flood = self.node.new(["sh", "-c", "while :; do head -c 65536 /dev/zero | tr '\\0' x; sleep 0.01; done"])["id"]
        for it in deaf:
            for stream in range(8):
                it.send({"type": "attach", "stream": stream, "session": flood, "cols": 80, "rows": 24, "mode": "view"})
        self.node.wait_for_used(websockets=4)
        silent = [peer.connect(self.node.port, f"127.0.0.{30 + number}") for number in range(5)]
        started = self.terminate()
        self.assertEqual(self.node.process.wait(25), 0)
        print(f"drained 4 deaf and 5 silent clients in {time.monotonic() - started:.2f} s")
        self.assertLess(time.monotonic() - started, 12, "shutdown_timeout, and the time to exit")
        for sock in silent:
            sock.close()

    def test_newcomers_are_turned_away_meanwhile(self):
        """Whoever comes between the signal and the end is told to come later, or finds nobody: nobody is let in."""
        self.start()
        deaf = self.join(0)  # it does not say goodbye, so the drain takes a moment
        outcomes = []
        started = self.terminate()
        while self.node.process.poll() is None and time.monotonic() - started < 12:
            try:
                reply = peer.ask(self.node.port, peer.upgrade(self.node.port, self.node.token), "127.0.0.40", timeout=3)
                outcomes.append((reply.status, reply.problem))
                ready = peer.ask(self.node.port, peer.request(["GET /readyz HTTP/1.1", "Host: localhost"]), "127.0.0.41", timeout=3)
                outcomes.append(("readyz", ready.status))
            except OSError as error:
                outcomes.append((type(error).__name__, None))
            time.sleep(0.02)  # a pace, with the end and a deadline above
        deaf.close()
        self.assertEqual(self.node.process.wait(15), 0)
        kinds = {kind: outcomes.count(kind) for kind in set(outcomes)}
        print(f"meanwhile: {kinds}")
        allowed = {(503, "shutting-down"), (None, None), ("ConnectionRefusedError", None), ("ConnectionResetError", None), ("BrokenPipeError", None),
                   ("readyz", 503), ("readyz", None)}
        early = [kind for kind in outcomes if kind not in allowed]
        # The signal itself takes a moment to arrive.
        self.assertLessEqual(len(early), 2 + outcomes.index(next(kind for kind in outcomes if kind in allowed)), kinds)
