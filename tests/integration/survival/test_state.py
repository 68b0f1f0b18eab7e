"""What a terminal is beyond its bytes: screen, modes, title, size, shell; and exit statuses that nobody was there for."""
import json
import os
import re
import signal
import unittest

import node
from keeper import is_alive, tree_of
from roost import wait_until

# What may change of a session meanwhile: who watches it, and what its processes use.
PASSING = {"viewers", "holder", "usage"}


def kept(session):
    return {k: v for k, v in session.items() if k not in PASSING}


class State(node.Case):
    def both_ways(self):
        """kill -9 and an orderly end; a server each time."""
        yield "kill -9", self.node.restart

        def upgrade():
            self.assertEqual(self.node.terminate(), 0)
            self.node.start()
        yield "upgrade", upgrade

    def assert_same_after(self, name, more=()):
        one = self.node
        for way, restart in self.both_ways():
            before = kept(one.session(name)), one.screen(name, "json"), one.screen(name, "ansi"), one.snapshot(name), [x() for x in more]
            restart()
            after = kept(one.session(name)), one.screen(name, "json"), one.screen(name, "ansi"), one.snapshot(name), [x() for x in more]
            for was, is_now in zip(before, after):
                self.assertEqual(was, is_now, way)

    def test_a_full_screen_program(self):
        one = self.node
        path = os.path.join(one.folder, "text")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"row {i} ünïcödé 漢字\n" for i in range(500))
        name = one.new(["vim", "-u", "NONE", "-c", "set nocp mouse=a title t_BE=\x1b[?2004h ttymouse=sgr", path])["id"]
        one.wait_for(name, text="row 20")
        one.wait_for(name, idle_ms=300)  # while it starts vim can miss that its size has changed
        self.assertEqual(one.post(f"/sessions/{name}/resize", {"cols": 133, "rows": 37}).status, 200)
        wait_until(lambda: "row 35" in one.screen(name), "vim fills the new size")
        one.type(name, b"100Gwww")
        wait_until(lambda: "row 99" in one.screen(name), "vim jumps")
        one.wait_for(name, idle_ms=300)
        shot = one.snapshot(name)
        for mode in (rb"\?(1049|47)h", rb"\?2004h", rb"\?1006h", rb"\?100[023]h"):
            self.assertRegex(shot, mode)
        self.assertTrue(json.loads(one.screen(name, "json"))["alternate"])
        self.assert_same_after(name)
        one.type(name, b":set columns? lines?\r")
        wait_until(lambda: "columns=133" in one.screen(name), "vim goes on, and has its size", 5)
        one.type(name, b"\r:q!\r")
        one.wait_for(name, exit=True)

    def test_modes_and_titles(self):
        one = self.node
        name = one.new(["bash", "-c", "printf '\\033]2;set by the program\\007\\033[?1000h\\033[?1006h\\033[?2004h\\033[?1h\\033[5;10r\\033[31;1m'; "
                                      "printf '\\033[7;3Hred\\0337\\033[?25lready'; cat"])["id"]
        one.wait_for(name, text="ready")
        self.assertEqual(one.session(name)["title"], "set by the program")
        self.assert_same_after(name)
        self.assertEqual(one.call("PATCH", f"/sessions/{name}", {"title": "set by a person", "size_policy": "manual"}).status, 200)
        self.assert_same_after(name)
        self.assertEqual(one.session(name)["title"], "set by a person")
        one.type(name, b"\x1b]2;again\x07\n")
        one.wait_for(name, idle_ms=200)
        self.assertEqual(one.session(name)["title"], "set by a person")

    def test_a_shell(self):
        one = self.node
        name = one.new()["id"]
        one.wait_for(name, idle_ms=300)
        command = one.post(f"/sessions/{name}/input?wait=command", {"text": "cd /usr/share; X=kept; (exit 3)"}).json()
        self.assertTrue(command["finished"], command)
        one.type(name, b"stty size; jobs -l; sleep 300 &\n")
        one.wait_for(name, idle_ms=300)
        self.assertEqual(one.session(name)["shell"]["cwd"], "/usr/share")
        self.assert_same_after(name)
        command = one.post(f"/sessions/{name}/input?wait=command", {"text": "echo $X $PWD $!; kill %1"}).json()
        self.assertTrue(command["finished"], command)
        self.assertRegex(command["output"], r"kept /usr/share \d+")

    def test_a_command_that_runs_meanwhile(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        name = one.new()["id"]
        one.wait_for(name, idle_ms=300)
        one.type(name, f"until [ -e {gate} ]; do sleep 0.05; done; (exit 5)\n".encode())
        wait_until(lambda: (one.session(name)["shell"] or {}).get("running"), "the shell says what it runs")
        before = kept(one.session(name))
        one.restart()
        self.assertEqual(kept(one.session(name)), before)
        one.restart(while_away=lambda: open(gate, "w", encoding="ascii").close())
        wait_until(lambda: one.session(name)["shell"]["last_exit_status"] == 5, "the command's status is known")

    def test_sandbox_and_environment(self):
        one = self.node
        answer = one.post("/sessions", {"command": ["sh", "-c", "read x; echo $MINE $x; read x"], "sandbox": "workspace", "cwd": one.folder,
                                        "env": {"MINE": "yes"}})
        self.assertEqual(answer.status, 201, answer)
        name = answer.json()["id"]
        self.assert_same_after(name)
        self.assertEqual(one.session(name)["sandbox"], "workspace")
        one.type(name, b"more\n")
        one.wait_for(name, text="yes more")

    def test_scrollback_is_still_in_a_snapshot(self):
        one = self.node
        name = one.new(["bash", "-c", "for i in {1..5000}; do echo old line $i.; done; cat"])["id"]
        one.wait_for(name, text="old line 5000.")
        for way, restart in self.both_ways():
            restart()
            lines = [int(n) for n in re.findall(rb"old line (\d+)\.", one.snapshot(name))]
            self.assertEqual(lines, list(range(lines[0], 5001)), way)
            self.assertLessEqual(lines[0], 1, way)

    def test_scrollback_after_more_than_the_history_holds(self):
        one = self.node
        name = one.new(["bash", "-c", "x=$(printf %070d 7); seq -f \"%.0f $x\" 120000; echo done; cat"])["id"]  # 9 MB
        one.wait_for(name, text="done")
        before = one.snapshot(name)
        self.assertGreater(before.count(b"\r\n"), 5000)
        one.restart()
        after = one.snapshot(name)
        numbers = [int(n) for n in re.findall(rb"(\d+) 0{60}", after)]
        self.assertEqual(numbers, list(range(numbers[0], 120001)))
        print(f"lines in a snapshot after 9 MB: {before.count(bytes([10]))}, after kill -9: {len(numbers)}", flush=True)
        self.assertEqual(self.node.screen(name).count("done"), 1)


class Exits(node.Case):
    """With the default, where nobody reads: what they print fits into their terminals."""

    LINES = 300

    def mortal(self, last):
        gate = os.path.join(self.node.folder, "gate-" + "".join(c for c in last if c.isalnum()))
        name = self.node.new(["bash", "-c", f"until [ -e {gate} ]; do read -rt 0.05 x; done; seq {self.LINES}; echo last words; {last}"])["id"]
        return name, gate

    def test_statuses_wait(self):
        one = self.node
        wanted = {"exit 7": (7, None), "kill -TERM $$": (None, signal.SIGTERM), "exit 0": (0, None), "kill -KILL $$": (None, signal.SIGKILL)}
        made = {last: self.mortal(last) for last in wanted}
        pids = [one.session(name)["pid"] for name, _ in made.values()]

        def end_all():
            for _, gate in made.values():
                open(gate, "w", encoding="ascii").close()
            wait_until(lambda: not [p for p in pids if is_alive(p)], "they end")
        for turn in range(3):  # the same after every restart
            if turn < 2:
                one.restart(while_away=end_all)
            else:
                self.assertEqual(one.terminate(), 0)
                one.start()
            for last, (name, _) in made.items():
                one.wait_for(name, exit=True)
                now = one.session(name)
                self.assertEqual((now["state"], now["exit_status"], now["signal"]), ("exited", *wanted[last]))
                self.assertEqual(now["exited_at"] is None, False)
                _, out, epoch = one.output(name)
                self.assertEqual(out.replace(b"\r", b""), b"".join(b"%d\n" % i for i in range(1, self.LINES + 1)) + b"last words\n")
                self.assertEqual(epoch, now["epoch"])
                self.assertIn("last words", one.screen(name))
            if turn > 0:
                self.assertEqual(times, [one.session(n)["exited_at"] for n, _ in made.values()])
            times = [one.session(n)["exited_at"] for n, _ in made.values()]
        for name, _ in made.values():
            self.assertEqual(one.delete(f"/sessions/{name}").status, 200)
        one.restart()
        self.assertEqual(one.sessions(), {})

    def test_an_end_that_was_asked_for_goes_on(self):
        one = self.node
        name = one.new(["bash", "-c", "trap '' HUP TERM; echo ready; while :; do read -rt 1 x; done"])["id"]
        one.wait_for(name, text="ready")
        self.assertEqual(one.delete(f"/sessions/{name}").status, 202)
        one.restart()
        one.wait_for(name, exit=True)
        self.assertEqual(one.session(name)["signal"], signal.SIGKILL)


class ExitsThatAreRead(Exits):
    config = node.CONFIG + "terminals: {keep_reading: true}\n"
    LINES = 20000


class Reading(unittest.TestCase):
    LINES = 1 << 18
    SIZE = LINES * 8

    def run_away(self, keep_reading):
        """A program prints 2 MiB while no server is there: (whether it could finish, its output afterwards)."""
        one = node.Node(node.CONFIG + f"terminals: {{keep_reading: {keep_reading}}}\n")
        self.addCleanup(one.stop)
        gate, done = os.path.join(one.folder, "gate"), os.path.join(one.folder, "done")
        name = one.new(["bash", "-c", f"stty -opost; until [ -e {gate} ]; do read -rt 0.05 x; done; seq -f %07.0f 0 {self.LINES - 1}; touch {done}; cat"])["id"]
        pid = one.session(name)["pid"]
        one.wait_for(name, idle_ms=200)
        finished = [None]

        def away():
            open(gate, "w", encoding="ascii").close()
            if keep_reading == "true":
                wait_until(lambda: os.path.exists(done), "it finishes with nobody there", 20)
                finished[0] = True
                return

            def is_stalled():
                for child in tree_of(pid):
                    with open(f"/proc/{child}/wchan", encoding="ascii") as file:
                        if "tty" in file.read():
                            return True
                    with open(f"/proc/{child}/stat", encoding="ascii") as file:
                        stats.append(file.read().rpartition(") ")[2].split()[11:13])
                return len(stats) > 50 and stats[-50] == stats[-1]  # no CPU time for a second
            stats = []
            wait_until(is_stalled, "it waits for a reader", 20)
            finished[0] = os.path.exists(done)
        one.restart(while_away=away)
        wait_until(lambda: os.path.exists(done), "it goes on", 20)
        wait_until(lambda: one.session(name)["offset"] >= self.SIZE, "all of it", 20)
        begin, out, _ = one.output(name)
        self.assertEqual(begin, 0)
        self.assertEqual(len(out), self.SIZE)
        self.assertTrue(out == b"".join(b"%07d\n" % i for i in range(self.LINES)), "the bytes differ")
        one.type(name, b"typed\n")
        one.wait_for(name, text="typed")
        return finished[0]

    def test_an_orderly_stop_in_the_middle_of_output(self):
        """The keeper may not begin to read while the terminals of the server that stops still do."""
        one = node.Node(node.CONFIG + "terminals: {keep_reading: true}\n")
        self.addCleanup(one.stop)
        lines = 150000
        name = one.new(["bash", "-c", f"stty -opost; for ((i = 0; i < {lines}; i++)); do printf '%07d\\n' $i; done; cat"])["id"]
        for part in range(1, 4):
            wait_until(lambda p=part: one.session(name)["offset"] >= p * lines, "some more of it", 20)
            self.assertEqual(one.terminate(), 0)
            one.start()
        wait_until(lambda: one.session(name)["offset"] >= lines * 8, "all of it", 20)
        begin, out, _ = one.output(name)
        self.assertEqual(begin, 0)
        self.assertTrue(out == b"".join(b"%07d\n" % i for i in range(lines)), "the bytes differ")

    def test_the_keeper_reads_on(self):
        self.assertTrue(self.run_away("true"))

    def test_the_program_waits(self):
        self.assertFalse(self.run_away("false"))


if __name__ == "__main__":
    unittest.main()
