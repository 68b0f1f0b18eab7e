"""A roost-keeper of the tests' own, and what can be seen of it and its sessions from outside."""
import atexit
import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import process
import wire

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
KEEPERS = []


def program():
    """The roost-keeper under test."""
    places = [os.environ.get("ROOST_KEEPER")]
    if os.environ.get("ROOST_BUILD_DIR"):
        places.append(os.path.join(os.environ["ROOST_BUILD_DIR"], "apps/keeper/roost-keeper"))
    places += [os.path.join(ROOT, "build", kind, "apps/keeper/roost-keeper") for kind in ("release", "dev")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return os.path.abspath(place)
    raise SystemExit("no roost-keeper: build one, or name it in ROOST_KEEPER")


def wait_until(condition, what, seconds=10.0):
    """Calls `condition` until it gives something true; its value. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parents():
    """pid → parent of everything that runs."""
    out = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                out[int(entry)] = int(file.read().rpartition(") ")[2].split()[1])
    return out


def tree_of(root):
    """All descendants of a process, zombies included."""
    by_parent = {}
    for pid, parent in parents().items():
        by_parent.setdefault(parent, []).append(pid)
    out, todo = [], [root]
    while todo:
        children = by_parent.get(todo.pop(), [])
        out += children
        todo += children
    return out


def marked(text):
    """The processes whose environment holds `text`, whoever their parent is."""
    return [pid for pid in process.with_environment(text) if is_alive(pid)]


def read_until(master, condition, seconds=10.0):
    """Reads a terminal until `condition(bytes so far)`; the bytes. `condition` None: until its end."""
    out = b""
    deadline = time.monotonic() + seconds
    while condition is None or not condition(out):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([master], [], [], left)[0]:
            raise AssertionError(f"not within {seconds} s; {len(out)} bytes: {out[-300:]!r}")
        try:
            piece = os.read(master, 65536)
        except BlockingIOError:
            continue
        except OSError:  # EIO: nobody has the other side any more
            piece = b""
        if not piece:
            if condition is None:
                return out
            raise AssertionError(f"the terminal has ended; {len(out)} bytes: {out[-300:]!r}")
        out += piece
    return out


def cgroup_folder(pid):
    """Where a process is in cgroup v2, or None."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounts = [line.split()[4] for line in file if " - cgroup2 " in line and line.split()[3] == "/"]
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        own = [line.strip()[3:] for line in file if line.startswith("0::")]
    return mounts[0] + (own[0] if own[0] != "/" else "") if mounts and own else None


class Keeper:
    """A keeper in a folder of its own, which becomes a daemon by itself. `prefix`: words before the program."""

    def __init__(self, *flags, folder=None, prefix=(), owner=None):
        self.top = tempfile.mkdtemp(prefix="roost-keeper-test-")
        os.chmod(self.top, 0o711)
        self.folder = folder or os.path.join(self.top, "keeper")
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o700)
        if owner is not None:
            os.chown(self.folder, owner, owner)
        self.links = []
        self.run = subprocess.run([*prefix, program(), *flags, self.folder], env={"SECRET_OF_CALLER": "1"}, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=20, check=False)
        if self.run.returncode != 0:
            shutil.rmtree(self.top)
            raise AssertionError(self.run.stderr.decode())
        with open(os.path.join(self.folder, "keeper.pid"), encoding="ascii") as file:
            self.pid = int(file.read())
        KEEPERS.append(self)

    @property
    def socket(self):
        return os.path.join(self.folder, "keeper.sock")

    def link(self):
        link = wire.Link(self.socket)
        self.links.append(link)
        return link

    def owner(self, **versions):
        """A connection that has become the owner."""
        link = self.link()
        link.welcome, link.sessions = link.hello(**versions)
        return link

    def log(self):
        with open(os.path.join(self.folder, "keeper.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_alive(self):
        return is_alive(self.pid)

    def kill(self, number=signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait_gone(self, seconds=10.0):
        wait_until(lambda: not self.is_alive(), lambda: f"the keeper's end; log:\n{self.log()}", seconds)

    def stop(self):
        KEEPERS.remove(self)
        for link in self.links:
            link.close()
        try:
            if self.is_alive():
                tree = tree_of(self.pid)
                self.kill()  # its wardens end everything
                self.wait_gone()
                wait_until(lambda: not [p for p in tree if is_alive(p)], "the trees' end")
        finally:
            shutil.rmtree(self.top, ignore_errors=True)


@atexit.register
def stop_all():
    """Stops every keeper, also when one of them cannot be stopped."""
    with contextlib.ExitStack() as each:
        for keeper in list(KEEPERS):
            each.callback(keeper.stop)


class Case(unittest.TestCase):
    """A test with keepers that end with it."""

    def setUp(self):
        self.addCleanup(stop_all)

    def assertGone(self, mark, seconds=5.0):  # pylint: disable=invalid-name
        """Nothing with the environment variable MARK=`mark` runs."""
        wait_until(lambda: not marked(f"MARK={mark}"), lambda: f"the end of {marked(f'MARK={mark}')}", seconds)
