"""Restart policies: which ends are followed by a next program, how long it takes, and ends that were asked for."""
import datetime
import os
import signal
import time
import unittest

import node
import process
import restarting
import ws
from asking import Asking
from keeper import is_alive
from roost import wait_until


def seconds_until(stamp):
    return (datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


class Policies(restarting.Case):
    def test_on_failure(self):
        one = self.node
        session = self.start(f"echo this is $n; case $n in 1) {self.pass_gate('a')} exit 1;; *) {self.pass_gate('b')} exit 0;; esac")
        name = session["id"]
        self.assertEqual(session["restart"], {"policy": "on-failure", "count": 0, "next_at": None, "last_exit_status": None,
                                              "last_signal": None, "given_up": False})
        offset = one.session(name)["offset"]
        self.open_gate("a")
        second = self.runs(name, 1)
        self.assertEqual({k: second[k] for k in ("id", "epoch", "created_at", "command", "exited_at")},
                         {k: session[k] for k in ("id", "epoch", "created_at", "command", "exited_at")})
        self.assertNotEqual(second["pid"], session["pid"])
        self.assertEqual(second["restart"], {**session["restart"], "count": 1, "last_exit_status": 1})
        self.assertGreater(second["offset"], offset)
        one.wait_for(name, text="this is 2")
        self.open_gate("b")
        last = self.ends(name, 0)
        self.assertEqual((last["restart"]["count"], last["restart"]["given_up"]), (1, False))
        self.assertRegex("".join(self.seams(name)), r"^exited with status 1; starts again in 0\.1 s$")

    def test_a_signal_is_a_failure(self):
        one = self.node
        name = self.start("[ $n = 1 ] && kill -KILL $$; cat")["id"]
        self.assertEqual({k: v for k, v in self.runs(name, 1)["restart"].items() if k.startswith("last")},
                         {"last_exit_status": None, "last_signal": signal.SIGKILL})
        self.assertIn("ended by SIGKILL", self.seams(name)[0])
        one.type(name, b"it reads\n")
        one.wait_for(name, text="it reads")

    def test_always(self):
        name = self.start("exit 0", restart="always")["id"]
        session = self.reaches(name, lambda s: s["restart"]["count"] >= 3, "restart 3")
        self.assertEqual(session["restart"]["last_exit_status"], 0)
        self.assertEqual(set(x.split(";")[0] for x in self.seams(name)), {"exited with status 0"})

    def test_never(self):
        for fields in ({}, {"restart": "never"}):
            session = self.node.new(["sh", "-c", "exit 3"], **fields)
            self.assertEqual(session["restart"]["policy"], "never")
            self.assertEqual(self.ends(session["id"], 3)["restart"]["count"], 0)
            self.assertEqual(self.seams(session["id"]), [])

    def test_another_policy_later(self):
        one = self.node
        name = self.start(self.pass_gate("$n") + "exit 4", restart="never")["id"]
        self.assertEqual(one.call("PATCH", f"/sessions/{name}", {"restart": "on-failure"}).json()["restart"]["policy"], "on-failure")
        self.open_gate("1")
        self.runs(name, 1)
        self.assertEqual(one.call("PATCH", f"/sessions/{name}", {"restart": "never"}).status, 200)
        self.assertEqual(one.session(name)["state"], "running", "a program that runs may go on")
        self.open_gate("2")
        self.assertEqual(self.ends(name, 4)["restart"]["count"], 1)

    def test_what_is_wrong_is_said(self):
        one = self.node
        for body in ({"restart": "sometimes"}, {"restart": True}, {"restart": None, "command": 5}):
            answer = one.post("/sessions", {"command": ["true"], **body})
            self.assertEqual(answer.status, 400, answer)
        self.assertIn("never", one.post("/sessions", {"command": ["true"], "restart": "sometimes"}).text)
        long = ["true", "x" * (24 << 10)]
        answer = one.post("/sessions", {"command": long, "restart": "always"})
        self.assertEqual((answer.status, answer.problem), (400, "bad-command"), answer)
        self.assertIn("24 KiB", answer.text)
        answer = one.post("/sessions", {"command": ["true"], "env": {"X": "x" * (24 << 10)}, "restart": "on-failure"})
        self.assertEqual(answer.status, 400, answer)
        name = one.new(["sh", "-c", "read x", "x" * (24 << 10)])["id"]
        answer = one.call("PATCH", f"/sessions/{name}", {"restart": "always"})
        self.assertEqual((answer.status, answer.problem), (400, "bad-command"), answer)
        self.assertEqual(one.session(name)["restart"]["policy"], "never")
        one.type(name, b"\n")
        self.ends(name, 0)

    def test_a_viewer_gets_every_byte_once(self):
        one = self.node
        ledger = "stty -echo; for ((i = 1, t = 0; i <= 4000; ++i)); do t=$((t + i)); echo $i $t; done; "
        session = self.start(f"case $n in 3) cat;; *) {self.pass_gate('go')} {ledger} exit 1;; esac")
        name, seen = session["id"], b""
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.attach(1, name, since={"epoch": session["epoch"], "offset": 0})
            self.open_gate("go")
            while len(restarting.SEAM.findall(seen)) < 2:
                message = viewer.receive()
                self.assertNotEqual(message[0], "snapshot")
                self.assertFalse(message[0] == "text" and message[1]["type"] in ("exited", "error"), message)
                if message[0] == "output":
                    self.assertEqual(message[2], len(seen), "without a gap or a double")
                    seen += message[3]
                    viewer.ack(1, len(seen))
            self.runs(name, 2)
            viewer.input(1, b"typed into the third\n")
            seen += viewer.read_output(1, b"typed into the third")
        begin, out, epoch = one.output(name)
        self.assertEqual((begin, epoch), (0, session["epoch"]))
        self.assertEqual(out[:len(seen)], seen)
        # Around each seam's line stand its sequences, but no text.
        pieces = restarting.SEAM.split(seen)
        self.assertEqual(len(pieces), 5)
        for piece in pieces[0], pieces[2]:
            text, can, _ = piece.partition(b"\x18")
            self.assertTrue(can)
            self.assertEqual(self.assert_whole_ledger(text), 4000)

    def test_the_environment_and_the_folder_are_there_again(self):
        one = self.node
        name = self.start("echo $n $MINE $PWD $ROOST_SESSION_ID; cd /; [ $n = 1 ] && exit 1; cat", env={"MINE": "given"}, cwd="/usr/share")["id"]
        one.wait_for(name, text=f"2 given /usr/share {name}")


class Rows(restarting.Case):
    config = node.CONFIG + "terminals: {restart: {first: 100ms, longest: 400ms, stable: 700ms, max: 4}}\n"

    def test_a_crash_loop_is_given_up(self):
        name, seen = self.start("exit 9")["id"], []

        def over():
            session = self.node.session(name)
            if session["restart"]["next_at"] and (session["restart"]["count"], session["restart"]["next_at"]) not in seen:
                seen.append((session["restart"]["count"], session["restart"]["next_at"]))
            return session["state"] == "exited"
        wait_until(over, "it is given up")
        last = self.ends(name, 9)
        self.assertEqual((last["restart"]["count"], last["restart"]["given_up"], last["restart"]["last_exit_status"]), (4, True, 9))
        self.assertEqual(len(set(seen)), 4)
        # What was said, to a tenth of a second; `next_at` says the same.
        waits = [float(x.split(" in ")[1].split()[0]) for x in self.seams(name)]
        for wait, nominal in zip(waits, (0.1, 0.2, 0.4, 0.4), strict=True):
            self.assertAlmostEqual(wait, nominal, delta=nominal / 10 + 0.05)
        stamps = [datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) for _, at in seen]
        for earlier, later, nominal in zip(stamps, stamps[1:], (0.2, 0.4, 0.4)):
            self.assertGreater((later - earlier).total_seconds(), nominal * 0.9 - 0.002)
        answer = self.node.call("PATCH", f"/sessions/{name}", {"restart": "always", "title": "too late"})
        self.assertEqual((answer.status, answer.problem), (409, "session-ended"), "it does not come back")
        self.assertNotEqual(self.node.session(name)["title"], "too late", "all of it, or nothing")

    def test_a_program_that_ran_well_begins_a_new_row(self):
        name = self.start("[ $n -ge 10 ] && exit 0; (( n % 3 )) || { echo stays $n.; " + "read -rt 0.9 x; }; exit 1")["id"]
        last = self.reaches(name, lambda s: s["state"] == "exited", "it ends", 30)
        self.assertEqual((last["exit_status"], last["restart"]["count"], last["restart"]["given_up"]), (0, 9, False))


