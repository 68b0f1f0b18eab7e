"""What sessions leave behind in server and keeper, also over kills of the server: nothing."""
import collections
import concurrent.futures
import os
import unittest

import node
import process
import roost
from keeper import cgroup_folder, tree_of
from roost import wait_until

SESSIONS = 1000 if node.IS_LONG else 200
KINDS = [["sh", "-c", "echo hello; exit 3"], ["cat"], ["sh", "-c", "trap '' HUP TERM; setsid sleep 600 & sleep 600"], None,
         ["sh", "-c", "kill -SEGV $$"]]


def kinds_of(pid):
    """What a process has open, counted by kind: socket, pidfd, ptmx, memfd."""
    names = (target.split(":")[0] if not target.startswith("/memfd:") else "memfd" for target in process.descriptors(pid))
    return collections.Counter(names)


class Leftovers(node.Case):
    def run_one(self, number):
        one = self.node
        session = one.new(KINDS[number % len(KINDS)])
        if number % len(KINDS) in (1, 2, 3):
            self.assertEqual(one.delete(f"/sessions/{session['id']}?now=1").status, 202)
        one.wait_for(session["id"], exit=True)
        self.assertEqual(one.delete(f"/sessions/{session['id']}").status, 200)

    def run_some(self, count):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.run_one, range(count)))
        wait_until(lambda: not tree_of(self.node.keeper_pid()), "the keeper is childless")

    def maps(self, pid):
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
            return sum("memfd:" in line for line in file)

    def cgroups(self, pid):
        folder = cgroup_folder(pid)
        return sorted(os.listdir(os.path.join(folder, f"roost-{pid}"))) if folder and os.path.isdir(os.path.join(folder, f"roost-{pid}")) else []

    def test_sessions_leave_nothing(self):
        one = self.node
        held = one.new(["cat"])["id"]  # the keeper does not end meanwhile
        one.type(held, b"x\n")
        keeper = one.keeper_pid()
        self.assertTrue(tree_of(keeper))
        one.delete(f"/sessions/{held}?now=1")
        one.wait_for(held, exit=True)
        one.delete(f"/sessions/{held}")
        self.run_some(20)
        groups = self.cgroups(keeper)
        before = {pid: kinds_of(pid) for pid in (one.pid, keeper)}
        memory = process.memory(keeper)
        self.run_some(SESSIONS)
        for pid, was in before.items():
            wait_until(lambda p=pid, w=was: not kinds_of(p) - w, lambda p=pid, w=was: f"{process.command(p)}: {kinds_of(p) - w}")
            self.assertEqual([t for t in process.descriptors(pid) if "ptmx" in t or "/pts/" in t or "memfd:" in t and "roost-session" in t], [])
            self.assertEqual(self.maps(pid), 0)
            self.assertEqual(process.children(pid) if pid == keeper else [], [])
        self.assertEqual(self.cgroups(keeper), groups)
        self.assertEqual(one.keeper_pid(), keeper)
        self.assertEqual(process.with_environment(one.marker), [])
        print(f"{SESSIONS} sessions; the keeper's memory grew by {(process.memory(keeper) - memory) >> 10} KiB", flush=True)
        # AddressSanitizer keeps what was freed.
        self.assertLess(process.memory(keeper) - memory, (64 if roost.is_sanitized() else 1) << 20)

    def test_kills_leave_nothing(self):
        one = self.node
        names = [one.new(["cat"])["id"] for _ in range(10)]
        keeper = one.keeper_pid()
        one.restart()
        keepers, servers = kinds_of(keeper), None
        for _ in range(10):
            one.restart()
            one.type(names[0], b"x\n")
            wait_until(lambda: not kinds_of(keeper) - keepers, "no more descriptors in the keeper")
            one.get("/sessions")
            if servers is None:
                servers = kinds_of(one.pid)
        wait_until(lambda: not kinds_of(one.pid) - servers, lambda: f"as many descriptors as the first: {kinds_of(one.pid) - servers}")
        self.assertEqual(one.keeper_pid(), keeper)
        self.assertEqual(self.maps(one.pid), len(names), "one mapping for each")
        for name in names:
            one.delete(f"/sessions/{name}?now=1")
            one.wait_for(name, exit=True)
            one.delete(f"/sessions/{name}")
        wait_until(lambda: not tree_of(keeper), "the keeper is childless")
        self.assertEqual(self.maps(one.pid), 0)


if __name__ == "__main__":
    unittest.main()
