"""Two builds take turns at one keeper, of either build: no session notices."""
import tempfile
import unittest

import node
from asking import Asking
from installed import NEW, OLD, Installed
from scene import SETTINGS, Scene

TERM, KILL = "SIGTERM", "kill -9"


class Turns(Asking, node.Case):
    """One scene over servers that follow each other."""

    keep_reading = "true"

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="roost-upgrade-")
        self.addCleanup(place.cleanup)
        self.place = place.name

    def begin(self, server, keeper=None):
        self.node = Installed(self.place, server, SETTINGS % self.keep_reading)
        self.addCleanup(self.node.stop)
        if keeper:
            self.node.replace_keeper(keeper)
        return Scene(self, self.node)

    def play(self, first, *turns, keeper=None):
        scene = self.begin(first, keeper)
        times = [scene.switch(build, how) for build, how in turns]
        lines, seen = scene.finish(keeper or first)
        print(f"{lines} lines whole, {seen} bytes seen on the way; seconds until the next server listened: "
              f"{' '.join(f'{each:.2f}' for each in times)}", flush=True)


class Upgrade(Turns):
    def test_after_an_orderly_stop(self):
        self.play(OLD, (NEW, TERM))

    def test_after_a_crash(self):
        self.play(OLD, (NEW, KILL))


class Rollback(Turns):
    def test_after_an_orderly_stop(self):
        self.play(NEW, (OLD, TERM))

    def test_after_a_crash(self):
        self.play(NEW, (OLD, KILL))


class Chain(Turns):
    def test_on_the_old_keeper(self):
        self.play(OLD, (NEW, TERM), (OLD, KILL), (NEW, KILL), (OLD, TERM), (NEW, TERM))

    def test_on_the_new_keeper(self):
        self.play(NEW, (OLD, KILL), (NEW, TERM), (OLD, TERM), (NEW, KILL))


class OldKeeper(Turns):
    keep_reading = "false"

    def test_a_server_that_never_knew_it(self):
        self.play(NEW, (NEW, KILL), (NEW, TERM), keeper=OLD)


if __name__ == "__main__":
    unittest.main()