class AskedEnds(restarting.Case):
    """The policy is about ends that nobody asked for."""

    config = node.CONFIG + restarting.SLOW

    def test_while_it_runs(self):
        for now in ("", "?now=1"):
            name = self.start("trap 'exit 5' HUP; echo up; while :; do read -rt 0.1 x; done", restart="always")["id"]
            self.node.wait_for(name, text="up")
            self.node.delete(f"/sessions/{name}{now}")
            last = self.reaches(name, lambda s: s["state"] == "exited", "it ends")
            self.assertEqual((last["exit_status"], last["signal"]), (None, signal.SIGKILL) if now else (5, None))
            self.assertEqual((last["restart"]["count"], self.seams(name)), (0, []))

    def test_while_it_waits(self):
        one = self.node
        for ask in (lambda n: one.delete(f"/sessions/{n}"), lambda n: one.delete(f"/sessions/{n}?now=1"),
                    lambda n: one.call("PATCH", f"/sessions/{n}", {"restart": "never"})):
            for script, status, number in (("exit 6", 6, None), ("kill -TERM $$", None, signal.SIGTERM)):
                name = self.start(script)["id"]
                self.assertGreater(seconds_until(self.waits(name)["restart"]["next_at"]), 400)
                self.assertIn(ask(name).status, (200, 202))
                last = one.session(name)
                self.assertEqual((last["state"], last["exit_status"], last["signal"]), ("exited", status, number))
                self.assertFalse(last["restart"]["given_up"])
                self.assertEqual(one.delete(f"/sessions/{name}").status, 200, "a second time forgets it")

    def test_another_policy_while_it_waits_changes_nothing_else(self):
        name = self.start("exit 6")["id"]
        at = self.waits(name)["restart"]["next_at"]
        session = self.node.call("PATCH", f"/sessions/{name}", {"restart": "always", "title": "t"}).json()
        self.assertEqual((session["state"], session["restart"]["next_at"], session["title"]), ("starting", at, "t"))

    def test_input_is_refused_meanwhile(self):
        one = self.node
        name = self.start("exit 6")["id"]
        self.waits(name)
        answer = one.post(f"/sessions/{name}/input", b"lost\n")
        self.assertEqual((answer.status, answer.problem), (409, "session-ended"), answer)
        self.assertIn("next program has not started", answer.json()["detail"])


