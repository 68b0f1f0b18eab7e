"""An owner whose packets are broken: the keeper refuses them, lives, and keeps what it holds."""
import errno
import os
import random
import struct
import tempfile
import time

import keeper
import wire
from keeper import Keeper, is_alive, wait_until

BASH = "/bin/bash"
SLEEP = ["/bin/sleep", "600"]
MUTATIONS = 4000


class Requests(keeper.Case):
    def setUp(self):
        super().setUp()
        self.kept = Keeper()
        self.owner = self.kept.owner()

    def refused(self, content, why=None):
        answer = self.owner.answer(self.owner.ask_start("a", content), wire.REFUSED)
        self.assertEqual((answer.step, answer.error, answer.id), (wire.STEP_PACKET, 0, "a"), why)

    def test_parts_that_are_malformed(self):
        good = wire.request(SLEEP)
        part = wire.part
        cases = {
            "nothing": b"",
            "cut header": good + b"\1",
            "cut part": good[:-1],
            "length beyond": good + struct.pack("=HHI", 2, 0, 0xFFFFFFFF),
            "unknown tag": good + part(13, b""),
            "tag 0": good + part(0, b""),
            "tag 999": good + part(999, b""),
            "reserved": good + struct.pack("=HHI", 2, 1, 0),
            "two programs": good + part(1, b"/bin/true"),
            "two folders": good + part(4, b"/"),
            "two sizes": good + part(5, struct.pack("=HH", 80, 24)),
            "two memories": good + part(6, struct.pack("=Q", 1)),
            "two sandboxes": good + part(7, b"") * 2,
            "sandbox with text": good + part(7, b"x"),
            "NUL in argument": good + part(2, b"a\0b"),
            "NUL in environment": good + part(3, b"A=\0b"),
            "no = in environment": good + part(3, b"A"),
            "no name in environment": good + part(3, b"=b"),
            "short limit": good + part(8, b"1234567"),
            "short user": good + part(9, b"1234567"),
            "two users": good + part(9, struct.pack("=II", 1, 1)) * 2,
            "two groups of the terminal": good + part(1001, struct.pack("=I", 1)) * 2,
            "short group of the terminal": good + part(1001, b"123"),
            "short group": good + part(9, struct.pack("=II", 1, 1)) + part(10, b"1"),
            "relative program": wire.request(["sleep", "1"]),
            "NUL in program": wire.request(["/bin/sl\0eep"]),
            "relative folder": wire.request(SLEEP, folder="tmp"),
            "no columns": wire.request(SLEEP, size=(0, 24)),
            "no rows": wire.request(SLEEP, size=(80, 0)),
            "no argument": part(1, b"/bin/true") + part(4, b"/") + part(5, struct.pack("=HH", 8, 2)) + part(6, struct.pack("=Q", 1)),
        }
        for why, content in cases.items():
            self.refused(content, why)

    def test_what_may_be_ignored(self):
        self.owner.answer(self.owner.ask_start("a", wire.request(SLEEP) + wire.part(1000, b"new") + wire.part(65535, b"")), wire.STARTED)

    def ask(self, name, size, descriptors):
        self.owner.send(wire.head(wire.START, 500) + name + struct.pack("=I", size), descriptors)
        return self.owner.expect(wire.REFUSED, request=500)

    def test_descriptors_that_are_no_request(self):
        content = wire.request(SLEEP)
        fd = wire.memfd(content)
        read, write = os.pipe()
        with tempfile.TemporaryFile() as plain:  # a good request, and on a disk that may be slow
            plain.write(content)
            plain.flush()
            for descriptors, size in (([], len(content)), ([fd], len(content) + 1), ([fd], 0xFFFFFFFF), ([fd], (4 << 20) + 1), ([fd], 0), ([read], 10),
                                      ([write], 10), ([plain.fileno()], len(content)), ([self.owner.socket.fileno()], 10), ([fd] * 10, len(content))):
                self.assertEqual(self.ask(wire.name("a"), size, descriptors).step, wire.STEP_PACKET, (descriptors, size))
        for each in (fd, read, write):
            os.close(each)

    def test_names(self):
        fd = wire.memfd(wire.request(SLEEP))
        size = os.fstat(fd).st_size
        for name in (b"", b"a b", b"../a", b"a/b", b"a-b", "ä".encode(), b"x" * 32, b"\0a", b"a\n"):
            self.assertEqual(self.ask(name.ljust(32, b"\0"), size, [fd]).step, wire.STEP_PACKET, name)
        os.close(fd)
        self.assertEqual(self.owner.start("x" * 31, SLEEP).id, "x" * 31)
        self.assertEqual(self.owner.start("_keeper".strip("_"), SLEEP).id, "keeper")

    def test_large_requests(self):
        self.owner.start("a", SLEEP, env=[f"V{i}={'x' * 1000}" for i in range(1500)]).close()
        refused = self.owner.refused("b", SLEEP, env=[f"V{i}={'x' * 4000}" for i in range(1000)])
        self.assertEqual((refused.step, refused.error), (wire.STEP_PROGRAM, errno.E2BIG))

    def test_packets_that_are_no_packets(self):
        for content in (b"x", b"1234567", wire.head(0), wire.head(99), wire.head(101), wire.head(0xFFFFFFFF), b"\0" * 4000, b"\xff" * 4096, b"x" * 60000,
                        *(wire.head(kind) for kind in range(1, 8)), *(wire.head(kind) + b"a" * 20 for kind in range(1, 8))):
            self.owner.send(content)
        self.owner.start("a", SLEEP)

    def test_descriptors_beside_other_packets_are_closed(self):
        before = keeper.process.descriptors(self.kept.pid)
        fd = wire.memfd(b"x")
        for _ in range(50):
            self.owner.send(wire.head(wire.END) + wire.name("a"), [fd] * 9)
            self.owner.send(wire.head(77), [fd] * 200)
        os.close(fd)
        self.owner.forget("a")
        self.assertEqual(sorted(keeper.process.descriptors(self.kept.pid)), sorted(before))

    def test_random_mutations(self):
        seed = int(os.environ.get("ROOST_SEED", time.time_ns() % (1 << 32)))
        print(f"(ROOST_SEED={seed}) ", end="", flush=True)
        dice = random.Random(seed)
        held = self.owner.start("held", SLEEP)
        contents = [wire.request(["/bin/true"]), wire.request(["/bin/true"], env=["A=b"] * 5, limits=[(7, 60)], cgroup=["pids.max=7"]),
                    wire.request(["/bin/true", "x"], folder="/tmp", sandboxed=True), wire.request(["/bin/true"], again=True)]
        packets = [wire.head(wire.START, 7) + wire.name("fuzz") + struct.pack("=I", len(contents[0])), wire.head(wire.SIGNAL) + wire.name("fuzz") + struct.pack("=iI", 1, 0),
                   wire.head(wire.END) + wire.name("fuzz"), wire.head(wire.FORGET, 7) + wire.name("fuzz"), wire.head(wire.SET_DRAIN) + struct.pack("=I", 1),
                   wire.head(wire.FETCH, 7) + wire.name("fuzz"), wire.head(wire.HELLO) + struct.pack("=IHH32s", wire.MAGIC, 1, 2, b"")]

        def mutated(content):
            out = bytearray(content)
            for _ in range(dice.randrange(4)):
                what = dice.randrange(4)
                at = dice.randrange(len(out)) if out else 0
                if what == 0 and out:
                    out[at] ^= 1 << dice.randrange(8)
                elif what == 1 and out:
                    out[at] = dice.choice((0, 1, 127, 255, dice.randrange(256)))
                elif what == 2:
                    del out[at:at + dice.randrange(1, 9)]
                else:
                    out[at:at] = dice.randbytes(dice.randrange(1, 9))
            return bytes(out)

        for i in range(MUTATIONS):
            descriptors = []
            if i % 2:
                content = mutated(dice.choice(contents))
                packet = wire.head(wire.START, 7) + wire.name("fuzz") + struct.pack("=I", len(content))
                descriptors = [wire.memfd(content)] * dice.choice((1, 1, 1, 2, 9))
            else:
                packet = mutated(dice.choice(packets)) or b"x"
                descriptors = [wire.memfd(contents[0])] if dice.random() < 0.5 else []
            self.owner.send(packet, descriptors)
            for fd in set(descriptors):
                os.close(fd)
            if i % 20 == 19:
                self.owner.forget("fuzz")  # reads all answers so far
                for each in self.owner.unread:
                    each.close()
                self.owner.unread.clear()
        self.assertTrue(self.kept.is_alive())
        for name in self.kept.owner().sessions:
            if name != "held":
                self.kept.links[-1].forget(name)
        wait_until(lambda: sorted(keeper.tree_of(self.kept.pid)) == sorted([held.pid, held.warden]), lambda: keeper.tree_of(self.kept.pid))
        self.assertTrue(is_alive(held.pid))


