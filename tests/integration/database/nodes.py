"""Servers that use a database, and `roostd migrate`; many of them at the same instant."""
import atexit
import contextlib
import datetime
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import postgres
import roost
from keeper import is_alive
from proxy import kill
from roost import wait_until

ROUNDS = int(os.environ.get("ROOST_ROUNDS", "6"))
IS_LONG = ROUNDS > 20
SEED = int(os.environ.get("ROOST_SEED", str(time.time_ns() % 1000000)))

# Everything a test may have to wait for, short.
QUICK = {"connect_timeout": "2s", "check_interval": "200ms", "retry_longest": "1s", "session_timeout": "2s"}
NODES = set()


def settings(url, init_url=None, grace="1s", **more):
    """A configuration file. Keys of `more` are those of `database:`."""
    words = {"url": f'"{url}"', **QUICK, **more}
    if init_url:
        words["init_url"] = f'"{init_url}"'
    lines = "".join(f"  {key}: {value}\n" for key, value in words.items())
    return f"log: {{level: info}}\ndatabase:\n{lines}  fallback: {{grace: {grace}}}\n"


class Gate:
    """Holds programs back before they begin, and lets all of them go at the same instant."""

    def __init__(self):
        self.exit, self.entrance = os.pipe()
        os.set_inheritable(self.exit, True)

    def before(self, command):
        return ["bash", "-c", f'read -r _ <&{self.exit}; exec {self.exit}<&-; exec "$@"', "gate", *command]

    def open(self):
        """@returns the times of the clock on the wall, and of the other."""
        os.close(self.entrance)
        os.close(self.exit)
        return time.time(), time.monotonic()


class Node(roost.Server):
    """One roostd. With a gate it waits there; call `listen` once that is open."""

    def __init__(self, config, gate=None, name=None):
        self.folder = tempfile.mkdtemp(prefix="roost-db-")
        self.process = self.errors = None
        NODES.add(self)  # from here on an interruption leaves nothing behind
        self.data = os.path.join(self.folder, "data")
        self.config = os.path.join(self.folder, "roost.yaml")
        self.configure(config)
        self.command = [roost.program(), "--listen", "127.0.0.1:0", "--data-dir", self.data, "--config", self.config]
        if name:
            self.command += ["--node-name", name]
        self.errors = open(os.path.join(self.folder, "log"), "w+b")
        self.socket_path = os.path.join(self.data, "api.sock")
        self.launch(gate)
        if gate is None:
            self.listen()

    def configure(self, config):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)

    def launch(self, gate=None):
        command = gate.before(self.command) if gate else self.command
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, cwd=self.folder,
                                        env={**postgres.environment(), "SHELL": "/bin/bash", "HOME": self.folder},
                                        pass_fds=[gate.exit] if gate else [])

    def listen(self):
        found = re.search(r"http://127\.0\.0\.1:(\d+)/#token=(\S+)", self._first_line())
        assert found, self.log()[-3000:]
        self.port, self.token = int(found.group(1)), found.group(2)

    def database(self):
        return self.get("/database").json()

    def wait_for(self, state, seconds=20.0):
        """Until the database's state is this; what GET /database says then."""
        seen = []

        def look():
            seen.append(self.database())
            return seen[-1] if seen[-1]["state"] == state else None

        try:
            return wait_until(look, state, seconds)
        except AssertionError as late:
            raise AssertionError(f"not within {seconds} s: {state}; {seen[-1]}\n{self.log()[-2000:]}") from late

    def end(self):
        """The orderly end. Its exit status."""
        self.process.terminate()
        return self.process.wait(30)

    def restart(self):
        self.end()
        self.process.stdout.close()
        self.launch()
        self.listen()

    def stop(self):
        """The quick end, of the keeper, too. May be done again."""
        if self.process:
            kill(self.process.pid)
            self.process.wait()
            self.process.stdout.close()
            pid = 0
            with contextlib.suppress(OSError, ValueError), open(os.path.join(self.data, "keeper", "keeper.pid"), encoding="ascii") as file:
                pid = int(file.read())
            if pid:
                kill(pid)
                wait_until(lambda: not is_alive(pid), "the keeper's end")
        if self.errors:
            self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        NODES.discard(self)


@atexit.register
def stop_all():
    for node in list(NODES):
        node.stop()


def seconds_at(text):
    """A time of the API as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


NUMBERS = itertools.count()
FOLDERS = []


def _folder():
    """Where the configurations of all `migrate` are, until the end."""
    if not FOLDERS:
        FOLDERS.append(tempfile.mkdtemp(prefix="roost-migrate-"))
        atexit.register(shutil.rmtree, FOLDERS[0], ignore_errors=True)
    return FOLDERS[0]


class Migrate:
    """`roostd migrate WHAT`, under way."""

    def __init__(self, what, url, gate=None, name="operator", **more):
        config = os.path.join(_folder(), f"{next(NUMBERS)}.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(settings(url, **more))
        command = [roost.program(), "migrate", what, "--config", config, "--data-dir", config + ".data", "--node-name", name]
        self.process = subprocess.Popen(gate.before(command) if gate else command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=postgres.environment(), pass_fds=[gate.exit] if gate else [], text=True)
        self.pid = self.process.pid

    def wait(self, seconds=60):
        """Its exit status; `out` and `err` are there then."""
        try:
            self.out, self.err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            raise AssertionError(f"migrate does not end: {self.process.communicate()}") from late
        return self.process.returncode

    def text(self):
        return f"status {self.process.returncode}\n{self.out}{self.err}"


def migrate(what, url, **more):
    """The same, done."""
    run = Migrate(what, url, **more)
    run.wait()
    run.status = run.process.returncode
    return run


def at_once(jobs):
    """Calls all of them, each on a thread, and fails as the first of them does. Their values."""
    values, errors = [None] * len(jobs), []

    def call(place, job):
        try:
            values[place] = job()
        except BaseException as error:  # noqa: BLE001 handed to the test
            errors.append(error)

    threads = [threading.Thread(target=call, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return values


class Case(unittest.TestCase):
    """A test with a database of its own."""

    def setUp(self):
        self.server = postgres.shared()
        self.addCleanup(self.server.drop_databases)
        self.db = self.server.database()

    def node(self, config=None, **more):
        node = Node(config or settings(self.db.url()), **more)
        self.addCleanup(node.stop)
        return node

    def assert_up(self, url=None, db=None):
        """`migrate up` succeeds, and `migrate verify` agrees."""
        for what in ("up", "verify"):
            run = migrate(what, url or (db or self.db).url())
            self.assertEqual(run.status, 0, f"migrate {what}: {run.text()}")
        return run
