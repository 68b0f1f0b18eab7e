"""Networks that break: what `roost attach` shows afterwards is what it would have shown without."""
import json
import re
import subprocess
import time
import unittest

from client import SECONDS, Proxy, Terminal, environment, new, program, run
from roost import Server, shared, wait_until

COUNTER = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line $i.; read -t 0.002 x; done; echo done"


class Base(unittest.TestCase):
    def setUp(self):
        self.proxy = Proxy(shared().port)
        self.token = run("token", "create").out.strip()

    def tearDown(self):
        self.proxy.close()
        shared().clear()

    def attach(self, name, *words, **more):
        return Terminal("attach", name, "--server", self.proxy.url, *words, ROOST_TOKEN=self.token, **more)


class Resuming(Base):
    def test_nothing_is_lost_and_nothing_doubled(self):
        name = new("--", "bash", "-c", "read x; " + COUNTER % 2000 + "; read x")
        with self.attach(name) as terminal:
            position = terminal.attached()
            terminal.send("\r")
            for number in (100, 500, 900):
                terminal.wait_for(rf"line {number}\.")
                connections = self.proxy.accepted
                self.proxy.cut()
                wait_until(lambda c=connections: self.proxy.accepted > c, "the client comes back", SECONDS)
            terminal.wait_for(rb"\ndone\r\n")
            shown = terminal.shown[position:]
            if b"connection lost" not in shown:  # an unlucky jitter shows the status line, and then a snapshot
                self.assertEqual([int(n) for n in re.findall(rb"line (\d+)\.", shown)], list(range(1, 2001)))
            terminal.send("\r")
            self.assertEqual(terminal.ended(), 0)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_keys_typed_meanwhile_are_sent_once(self):
        name = new("--", "sh", "-c", 'read a; echo "[$a]"; read b')
        with self.attach(name) as terminal:
            terminal.attached()
            self.proxy.cut(stays_down=True)
            terminal.wait_for(r"connection lost")
            terminal.send("typed in the dark\r")
            self.proxy.mend()
            terminal.wait_for(r"\[typed in the dark\]", seconds=60)
            self.assertEqual(run("output", name).out.count("[typed in the dark]"), 1)

    def test_the_status_line_can_be_left(self):
        name = new("cat")
        with self.attach(name) as terminal:
            terminal.attached()
            self.proxy.cut(stays_down=True)
            terminal.wait_for(r"roost: [^\x1b]*retrying in \d+ s – Ctrl-\\ d to quit")
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)
            self.assertEqual(terminal.settings(), terminal.before)
            self.assertIn("running", run("ls").out)

    def test_a_network_that_hangs_does_not_keep_who_leaves(self):
        name = new("cat")
        with self.attach(name) as terminal:
            terminal.attached()
            self.proxy.stall()
            terminal.detach()
            self.assertEqual(terminal.ended(10), 0)  # the keep-alive's time is 15 s

    def test_the_status_arrives_even_after_a_break(self):
        name = new("--", "sh", "-c", "read x; exit 9")
        with self.attach(name) as terminal:
            terminal.attached()
            self.proxy.cut(stays_down=True)
            terminal.wait_for(r"connection lost")
            run("send", name, "")
            run("wait", name, "--exit")
            self.proxy.mend()
            self.assertEqual(terminal.ended(60), 9)

    def test_a_revoked_token_ends_it(self):
        token = json.loads(run("token", "create", "--json").out)
        name = new("cat")
        with Terminal("attach", name, "--server", self.proxy.url, ROOST_TOKEN=token["token"]) as terminal:
            terminal.attached()
            run("token", "revoke", token["id"])
            self.proxy.cut()
            self.assertEqual(terminal.ended(), 1)
            self.assertIn(b"A valid token is needed", terminal.shown)
            self.assertEqual(terminal.settings(), terminal.before)


class Restarting(unittest.TestCase):
    def test_a_server_that_ends_for_good(self):
        server = Server()
        try:
            name = new("cat", server=server)
            with Terminal("attach", name, server=server) as terminal:
                terminal.attached()
                server.process.terminate()
                terminal.wait_for(r"retrying", seconds=60)
                terminal.detach()
                self.assertEqual(terminal.ended(), 0)
                self.assertEqual(terminal.settings(), terminal.before)
        finally:
            server.stop()


