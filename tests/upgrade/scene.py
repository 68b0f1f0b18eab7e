"""What people have on a node while its server is replaced, and what they must find afterwards."""
import json
import os
import time

import client
import process
from keeper import is_alive
from node import CONFIG, Followers, ledger
from roost import wait_until
from test_state import kept

# So little history that segments are used again and the screen needs checkpoints; a limit that every program must see.
SETTINGS = CONFIG + "terminals: {history: 1MiB, keep_reading: %s, limits: {open_files: 512}}\n"
PAUSES = (0.002, 0.005, 0.01, 0.02)  # seconds between the lines of the ledgers
# Each line typed is answered with what the program sees of itself.
QUIET = ["bash", "-c", "stty -echo; printf '\\033]2;set by the program\\007\\033[31;1mready\\033[m\\r\\n'; "
                       "while read -r x; do echo \"[$x] $(stty size) $(ulimit -n)\"; done"]
# What a session's use changes. All else is the same whenever the same build tells it.
CHANGING = {"offset", "shell"}


class Scene:
    """Sessions of each kind on one node, for a test case that is an `Asking`."""

    def __init__(self, test, node):
        self.test, self.node, self.turn = test, node, 0
        self.told = {}  # build → what it said of the quiet sessions
        self.ledgers = [node.new(ledger(pause))["id"] for pause in PAUSES]
        self.quiet = self.make_quiet_ones()
        self.viewed = node.new(["bash", "-c", "while read -r x; do echo \"<$x>\"; done"])["id"]
        self.terminal = client.Terminal("attach", self.viewed, server=node)
        test.addCleanup(self.terminal.close)
        self.terminal.attached()
        self.mortal = self.make_mortal()
        self.first = node.sessions()
        self.followers = Followers(node, self.ledgers)
        test.addCleanup(lambda: self.followers.client.close())
        self.remember()

    def make_quiet_ones(self):
        one = self.node
        resized, titled, boxed = (one.new(QUIET, **more)["id"] for more in ({}, {}, {"sandbox": "workspace", "cwd": one.folder}))
        assert one.post(f"/sessions/{resized}/resize", {"cols": 133, "rows": 37}).status == 200
        assert one.call("PATCH", f"/sessions/{titled}", {"title": "set by a person", "size_policy": "manual"}).status == 200
        full = one.new(["bash", "-c", "stty -echo; seq -f 'old line %.0f.' 150000; while read -r x; do echo $x; done"])["id"]  # 2.6 MB
        shell = one.new()["id"]
        over = one.new(["bash", "-c", "echo last words; exit 3"])["id"]
        for name in (resized, titled, boxed):
            one.wait_for(name, text="ready")
        one.wait_for(full, text="old line 150000.")
        one.wait_for(over, exit=True)
        one.wait_for(shell, idle_ms=300)
        done = one.post(f"/sessions/{shell}/input?wait=command", {"text": "cd /usr/share; X=kept; (exit 3)"}).json()
        assert done["finished"], done
        return {"resized": resized, "titled": titled, "boxed": boxed, "full": full, "shell": shell, "over": over}

    def make_mortal(self):
        """A session that ends when its gate opens: (its id, its process, the gate, the status it will have)."""
        gate, status = os.path.join(self.node.folder, f"gate{self.turn}"), 40 + self.turn
        session = self.node.new(["bash", "-c", f"until [ -e {gate} ]; do read -rt 0.05 x; done; seq 50; echo last words; exit {status}"])
        return session["id"], session["pid"], gate, status

    def switch(self, build, how):
        """`build` takes over. The seconds until it listens."""
        one, test = self.node, self.test
        self.turn += 1
        self.followers.follow(0.5)
        asked = [test.ask("wait", self.quiet["titled"], "--text", f"turn {self.turn}"), test.ask("wait", self.mortal[0], "--exit", "--json")]
        for each in asked:
            test.is_asked(each)
        self.terminal.send(f"before {self.turn}\r")
        self.terminal.wait_for(f"<before {self.turn}>")
        before = self.picture()
        one.leave(how)
        self.followers.drop()
        with open(self.mortal[2], "w", encoding="ascii"):
            pass
        wait_until(lambda: not is_alive(self.mortal[1]), "it ends without a server")
        one.install(build)
        begin = time.monotonic()
        one.start()
        seconds = time.monotonic() - begin

        self.followers.attach()  # by offset, or it fails
        self.assert_same(before, self.picture())
        self.remember()
        self.assert_exit(asked[1])
        self.terminal.send(f"after {self.turn}\r")
        self.terminal.wait_for(f"<after {self.turn}>", seconds=30)
        self.assert_in_use(asked[0])
        self.assert_new_ones()
        self.mortal = self.make_mortal()
        return seconds

    # ---- what must hold ----

    def picture(self):
        """All that is kept of the quiet sessions."""
        one = self.node
        return {what: {"session": kept(one.session(name)), "text": one.screen(name), "ansi": one.screen(name, "ansi"),
                       "screen": json.loads(one.screen(name, "json")), "output": one.output(name)} for what, name in self.quiet.items()}

    def assert_same(self, before, after):
        for what, was in before.items():
            for part, then in was.items():
                now = after[what][part]
                if isinstance(then, dict):  # builds may differ in what they tell
                    then, now = ({k: v for k, v in each.items() if k in then and k in now} for each in (then, now))
                if part == "output":  # the next server may still find what this one had let go of
                    begin, data, epoch = now
                    now = (then[0], data[then[0] - begin:], epoch) if begin <= then[0] else now
                if then != now:  # without a comparison line by line, which takes minutes for megabytes
                    self.test.fail(f"{part} of {what}, turn {self.turn}: {str(then)[:1500]} … became {str(now)[:1500]} …")

    def remember(self):
        """What this build says, it said when it was here before, whoever was there in between."""
        now = {what: {k: v for k, v in kept(self.node.session(name)).items() if k not in CHANGING} for what, name in self.quiet.items()}
        self.test.assertEqual(self.told.setdefault(str(self.node.build), now), now)

    def assert_exit(self, asked):
        """Of the session that ended while no server was there."""
        one, test = self.node, self.test
        name, _, _, status = self.mortal
        code, out, err = test.answered(asked)
        test.assertEqual(code, 0, err)
        test.assertEqual(json.loads(out)["exit_status"], status)
        now = one.session(name)
        test.assertEqual((now["state"], now["exit_status"], now["signal"]), ("exited", status, None))
        test.assertEqual(one.output(name)[1].replace(b"\r", b""), b"".join(b"%d\n" % i for i in range(1, 51)) + b"last words\n")
        test.assertEqual(one.delete(f"/sessions/{name}").status, 200)

    def assert_in_use(self, asked):
        """Everything goes on: the same processes, which read what is typed and see the size and the limits that they had."""
        one, test = self.node, self.test
        sizes = {"resized": "37 133", "titled": "24 80", "boxed": "24 80"}
        for what, size in sizes.items():
            one.type(self.quiet[what], f"turn {self.turn}\n".encode())
            one.wait_for(self.quiet[what], text=f"[turn {self.turn}] {size} 512")
        test.assertEqual(test.answered(asked)[0], 0)
        one.type(self.quiet["full"], f"turn {self.turn}\n".encode())
        one.wait_for(self.quiet["full"], text=f"turn {self.turn}")
        done = one.post(f"/sessions/{self.quiet['shell']}/input?wait=command", {"text": "echo $X $PWD"}).json()
        test.assertTrue(done["finished"], done)
        test.assertIn("kept /usr/share", done["output"])
        now = one.sessions()
        for name, first in self.first.items():
            if name in now:
                same = ("pid", "epoch", "created_at", "command", "cols", "rows", "sandbox", "size_policy")
                test.assertEqual({k: now[name][k] for k in same}, {k: first[k] for k in same})
                test.assertEqual(is_alive(first["pid"]), now[name]["state"] == "running")
        test.assertEqual(set(now), {*self.ledgers, *self.quiet.values(), self.viewed})

    def assert_new_ones(self):
        """This server's wishes are understood by that keeper: starts, sandboxes, limits, signals, ends, and letting go."""
        one, test = self.node, self.test
        for more in ({}, {"sandbox": "isolated", "cwd": one.folder}):
            name = one.new(["bash", "-c", "(trap '' HUP; setsid sleep 600 &); echo $(ulimit -n) limit; cat"], env={"MARK": "newcomer"}, **more)["id"]
            one.wait_for(name, text="512 limit")
            test.assertEqual(one.delete(f"/sessions/{name}?now=1").status, 202)
            one.wait_for(name, exit=True)
            wait_until(lambda: not [p for p in process.with_environment("MARK=newcomer") if is_alive(p)], "all of it ends")
            test.assertEqual(one.delete(f"/sessions/{name}").status, 200)

    def finish(self, keeper):
        """`keeper` is the build whose keeper holds all this. The ledgers, from their first line on: (lines, bytes that viewers saw)."""
        one, test = self.node, self.test
        self.followers.follow(0.5)
        lines = seen = 0
        for name in self.ledgers:
            begin, out, epoch = one.output(name)
            viewed = self.followers.bytes[name]
            test.assertEqual((begin, epoch), (0, self.first[name]["epoch"]))
            test.assertEqual(out[:len(viewed)], viewed)
            lines += test.assert_whole_ledger(out)
            seen += len(viewed)
        test.assertGreater(seen, 0)
        test.assertIsNone(self.terminal.process.poll())
        self.terminal.detach()
        test.assertEqual(self.terminal.ended(), 0)
        test.assertTrue(one.holds_one_keeper(keeper))
        return lines, seen
