"""Nothing stays behind: hundreds of sessions are made and forgotten."""
import os
import re

import keeper
import wire
from keeper import Keeper, cgroup_folder, wait_until

BASH = "/bin/bash"
ENV = ["PATH=/usr/bin:/bin"]
SESSIONS = 300
AT_ONCE = 30


def terminals():
    with open("/proc/sys/kernel/pty/nr", encoding="ascii") as file:
        return int(file.read())


def mapped(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as file:
        return len(re.findall("roost-session", file.read()))


class Traces(keeper.Case):
    def traces(self):
        home = (cgroup_folder(self.kept.pid) or "").removesuffix("/_keeper")
        return {
            "descriptors": sorted(re.sub(r"\d+", "N", each) for each in keeper.process.descriptors(self.kept.pid)),
            "children": keeper.tree_of(self.kept.pid),
            "mapped": mapped(self.kept.pid),
            "cgroups": sorted(name for name in os.listdir(home) if os.path.isdir(os.path.join(home, name))) if home.endswith(f"roost-{self.kept.pid}") else [],
        }

    def test_nothing_is_left_of_hundreds_of_sessions(self):
        self.kept = Keeper()
        owner = self.kept.owner()
        kinds = [
            ["/bin/true"],
            [BASH, "-c", "setsid sleep 600 & exit 3"],
            ["/bin/sleep", "600"],
            [BASH, "-c", "yes | head -c 100000"],
            ["/no/such/program"],
        ]
        owner.start("first", ["/bin/true"]).close()
        owner.expect(wire.EMPTIED, id="first")
        owner.forget("first")
        wait_until(lambda: "/dev/ptmx" not in self.traces()["descriptors"], self.traces)
        before = self.traces()
        ptys = terminals()
        for batch in range(SESSIONS // AT_ONCE):
            names = [f"s{batch}x{i}" for i in range(AT_ONCE)]
            asked = [owner.ask_start(name, wire.request(kinds[i % len(kinds)], env=ENV)) for i, name in enumerate(names)]
            for i, each in enumerate(asked):
                owner.answer(each, wire.REFUSED if i % len(kinds) == 4 else wire.STARTED).close()
            if batch % 3 == 2:
                owner.close()
                owner = self.kept.owner()
                for each in owner.sessions.values():
                    each.close()
            for name in names:
                if batch % 2:
                    owner.end(name)
                owner.forget(name)
        owner.unread.clear()
        wait_until(lambda: self.traces() == before, lambda: f"{before}\n{self.traces()}")
        # Others on this machine may have terminals of their own.
        wait_until(lambda: terminals() < ptys + SESSIONS // 10, lambda: f"{ptys} {terminals()}")
        self.assertEqual(self.kept.owner().sessions, {})

    def test_a_warden_holds_only_what_it_needs(self):
        self.kept = Keeper()
        owner = self.kept.owner()
        starts = [owner.start(f"s{i}", ["/bin/sleep", "600"]) for i in range(5)]
        for started in starts:
            wait_until(lambda pid=started.warden: len(keeper.process.descriptors(pid)) == 5, lambda pid=started.warden: keeper.process.descriptors(pid))
            held = keeper.process.descriptors(started.warden)
            self.assertEqual([each.split(":")[0] for each in sorted(held)], ["/dev/null", "/dev/null", f"{self.kept.folder}/keeper.log", "anon_inode", "socket"])
            self.assertEqual(mapped(started.warden), 0)
            with open(f"/proc/{started.warden}/comm", encoding="ascii") as file:
                self.assertEqual(file.read(), "roost-warden\n")
