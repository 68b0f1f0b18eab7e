"""A session's memory is damaged while no server is there: the session lives on, and wrong bytes are never shown as right ones."""
import os
import struct
import unittest

import node
import ws
from keeper import is_alive
from wire import Memory

PAGE = 4096


def memory_of(keeper, name):
    """The session's memory, opened through the keeper. There may be one session only."""
    folder = f"/proc/{keeper}/fd"
    found = [f"{folder}/{fd}" for fd in os.listdir(folder) if "memfd:" in os.readlink(f"{folder}/{fd}") and os.stat(f"{folder}/{fd}").st_size > 1 << 20]
    assert len(found) == 1, (name, found)
    return os.open(found[0], os.O_RDWR)


class Damage(node.Case):
    def setUp(self):
        super().setUp()
        one = self.node
        self.before = one.new(["bash", "-c", "for i in {1..20000}; do echo line $i.; done; PS1='$ '; while read -r x; do echo \"[$x]\"; done"], title="mine")
        self.name = self.before["id"]
        one.wait_for(self.name, text="line 20000.")
        self.before = one.session(self.name)
        self.bytes = one.output(self.name)[1]

    def damage(self, how):
        """Kills the server, calls `how(map, memory)`, and starts it again."""
        def away():
            fd = memory_of(self.node.keeper_pid(), self.name)
            memory = Memory(fd)
            how(memory.map, memory)
            memory.close()
            os.close(fd)
        self.node.restart(while_away=away)

    def assert_well(self):
        """It lives, can be typed into, and all that is said to be its output is, at the right offsets or under a new epoch."""
        one = self.node
        now = one.session(self.name)
        self.assertEqual((now["state"], now["pid"]), ("running", self.before["pid"]))
        self.assertTrue(is_alive(now["pid"]))
        begin, out, epoch = one.output(self.name)
        if epoch == self.before["epoch"]:
            self.assertEqual(out, self.bytes[begin:begin + len(out)], "the same epoch: the same bytes at the same offsets")
            self.assertEqual(begin + len(out), len(self.bytes))
        elif out:
            self.assertIn(out, self.bytes, "nothing that was never printed")
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            told = viewer.attach(1, self.name, since={"epoch": self.before["epoch"], "offset": 100})
            if epoch != self.before["epoch"] or begin > 100:
                self.assertEqual(told["how"], "snapshot")
        offset = one.session(self.name)["offset"]
        one.type(self.name, b"typed\n")
        one.wait_for(self.name, text="[typed]", since=offset)
        self.assertIn("[typed]", one.screen(self.name))
        # The next server finds it in order.
        one.restart()
        self.assertEqual(one.session(self.name)["epoch"], epoch)
        self.assertIn(b"[typed]", one.output(self.name)[1])
        self.assertIn("[typed]", one.screen(self.name))
        self.assertEqual(one.session(self.name)["pid"], self.before["pid"])
        return begin, epoch, now

    def test_no_damage(self):
        self.damage(lambda data, memory: None)
        begin, epoch, now = self.assert_well()
        self.assertEqual((begin, epoch, now["title"]), (0, self.before["epoch"], "mine"))

    def test_the_header(self):
        def zero(data, _):
            data[0:24] = bytes(24)
        self.damage(zero)
        self.assert_well()

    def test_the_whole_header_page(self):
        def fill(data, _):
            data[0:PAGE] = node.CHANCE.randbytes(PAGE)
        self.damage(fill)
        _, epoch, _ = self.assert_well()
        self.assertNotEqual(epoch, self.before["epoch"], "where the output ended is known by nobody")

    def test_all_records(self):
        def fill(data, memory):
            data[PAGE:PAGE + 16 * memory.segments] = node.CHANCE.randbytes(16 * memory.segments)
        self.damage(fill)
        _, epoch, now = self.assert_well()
        self.assertNotEqual(epoch, self.before["epoch"])
        self.assertEqual(now["title"], "mine")

    def test_the_last_record(self):
        def fill(data, memory):
            start, _, index = memory.records()[-1]
            struct.pack_into("=QQ", data, PAGE + 16 * index, start, 0x1234567800000005)
        self.damage(fill)
        _, epoch, _ = self.assert_well()
        self.assertNotEqual(epoch, self.before["epoch"], "bytes may be missing at the end")

    def test_a_record_in_the_middle(self):
        def fill(data, memory):
            start, used, index = memory.records()[1]
            struct.pack_into("=QQ", data, PAGE + 16 * index, start + 1, memory.fill_of(start, used))
        self.damage(fill)
        begin, epoch, _ = self.assert_well()
        self.assertTrue(begin > 0 or epoch != self.before["epoch"])

    def test_records_that_contradict_each_other(self):
        def fill(data, memory):
            records = memory.records()
            free = next(i for i in range(memory.segments) if i not in [r[2] for r in records])
            start, used, _ = records[-1]
            memory.write(free, start, b"x" * used)  # a second one, as valid as the first
        self.damage(fill)
        one = self.node
        self.assertEqual(one.session(self.name)["pid"], self.before["pid"])
        _, out, epoch = one.output(self.name)
        if epoch == self.before["epoch"]:
            self.assertNotIn(b"xxxx", out)
        one.type(self.name, b"typed\n")
        one.wait_for(self.name, text="[typed]")

    def test_the_notes(self):
        def fill(data, memory):
            first = memory.first - 2 * Memory.NOTE
            data[first:memory.first] = node.CHANCE.randbytes(2 * Memory.NOTE)
        self.damage(fill)
        _, epoch, _ = self.assert_well()
        self.assertNotEqual(epoch, self.before["epoch"], "the epoch was in the note")

    def test_one_note(self):
        for slot in (0, 1):
            def fill(data, memory, slot=slot):
                first = memory.first - (2 - slot) * Memory.NOTE
                data[first:first + 64] = bytes(64)
            self.damage(fill)
            now = self.node.session(self.name)
            self.assertEqual((now["pid"], now["epoch"]), (self.before["pid"], self.before["epoch"]))

    def test_the_checkpoints(self):
        def fill(data, memory):
            first = memory.first + memory.segments * Memory.SEGMENT
            for slot in (0, 1):
                at = first + slot * Memory.CHECKPOINT
                data[at:at + 8192] = node.CHANCE.randbytes(8192)
        self.damage(fill)
        _, epoch, _ = self.assert_well()
        self.assertEqual(epoch, self.before["epoch"], "the history is whole")

    def test_random_words(self):
        print(f"ROOST_SEED={node.SEED}", flush=True)
        for _ in range(node.ROUNDS):
            def fill(data, memory):
                for _ in range(node.CHANCE.randrange(1, 30)):
                    at = node.CHANCE.randrange(0, memory.first // 8) * 8
                    data[at:at + 8] = struct.pack("=Q", node.CHANCE.getrandbits(64))
            self.damage(fill)
            one = self.node
            now = one.session(self.name)
            self.assertEqual((now["state"], now["pid"]), ("running", self.before["pid"]))
            if now["epoch"] == self.before["epoch"]:
                begin, out, _ = one.output(self.name)
                self.assertEqual(out[:max(0, len(self.bytes) - begin)], self.bytes[begin:])
            one.type(self.name, b"typed\n")
            one.wait_for(self.name, text="[typed]", since=max(0, now["offset"] - 1))


if __name__ == "__main__":
    unittest.main()
