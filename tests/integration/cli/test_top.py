"""`roost top` and the sandbox profile on a session, against a real server with real processes."""
import json
import os
import re
import signal
import unittest

from client import Terminal, new, run
from roost import shared, wait_until

BUSY = ("sh", "-c", "while :; do :; done")


class Base(unittest.TestCase):
    def tearDown(self):
        shared().clear()

    def sessions(self):
        done = run("top", "--json")
        self.assertEqual(done.status, 0, done)
        return json.loads(done.out)["sessions"]


class Once(Base):
    def test_nothing_runs(self):
        done = run("top")
        self.assertEqual((done.status, done.out), (0, "no session runs\n"), done)

    def test_the_busy_one_is_first(self):
        idle = new("-t", "idle", "--", "sleep", "1000")
        busy = new("-t", "loop", "--", *BUSY)
        found = []

        def is_seen():
            found[:] = self.sessions()
            return found[0]["id"] == busy and found[0]["usage"]["cpu_percent"] > 5
        wait_until(is_seen, "the loop is seen", 30)
        self.assertEqual([x["id"] for x in found], [busy, idle])
        first, second = (x["usage"] for x in found)
        self.assertGreater(first["cpu_ms"], 0)
        self.assertLess(second["cpu_percent"], 5)
        self.assertEqual((second["processes"], second["foreground"]), (1, "sleep"))
        self.assertGreater(second["memory_bytes"], 100_000)
        table = run("top", "--once").out.splitlines()
        self.assertRegex(table[0], r"^ID +TITLE +STATE +CPU% +MEM  PROCS  FOREGROUND +CWD +SANDBOX$")
        self.assertRegex(table[1], rf"^{busy} +loop +running +[\d.]+ +[\d.]+ \w+ +1  sh +\S+ +none$")

    def test_folder_and_foreground_follow_the_user(self):
        name = new("--", "sh")
        run("send", name, "cd /usr; sleep 1000")

        def is_there():
            usage = self.sessions()[0]["usage"]
            return (usage["foreground"], usage["cwd"], usage["processes"]) == ("sleep", "/usr", 2)
        wait_until(is_there, "sleep is in the foreground in /usr", 30)

    def test_processes_that_left_the_session_count(self):
        new("--", "sh", "-c", "setsid sleep 1000 & exec sleep 1001")
        wait_until(lambda: self.sessions()[0]["usage"]["processes"] == 2, "both are counted", 30)

    def test_ended_ones_are_left_out(self):
        name = new("--", "true")
        wait_until(lambda: shared().get(f"/sessions/{name}").json()["state"] == "exited", "it has ended")
        self.assertEqual(self.sessions(), [])
        self.assertIsNone(shared().get(f"/sessions/{name}").json()["usage"])


class Live(Base):
    def test_it_refreshes_and_gives_the_terminal_back(self):
        for how in (b"q", b"\x03"):
            name = new("-t", "work", "--", "sleep", "1000")
            with Terminal("top", cols=120) as terminal:
                terminal.wait_for(rb"1 session, 1 process.*" + name.encode() + rb".*work.*sleep")
                self.assertTrue(terminal.is_raw())
                other = new("-t", "later", "--", "sleep", "1000")
                terminal.wait_for(rb"2 sessions.*" + other.encode())
                terminal.send(how)
                self.assertEqual(terminal.ended(), 0)
                self.assertEqual(terminal.settings(), terminal.before)
                self.assertRegex(terminal.shown, re.compile(rb"\x1b\[\?1049h.*\x1b\[\?1049l.*\x1b\[\?7h.*\x1b\[\?25h", re.S))
            shared().clear()

    def test_a_signal_ends_it_and_gives_the_terminal_back(self):
        new("--", "sleep", "1000")
        with Terminal("top") as terminal:
            terminal.wait_for(rb"1 session")
            os.kill(terminal.process.pid, signal.SIGTERM)
            self.assertEqual(terminal.ended(), 128 + signal.SIGTERM)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_a_small_window(self):
        for _ in range(6):
            new("--", "sleep", "1000")
        with Terminal("top", cols=40, rows=6) as terminal:
            terminal.wait_for(rb"and \d more")
            terminal.resize(100, 24)
            terminal.process.send_signal(signal.SIGWINCH)
            terminal.wait_for(rb"SANDBOX(?:(?!more).)*\x1b\[J")
            terminal.send("q")
            self.assertEqual(terminal.ended(), 0)


class Sandbox(Base):
    def test_the_profiles_are_listed(self):
        done = run("sandboxes")
        self.assertEqual(done.status, 0, done)
        lines = done.out.splitlines()
        self.assertRegex(lines[0], r"^NAME +WHAT IT MEANS")
        self.assertRegex(lines[1], r"^none +default +No sandbox")
        self.assertEqual([line.split()[0] for line in lines[1:]], ["none", "workspace", "isolated"])
        self.assertEqual(run("sandboxes", "-q").out.split(), ["none", "workspace", "isolated"])
        listed = json.loads(run("sandboxes", "--json").out)["sandboxes"]
        self.assertEqual([x["default"] for x in listed], [True, False, False])

    def test_an_unknown_profile_is_refused(self):
        done = run("new", "-d", "--sandbox", "no-such", "true")
        self.assertEqual(done.status, 2, done)
        self.assertIn("no-such", done.err)

    def test_without_one_ls_has_no_column(self):
        new("--sandbox", "none", "--", "sleep", "1000")
        self.assertNotIn("SANDBOX", run("ls").out)
        self.assertEqual([x["sandbox"] for x in self.sessions()], ["none"])
