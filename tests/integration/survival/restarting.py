"""Sessions that start their programs again, and programs that count themselves."""
import os
import re

import node
from roost import wait_until

# [roost: exited with status 1; starts again in 0.1 s], as it stands in the output.
SEAM = re.compile(rb"\x1b\[2m\[roost: ([^\]]*)\]\x1b\[m\r\n")
# The waits of most tests, and those of tests in which the next program must not come by itself.
QUICK = "terminals: {restart: {first: 100ms, longest: 200ms, stable: 1h, max: 1000}}\n"
SLOW = "terminals: {restart: {first: 10m, longest: 10m}}\n"


class Case(node.Case):
    config = node.CONFIG + QUICK

    def setUp(self):
        super().setUp()
        self.serial = 0

    def path(self, word):
        """A file of this test's own."""
        return os.path.join(self.node.folder, word)

    def open_gate(self, word):
        with open(self.path(word), "w", encoding="ascii"):
            pass

    def pass_gate(self, word):
        """Shell: waits for `open_gate` without a process of its own."""
        return f"until [ -e {self.path(word)} ]; do read -rt 0.02 x; done; "

    def start(self, script, restart="on-failure", **fields):
        """A session of a bash script that knows in $n which program it is, from 1."""
        self.serial += 1
        count = self.path(f"count{self.serial}")
        script = f"n=$(cat {count} 2>/dev/null); n=$((n + 1)); echo $n >{count}; {script}"
        return self.node.new(["bash", "-c", script], restart=restart, **fields)

    def reaches(self, name, condition, what, seconds=10.0):
        """The session, as soon as the condition holds for it."""
        last = {}

        def seen():
            last.update(self.node.session(name))
            return condition(last) and last
        try:
            return wait_until(seen, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; the session: {last}; it shows: {self.node.output(name)[1][-500:]!r}") from None

    def runs(self, name, count):
        """The session, when that many restarts have been, and the program runs."""
        return self.reaches(name, lambda s: s["restart"]["count"] >= count and s["state"] == "running", f"restart {count}")

    def waits(self, name, count=0):
        """The session, when it waits for its next program."""
        session = self.reaches(name, lambda s: s["state"] == "starting" and s["restart"]["count"] >= count, "it waits")
        self.assertIsNone(session["pid"])
        self.assertIsNotNone(session["restart"]["next_at"])
        self.assertIsNone(session["exit_status"])
        return session

    def ends(self, name, status, signal=None):
        """The session, which has ended like this."""
        session = self.reaches(name, lambda s: s["state"] == "exited", "it ends")
        self.assertEqual((session["exit_status"], session["signal"]), (status, signal), session)
        self.assertIsNone(session["restart"]["next_at"])
        return session

    def seams(self, name):
        return [x.decode() for x in SEAM.findall(self.node.output(name)[1])]
