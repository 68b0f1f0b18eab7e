"""kill -9 of the server of sessions with a restart policy: what was counted stays counted, and never do two programs run at once."""
import json
import os
import re
import signal
import time
import unittest

import node
import process
import restarting
from asking import Asking
from keeper import is_alive
from node import CHANCE, ROUNDS, SEED, Followers
from roost import wait_until
from test_restart import seconds_until


def kept(session):
    return {k: session[k] for k in ("id", "epoch", "state", "pid", "created_at", "command", "restart", "cols", "rows", "cwd")}


class WhileItWaits(restarting.Case):
    config = node.CONFIG + restarting.SLOW

    def test_the_time_is_kept(self):
        one = self.node
        for script, status, number in (("exit 6", 6, None), ("kill -TERM $$", None, signal.SIGTERM)):
            name = self.start(script, cols=91, rows=31)["id"]
            before = kept(self.waits(name))
            out = one.output(name)
            one.restart()
            self.assertEqual(kept(one.session(name)), before)
            self.assertEqual(one.terminate(), 0)
            one.start()
            self.assertEqual((kept(one.session(name)), one.output(name)), (before, out))
            one.delete(f"/sessions/{name}")
            self.ends(name, status, number)
            one.restart()
            self.ends(name, status, number)
            self.assertEqual(one.output(name), out)

    def test_a_new_size_and_policy_are_kept(self):
        one = self.node
        name = self.start("exit 6")["id"]
        self.waits(name)
        self.assertEqual(one.post(f"/sessions/{name}/resize", {"cols": 133, "rows": 37}).status, 200)
        self.assertEqual(one.call("PATCH", f"/sessions/{name}", {"restart": "always"}).status, 200)
        one.restart()
        session = self.waits(name)
        self.assertEqual((session["cols"], session["rows"], session["restart"]["policy"]), (133, 37, "always"))


class Waiting(Asking, restarting.Case):
    config = node.CONFIG + restarting.SLOW

    def test_who_waits_for_the_end_waits_on(self):
        one = self.node
        name = self.start("exit 6")["id"]
        self.waits(name)
        asked = self.ask("wait", name, "--exit", "--json")
        self.is_asked(asked)
        one.restart()
        self.waits(name)
        self.is_asked(asked)
        self.assertIsNone(asked.poll())
        one.delete(f"/sessions/{name}")
        status, out, err = self.answered(asked)
        self.assertEqual((status, json.loads(out)["exit_status"]), (0, 6), err)


class WhileTheTimePasses(restarting.Case):
    config = node.CONFIG + "terminals: {restart: {first: 1s, longest: 1s}}\n"

    def test_it_is_started_after_all(self):
        one = self.node
        name = self.start("[ $n = 1 ] && exit 6; stty size; cat")["id"]
        at = self.waits(name)["restart"]["next_at"]
        self.assertEqual(one.post(f"/sessions/{name}/resize", {"cols": 99, "rows": 33}).status, 200)
        one.restart(lambda: wait_until(lambda: seconds_until(at) < -0.1, "its time has passed"))
        self.runs(name, 1)
        one.wait_for(name, text="33 99")
        self.assertEqual(len(self.seams(name)), 1, "what was said once is not said again")


