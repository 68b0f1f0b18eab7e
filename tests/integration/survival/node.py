"""A roostd that dies and comes back: with the same data dir, port and keeper."""
import atexit
import collections
import contextlib
import os
import random
import re
import signal
import subprocess
import time
import unittest

import process
import roost
import ws
from keeper import is_alive
from roost import wait_until

ROUNDS = int(os.environ.get("ROOST_ROUNDS", "6"))
IS_LONG = ROUNDS > 20
SEED = int(os.environ.get("ROOST_SEED", str(time.time_ns() % 1000000)))
CHANCE = random.Random(SEED)
CONFIG = "log: {level: warn}\n"
NODES = []


class Node(roost.Server):
    """One node: its server comes and goes, its keeper stays."""

    def __init__(self, config=CONFIG):
        super().__init__(config)
        words = self.process.args
        words[words.index("--listen") + 1] = f"127.0.0.1:{self.port}"
        self.command = words
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")}
        self.environment.update(SHELL="/bin/bash", HOME=self.folder)
        self.keepers = set()
        self.marker = f"ROOST_SERVER=unix:{self.socket_path}"
        NODES.append(self)
        self.keeper_pid()

    @property
    def pid(self):
        return self.process.pid

    def keeper_pid(self):
        """The keeper that there is now."""
        with open(os.path.join(self.data, "keeper", "keeper.pid"), encoding="ascii") as file:
            pid = int(file.read())
        self.keepers.add(pid)
        return pid

    def kill(self):
        """kill -9 of the server, and of nothing else."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """The orderly end, as in an upgrade. Its exit status."""
        self.process.terminate()
        return self.process.wait(30)

    def start(self):
        """The server again. Returns when it says that it listens: the seconds that it took."""
        begin = time.monotonic()
        self.process.stdout.close()
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.errors, env=self.environment, cwd=self.folder)
        line = self._first_line()
        found = re.search(r"#token=(\S+)", line)
        assert found, (line, self.log()[-3000:])
        self.token = found.group(1)
        return time.monotonic() - begin

    def restart(self, while_away=None):
        """kill -9, then the server again; `while_away` is called in between."""
        self.kill()
        if while_away:
            while_away()
        return self.start()

    # ---- sessions ----

    def session(self, name):
        answer = self.get(f"/sessions/{name}")
        assert answer.status == 200, (answer, self.log()[-3000:])
        return answer.json()

    def sessions(self):
        return {each["id"]: each for each in self.get("/sessions").json()["sessions"]}

    def type(self, name, data):
        answer = self.post(f"/sessions/{name}/input", data)
        assert answer.status == 202, answer

    def wait_for(self, name, **condition):
        answer = self.post(f"/sessions/{name}/wait", {"timeout_ms": 20000, **condition})
        assert answer.status == 200 and answer.json()["met"], (name, condition, answer, self.screen(name))
        return answer.json()

    def screen(self, name, shape="text"):
        return self.get(f"/sessions/{name}/screen?format={shape}").text

    def output(self, name, since=0):
        """(offset of the first byte, all that is held from `since` on, epoch)."""
        begin, out, epoch = None, b"", None
        while True:
            answer = self.get(f"/sessions/{name}/output?since={since + len(out)}")
            assert answer.status == 200, answer
            first = int(answer.headers["x-roost-offset"])
            if begin is None:
                begin, since, epoch = first, first, answer.headers["x-roost-epoch"]
            assert first == begin + len(out) and answer.headers["x-roost-epoch"] == epoch, (name, answer.headers)
            if not answer.body:
                return begin, out, epoch
            out += answer.body

    def snapshot(self, name):
        """What a viewer without any memory gets: the whole terminal as escape sequences."""
        with ws.Client(self) as viewer:
            viewer.expect("hello")
            viewer.attach(1, name, mode="view")
            while True:
                message = viewer.receive()
                if message[0] == "snapshot":
                    return message[4]

    def stop(self):
        if self in NODES:
            NODES.remove(self)
        with contextlib.suppress(OSError, ValueError):
            self.keeper_pid()
        status = super().stop()
        # The keeper would end by itself without its folder, within seconds (../leaks); so does everything in it when it is killed.
        for pid in self.keepers:
            if is_alive(pid) and "roost-keeper" in process.command(pid):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not [p for p in self.keepers if is_alive(p)], "the keeper's end")
        wait_until(lambda: not process.with_environment(self.marker), "the programs' end")
        return status


@atexit.register
def stop_all():
    for each in list(NODES):
        each.stop()


class Case(unittest.TestCase):
    """A test with a node of its own."""

    config = CONFIG

    def setUp(self):
        self.node = Node(self.config)
        self.addCleanup(self.node.stop)

    def assert_whole_ledger(self, data, first=1):
        """`N SUM` on each line, without a gap or a double; the last line may be cut. How many lines."""
        lines = data.replace(b"\r", b"").split(b"\n")[:-1]
        total = first * (first - 1) // 2
        for number, line in enumerate(lines, first):
            total += number
            if line != b"%d %d" % (number, total):
                self.fail(f"line {number} is {line!r}, after {lines[max(0, number - first - 2):number - first]}")
        return len(lines)


def ledger(pause=0.02):
    """Prints numbered lines with their running sum for ever, without starting a process for each."""
    return ["bash", "-c", f"stty -echo; i=0; t=0; while :; do i=$((i+1)); t=$((t+i)); echo $i $t; read -rt {pause} x; done"]


class Followers:
    """Viewers of many sessions over one WebSocket, which come back by offset."""

    def __init__(self, server, names):
        self.server = server
        self.names = list(names)
        self.bytes = collections.defaultdict(bytes)
        self.epochs = {}
        self.client = None
        self.attach()

    def attach(self):
        """Attaches all, where each of them had stopped."""
        self.client = ws.Client(self.server)
        self.client.expect("hello")
        for stream, name in enumerate(self.names):
            message = {"type": "attach", "stream": stream, "session": name, "cols": 80, "rows": 24, "mode": "view",
                       "since": {"epoch": self.epochs.get(name, ""), "offset": len(self.bytes[name])}}
            if name not in self.epochs:
                message["since"]["epoch"] = self.server.session(name)["epoch"]
            self.client.send(message)
        waiting = set(range(len(self.names)))
        while waiting:
            message = self.client.receive()
            if message[0] == "text" and message[1]["type"] == "error":
                raise AssertionError(message[1])
            if message[0] == "text" and message[1]["type"] == "attached":
                told, name = message[1], self.names[message[1]["stream"]]
                assert told["how"] == "delta", told
                assert self.epochs.setdefault(name, told["epoch"]) == told["epoch"], told
                assert told["offset"] == len(self.bytes[name]), (told, len(self.bytes[name]))
                waiting.discard(told["stream"])
            else:
                self.take(message)

    def take(self, message):
        if message[0] == "output":
            _, stream, offset, data = message
            name = self.names[stream]
            assert offset == len(self.bytes[name]), f"{name}: offset {offset} after {len(self.bytes[name])} bytes"
            self.bytes[name] += data
            self.client.ack(stream, offset + len(data))
        assert message[0] != "snapshot", f"a snapshot of {self.names[message[1]]}, reason {message[3]}"

    def follow(self, seconds):
        """Reads for so long; the sessions do not stop printing."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.take(self.client.receive())

    def drop(self):
        """Reads what still arrives of a connection whose server is dead."""
        with contextlib.suppress(ws.Closed, OSError):
            while True:
                self.take(self.client.receive())
        self.client.close()
