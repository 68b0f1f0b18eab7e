"""`roost new --restart`, `roost set`, and what `roost ls` and `roost top` show of sessions that start their program again."""
import json
import os
import signal
import unittest

from client import Terminal, new, run
from roost import own, shared, wait_until

FAILS = ("sh", "-c", "echo here; read -r line; exit 1")  # when a line comes
QUICK = "terminals: {restart: {first: 100ms, longest: 100ms, max: 2}}\n"


class Base(unittest.TestCase):
    def setUp(self):
        self.server = shared()

    def tearDown(self):
        shared().clear()

    def ok(self, *words):
        done = run(*words, server=self.server)
        self.assertEqual(done.status, 0, done)
        return done

    def session(self, name):
        return self.server.get(f"/sessions/{name}").json()

    def waits_for_state(self, name, state):
        return wait_until(lambda: self.session(name)["state"] == state and self.session(name), f"the session is {state}")

    def listed(self, name):
        """The session's line of `roost ls`."""
        return next(line for line in self.ok("ls").out.splitlines() if line.startswith(name))


class Policy(Base):
    def test_new_asks_for_it(self):
        for policy in ("never", "on-failure", "always"):
            name = new("--restart", policy, "--", "cat")
            self.assertEqual(self.session(name)["restart"]["policy"], policy)
        self.assertEqual(self.session(new("cat"))["restart"]["policy"], "never")

    def test_set_changes_it_and_the_rest(self):
        name = new("-t", "before", "cat")
        self.ok("set", name, "--restart", "always")
        self.assertEqual(self.session(name)["restart"]["policy"], "always")
        answer = json.loads(self.ok("set", "before", "--restart=never", "-t", "after", "--size-policy", "smallest", "--json").out)
        self.assertEqual((answer["restart"]["policy"], answer["title"], answer["size_policy"]), ("never", "after", "smallest"))
        self.ok("set", "after", "--title", "")
        self.assertEqual(self.session(name)["title"], "")

    def test_mistakes_are_named(self):
        name = new("cat")
        for words, said in ((("new", "-d", "--restart", "sometimes", "cat"), "on-failure"), (("set", name, "--restart", "sometimes"), "on-failure"),
                            (("set", name, "--size-policy", "widest"), "smallest"), (("set", name), "nothing to change"),
                            (("set", name, "--restart"), "needs a value"), (("set",), "ID is missing"), (("set", name, "always"), "too many")):
            done = run(*words)
            self.assertEqual(done.status, 2, done)
            self.assertIn(said, done.err)
            self.assertEqual(done.err.count("\n"), 1, done)
        self.assertEqual(run("set", "no-such", "--restart", "never").status, 1)
        self.assertEqual(len(self.ok("ls", "-q").out.split()), 1)

    def test_help_names_the_words(self):
        for verb in ("new", "set"):
            self.assertRegex(self.ok(verb, "--help").out, r"--restart POLICY +\S.*never, on-failure, always")


class Shown(Base):
    def test_the_wait_and_the_count(self):
        name = new("--restart", "on-failure", "--", *FAILS)
        self.waits_for_state(name, "running")
        self.assertRegex(self.listed(name), r"  running +80x24")
        self.ok("send", name, "")
        self.waits_for_state(name, "starting")
        self.assertRegex(self.listed(name), r"  starts (in \d s|now)  ")
        self.assertRegex(self.ok("top", "--once").out, r"starts (in \d s|now)  |running \(1 restart\)  ")
        wait_until(lambda: self.session(name)["restart"]["count"] == 1, "it is started again")
        self.assertRegex(self.listed(name), r"  running \(1 restart\)  ")
        self.assertRegex(self.ok("top", "--once").out, rf"{name} +\S+ +running \(1 restart\)  ")

    def test_what_was_given_up(self):
        self.server = own(self, QUICK)
        name = new("--restart", "always", "--", "sh", "-c", "exit 1", server=self.server)
        self.waits_for_state(name, "exited")
        self.assertIn("  exit 1, given up  ", self.listed(name))
        self.assertEqual(self.session(name)["restart"]["count"], 2)
        other = new("--", "sh", "-c", "exit 1", server=self.server)
        self.waits_for_state(other, "exited")
        self.assertRegex(self.listed(other), r"  exit 1 +80x24")

    def test_never_ends_the_wait(self):
        self.server = own(self, "terminals: {restart: {first: 1h, longest: 1h}}\n")
        name = new("--restart", "on-failure", "--", "sh", "-c", "exit 4", server=self.server)
        self.waits_for_state(name, "starting")
        wait_until(lambda: self.session(name)["restart"]["next_at"], "it waits")
        self.assertRegex(self.listed(name), r"  starts in 3\d\d\d s  ")
        self.ok("set", name, "--restart", "never")
        self.assertEqual(self.waits_for_state(name, "exited")["exit_status"], 4)
        self.assertRegex(self.listed(name), r"  exit 4 +80x24")

    def test_kill_ends_the_wait(self):
        self.server = own(self, "terminals: {restart: {first: 1h, longest: 1h}}\n")
        name = new("--restart", "always", "--", "true", server=self.server)
        wait_until(lambda: self.session(name)["restart"]["next_at"], "it waits")
        self.ok("kill", name)
        self.assertEqual(self.waits_for_state(name, "exited")["exit_status"], 0)


class Attached(Base):
    def test_the_next_program_is_under_the_same_eyes(self):
        self.server = own(self, "terminals: {restart: {first: 3s}}\n")
        name = new("--restart", "always", "--", "sh", "-c", 'echo "I am $$."; exec cat', server=self.server)
        with Terminal("attach", name, server=self.server) as terminal:
            first = terminal.wait_for(rb"I am \d+\.")
            os.kill(self.session(name)["pid"], signal.SIGTERM)
            said = terminal.wait_for(rb"\[roost: ended by SIGTERM; starts again in \d", first)
            terminal.send("typed in between\r")
            again = terminal.wait_for(rb"I am \d+\.", said)
            self.assertNotIn(b"typed", terminal.shown)  # there is nobody to read it, neither then nor later
            terminal.send("for the second one\r")
            terminal.wait_for(rb"for the second one", again)
            self.assertNotIn(b"typed in between\r\ntyped in between", terminal.shown)
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)


if __name__ == "__main__":
    unittest.main()