class AtTheStart(restarting.Case):
    """The server dies when it has asked for the next program and does not know yet that it runs."""

    config = node.CONFIG + "terminals: {restart: {first: 600ms, longest: 600ms}}\n"

    def asked(self, script):
        """A session whose server has asked for the second program, and the keeper, which is stopped and has not answered."""
        name = self.start(script)["id"]
        at = self.waits(name)["restart"]["next_at"]
        keeper = self.node.keeper_pid()
        os.kill(keeper, signal.SIGSTOP)
        self.addCleanup(os.kill, keeper, signal.SIGCONT)
        wait_until(lambda: seconds_until(at) < -0.3, "the server has asked")
        self.assertEqual(self.node.session(name)["restart"]["count"], 0)
        return name, keeper

    def second(self, last):
        """A session whose second program was started for a server that had just died, and has ended: its id."""
        one = self.node
        done = self.path("done")
        name, keeper = self.asked(f"echo this is $n.; case $n in 1) exit 6;; 2) echo last words; trap 'echo >{done}' EXIT; {last};; *) cat;; esac")
        os.kill(one.pid, signal.SIGSTOP)
        os.kill(keeper, signal.SIGCONT)
        wait_until(lambda: os.path.exists(done), "the second has run")
        wait_until(lambda: not process.with_environment(one.marker), "it has ended")
        one.restart()
        return name

    def test_one_that_failed_is_followed_by_a_third(self):
        name = self.second("exit 7")
        session = self.runs(name, 2)
        self.assertEqual((session["restart"]["count"], session["restart"]["last_exit_status"]), (2, 7))
        self.node.wait_for(name, text="this is 3.")
        self.assertEqual(self.node.output(name)[1].count(b"last words"), 1)

    def test_one_that_has_done_its_work_is_the_last(self):
        name = self.second("exit 0")
        self.assertEqual(self.ends(name, 0)["restart"]["count"], 1)
        self.assertIn(b"last words", self.node.output(name)[1])


    def test_an_end_that_is_asked_for_then(self):
        one = self.node
        for now in ("", "?now=1"):
            for is_killed in (False, True):
                name, keeper = self.asked("[ $n = 1 ] && exit 6; while :; do read -rt 1 x; done")
                answer = one.delete(f"/sessions/{name}{now}")
                self.assertEqual((answer.status, answer.json()["state"]), (202, "starting"), answer)
                if is_killed:
                    one.kill()
                os.kill(keeper, signal.SIGCONT)
                if is_killed:
                    one.start()
                last = self.reaches(name, lambda s: s["state"] == "exited", "it ends")
                self.assertIn((last["exit_status"], last["signal"]), ((6, None), (None, signal.SIGHUP), (None, signal.SIGKILL)), last)
                self.assertLessEqual(last["restart"]["count"], 1)
                self.assertEqual(len(self.seams(name)), 1, "no third one")
                wait_until(lambda: not process.with_environment(one.marker), "no program is left")

    def test_the_policy_is_taken_back_then(self):
        one = self.node
        name, keeper = self.asked("echo this is $n.; exit 6")
        self.assertEqual(one.call("PATCH", f"/sessions/{name}", {"restart": "never"}).status, 200)
        os.kill(keeper, signal.SIGCONT)
        self.assertEqual(self.ends(name, 6)["restart"]["count"], 1)
        self.assertIn(b"this is 2.", one.output(name)[1])


