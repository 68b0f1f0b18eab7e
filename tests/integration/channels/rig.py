"""A node with channels: its helpers, its configuration, and a server that comes and goes."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import process
import roost
from keeper import is_alive
from roost import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("stdio", "unix", "http")
# Short, so that a helper's whole life fits into a second or two.
BREAKER = "breaker: {consecutive: 3, open: 300ms..300ms, half_open_successes: 2}"
QUICK = f"timeout: 300ms, {BREAKER}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Helper:
    """A program of helpers.py, and what it is told and has seen."""

    def __init__(self, kind, name="helper", is_there=True):
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix=f"roost-{name}-")
        self.program = os.path.join(self.folder, "helper.py")
        shutil.copy(os.path.join(HERE, "helpers.py"), self.program)
        self.control = os.path.join(self.folder, "control")
        self.journal = os.path.join(self.folder, "journal")
        self.process = None
        self.where = {"unix": os.path.join(self.folder, "sock"), "http": str(free_port()), "stdio": ""}[kind]
        if is_there:
            self.start()

    @property
    def command(self):
        return [sys.executable, "-B", self.program, self.kind, self.control, self.journal] + ([self.where] if self.where else [])

    @property
    def transport(self):
        """As the configuration has it."""
        if self.kind == "stdio":
            return f"{{kind: stdio, command: {json.dumps(self.command)}}}"
        if self.kind == "unix":
            return f"{{kind: unix, path: {self.where}}}"
        return f"{{kind: http, url: 'http://127.0.0.1:{self.where}/rpc'}}"

    def start(self):
        """Only for those that the server does not start itself."""
        if self.kind != "stdio":
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert self.process.stdout.readline() == b"ready\n"

    def end(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()
            self.process = None

    def behave(self, mode=None, **options):
        """From now on; nothing: each request's method says how."""
        text = json.dumps({**({"mode": mode} if mode else {}), **options})
        with open(self.control + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.control + ".new", self.control)

    def seen(self, key=None):
        """The lines of its journal that have this key."""
        try:
            with open(self.journal, encoding="utf-8") as file:
                rows = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            rows = []
        return [row for row in rows if key is None or key in row]

    def cancelled(self):
        """The requests of which it was told that nobody waits any more."""
        return [row["params"]["id"] for row in self.seen("told") if row["told"] == "$/cancelRequest"]

    def remove(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Node(roost.Server):
    """A node with these channels: {"name": "transport: …, timeout: …"} (YAML, the inside of a flow mapping)."""

    def __init__(self, channels, more="log: {level: warn}\n"):
        self.more = more
        super().__init__(self._config(channels))
        self.command = self.process.args
        self.command[self.command.index("--listen") + 1] = f"127.0.0.1:{self.port}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")}
        self.environment.update(SHELL="/bin/bash", HOME=self.folder)
        self.marker = f"ROOST_SERVER=unix:{self.socket_path}"
        self.keepers = set()
        self._note_keeper()

    def _config(self, channels):
        return self.more + "channels:\n" + "".join(f"  {name}: {{{text}}}\n" for name, text in channels.items())

    @property
    def pid(self):
        return self.process.pid

    def _note_keeper(self):
        try:
            with open(os.path.join(self.data, "keeper", "keeper.pid"), encoding="ascii") as file:
                self.keepers.add(int(file.read()))
        except (OSError, ValueError):
            pass  # it has none now

    def reload(self, channels):
        """SIGHUP with another configuration."""
        path = os.path.join(self.folder, "roost.yaml")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(self._config(channels))
        os.replace(path + ".new", path)  # it may still be reading the last one
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        """kill -9 of the server, and of nothing else."""
        self._note_keeper()
        self.process.kill()
        self.process.wait()

    def start(self):
        self.process.stdout.close()
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.errors, env=self.environment, cwd=self.folder)
        line = self._first_line()
        found = re.search(r"#token=(\S+)", line)
        assert found, (line, self.log()[-3000:])
        self.token = found.group(1)

    def stop(self):
        self._note_keeper()
        status = super().stop()
        for pid in self.keepers:
            if is_alive(pid) and "roost-keeper" in process.command(pid):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not [p for p in self.keepers if is_alive(p)], "the keeper's end")
        return status

    # ---- channels ----

    def channel(self, name):
        answer = self.get(f"/channels/{name}")
        assert answer.status == 200, (answer, self.log()[-3000:])
        return answer.json()

    def ask(self, name, method="echo", params=None, **more):
        """POST …/call."""
        body = {"method": method}
        if params is not None:
            body["params"] = params
        if "timeout_ms" in more:
            body["timeout_ms"] = more.pop("timeout_ms")
        return self.post(f"/channels/{name}/call", body, **more)

    def wait_for_state(self, name, *states, seconds=10.0):
        return wait_until(lambda: self.channel(name)["state"] in states and self.channel(name),
                          lambda: f"{name} is {states}: {self.channel(name)}", seconds)

    def trip(self, name, method="hang"):
        """Calls until the breaker opens."""
        def is_open():
            self.ask(name, method)
            return self.channel(name)["state"] == "open"
        wait_until(is_open, lambda: f"{name} opens: {self.channel(name)}")

    def heal(self, name, seconds=10.0, method="echo"):
        """Calls until it is closed again; the seconds that took."""
        begun = time.monotonic()
        def is_closed():
            self.ask(name, method)
            return self.channel(name)["state"] == "closed"
        wait_until(is_closed, lambda: f"{name} closes: {self.channel(name)}", seconds)
        return time.monotonic() - begun

    def metrics(self):
        """{'roost_channel_state{channel="a",state="open"}': 1.0}"""
        lines = self.get("/metrics").text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}


def peak_of(pid):
    """Forgets the most memory that the process has had; a function that gives it from now on, and the memory now."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")

    def read(name):
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return int(re.search(name + r":\s+(\d+) kB", file.read()).group(1)) * 1024

    return (lambda: read("VmHWM")), read("VmRSS")


def programs_of(helper):
    """The processes that run this helper's program."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and helper.program in process.command(int(name)):
            found.append(int(name))
    return found
