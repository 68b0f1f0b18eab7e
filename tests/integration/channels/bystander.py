"""Somebody who has nothing to do with it: types into a terminal, and calls another channel, all the time.

A process of its own, so that the work of many callers in Python does not count as the server's delay. Speaks JSON
lines: one when it is ready, one for each line that it is sent."""
import http.client
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
PACE = 0.01
PATIENCE = 15
ECHO = ["sh", "-c", "stty raw -echo; printf ready; exec cat"]


class Bystander:
    """The handle on that process; a context manager."""

    def __init__(self, node, channel):
        session = node.new(ECHO)["id"]
        command = [sys.executable, "-B", os.path.join(HERE, "bystander.py"), str(node.port), node.token, session, channel]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read()

    def _read(self):
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE + 5)
        line = self._process.stdout.readline() if ready else ""
        assert line, "the bystander has died, or hangs"
        return json.loads(line)

    def take(self):
        """What happened since the last time, or since the start."""
        self._process.stdin.write("take\n")
        self._process.stdin.flush()
        return Experience(**self._read())

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
    def __init__(self, echoes_ms, calls_ms, failures):
        self.echoes_ms = sorted(echoes_ms)
        self.calls_ms = sorted(calls_ms)
        self.failures = failures

    @staticmethod
    def at(values, part):
        return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")

    def __str__(self):
        return ", ".join(f"{name} {len(values)}: p50 {self.at(values, 0.5):.1f} p99 {self.at(values, 0.99):.1f} worst {self.at(values, 1):.1f} ms"
                         for name, values in (("echoes", self.echoes_ms), ("calls", self.calls_ms)))


class Life:
    def __init__(self, port, token, session, channel):
        import ws  # found by the path that is set below
        self.lock = threading.Lock()
        self.told = self._nothing()
        self.is_over = threading.Event()
        self.token, self.channel = token, channel
        self.client = ws.Client(types.SimpleNamespace(port=port, token=token), timeout=PATIENCE)
        self.client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.attach(1, session)
        self.client.read_output(1, b"ready")
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    @staticmethod
    def _nothing():
        return {"echoes_ms": [], "calls_ms": [], "failures": []}

    def take(self):
        with self.lock:
            told, self.told = self.told, self._nothing()
            return told

    def echo(self, number):
        wanted = b"%06d;" % (number % 1000000)
        self.client.input(1, wanted)
        seen = b""
        while len(seen) < len(wanted):
            message = self.client.receive()
            if message[0] == "output":
                seen += message[3]
                self.client.ack(1, message[2] + len(message[3]))
        assert seen == wanted, (seen, wanted)

    def call(self, number):
        body = json.dumps({"method": "echo", "params": [number]})
        self.connection.request("POST", f"/api/v1/channels/{self.channel}/call", body,
                                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200 and not answer["degraded"] and answer["value"]["params"] == [number], answer

    def repeat(self, act, name):
        number = 0
        while not self.is_over.is_set():
            begun = time.monotonic()
            try:
                act(number)
                with self.lock:
                    self.told[name].append((time.monotonic() - begun) * 1000)
            except Exception as error:
                with self.lock:
                    self.told["failures"].append(f"{name} {number}: {error!r}")
                if name == "echoes_ms":
                    return  # what comes next would not fit
                self.connection.close()
            number += 1
            self.is_over.wait(PACE)

    def run(self):
        for act, name in ((self.echo, "echoes_ms"), (self.call, "calls_ms")):
            threading.Thread(target=self.repeat, args=(act, name), daemon=True).start()
        print(json.dumps("ready"), flush=True)
        for _ in sys.stdin:
            print(json.dumps(self.take()), flush=True)
        self.is_over.set()


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(HERE, "../http"))
    Life(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]).run()
