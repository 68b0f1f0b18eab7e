"""While no server is there: programs wait, or the keeper reads their output into memory."""
import os
import struct

import keeper
import wire
from keeper import Keeper, is_alive, read_until, wait_until

BASH = "/bin/bash"
ENV = ["PATH=/usr/bin:/bin"]
SIZE = 3 << 20
# 3 MiB without a line's end, so that the terminal changes nothing; every eight bytes say where they are.
WRITER = f"import sys; sys.stdout.write(''.join('%08x' % i for i in range({SIZE // 8}))); sys.stdout.flush()"
EXPECTED = b"".join(b"%08x" % i for i in range(SIZE // 8))


def python(code):
    return [os.path.realpath("/usr/bin/python3"), "-c", code]


class Draining(keeper.Case):
    def drained(self, before=lambda memory: None, history=4 << 20, code=WRITER):
        """Lets a program write without a server; the memory afterwards."""
        kept = Keeper()
        owner = kept.owner()
        owner.set_drain(1)
        gate = os.path.join(kept.top, "gate")  # not the terminal, which would echo
        os.mkfifo(gate)
        started = owner.start("a", [BASH, "-c", f'read x < {gate}; exec "$0" "$@"', *python(code)], env=ENV, history=history)
        memory = wire.Memory(started.memory)
        before(memory)
        owner.close()
        wait_until(lambda: memory.owner == 0, "the keeper writes")
        with open(gate, "w", encoding="ascii") as file:
            file.write("go\n")
        wait_until(lambda: not is_alive(started.pid), "the program's end")
        self.memory = memory
        self.kept = kept
        return memory

    def assert_output(self, memory, start, content):
        """As assertEqual, without a comparison of megabytes in the message."""
        found, out = memory.output()
        self.assertEqual((found, len(out)), (start, len(content)))
        differs = next((i for i in range(len(out)) if out[i] != content[i]), None) if out != content else None
        self.assertIsNone(differs, f"from {differs} on: {out[differs or 0:][:40]}")

    def test_on_the_program_does_not_stall(self):
        memory = self.drained()
        wait_until(lambda: len(memory.output()[1]) >= SIZE, lambda: len(memory.output()[1]))
        self.assert_output(memory, 0, EXPECTED)
        owner = self.kept.owner()
        self.assertEqual(memory.owner, 2)
        told = owner.sessions["a"]
        self.assertEqual((told.phase, told.status), (wire.HAS_EMPTIED, 0))
        self.assertEqual(read_until(told.master, None), b"", "all was read")
        memory.close()

    def test_it_continues_where_a_server_stopped(self):
        def before(memory):
            memory.write(7, 1000, b"a" * 65536)
            memory.write(3, 66536, b"b" * 500)

        memory = self.drained(before)
        wait_until(lambda: len(memory.output()[1]) >= SIZE + 66036, lambda: len(memory.output()[1]))
        self.assert_output(memory, 1000, b"a" * 65536 + b"b" * 500 + EXPECTED)
        self.assertEqual(memory.records()[1], (66536, 500, 3), "what a server wrote is as it was")
        memory.close()

    def test_it_continues_after_what_a_killed_server_had_read(self):
        def before(memory):
            memory.write(7, 1000, b"a" * 65536)
            memory.write(3, 66536, b"b" * 500)
            memory.write_uncounted(3, 66536, b"\0c\0c\0")

        memory = self.drained(before)
        wait_until(lambda: len(memory.output()[1]) >= SIZE + 66040, lambda: len(memory.output()[1]))
        self.assert_output(memory, 1000, b"a" * 65536 + b"b" * 500 + b"\0c\0c" + EXPECTED)
        memory.close()

    def test_it_continues_after_a_killed_server_s_very_first_read(self):
        memory = self.drained(lambda memory: memory.write_uncounted(0, 0, b"first"))
        wait_until(lambda: len(memory.output()[1]) >= SIZE + 5, lambda: len(memory.output()[1]))
        self.assert_output(memory, 0, b"first" + EXPECTED)
        memory.close()

    def test_what_is_behind_an_older_server_s_output_is_no_output(self):
        def before(memory):
            memory.write(3, 0, b"b" * 500 + b"old")
            memory.write(3, 0, b"b" * 500)

        memory = self.drained(before)
        wait_until(lambda: len(memory.output()[1]) >= SIZE + 500, lambda: len(memory.output()[1]))
        self.assert_output(memory, 0, b"b" * 500 + EXPECTED)
        memory.close()

    def test_it_continues_after_the_checkpoint_when_no_output_is_kept(self):
        def before(memory):
            text, offset = b"{}", 5_000_000_000
            h = 0xCBF29CE484222325 ^ memory.mix(1) ^ memory.mix(offset + 1) ^ memory.mix(len(text) + 2)
            for byte in text:
                h = (h ^ byte) * 0x100000001B3 & ((1 << 64) - 1)
            at = memory.first + memory.segments * memory.SEGMENT
            memory.map[at:at + 2] = text
            # the header: owner at 24, two notes of 32 bytes, then the checkpoints
            struct.pack_into("=QQQQ", memory.map, 32 + 64, 1, offset, len(text), memory.mix(h))
            struct.pack_into("=QQQQ", memory.map, 32 + 96, 2, 1 << 50, len(text), 12345)  # torn

        memory = self.drained(before)
        wait_until(lambda: len(memory.output()[1]) >= SIZE, lambda: len(memory.output()[1]))
        self.assert_output(memory, 5_000_000_000, EXPECTED)
        memory.close()

    def test_the_oldest_makes_room(self):
        memory = self.drained(history=0, code=f"import sys; x = ''.join('%08x' % i for i in range({SIZE // 8})); [sys.stdout.write(x) for _ in range(3)]")
        total = 3 * SIZE
        wait_until(lambda: sum(memory.output()[:1]) + len(memory.output()[1]) >= total, lambda: memory.records())
        start, _ = memory.output()
        self.assertEqual(memory.segments, 81)
        self.assertEqual(len(memory.records()), 81)
        self.assert_output(memory, start, (EXPECTED * 3)[start:])
        memory.close()

    def test_damaged_records_are_left_alone(self):
        def before(memory):
            memory.write(0, 0, b"x" * 100)
            for index in range(1, 20):
                struct.pack_into("=QQ", memory.map, memory.PAGE + 16 * index, (1 << 64) - index, 0x1234567800000005)

        memory = self.drained(before)

        def good():
            out = []
            for index in range(memory.segments):
                start, fill = struct.unpack_from("=QQ", memory.map, memory.PAGE + 16 * index)
                if not 1 <= index < 20 and fill:
                    out.append((start, (fill & 0xFFFFFFFF) - 1, index))
            return sorted(out)

        wait_until(lambda: sum(used for _, used, _ in good()) >= SIZE + 100, lambda: good()[-3:])
        kept_records = good()
        self.assertEqual(kept_records[0], (0, 100, 0))
        self.assertEqual([start for start, _, _ in kept_records], [0] + list(range(100, 100 + SIZE, 65536)))
        self.assertTrue(self.kept.is_alive())
        memory.close()

    def test_a_memory_full_of_damage_loses_nothing(self):
        def before(memory):
            for index in range(memory.segments):
                struct.pack_into("=QQ", memory.map, memory.PAGE + 16 * index, 5, 0x1234567800000005)

        kept = Keeper()
        owner = kept.owner()
        owner.set_drain(1)
        started = owner.start("a", python("print('x' * 100000)"), env=ENV)
        memory = wire.Memory(started.memory)
        before(memory)
        owner.close()
        wait_until(lambda: "no memory for its output" in kept.log(), kept.log)
        told = kept.owner().sessions["a"]
        self.assertEqual(read_until(told.master, None).strip(), b"x" * 100000)
        memory.close()

    def test_off_the_program_waits(self):
        for on in (None, 0):
            kept = Keeper()
            owner = kept.owner()
            if on is not None:
                owner.set_drain(1)
                owner.set_drain(on)
            started = owner.start("a", python(WRITER), env=ENV)
            memory = wire.Memory(started.memory)
            owner.close()
            wait_until(lambda: keeper.process.children(started.warden)[0][1] == "S", "it sleeps: the terminal is full", 5)
            self.assertTrue(is_alive(started.pid))
            owner = kept.owner()
            out = read_until(owner.sessions["a"].master, None)
            self.assertEqual(len(out), SIZE)
            self.assertTrue(out == EXPECTED)
            self.assertEqual(memory.records(), [])
            owner.expect(wire.EXITED, id="a")
            memory.close()

    def test_it_outlives_the_connection(self):
        kept = Keeper()
        owner = kept.owner()
        owner.set_drain(1)
        started = owner.start("a", ["/bin/sleep", "600"], env=ENV)
        memory = wire.Memory(started.memory)
        for generation in (2, 3):
            owner.close()
            wait_until(lambda: memory.owner == 0, "the keeper writes")
            owner = kept.owner()
            self.assertEqual(memory.owner, generation)
        memory.close()
