"""A node whose programs are replaced while it runs, as an upgrade of a package does it."""
import filecmp
import os
import shutil
import signal
import subprocess

import node
from keeper import is_alive
from roost import wait_until


class Build:
    """The programs of one commit."""

    def __init__(self, variable):
        self.folder = os.environ[variable]
        self.name = os.environ[variable + "_NAME"]
        self.roost = os.path.join(self.folder, "apps/roost/roost")
        self.roostd = os.path.join(self.folder, "apps/roostd/roostd")
        self.keeper = os.path.join(self.folder, "apps/keeper/roost-keeper")

    def __str__(self):
        return self.name


OLD, NEW = Build("ROOST_UPGRADE_OLD"), Build("ROOST_UPGRADE_NEW")


def runs(pid, program):
    """Whether a process is this program, even if the file that it was started from is gone."""
    return filecmp.cmp(f"/proc/{pid}/exe", program, shallow=False)


class Installed(node.Node):
    """A node with programs in a folder of its own: `install` replaces them, what runs goes on with the files that it has."""

    def __init__(self, place, build, config):
        self.place = place
        self.install(build)
        os.environ["ROOSTD"] = os.path.join(place, "roostd")
        super().__init__(config)

    def install(self, build):
        self.build = build
        for path in (build.roostd, build.keeper):
            if os.path.exists(path):
                to = os.path.join(self.place, os.path.basename(path))
                shutil.copy(path, to + ".new")
                os.rename(to + ".new", to)
        os.environ["ROOST"] = build.roost

    def replace_keeper(self, build):
        """Another build's keeper instead of the one that the server has started. Only while there is no session."""
        self.kill()
        pid = self.keeper_pid()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), "the keeper's end")
        self.keepers.clear()
        # Its folder must be free before it exits: then it listens.
        subprocess.run([build.keeper, os.path.join(self.data, "keeper")], check=True, timeout=20)
        self.start()

    def leave(self, how):
        """The server goes, in one of the two ways."""
        if how == "kill -9":
            self.kill()
        else:
            status = self.terminate()
            assert status == 0, (status, self.log()[-3000:])

    def start(self):
        seconds = super().start()
        assert runs(self.pid, self.build.roostd)
        return seconds

    def holds_one_keeper(self, build):
        """Whether all this was the work of one keeper, of this build, whatever is installed now."""
        return self.keepers == {self.keeper_pid()} and runs(self.keeper_pid(), build.keeper)
