"""What the next program of a session finds: a clean terminal, its size, its sandbox; and programs that cannot be started again."""
import json
import os
import re
import shutil
import signal
import unittest

import node
import restarting
import roost
import ws
from keeper import is_alive
from roost import wait_until

GARBAGE = {
    "alternate screen": r"\033[?1049h\033[2J\033[5;5Hfull screen",
    "alternate screen, old": r"\033[?47hfull screen",
    "mouse": r"\033[?1000h\033[?1002h\033[?1003h\033[?1006h",
    "bracketed paste": r"\033[?2004h",
    "focus": r"\033[?1004h",
    "hidden cursor": r"\033[?25l\033[5 q",
    "scroll region": r"\033[3;8r\033[8;1H",
    "origin, insert, no wrap": r"\033[?6h\033[4h\033[?7l",
    "application keys": r"\033[?1h\033=",
    "line drawing": r"\033(0\016",
    "colours": r"\033[31;44;1;7m",
    "newline mode": r"\033[20h",
    "palette": r"\033]4;1;#00ff00\007\033]11;#123456\007",
    "keyboard": r"\033[>1u",
    "link": r"\033]8;;http://example.org/\033\\linked",
    "synchronized": r"\033[?2026h",
    "half a sequence": r"\033[31;",
    "half a title": r"\033]2;never ends",
    "half a device string": r"\033Pq#0",
    "half a character": r"\342\202",
}
# What a snapshot of a terminal that nobody has changed may hold of modes, and no other.
MODE = re.compile(rb"\x1b\[(?:\?[\d;]+[hl]|\d+h|[\d;]+r|\d+ q|[=><]\d*u)|\x1b[=>]|\x1b\](?!8;)[^\x07\x1b]*|\x1b[()*+][^B]|\x0e")


# Said when colours were changed at some time: back to the viewer's own.
RESETS = {b"\x1b]104", b"\x1b]110", b"\x1b]111", b"\x1b]112"}


def modes(snapshot):
    return sorted(set(MODE.findall(snapshot)) - RESETS)


class Seam(restarting.Case):
    def test_nothing_of_the_first_meets_the_second(self):
        one = self.node
        clean = one.new(["sh", "-c", "printf 'clean\\n'; exec cat"])["id"]
        one.wait_for(clean, text="clean")
        wanted = modes(one.snapshot(clean))
        for what, bytes_ in {**GARBAGE, "all of it": "".join(v for k, v in GARBAGE.items() if not k.startswith("half"))}.items():
            with self.subTest(what):
                name = self.start(f"[ $n = 2 ] && echo clean && exec cat; echo text before; printf '{bytes_}'; exit 1")["id"]
                one.wait_for(name, text="clean")
                one.wait_for(name, idle_ms=50)
                shown, shot = json.loads(one.screen(name, "json")), one.snapshot(name)
                self.assertEqual((shown["alternate"], shown["cursor"]["visible"]), (False, True), shown)
                self.assertEqual([m for m in modes(shot) if m not in wanted], [])
                self.assertIn(b"text before", shot)
                self.assertEqual(b"".join(re.findall(rb"\x1b\]8;;([^\x07\x1b]*)", shot)[-1:]), b"", "the last link is closed")
                lines = one.screen(name).splitlines()
                self.assertEqual(lines[lines.index("clean") - 1], "[roost: exited with status 1; starts again in 0.1 s]")
                self.assertIn("clean", one.screen(name, "ansi").splitlines(), "in no colour")
                one.delete(f"/sessions/{name}?now=1")

    def test_scrollback_stays(self):
        one = self.node
        name = self.start("[ $n = 2 ] && echo clean && exec cat; for i in {1..500}; do echo old $i.; done; printf '\\033[?1049h\\033[2J'; exit 1")["id"]
        one.wait_for(name, text="clean")
        self.assertEqual([int(n) for n in re.findall(rb"old (\d+)\.", one.snapshot(name))], list(range(1, 501)))

    def test_vim_that_is_killed(self):
        one = self.node
        count = self.path("vims")
        name = one.new(["bash", "-c", f"echo >>{count}; [ $(wc -l <{count}) = 2 ] && echo after vim && exec cat; echo before vim; "
                                      "exec vim -u NONE -c 'set nocp mouse=a ttymouse=sgr' /etc/passwd"], restart="on-failure")["id"]
        one.wait_for(name, text="root:")
        one.wait_for(name, idle_ms=300)
        session = one.session(name)
        self.assertTrue(json.loads(one.screen(name, "json"))["alternate"])
        os.kill(session["pid"], signal.SIGKILL)
        one.wait_for(name, text="after vim")
        shown = one.screen(name)
        self.assertFalse(json.loads(one.screen(name, "json"))["alternate"])
        self.assertRegex(shown, r"before vim\n(\n)?\[roost: ended by SIGKILL; starts again in 0\.1 s\]\nafter vim\n")
        self.assertNotIn("root:", shown)
        self.assertFalse(re.search(rb"\?100\dh|\?2004h|\?1h", one.snapshot(name)))


