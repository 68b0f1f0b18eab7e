"""`roost attach` and `roost new` in a pseudo-terminal: the user's side of a session."""
import hashlib
import os
import re
import signal
import termios
import time
import unittest

from client import SECONDS, Terminal, is_sanitized, new, run
from roost import shared, wait_until

RESTORED = rb"\x1b\[\?1049l.*\x1b\[\?1000l.*\x1b\[\?2004l.*\x1b\[\?25h\x1b\[m\x1b\[23;0t\x1b\[24;1H\r\n"


class Base(unittest.TestCase):
    def tearDown(self):
        shared().clear()

    def assert_restored(self, terminal):
        """The settings are as before, byte by byte, and the modes were reset after the last output."""
        self.assertEqual(terminal.settings(), terminal.before)
        self.assertRegex(terminal.shown, RESTORED)


class Typing(Base):
    def test_type_see_detach_and_come_back(self):
        name = new("-t", "work", "--", "bash", "--norc")
        with Terminal("attach", "work") as terminal:
            terminal.attached()
            self.assertTrue(terminal.is_raw())
            terminal.send("echo $((6*7))!\r")
            terminal.wait_for(r"42!")
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)
            self.assert_restored(terminal)
            self.assertRegex(terminal.shown, rb"\[detached from work; `roost attach " + name.encode() + rb"` comes back\]")
        with Terminal("attach", name) as again:
            again.attached()
            again.wait_for(r"42!")
            again.send("exit 6\r")
            self.assertEqual(again.ended(), 6)
            self.assert_restored(again)
            self.assertRegex(again.shown, rb"\[work has ended: exit 6\]")

    def test_new_attaches_and_has_the_status(self):
        with Terminal("new", "-q", "--", "sh", "-c", "echo hello; exit 5") as terminal:
            self.assertEqual(terminal.ended(), 5)
            self.assertIn(b"hello", terminal.shown)
            self.assertNotIn(b"detaches", terminal.shown)
            self.assertNotIn(b"has ended", terminal.shown)
            self.assert_restored(terminal)

    def test_a_signal_is_128_and_its_number(self):
        with Terminal("new", "--", "sh", "-c", "echo $$ is ready; read x") as terminal:
            terminal.wait_for(r"is ready")
            run("kill", "--now", run("ls", "-q").out.strip())
            self.assertEqual(terminal.ended(), 128 + signal.SIGKILL)
            self.assert_restored(terminal)

    def test_the_size_follows_the_window(self):
        with Terminal("new", "--", "sh", "-c", "trap 'stty size' WINCH; stty size; while :; do read x; done", cols=91, rows=27) as terminal:
            terminal.wait_for(r"27 91")
            terminal.resize(101, 33)
            terminal.wait_for(r"33 101")
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)

    def test_the_first_key_twice_is_sent_once(self):
        with Terminal("new", "--", "sh", "-c", "stty raw -echo; echo ready; head -c 3 | od -An -tx1") as terminal:
            terminal.wait_for(r"ready")
            terminal.send(b"\x1c\x1c")
            terminal.send(b"ab")
            terminal.wait_for(r"1c 61 62")
            self.assertEqual(terminal.ended(), 0)

    def test_the_first_key_alone_is_sent_after_a_while(self):
        with Terminal("new", "--", "sh", "-c", "stty raw -echo; echo ready; head -c 1 | od -An -tx1") as terminal:
            terminal.wait_for(r"ready")
            terminal.send(b"\x1c")
            terminal.wait_for(r"1c")

    def test_another_detach_key(self):
        new("-t", "x", "--", "sh", "-c", "stty -isig; echo ready; cat")
        with Terminal("attach", "x", ROOST_DETACH_KEY="C-a d") as terminal:
            terminal.attached()
            terminal.wait_for(r"ready")
            self.assertIn(b"Ctrl-a d detaches", terminal.shown)
            terminal.send(b"\x1cd\r")
            terminal.wait_for(rb"\^\\d")
            terminal.send(b"\x01d")
            self.assertEqual(terminal.ended(), 0)
        with Terminal("attach", "x", "--detach-key", "^]") as terminal:
            terminal.attached()
            terminal.send(b"\x1d")
            self.assertEqual(terminal.ended(), 0)
        with Terminal("attach", "x", "--detach-key", "q") as terminal:
            self.assertEqual(terminal.ended(), 2)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_a_viewer_only_watches(self):
        new("-t", "x", "cat")
        with Terminal("attach", "--view", "x") as watching, Terminal("attach", "x") as typing:
            watching.attached()
            self.assertIn(b"watching x", watching.shown)
            typing.attached()
            watching.send("not this\r")
            typing.send("but this\r")
            watching.wait_for(r"but this\r\nbut this")
            self.assertNotIn(b"not this", typing.shown + watching.shown.replace(b"[watching", b""))
            watching.detach()
            self.assertEqual(watching.ended(), 0)
            self.assert_restored(watching)

    def test_sessions_that_are_not_there(self):
        with Terminal("attach", "nobody") as terminal:
            self.assertEqual(terminal.ended(), 1)
            self.assertIn(b"there is no such session", terminal.shown)
            self.assertEqual(terminal.settings(), terminal.before)


    def test_a_session_is_not_attached_to_itself(self):
        name = new("cat")
        with Terminal("attach", name, ROOST_SESSION_ID=name) as terminal:
            self.assertEqual(terminal.ended(), 2)
            self.assertIn(b"very session", terminal.shown)
        with Terminal("output", "-f", name, ROOST_SESSION_ID=name) as terminal:
            self.assertEqual(terminal.ended(), 2)


