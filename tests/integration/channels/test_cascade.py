"""One channel hangs and a thousand callers want it: what do those feel who have nothing to do with it?

The figures are printed; the bound is one that only a real cascade exceeds, since callers, server and bystander share
the processors of a machine that is noisy. A thousand callers of a channel that is well show what their number alone costs."""
import collections
import json
import os
import random
import resource
import selectors
import socket
import threading
import time
import unittest

import bystander
import callers
from roost import wait_until
from test_contract import helper, own, warm

CALLERS = 1000
PAUSE = (0.5, 1.5)  # seconds of a caller between an answer and its next call
SECONDS = 4
TIMEOUT = 0.3
FACTOR, ADDED_MS = 5, 20
ATTEMPTS = 3  # a machine that is busy with something else can spoil one, a cascade spoils each


class Crowd:
    """So many callers, each on a connection of its own, all driven by one thread of low priority."""

    def __init__(self, node, count, seed=1):
        self.node = node
        self.chance = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.method, self.channel = "echo", ""
        self.reasons = collections.Counter()
        self.seconds = []
        self.broken = []
        self.is_on = False
        self.is_over = False
        self.waiting = set()
        self.sleeping = []
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", node.port))
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ)
            self.sleeping.append((0.0, number, sock))
        self.begun = {}
        self.data = {}
        self.thread = threading.Thread(target=self._run, daemon=True)

    def call(self, sock):
        body = json.dumps({"method": self.method})
        self.data[sock] = b""
        self.begun[sock] = time.monotonic()
        sock.send((f"POST /api/v1/channels/{self.channel}/call HTTP/1.1\r\nHost: 127.0.0.1:{self.node.port}\r\nAuthorization: Bearer {self.node.token}\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        self.waiting.add(sock)

    def take(self, sock):
        """What came; True: an answer is whole."""
        more = sock.recv(1 << 16)
        assert more, "the connection has ended"
        assert sock in self.waiting, f"an answer that nobody waits for: {more[:200]}"
        self.data[sock] += more
        head, found, body = self.data[sock].partition(b"\r\n\r\n")
        if not found:
            return False
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) < length:
            return False
        assert len(body) == length, "more than one answer"
        answer = json.loads(body)
        self.reasons[answer.get("reason", answer.get("title")) or "ok"] += 1
        self.seconds.append(time.monotonic() - self.begun[sock])
        return True

    def _run(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            while not self.is_over:
                now = time.monotonic()
                if self.is_on:
                    due = [each for each in self.sleeping if each[0] <= now]
                    self.sleeping = [each for each in self.sleeping if each[0] > now]
                    for _, number, sock in due:
                        self.call(sock)
                for key, _ in self.selector.select(0.005):
                    if self.take(key.fileobj):
                        self.sleeping.append((time.monotonic() + self.chance.uniform(*PAUSE), 0, key.fileobj))
                        self.waiting.discard(key.fileobj)
        except Exception as error:
            self.broken.append(repr(error))

    def want(self, channel, method):
        """All call this from now on, spread over the first second."""
        self.channel, self.method = channel, method
        now = time.monotonic()
        self.sleeping = [(now + self.chance.uniform(0, 1), n, sock) for n, (_, _, sock) in enumerate(self.sleeping)]
        self.reasons.clear()
        self.seconds.clear()
        self.is_on = True

    def rest(self):
        """Until each has its answer. (how many of which reason, the seconds of the slowest)"""
        self.is_on = False
        wait_until(lambda: not self.waiting or self.broken, lambda: f"{len(self.waiting)} callers have no answer", 15)
        assert not self.broken, self.broken
        return dict(self.reasons), max(self.seconds)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.is_over = True
        self.thread.join(5)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


class Cascade(unittest.TestCase):
    def test_a_thousand_callers_of_a_channel_that_hangs(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.assertGreater(hard, 2 * CALLERS, "there are descriptors for so many")
        sick, well, steady = (helper(self) for _ in range(3))
        channels = {"sick": f"transport: {sick.transport}, timeout: 300ms, breaker: {{consecutive: 3, open: 300ms..1s}}",
                    "well": f"transport: {well.transport}, timeout: 2s, breaker: {{consecutive: 1000}}, concurrency: {{limit: 1000}}",
                    "steady": f"transport: {steady.transport}, timeout: 10s"}
        node = own(self, channels, "log: {level: warn}\nconnections: {max: 4000, max_per_ip: 4000, max_handshakes: 4000, handshake_burst: 100000}\n")
        warm(self, node, *channels)
        with bystander.Bystander(node, "steady") as aside:
            for attempt in range(1, ATTEMPTS + 1):
                wrong = self.attempt(node, sick, aside)
                sick.behave("echo")
                node.heal("sick")
                if not wrong:
                    return
                print(f"attempt {attempt}: {wrong}")
        self.fail(f"each of {ATTEMPTS} times, the last one: {wrong}")

    def attempt(self, node, sick, aside):
        """What was too slow; what must not happen at all fails at once."""
        felt = {"quiet": self.feel(aside)}
        slowest = {}
        with Crowd(node, CALLERS) as crowd:
            for phase, channel in (("healthy", "well"), ("hung", "sick")):
                if phase == "hung":
                    sick.behave("hang")
                crowd.want(channel, "echo")
                time.sleep(1)  # until all have begun
                felt[phase] = self.feel(aside)
                reasons, slowest[phase] = crowd.rest()
                print(f"{phase}: the callers: {reasons}, slowest {slowest[phase] * 1000:.0f} ms")
        self.assertLessEqual(set(reasons), {"timeout", "rejected", "overload"})
        self.assertGreaterEqual(sum(reasons.values()), CALLERS)
        self.assertGreater(reasons["rejected"], 10 * reasons["timeout"], "the breaker spares them the wait")
        wrong = self.compare("a terminal's echo", [felt[p].echoes_ms for p in ("quiet", "healthy", "hung")])
        wrong += self.compare("another channel's calls", [felt[p].calls_ms for p in ("quiet", "healthy", "hung")])
        if slowest["hung"] > TIMEOUT + callers.MARGIN + slowest["healthy"]:
            wrong.append(f"a caller waited for {slowest['hung'] * 1000:.0f} ms")
        return wrong

    def feel(self, aside):
        """What the bystander has of the next seconds."""
        aside.take()
        time.sleep(SECONDS)
        felt = aside.take()
        self.assertEqual(felt.failures, [], "nobody else fails")
        return felt

    def compare(self, what, phases):
        quiet, healthy, hung = (bystander.Experience.at(values, 0.99) for values in phases)
        told = (f"{what}: p99 {quiet:.1f} ms quiet, {healthy:.1f} ms beside {CALLERS} callers of a channel that is well, {hung:.1f} ms of one that hangs: "
                f"{hung / quiet:.2f} and {hung / healthy:.2f} times")
        print(told)
        return [] if hung < FACTOR * max(quiet, healthy) + ADDED_MS else [told]
