"""Processes that do not want to end: each does, by `end`, by the end of the keeper, and by its being killed."""
import contextlib
import os
import resource
import shutil
import signal
import time
import unittest

import keeper
import wire
from keeper import Keeper, is_alive, marked, read_until, wait_until

BASH = "/bin/bash"
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 61234  # a user that nobody else is: its processes are counted

ZOMBIES = """
import os, time
for i in range(100):
    if os.fork() == 0:
        os._exit(0)
print("ready", flush=True)
time.sleep(600)
"""
HOLDER = """
import os, signal, sys, time
if os.fork():
    time.sleep(600)
os.setsid()
signal.signal(signal.SIGHUP, signal.SIG_IGN)
print("ready", flush=True)
while True:
    time.sleep(600)
"""
DEAF = """
import os, signal, time
for number in range(1, 65):
    if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
        signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
print("ready", flush=True)
while True:
    time.sleep(600)
"""
# Forks without end; each child does, too. At the limit it goes on trying. A test that fails must not leave it for ever.
BOMB = """
import os, signal, time
deadline = time.monotonic() + 40
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while time.monotonic() < deadline:
    try:
        os.fork()
        os.setsid()
    except OSError:
        pass
"""

# name → words, more of the request, processes at least
ARTISTS = {
    "plain": ([BASH, "-c", "echo ready; sleep 600"], {}, 1),
    "doublefork": ([BASH, "-c", "(setsid sleep 600 & ) ; (sleep 600 & sleep 600 &) & echo ready; sleep 600"], {}, 3),
    "setsid": ([BASH, "-c", "setsid setsid bash -c 'setsid sleep 600 & sleep 600' & echo ready; exec sleep 600"], {}, 3),
    "nohup": ([BASH, "-c", "nohup sleep 600 >/dev/null 2>&1 & disown -a; echo ready; exec sleep 600"], {}, 2),
    "deaf": (["/usr/bin/python3", "-c", DEAF], {}, 1),
    "holder": (["/usr/bin/python3", "-c", HOLDER], {}, 2),
    "stopped": ([BASH, "-c", "sleep 600 & kill -STOP $!; setsid sh -c 'kill -STOP $$' & echo ready; kill -STOP $$"], {}, 3),
    "zombies": (["/usr/bin/python3", "-c", ZOMBIES], {}, 1),
    "daemon": ([BASH, "-c", "trap '' HUP; setsid -f sleep 600; setsid -f sh -c 'setsid -f sleep 600; sleep 600'; echo ready"], {}, 3),
    "bomb": (["/usr/bin/python3", "-c", BOMB], {"limits": [(resource.RLIMIT_NPROC, 60)], "user": (NOBODY, NOBODY)}, 20),
}


def python():
    """The interpreter, where any user may run it."""
    return os.path.realpath("/usr/bin/python3")


def let_loose(owner, name):
    """Starts an artist, and waits until it is at its worst."""
    words, more, least = ARTISTS[name]
    words = [python() if word == "/usr/bin/python3" else word for word in words]
    started = owner.start(name, words, env=[PATH, f"MARK=art{name}"], **more)
    read_until(started.master, lambda out: b"ready" in out)
    wait_until(lambda: len([p for p in keeper.tree_of(started.warden) if is_alive(p)]) >= least, f"{name}: all of it")
    return started


class Ending(keeper.Case):
    FLAGS = ()

    def test_each_ends_when_told(self):
        kept = Keeper(*self.FLAGS)
        owner = kept.owner()
        for name in ARTISTS:
            with self.subTest(name):
                started = let_loose(owner, name)
                begin = time.monotonic()
                owner.end(name)
                owner.expect(wire.EXITED, id=name)
                owner.expect(wire.EMPTIED, id=name, seconds=5)
                self.assertLess(time.monotonic() - begin, 4)
                self.assertEqual(marked(f"MARK=art{name}"), [])
                started.close()
                owner.forget(name)
        self.assertEqual(keeper.tree_of(kept.pid), [])

    def test_all_end_with_the_keeper_s_end(self):
        kept = Keeper(*self.FLAGS)
        owner = kept.owner()
        for name in ARTISTS:
            let_loose(owner, name).close()
        begin = time.monotonic()
        kept.kill(signal.SIGTERM)
        kept.wait_gone(9)
        self.assertGreater(time.monotonic() - begin, 4.5, "HUP, 2 s, TERM, 3 s, KILL")
        for name in ARTISTS:
            self.assertEqual(marked(f"MARK=art{name}"), [], name)
        self.assertEqual(os.listdir(kept.folder).count("keeper.sock"), 0)

    def test_all_end_when_the_keeper_is_killed(self):
        kept = Keeper(*self.FLAGS)
        owner = kept.owner()
        for name in ARTISTS:
            let_loose(owner, name).close()
        tree = keeper.tree_of(kept.pid)
        kept.kill()
        wait_until(lambda: not [p for p in tree if is_alive(p)], "the end of all", 2)
        for name in ARTISTS:
            self.assertEqual(marked(f"MARK=art{name}"), [], name)

    def test_each_ends_when_its_warden_is_killed(self):
        kept = Keeper(*self.FLAGS)
        owner = kept.owner()
        other = owner.start("other", ["/bin/sleep", "600"])
        for name in ARTISTS:
            with self.subTest(name):
                started = let_loose(owner, name)
                os.kill(started.warden, signal.SIGKILL)
                exited = owner.expect(wire.EXITED, id=name)
                owner.expect(wire.EMPTIED, id=name, seconds=5)
                if name != "daemon":  # which had exited before
                    self.assertEqual((exited.status, exited.signal), (-1, 9))
                self.assertEqual(marked(f"MARK=art{name}"), [])
                started.close()
                owner.forget(name)
        self.assertTrue(is_alive(other.pid))
        wait_until(lambda: sorted(keeper.tree_of(kept.pid)) == sorted([other.pid, other.warden]), lambda: keeper.tree_of(kept.pid))