class Moments(restarting.Case):
    """Ends that are asked for at any moment of the way to the next program."""

    def test_asked_at_any_moment(self):
        one = self.node
        print(f"ROOST_SEED={node.SEED}", flush=True)
        for turn in range(6 * node.ROUNDS):
            session = self.start("exit 7", restart="always")
            name = session["id"]
            self.reaches(name, lambda s: s["restart"]["next_at"] or s["restart"]["count"], "the first has ended")
            at = one.session(name)["restart"]["next_at"]
            begin = time.monotonic() + (seconds_until(at) if at else 0) + node.CHANCE.uniform(-0.01, 0.02)
            wait_until(lambda b=begin: time.monotonic() >= b, "the moment")
            self.assertIn(one.delete(f"/sessions/{name}" + ("?now=1" if turn % 2 else "")).status, (200, 202))
            last = self.reaches(name, lambda s: s["state"] == "exited", "it ends")
            self.assertIn((last["exit_status"], last["signal"]), ((7, None), (None, signal.SIGHUP), (None, signal.SIGKILL)))
            self.assertIsNone(last["restart"]["next_at"])
            count = last["restart"]["count"]
            one.wait_for(name, exit=True)
            self.assertEqual(one.session(name)["restart"]["count"], count)
            self.assertEqual(one.delete(f"/sessions/{name}").status, 200)
        wait_until(lambda: not process.with_environment(one.marker), "no program is left")


