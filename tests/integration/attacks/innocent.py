"""Somebody who works while others attack: types into a session all the time, and comes in anew now and then.

A process of its own, so that an attacker's work in Python does not count as the server's delay. Speaks JSON
lines: one when it is ready, one for each line that it is sent."""
import json
import os
import select
import subprocess
import sys
import threading
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
PACE = 0.010  # between two keystrokes
VISIT_PACE = 0.25  # between two new connections
SOURCE, VISIT_SOURCE = "127.0.0.1", "127.0.0.3"
PATIENCE = 15
# Each byte comes back once, and by the program, not by the terminal's own echo.
ECHO = ["sh", "-c", "stty raw -echo; printf ready; exec cat"]


class Innocent:
    """The handle on that process; a context manager."""

    def __init__(self, node):
        token = node.token_for("operator", label="innocent")
        self.session = node.new(ECHO)["id"]
        command = [sys.executable, "-B", os.path.join(HERE, "innocent.py"), str(node.port), token, self.session]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read()

    def _read(self):
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE + 5)
        line = self._process.stdout.readline() if ready else ""
        assert line, "the innocent user has died, or hangs"
        return json.loads(line)

    def take(self):
        """What happened since the last time, or since the start."""
        self._process.stdin.write("take\n")
        self._process.stdin.flush()
        return Experience(self._read())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Experience:
    def __init__(self, told):
        self.echoes_ms = sorted(told["echoes_ms"])
        self.visits_ms = sorted(told["visits_ms"])
        self.failures = told["failures"]  # of echoes and of visits, as text
        self.snapshots = told["snapshots"]  # the server skipped output for it

    @staticmethod
    def _at(values, part):
        return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")

    @property
    def p50(self):
        return self._at(self.echoes_ms, 0.50)

    @property
    def p99(self):
        return self._at(self.echoes_ms, 0.99)

    @property
    def worst(self):
        return self._at(self.echoes_ms, 1)

    @property
    def worst_visit(self):
        return self._at(self.visits_ms, 1)

    def merge(self, other):
        self.echoes_ms = sorted(self.echoes_ms + other.echoes_ms)
        self.visits_ms = sorted(self.visits_ms + other.visits_ms)
        self.failures = self.failures + other.failures
        self.snapshots += other.snapshots
        return self


class Typist:
    def __init__(self, node, session):
        import peer  # found by the path that is set below
        self.node = node
        self.peer = peer
        self.lock = threading.Lock()
        self.told = self._nothing()
        self.client = peer.Peer(node, SOURCE, timeout=PATIENCE)
        self.client.attach(1, session)
        self.client.read_output(1, b"ready")
        self.ahead = b""

    @staticmethod
    def _nothing():
        return {"echoes_ms": [], "visits_ms": [], "failures": [], "snapshots": 0}

    def take(self):
        with self.lock:
            told, self.told = self.told, self._nothing()
            return told

    def note(self, name, value):
        with self.lock:
            self.told[name].append(value)

    def echo(self, number):
        wanted = b"%06d;" % number
        started = time.monotonic()
        self.client.input(1, wanted)
        seen = b""
        while len(seen) < len(wanted):
            message = self.client.receive()
            if message[0] == "output":
                seen += message[3]
                self.client.ack(1, message[2] + len(message[3]))
            elif message[0] == "snapshot":
                self.told["snapshots"] += 1
        if seen != wanted:
            raise AssertionError(f"typed {wanted!r}, read {seen!r}")
        self.note("echoes_ms", (time.monotonic() - started) * 1000)

    def visit(self):
        started = time.monotonic()
        try:
            with self.peer.Peer(self.node, VISIT_SOURCE, timeout=PATIENCE) as client:
                client.expect("hello")
            self.note("visits_ms", (time.monotonic() - started) * 1000)
        except Exception as error:  # whatever it is, it is what this user saw
            self.note("failures", f"visit: {error!r}")

    def visit_often(self):
        while True:
            self.visit()
            time.sleep(VISIT_PACE)  # a pace, not a wait for something

    def run(self):
        threading.Thread(target=self.visit_often, daemon=True).start()
        print(json.dumps({"ready": True}), flush=True)
        number = 0
        is_well = True
        while True:
            next_one = time.monotonic() + PACE
            if is_well:
                try:
                    self.echo(number)
                except Exception as error:
                    is_well = False
                    self.note("failures", f"echo {number}: {error!r}")
                number += 1
            ready, _, _ = select.select([sys.stdin], [], [], max(0, next_one - time.monotonic()))
            if ready:
                if not sys.stdin.readline():
                    return
                print(json.dumps(self.take()), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(HERE, "../http"))
    Typist(types.SimpleNamespace(port=int(sys.argv[1]), token=sys.argv[2]), sys.argv[3]).run()