class WhileItRuns(restarting.Case):
    def test_the_second_program_goes_on(self):
        one = self.node
        name = self.start(f"echo this is $n.; case $n in 1) exit 1;; 2) {self.pass_gate('go')} exit 2;; *) cat;; esac")["id"]
        one.wait_for(name, text="this is 2.")
        before = kept(self.runs(name, 1))
        one.restart()
        self.assertEqual(kept(one.session(name)), before)
        self.assertEqual(one.terminate(), 0)
        one.start()
        self.assertEqual(kept(one.session(name)), before)
        self.open_gate("go")
        one.wait_for(name, text="this is 3.")
        self.assertEqual(self.runs(name, 2)["restart"]["last_exit_status"], 2)

    def test_it_ends_while_no_server_is_there(self):
        one = self.node
        lasts = {"exit 7": (7, None), "kill -KILL $$": (None, signal.SIGKILL), "exit 0": (0, None)}
        made = {last: self.start(f"echo this is $n.; [ $n = 1 ] && {{ {self.pass_gate('go')} echo last words; {last}; }}; cat", env={"MINE": "x"})
                for last in lasts}
        for session in made.values():
            one.wait_for(session["id"], text="this is 1.")

        def away():
            self.open_gate("go")
            wait_until(lambda: not [s for s in made.values() if is_alive(s["pid"])], "they end")
        one.restart(away)
        for last, (status, number) in lasts.items():
            name = made[last]["id"]
            if last == "exit 0":
                self.assertEqual(self.ends(name, 0)["restart"]["count"], 0)
                continue
            told = self.runs(name, 1)["restart"]
            self.assertEqual((told["count"], told["last_exit_status"], told["last_signal"]), (1, status, number))
            one.wait_for(name, text="this is 2.")
            text = one.output(name)[1]
            self.assertLess(text.index(b"last words"), text.index(b"[roost: "))
            self.assertEqual(text.count(b"last words"), 1)

    def test_an_end_that_was_asked_for_is_no_failure(self):
        one = self.node
        name = self.start("trap '' HUP TERM; echo up; while :; do read -rt 1 x; done", restart="always")["id"]
        one.wait_for(name, text="up")
        self.assertEqual(one.delete(f"/sessions/{name}").status, 202)
        one.restart()
        self.assertEqual(self.ends(name, None, signal.SIGKILL)["restart"]["count"], 0)


class Loop(restarting.Case):
    """Again and again, at any moment, under programs that end all the time."""

    def test_nothing_goes_back(self):
        one = self.node
        print(f"ROOST_SEED={SEED} ROOST_ROUNDS={ROUNDS}", flush=True)
        lock = self.path("lock")
        names = [self.start(f"exec 9>>{lock}{i}; flock -n 9 || echo two at once; echo program $n.; read -rt 0.05 x; exit $((n % 2 + 1))")["id"] for i in range(4)]
        counts, outputs = dict.fromkeys(names, 0), dict.fromkeys(names, b"")
        epochs = {name: one.session(name)["epoch"] for name in names}
        followers = Followers(one, names)
        for _ in range(3 * ROUNDS):
            followers.follow(CHANCE.uniform(0, 0.6))
            one.kill()
            followers.drop()
            moment = time.monotonic() + CHANCE.choice((0, CHANCE.uniform(0, 0.3)))
            wait_until(lambda m=moment: time.monotonic() >= m, "the moment")
            one.start()
            followers.attach()
            for name in names:
                session = one.session(name)
                begin, out, epoch = one.output(name)
                self.assertIn(session["state"], ("starting", "running", "exiting"), session)
                self.assertGreaterEqual(session["restart"]["count"], counts[name])
                self.assertEqual((begin, epoch), (0, epochs[name]))
                self.assertEqual(out[:len(outputs[name])], outputs[name])
                counts[name], outputs[name] = session["restart"]["count"], out
        followers.follow(0.2)
        followers.client.close()
        for name in names:
            self.runs(name, counts[name] + 2)
            self.assertIn(one.delete(f"/sessions/{name}?now=1").status, (200, 202))
            last = self.reaches(name, lambda s: s["state"] == "exited", "it ends")
            _, out, _ = one.output(name)
            self.assertNotIn(b"two at once", out)
            self.assertEqual(out[:len(followers.bytes[name])], followers.bytes[name])
            numbers = [int(n) for n in re.findall(rb"program (\d+)\.\r\n", out)]
            self.assertEqual(numbers, sorted(set(numbers)), "each once, in order")
            print(f"{last['restart']['count']} restarts, {len(numbers)} programs seen of {numbers[-1]}, {len(self.seams(name))} seams", flush=True)
            # A program that the server never heard of before it was killed may be missing; hardly any is.
            self.assertLessEqual(numbers[-1] - len(numbers), 3 * ROUNDS)
            self.assertLessEqual(abs(last["restart"]["count"] + 1 - len(numbers)), 3 * ROUNDS)
        wait_until(lambda: not process.with_environment(one.marker), "no program is left")


if __name__ == "__main__":
    unittest.main()
