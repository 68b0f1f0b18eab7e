"""Programs that do not want to end, ended through the API: each is gone within the ladder, and at once when asked so."""
import os
import time
import unittest

import node
import process
from keeper import is_alive, tree_of
from roost import wait_until

LADDER = 5.0  # HUP, 2 s, TERM, 3 s, KILL
GRACE = 2.5

ZOMBIES = "import os, time\nfor i in range(100):\n  if os.fork() == 0: os._exit(0)\nprint('ready', flush=True)\ntime.sleep(600)"
HOLDER = ("import os, signal, time\nif os.fork(): time.sleep(600)\nif os.fork(): os._exit(0)\n"
          "signal.signal(1, signal.SIG_IGN)\nsignal.signal(15, signal.SIG_IGN)\nprint('ready', flush=True)\nwhile True: time.sleep(600)")
DEAF = ("import signal, time\nfor n in range(1, 32):\n  if n not in (9, 19): signal.signal(n, signal.SIG_IGN)\n"
        "print('ready', flush=True)\nwhile True: time.sleep(600)")
# name → what runs, processes at least
ARTISTS = {
    "double fork": (["bash", "-c", "(setsid sleep 600 &); (sleep 600 & sleep 600 &) & echo ready; sleep 600"], 4),
    "setsid": (["bash", "-c", "setsid setsid bash -c 'setsid sleep 600 & sleep 600' & echo ready; exec sleep 600"], 3),
    "nohup": (["bash", "-c", "nohup sleep 600 >/dev/null 2>&1 & disown -a; echo ready; exec sleep 600"], 2),
    "trap": (["bash", "-c", "trap '' HUP TERM INT QUIT; echo ready; while :; do sleep 1; done"], 1),
    "deaf": (["python3", "-c", DEAF], 1),
    "stopped": (["bash", "-c", "sleep 600 & kill -STOP $!; setsid sh -c 'kill -STOP $$' & echo ready; kill -STOP $$"], 3),
    "holder": (["python3", "-c", HOLDER], 2),
    "zombies": (["python3", "-c", ZOMBIES], 1),
}
# Whose first process ends by itself while others stay.
LEAVERS = {
    "daemon": ["bash", "-c", "trap '' HUP; setsid -f sleep 600; setsid -f sh -c 'setsid -f sleep 600; sleep 600'; echo ready; exit 6"],
    "background": ["bash", "-c", "trap '' HUP; sleep 600 & (sleep 600 &) ; echo ready; exit 6"],
    "stopped leaver": ["bash", "-c", "setsid sh -c 'kill -STOP $$' & sleep 0.1; echo ready; exit 6"],
}


class Escapes(node.Case):
    def let_loose(self, restarts):
        one = self.node
        made = {}
        for name, (words, least) in ARTISTS.items():
            session = one.new(words, env={"MARK": f"{name.replace(' ', '')}x"}, title=name)
            one.wait_for(session["id"], text="ready")
            mark = f"MARK={name.replace(' ', '')}x"
            wait_until(lambda m=mark, n=least: len(self.alive(m)) >= n, f"{name} is at its worst")
            made[name] = (session["id"], mark)
        if restarts:
            one.restart()
        return made

    @staticmethod
    def alive(mark):
        return [p for p in process.with_environment(mark) if is_alive(p)]

    def end_all(self, made, query, seconds):
        one = self.node
        begin = time.monotonic()
        for session, _ in made.values():
            self.assertEqual(one.delete(f"/sessions/{session}{query}").status, 202)
        for name, (session, mark) in made.items():
            left = max(0.5, seconds - (time.monotonic() - begin))
            wait_until(lambda m=mark: not self.alive(m), f"the end of all of {name}", left)
            wait_until(lambda s=session: one.session(s)["state"] == "exited", f"{name} has exited", left)
        # Zombies and leftovers without an environment: the keeper has no child any more.
        wait_until(lambda: not tree_of(one.keeper_pid()), "the keeper is childless", 3)
        for session, _ in made.values():
            self.assertEqual(one.delete(f"/sessions/{session}").status, 200)

    def test_the_ladder(self):
        self.end_all(self.let_loose(False), "", LADDER + GRACE)

    def test_at_once(self):
        self.end_all(self.let_loose(False), "?now=1", GRACE)

    def test_at_once_by_another_server(self):
        self.end_all(self.let_loose(True), "?now=1", GRACE)

    def test_a_ladder_that_the_server_does_not_live_to_see(self):
        made = self.let_loose(False)
        for session, _ in made.values():
            self.assertEqual(self.node.delete(f"/sessions/{session}").status, 202)
        self.node.restart()
        for name, (session, mark) in made.items():
            wait_until(lambda m=mark: not self.alive(m), f"the end of all of {name}", LADDER + GRACE)
            wait_until(lambda s=session: self.node.session(s)["state"] == "exited", f"{name} has exited", GRACE)

    def test_what_stays_after_a_natural_end(self):
        one = self.node
        made = {name: one.new(words, env={"MARK": f"{name.replace(' ', '')}x"})["id"] for name, words in LEAVERS.items()}
        for name, session in made.items():
            one.wait_for(session, exit=True)
            self.assertEqual(one.session(session)["exit_status"], 6)
        for name in made:
            wait_until(lambda m=f"MARK={name.replace(' ', '')}x": not self.alive(m), f"what {name} left behind ends, too", LADDER + GRACE)
        wait_until(lambda: not tree_of(one.keeper_pid()), "the keeper is childless", 3)

    def test_what_stays_after_an_end_that_nobody_saw(self):
        one = self.node
        gate = os.path.join(one.folder, "gate")
        session = one.new(["bash", "-c", f"trap '' HUP; setsid -f sleep 600; sleep 600 & until [ -e {gate} ]; do read -rt 0.05 x; done; exit 6"],
                          env={"MARK": "unseenx"})

        def away():
            open(gate, "w", encoding="ascii").close()
            wait_until(lambda: not is_alive(session["pid"]), "it ends")
        one.restart(while_away=away)
        one.wait_for(session["id"], exit=True)
        wait_until(lambda: not self.alive("MARK=unseenx"), "what it left behind ends, too", LADDER + GRACE)


if __name__ == "__main__":
    unittest.main()