class Meanwhile(restarting.Case):
    config = node.CONFIG + "terminals: {restart: {first: 700ms, longest: 700ms}}\n"

    def test_the_next_has_the_new_size(self):
        one = self.node
        name = self.start("stty size; [ $n = 1 ] && exit 1; cat")["id"]
        self.waits(name)
        self.assertEqual(one.post(f"/sessions/{name}/resize", {"cols": 131, "rows": 41}).status, 200)
        one.wait_for(name, text="41 131")
        self.assertIn(b"24 80", one.output(name)[1])

    def test_a_viewer_s_size(self):
        one = self.node
        name = self.start("stty size; [ $n = 1 ] && exit 1; cat")["id"]
        self.waits(name)
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.attach(1, name, cols=111, rows=29)
            viewer.read_output(1, b"29 111")

    def test_no_input_reaches_the_next(self):
        one = self.node
        name = self.start("[ $n = 1 ] && exit 1; exec cat")["id"]
        self.waits(name)
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.attach(1, name)
            viewer.input(1, b"by socket\n")
            self.assertEqual(one.post(f"/sessions/{name}/input", b"by http\n").status, 409)
            self.runs(name, 1)
            viewer.input(1, b"the next one's\n")
            viewer.read_output(1, b"the next one's\r\nthe next one's\r\n")
        self.assertNotIn(b"by ", one.output(name)[1])

    def test_a_command_that_is_asked_for_meanwhile_goes_to_the_next_shell(self):
        one = self.node
        name = one.new(restart="always")["id"]
        one.wait_for(name, idle_ms=300)
        one.type(name, b"exit 0\n")
        self.waits(name)
        answer = one.post(f"/sessions/{name}/input?wait=command", {"text": "(exit 5)"})
        self.assertEqual((answer.status, answer.json().get("exit_status")), (200, 5), answer)


class Sandboxed(restarting.Case):
    def test_the_profile_is_the_same(self):
        one = self.node
        folder = self.path("work")
        os.mkdir(folder)
        for profile in roost.sandboxes()[1:]:
            # It knows by a file of its folder which program it is: that is all it may write.
            script = (f"echo >>{folder}/{profile}; n=$(wc -l <{folder}/{profile}); touch /usr/x 2>/dev/null || echo $n may not; "
                      "set -- /proc/[0-9]*; echo $n sees $#, net $(wc -l </proc/net/dev); [ $n = 1 ] && exit 1; exec cat")
            name = one.new(["bash", "-c", script], sandbox=profile, cwd=folder, restart="on-failure")["id"]
            one.wait_for(name, regex=r"2 sees.*net \d+")
            self.assertEqual((one.session(name)["sandbox"], self.runs(name, 1)["restart"]["count"]), (profile, 1))
            text = one.output(name)[1]
            self.assertIn(b"1 may not", text)
            self.assertIn(b"2 may not", text)
            (first, processes, nets), (second, more, others) = re.findall(rb"(\d) sees (\d+), net (\d+)", text)
            self.assertEqual((first, second, nets), (b"1", b"2", others))
            self.assertLess(max(int(processes), int(more)), 10, "its own ones")


class Removable(restarting.Case):
    def make(self):
        """A session of a program in a folder of its own, which both may go away."""
        folder = self.path("place")
        os.mkdir(folder)
        self.program = os.path.join(folder, "program")
        self.write("echo the first; until [ -e go ]; do sleep 0.02; done; exit 1")
        session = self.node.new([self.program], cwd=folder, restart="on-failure")
        self.node.wait_for(session["id"], text="the first")
        return session, folder

    def write(self, script):
        with open(self.program + ".new", "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(self.program + ".new", 0o755)
        os.rename(self.program + ".new", self.program)

    def tries(self, name, word, times):
        wait_until(lambda: sum("cannot be started again" in s and word in s and "tries again in" in s for s in self.seams(name)) >= times,
                   lambda: f"it says {word}: {self.seams(name)}")


class CannotBeStarted(Removable):
    def test_its_file_is_away(self):
        one = self.node
        session, folder = self.make()
        name = session["id"]
        os.remove(self.program)
        self.open_gate("place/go")
        self.tries(name, "command-not-found", 2)
        told = self.waits(name)
        self.assertEqual((told["restart"]["last_exit_status"], told["epoch"]), (1, session["epoch"]))
        one.restart()
        self.tries(name, "command-not-found", 3)
        self.write("echo it is back; cat")
        one.wait_for(name, text="it is back")
        self.assertGreaterEqual(self.runs(name, 1)["restart"]["count"], 1)

    def test_its_folder_is_away(self):
        one = self.node
        session, folder = self.make()
        name = session["id"]
        shutil.move(folder, folder + ".away")
        with open(folder + ".away/go", "w", encoding="ascii"):
            pass
        wait_until(lambda: not is_alive(session["pid"]), "it ends")
        self.tries(name, "place", 2)
        shutil.move(folder + ".away", folder)
        self.write("echo it is back; cat")
        one.wait_for(name, text="it is back")

    def test_it_is_no_program_any_more(self):
        session, _ = self.make()
        os.chmod(self.program, 0o644)
        self.open_gate("place/go")
        self.tries(session["id"], "command-not-executable", 1)
        self.assertEqual(self.node.delete(f"/sessions/{session['id']}").json()["state"], "exited")


class IsGivenUp(Removable):
    config = node.CONFIG + "terminals: {restart: {first: 100ms, longest: 100ms, max: 3}}\n"

    def test_its_file_is_away(self):
        session, _ = self.make()
        os.remove(self.program)
        self.open_gate("place/go")
        last = self.ends(session["id"], 1)
        self.assertEqual((last["restart"]["given_up"], last["restart"]["count"]), (True, 0))
        self.assertRegex(self.seams(session["id"])[-1], "^cannot be started again: command-not-found[^;]*$")


if __name__ == "__main__":
    unittest.main()