class Restoring(Base):
    def test_signals_give_the_terminal_back(self):
        new("-t", "x", "cat")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(signal.Signals(number).name), Terminal("attach", "x") as terminal:
                terminal.attached()
                terminal.process.send_signal(number)
                self.assertEqual(terminal.ended(), 128 + number)
                self.assert_restored(terminal)

    def test_stop_and_continue(self):
        new("-t", "x", "--", "sh", "-c", "echo here; cat")
        with Terminal("attach", "x") as terminal:
            terminal.attached()
            terminal.process.send_signal(signal.SIGTSTP)
            wait_until(lambda: terminal.settings() == terminal.before, "the terminal is given back", SECONDS)
            position = terminal.wait_for(RESTORED)
            terminal.process.send_signal(signal.SIGCONT)
            wait_until(terminal.is_raw, "the terminal is raw again", SECONDS)
            terminal.wait_for(r"here", position)
            terminal.send("still typing\r")
            terminal.wait_for(r"still typing\r\nstill typing", position)
            terminal.detach()
            self.assertEqual(terminal.ended(), 0)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_the_users_scrollback_is_kept(self):
        name = new("--", "sh", "-c", "echo something; cat")
        run("wait", name, "--text", "something")
        with Terminal("attach", name) as terminal:
            terminal.attached()
            terminal.wait_for("something")
            terminal.detach()
            terminal.ended()
            self.assertNotRegex(terminal.shown, rb"\x1bc|\x1b\[3J")
            self.assertRegex(terminal.shown, rb"\x1b\[24;1H(\n|\r\n){24}\x1b\[3g[^J]*\x1b\[H\x1b\[2J")

    def test_the_title_is_put_on_the_stack_and_taken_back(self):
        with Terminal("new", "--", "sh", "-c", r"printf '\033]2;mine\007'; read x") as terminal:
            terminal.wait_for(r"\x1b\]2;mine\x07")
            terminal.send("\r")
            terminal.ended()
            self.assertEqual(terminal.shown.count(b"\x1b[22;0t"), 1)
            self.assertEqual(terminal.shown.count(b"\x1b[23;0t"), 1)


class Queries(Base):
    ASK = r"printf '\033[6n\033[c\033]11;?\007\033[?2026$p\033P$qm\033\\asked.'"
    ANY = rb"\x1b\[6n|\x1b\[c|\x1b\]11;\?|\$p|\x1bP\$q"

    def test_only_the_holders_terminal_is_asked(self):
        new("-t", "x", "--", "sh", "-c", f"stty -echo; read a; {self.ASK}; read b")
        with Terminal("attach", "x") as holder, Terminal("attach", "--view", "x") as watching:
            holder.attached()
            watching.attached()
            holder.send("\r")
            holder.wait_for(r"asked\.")
            watching.wait_for(r"asked\.")
            for part in (b"\x1b[6n", b"\x1b[c", b"\x1b]11;?\x07", b"\x1b[?2026$p", b"\x1bP$qm\x1b\\"):
                self.assertIn(part, holder.shown)
            self.assertNotRegex(watching.shown, self.ANY)

    def test_nothing_is_asked_by_what_is_replayed(self):
        name = new("-t", "x", "--", "sh", "-c", f"{self.ASK}; read b")
        run("wait", name, "--text", "asked.")
        with Terminal("attach", "x") as terminal:
            terminal.attached()
            terminal.wait_for(r"asked\.")
            terminal.detach()
            terminal.ended()
            self.assertNotRegex(terminal.shown, self.ANY)


class Much(Base):
    def test_a_paste_of_a_megabyte(self):
        size = 1 << 20
        data = os.urandom(size // 2).hex().encode()
        with Terminal("new", "--", "sh", "-c", f"stty raw -echo; echo ready; head -c {size} | sha256sum") as terminal:
            terminal.wait_for(r"ready")
            terminal.send(data)
            terminal.wait_for(hashlib.sha256(data).hexdigest(), seconds=60)
            self.assertEqual(terminal.ended(), 0)

    def test_a_flood_that_the_terminal_does_not_take(self):
        """What the client holds is bounded by the window, and it can still be left."""
        with Terminal("new", "--", "sh", "-c", "read x; yes 0123456789") as terminal:
            terminal.attached()
            terminal.send("\r")
            terminal.wait_for(r"(0123456789\r\n){1000}")
            terminal._closed = True  # nobody reads the terminal any more
            terminal._reader.join()
            limit = time.monotonic() + 3

            def memory():
                with open(f"/proc/{terminal.process.pid}/status", encoding="ascii") as file:
                    return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))
            most = 0
            while time.monotonic() < limit:
                most = max(most, memory())
                time.sleep(0.1)
            if not is_sanitized():
                self.assertLess(most, 32 * 1024)
            terminal.detach()
            self.assertEqual(terminal.process.wait(10), 0)
            self.assertEqual(terminal.settings(), terminal.before)

    def test_all_of_a_large_output_arrives(self):
        with Terminal("new", "--", "sh", "-c", "seq 200000; read x") as terminal:
            position = terminal.attached()
            terminal.wait_for(rb"\n200000\r\n", seconds=60)
            numbers = [int(n) for n in re.findall(rb"(\d+)\r\n", terminal.shown[position:])]
            self.assertEqual(numbers[-1000:], list(range(199001, 200001)))
            terminal.send("\r")
            self.assertEqual(terminal.ended(), 0)


if __name__ == "__main__":
    unittest.main()