class Shortage(keeper.Case):
    def test_without_descriptors_starts_are_refused(self):
        kept = Keeper(prefix=[BASH, "-c", 'ulimit -n 60; exec "$0" "$@"'])
        owner = kept.owner()
        refused = None
        for i in range(30):
            answer = owner.ask_start(f"s{i}", wire.request(SLEEP))
            packet = owner.expect(wire.STARTED, request=answer) if refused is None and i < 5 else self.either(owner, answer)
            packet.close()
            if packet.kind == wire.REFUSED:
                refused = packet
                break
        self.assertIsNotNone(refused)
        self.assertEqual(refused.error, errno.EMFILE)
        links = [kept.link() for _ in range(8)]
        self.assertIsNone(links[-1].receive(), "no descriptor for it: closed")
        self.assertIn("no descriptor is left", kept.log())
        for link in links:
            link.close()
        for number in range(i):
            owner.forget(f"s{number}")
        wait_until(lambda: not keeper.tree_of(kept.pid), "all of it ends")
        owner.start("again", SLEEP).close()
        kept.owner()

    @staticmethod
    def either(owner, request):
        while True:
            for each in owner.unread:
                if each.request == request:
                    owner.unread.remove(each)
                    return each
            owner.unread.append(owner.receive())

    def test_without_processes_starts_are_refused(self):
        user = str(62000 + os.getpid() % 1000)  # whose processes are counted: nobody else is it
        kept = Keeper(prefix=["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--", BASH, "-c", 'ulimit -u 8; exec "$0" "$@"'], owner=int(user))
        owner = kept.owner()
        packet = None
        for i in range(10):
            packet = self.either(owner, owner.ask_start(f"s{i}", wire.request(SLEEP)))
            if packet.kind == wire.REFUSED:
                break
            packet.close()
        self.assertEqual((packet.kind, packet.error), (wire.REFUSED, errno.EAGAIN))
        self.assertEqual(packet.step in (wire.STEP_PROCESS, wire.STEP_PROGRAM), True)
        self.assertEqual(len(keeper.tree_of(kept.pid)), 2 * i, "nothing is left of what was refused")
