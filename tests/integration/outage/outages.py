"""A PostgreSQL with a small disk of its own, and the ways in which it goes away."""
import atexit
import contextlib
import os
import random
import signal
import subprocess
import tempfile

import postgres

DISK_MIB = 512  # a new cluster takes 40, its log of changes 64 and more; enough for some minutes, and soon filled


class SmallDisk:
    """A file system of a few MiB in memory. Mounting needs root: without it there is none, and `is_there` says so."""

    def __init__(self, mib):
        self.folder = tempfile.mkdtemp(prefix="roost-disk-")
        os.chmod(self.folder, 0o755)
        self.filler = os.path.join(self.folder, "filler")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", self.folder], capture_output=True, text=True)
        self.is_there = done.returncode == 0
        self.why_not = done.stderr.strip()
        atexit.register(self.remove)

    def fill(self):
        block = bytes(1 << 16)
        with contextlib.suppress(OSError), open(self.filler, "ab", buffering=0) as file:
            while file.write(block) == len(block):
                pass

    def empty(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.filler)

    def remove(self):
        if self.is_there:
            subprocess.run(["umount", "--lazy", self.folder], capture_output=True)
            self.is_there = False
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


class Server(postgres.Postgres):
    def __init__(self, disk_mib):
        self.disk = SmallDisk(disk_mib)
        super().__init__(self.disk.folder, max_wal_size="64MB", min_wal_size="32MB")
        atexit.register(self.disk.empty)

    def disk_was_full(self):
        """How often PostgreSQL has said so."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read().count("No space left on device")

    def remove(self):
        self.disk.empty()
        super().remove()


class Outage:
    """One way to be away: `begin` and `end`. `is_seen`: a look at the server finds it away for as long as it lasts."""

    is_seen = True

    def __init__(self, server):
        self.server = server

    def end(self):
        self.server.ensure()


class Stopped(Outage):
    name = "stopped"

    def begin(self):
        self.server.stop(signal.SIGINT)


class StoppedAtOnce(Outage):
    name = "stopped at once"

    def begin(self):
        self.server.stop(signal.SIGQUIT)


class Killed(Outage):
    name = "killed"

    def begin(self):
        self.server.kill()


class Frozen(Outage):
    name = "frozen"

    def begin(self):
        self.server.freeze()


class Restarted(Outage):
    name = "restarted"
    is_seen = False

    def begin(self):
        self.server.stop(signal.SIGINT)
        self.server.start()


class DiskFull(Outage):
    name = "disk full"
    is_seen = False  # it answers until it has to write; then it may crash, and not come up

    def begin(self):
        self.server.disk.fill()

    def end(self):
        self.server.disk.empty()
        super().end()


def kinds(server):
    """All that can be done here."""
    found = [Stopped, StoppedAtOnce, Killed, Frozen, Restarted]
    if server.disk.is_there:
        found.append(DiskFull)
    else:
        print(f"  without a full disk: a file system of its own needs root ({server.disk.why_not})", flush=True)
    return [kind(server) for kind in found]


class Deck:
    """Outages in a random order, each as often as the others."""

    def __init__(self, server, seed):
        self.chance = random.Random(seed)
        self.kinds = kinds(server)
        self.left = []

    def next(self):
        if not self.left:
            self.left = self.chance.sample(self.kinds, len(self.kinds))
        return self.left.pop()