class Lifetime(restarting.Case):
    config = node.CONFIG + "terminals: {limits: {lifetime: 1s}, restart: {first: 10m, longest: 10m}}\n"

    def test_it_ends_while_it_waits(self):
        name = self.start("exit 6")["id"]
        self.waits(name)
        self.ends(name, 6)


class Questions(Asking, restarting.Case):
    def test_a_wait_for_the_end_is_answered_by_the_last_one(self):
        one = self.node
        name = self.start("[ $n = 4 ] && exit 0; exit 1")["id"]
        asked = self.ask("wait", name, "--exit", "--json")
        status, out, err = self.answered(asked)
        self.assertEqual((status, '"exit_status":0' in out.replace(" ", "")), (0, True), (out, err))
        self.assertEqual(one.session(name)["restart"]["count"], 3)

    def test_the_event_of_an_end_is_of_the_last_one(self):
        one = self.node
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.send({"type": "subscribe", "topics": ["session.changed", "session.exited"]})
            viewer.send({"type": "ping", "id": 1})
            viewer.expect("pong")
            name = self.start("printf '\\033]2;program %d\\007' $n; [ $n = 4 ] && exit 0; exit 1")["id"]
            seen = set()
            while True:
                told = viewer.expect("event")
                session = told["session"]
                seen.add((session["state"], session["restart"]["count"]))
                if told["topic"] == "session.exited":
                    break
                self.assertNotEqual(session["state"], "exited", session)
        self.assertEqual((session["id"], session["exit_status"], session["restart"]["count"]), (name, 0, 3))
        # It waits before each start, so each program is told of; what is over at once may be passed over.
        self.assertLessEqual({0, 1, 2}, {count for _, count in seen})

    def test_a_command_that_ends_its_shell_is_answered(self):
        one = self.node
        name = one.new(restart="on-failure")["id"]
        one.wait_for(name, idle_ms=300)
        begin = time.monotonic()
        answer = one.post(f"/sessions/{name}/input?wait=command", {"text": "exit 3"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json()["finished"], answer.json()["exit_status"]), (True, 3), answer)
        self.assertLess(time.monotonic() - begin, 10)
        self.runs(name, 1)
        wait_until(lambda: (one.session(name)["shell"] or {}).get("cwd"), "the next shell has a prompt")
        answer = one.post(f"/sessions/{name}/input?wait=command", {"text": "(exit 4)"})
        self.assertEqual((answer.json()["finished"], answer.json()["exit_status"]), (True, 4), answer)

    def test_one_that_waits_for_text_sees_the_next_program_s(self):
        name = self.start("[ $n = 3 ] && echo need''le && cat; exit 1")["id"]
        self.node.wait_for(name, text="needle")


class KeeperKilled(restarting.Case):
    config = node.CONFIG + restarting.SLOW

    def test_while_it_waits(self):
        one = self.node
        name = self.start("exit 6")["id"]
        self.waits(name)
        with ws.Client(one) as viewer:
            viewer.expect("hello")
            viewer.attach(1, name)
            first = one.keeper_pid()
            os.kill(first, signal.SIGKILL)
            session = self.reaches(name, lambda s: s["state"] == "lost", "it is lost")
            self.assertEqual((session["exit_status"], session["restart"]["next_at"]), (6, None))
        wait_until(lambda: not is_alive(first), "it is gone")
        self.assertEqual(one.delete(f"/sessions/{name}").status, 200)


if __name__ == "__main__":
    unittest.main()