class EndingWithoutCgroups(Ending):
    FLAGS = ("--no-cgroups",)


class Obstacles(keeper.Case):
    def test_a_warden_that_was_stopped(self):
        kept = Keeper()
        owner = kept.owner()
        # With the terminals kept open here: their end would end the programs.
        started = [owner.start(name, [BASH, "-c", "trap '' HUP; kill -STOP $PPID; sleep 600"], env=[PATH]) for name in ("a", "b")]
        wait_until(lambda: [state for _, state in keeper.process.children(kept.pid)] == ["T", "T"], "both wardens are stopped")
        owner.end("a")
        owner.expect(wire.EMPTIED, id="a")
        kept.kill()
        wait_until(lambda: not is_alive(started[1].warden) and not is_alive(started[1].pid), "the other's end", 3)

    def test_what_may_not_be_killed_costs_nothing_and_holds_nobody_up(self):
        """A keeper of a plain user; a process of its session that has become root."""
        kept = Keeper(prefix=["/usr/bin/setpriv", "--reuid", "61010", "--regid", "61010", "--clear-groups", "--"], owner=61010)
        owner = kept.owner()
        mark = f"root{kept.pid}"
        tool = os.path.join(kept.top, "become-root")
        shutil.copy("/usr/bin/setpriv", tool)
        os.chmod(tool, 0o4755)
        owner.start("a", [BASH, "-c", f"trap '' HUP; {tool} --reuid 0 --regid 0 --clear-groups sleep 600 & sleep 600"], env=[PATH, f"MARK={mark}"]).close()
        roots = wait_until(lambda: [p for p in marked(f"MARK={mark}") if is_root(p)], "a process of root's")
        self.addCleanup(end_all, roots)
        warden, = [pid for pid, _ in keeper.process.children(kept.pid)]
        owner.end("a")
        owner.expect(wire.EXITED, id="a")
        begin = cpu_seconds(warden)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:  # others go on meanwhile
            owner.start("b", ["/bin/true"]).close()
            owner.expect(wire.EMPTIED, id="b")
            owner.forget("b")
        self.assertLess(cpu_seconds(warden) - begin, 0.2)
        self.assertTrue(is_alive(roots[0]))
        end_all(roots)
        owner.expect(wire.EMPTIED, id="a")


def end_all(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_root(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return "Uid:\t0\t0\t0\t0\n" in file.read()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Asking(keeper.Case):
    def test_a_tree_that_ends_when_asked_needs_no_ladder(self):
        kept = Keeper()
        kept.owner().start("a", [BASH, "-c", "setsid sleep 600 & sleep 600"], env=[PATH, "MARK=ask1"]).close()
        begin = time.monotonic()
        kept.kill(signal.SIGTERM)
        kept.wait_gone(2)
        self.assertLess(time.monotonic() - begin, 1.5)
        self.assertEqual(marked("MARK=ask1"), [])

    def test_asked_twice_it_kills_at_once(self):
        kept = Keeper()
        owner = kept.owner()
        let_loose(owner, "deaf").close()
        begin = time.monotonic()
        kept.kill(signal.SIGTERM)
        wait_until(lambda: "signal 15" in kept.log(), "the first")
        kept.kill(signal.SIGTERM)
        kept.wait_gone(2)
        self.assertLess(time.monotonic() - begin, 1.5)
        self.assertEqual(marked("MARK=artdeaf"), [])

    def test_a_closing_keeper_starts_nothing(self):
        kept = Keeper()
        owner = kept.owner()
        let_loose(owner, "deaf").close()
        kept.kill(signal.SIGTERM)
        wait_until(lambda: "signal 15" in kept.log(), "the signal")
        self.assertEqual(owner.refused("b", [BASH]).step, wire.STEP_PROCESS)
        kept.kill(signal.SIGTERM)
        owner.expect(wire.EMPTIED, id="deaf")


if __name__ == "__main__":
    unittest.main()