class Oracle(Base):
    """tmux shows what a terminal would show; `roost screen` is what the server says it should."""

    def setUp(self):
        super().setUp()
        self.socket = f"roost-test-{time.monotonic_ns()}"

    def tearDown(self):
        self.tmux("kill-server")
        super().tearDown()

    def tmux(self, *words):
        return subprocess.run(["tmux", "-f", "/dev/null", "-L", self.socket, *words], capture_output=True, text=True, timeout=30,
                              env=environment(shared(), ROOST_TOKEN=self.token)).stdout

    def attach_in_tmux(self, name):
        self.tmux("new-session", "-d", "-s", "t", "-x", "80", "-y", "24", program(), "attach", name, "--server", self.proxy.url)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-t", "t", "-x", "80", "-y", "24")

    def shown(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "t").split("\n")]

    def expected(self, name):
        return [line.rstrip() for line in run("screen", name).out.split("\n")]

    def assert_same_screen(self, name, seconds=SECONDS):
        def same():
            shown, expected = self.shown(), self.expected(name)
            length = max(len(shown), len(expected))
            pad = lambda lines: lines + [""] * (length - len(lines))
            return pad(shown) == pad(expected)
        try:
            wait_until(same, "both screens are the same", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\nshown: {self.shown()}\nexpected: {self.expected(name)}") from None

    def test_the_screen_is_right_after_a_long_break(self):
        name = new("--", "bash", "-c", "for i in $(seq 300); do echo row $i; done; read x; " + COUNTER % 500 + "; read x")
        self.attach_in_tmux(name)
        wait_until(lambda: "row 300" in self.shown(), "the session is shown", SECONDS)
        self.proxy.cut(stays_down=True)
        wait_until(lambda: any("connection lost" in line for line in self.shown()), "the break is told", SECONDS)
        run("send", name, "")
        run("wait", name, "--text", "done")
        self.proxy.mend()
        wait_until(lambda: "done" in self.shown(), "the session is back", 60)
        self.assert_same_screen(name)
        self.assertFalse(any("connection lost" in line for line in self.shown()))

    def test_a_full_screen_program_is_right_after_a_break(self):
        name = new("--", "bash", "-c", "seq 1000 > /tmp/roost-cli-$$; less /tmp/roost-cli-$$; rm /tmp/roost-cli-$$; echo left; read x")
        self.attach_in_tmux(name)
        wait_until(lambda: self.shown()[:2] == ["1", "2"], "less is shown", SECONDS)
        self.proxy.cut(stays_down=True)
        wait_until(lambda: any("connection lost" in line for line in self.shown()), "the break is told", SECONDS)
        run("send", name, "--keys", "G")
        run("wait", name, "--text", "1000")
        self.proxy.mend()
        wait_until(lambda: "1000" in self.shown(), "the session is back", 60)
        self.assert_same_screen(name)
        run("send", name, "--keys", "q")
        run("wait", name, "--text", "left")
        self.assert_same_screen(name)

    def test_random_breaks_leave_the_right_screen(self):
        name = new("--", "bash", "-c", "read x; for i in $(seq 400); do printf '\\033[%d;%dH\\033[3%dm%d' $((i%24+1)) $((i*7%78+1)) $((i%8)) $i;"
                   " read -t 0.01 x; done; read x")
        self.attach_in_tmux(name)
        wait_until(lambda: [s["viewers"] for s in json.loads(run("ls", "--json").out)["sessions"] if s["id"] == name] == [1], "it is attached", SECONDS)
        run("send", name, "")
        for _ in range(5):
            connections = self.proxy.accepted
            self.proxy.cut()
            wait_until(lambda c=connections: self.proxy.accepted > c, "the client comes back", SECONDS)
        run("wait", name, "--idle", "500")
        self.assert_same_screen(name)


if __name__ == "__main__":
    unittest.main()
