"""What a session leaves behind in the server and in the keeper: nothing."""
import collections
import concurrent.futures
import os
import shutil
import unittest

import process
import roost
import ws
from roost import wait_until

# How many sessions live at the same time: more finds races, fewer finds slow leaks sooner.
AT_ONCE = 4
# Memory may still move a little between two rounds: the allocator's arenas, the log, the event history.
SLACK = 3 << 20
SANITIZED = "asan" in roost.program()

# How a session's program behaves, and how the session is ended.
STAYS = "read -r line"
KINDS = [
    ("ends by itself", ["sh", "-c", "echo hello; exit 3"], None),
    ("ends by a signal", ["sh", "-c", "kill -SEGV $$"], None),
    ("waits for input, is asked to end", ["sh", "-c", STAYS], ""),
    ("ignores SIGHUP and SIGTERM, is killed", ["sh", "-c", "trap '' HUP TERM; while :; do read -r line; done"], "?now=1"),
    ("leaves a job behind that ignores SIGHUP", ["sh", "-c", "trap '' HUP; sleep 1000 & " + STAYS], "?now=1"),
    ("floods", ["sh", "-c", "while :; do echo 0123456789012345678901234567890123456789; done"], "?now=1"),
    ("an interactive shell", [], ""),
    ("closes its terminal", ["sh", "-c", "exec </dev/null >/dev/null 2>&1; exec sleep 1000"], "?now=1"),
]


def run_session(server, number):
    """One session from its start until it is forgotten, with viewers of several habits."""
    name, command, ending = KINDS[number % len(KINDS)]
    session = server.new(command or None, title=f"{number} {name}")["id"]
    clients = []
    try:
        for habit in range(number % 4):
            client = ws.Client(server, unix=habit == 1)
            clients.append(client)
            client.expect("hello")
            client.attach(1, session, mode="view" if habit == 2 else "control", cols=80 + habit, rows=24)
            if habit == 0 and ending is not None:
                client.input(1, b"\x1b[A")
        if clients and number % 3 == 0:
            clients.pop().close()  # leaves without a word
        if ending is not None:
            answer = server.delete(f"/sessions/{session}{ending}")
            assert answer.status == 202, answer
        ended = server.post(f"/sessions/{session}/wait", {"exit": True, "timeout_ms": 20000})
        assert ended.status == 200 and ended.json()["met"], (name, ended)
        wait_until(lambda: server.delete(f"/sessions/{session}").status in (200, 404), f"{name} is forgotten")
    finally:
        for client in clients:
            client.close()
    return name


def run_sessions(server, count):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return collections.Counter(pool.map(lambda number: run_session(server, number), range(count)))


class Case(unittest.TestCase):
    def setUp(self):
        self.server = roost.Server(config="log: {level: warn}\n")
        self.addCleanup(self.server.stop)
        self.pid = self.server.process.pid
        with open(os.path.join(self.server.data, "keeper", "keeper.pid"), encoding="ascii") as file:
            self.keeper = int(file.read())

    def settle(self):
        """Waits until the server holds no session and no socket of ours, and neither it nor the keeper a child; what the server holds then."""
        self.assertEqual(self.server.get("/sessions").json()["sessions"], [], "each was forgotten with a 200 or a 404")
        for parent in (self.pid, self.keeper):
            try:
                wait_until(lambda p=parent: not process.children(p), f"{process.command(parent)} has no children")
            except AssertionError as error:
                left = [(pid, state, process.command(pid)) for pid, state in process.children(parent)]
                raise AssertionError(f"{error}; it has {left}") from None
        sockets = [None]

        def is_quiet():
            before, sockets[0] = sockets[0], len(process.descriptors(self.pid))
            return before == sockets[0]

        wait_until(is_quiet, "the number of descriptors settles")
        return sorted(process.descriptors(self.pid))

    def assert_same_descriptors(self, before, pid=None):
        """Fewer is fine: a socket of an earlier request may have closed since."""
        def surplus():
            now = collections.Counter(kind(target) for target in process.descriptors(pid or self.pid))
            return now - collections.Counter(kind(target) for target in before)

        def kind(target):
            return target.split(":")[0]  # "socket:[123]" differs each time

        try:
            wait_until(lambda: not surplus(), "no more descriptors than before")
        except AssertionError:
            self.fail(f"descriptors leaked: {surplus()}")


class Sessions(Case):
    def test_500_sessions_leave_nothing_behind(self):
        run_sessions(self.server, 150)  # buffers, arenas and the event history reach their size
        before = self.settle()
        kept = process.descriptors(self.keeper)
        threads = process.threads(self.pid)
        first = process.memory(self.pid)
        run_sessions(self.server, 250)
        self.settle()
        second = process.memory(self.pid)
        seen = run_sessions(self.server, 250)
        self.settle()
        third = process.memory(self.pid)
        print(f"memory after 150, 400, 650 sessions: {first / 2**20:.1f}, {second / 2**20:.1f}, {third / 2**20:.1f} MiB")

        self.assertEqual(set(seen), {name for name, _, _ in KINDS})
        self.assertEqual(process.children(self.pid), [])
        for pid in (self.pid, self.keeper):
            self.assertEqual([t for t in process.descriptors(pid) if "ptmx" in t or "/pts/" in t or "pidfd" in t], [])
        self.assert_same_descriptors(before)
        self.assert_same_descriptors(kept, self.keeper)
        self.assertEqual(process.threads(self.pid), threads)
        self.assertEqual(process.with_environment(f"ROOST_SERVER=unix:{self.server.socket_path}"), [])
        if not SANITIZED:  # a sanitizer keeps freed memory on purpose
            self.assertLess(third - second, SLACK, "memory grows with sessions that are gone")

    def test_500_refused_sessions_leave_nothing_behind(self):
        def refuse(number):
            wish = [{"command": ["no-such-command"]}, {"cwd": "/no/such/folder"}, {"cols": 0}, {"env": {"A=B": "x"}},
                    {"command": ["/etc/passwd"]}][number % 5]
            answer = self.server.post("/sessions", wish)
            assert 400 <= answer.status < 500, answer

        before = self.settle()
        for number in range(500):
            refuse(number)
        self.settle()
        self.assert_same_descriptors(before)
        self.assertEqual(process.children(self.pid), [])


class Viewers(Case):
    def test_300_viewers_of_one_session_leave_nothing_behind(self):
        session = self.server.new(["cat"])["id"]

        def visit(number):
            with ws.Client(self.server, unix=number % 2 == 0) as client:
                client.expect("hello")
                client.attach(7, session, mode="view" if number % 3 else "control")
                if number % 5 == 0:
                    client.send({"type": "detach", "stream": 7})

        def round_of(count):
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(visit, range(count)))
            wait_until(lambda: self.server.get(f"/sessions/{session}").json()["viewers"] == 0, "all viewers are gone")

        round_of(100)
        before = process.descriptors(self.pid)
        first = process.memory(self.pid)
        round_of(300)
        self.assert_same_descriptors(before)
        if not SANITIZED:
            self.assertLess(process.memory(self.pid) - first, SLACK)


class Endings(Case):
    def start_some(self):
        for command in (["sh", "-c", STAYS], ["sleep", "1000"], None):
            self.server.new(command)
        marker = f"ROOST_SERVER=unix:{self.server.socket_path}"
        wait_until(lambda: len(process.with_environment(marker)) >= 3, "three programs run")
        return marker

    def assert_gone(self, marker):
        """The sessions outlive their server (../survival), but not its data dir: nobody could come back."""
        self.assertTrue(process.with_environment(marker))
        shutil.rmtree(self.server.folder)
        wait_until(lambda: not process.with_environment(marker), "its programs end with the data dir")
        wait_until(lambda: "roost-keeper" not in process.command(self.keeper), "the keeper ends with the data dir")

    def test_a_stopped_server_without_its_folder_leaves_nothing_behind(self):
        marker = self.start_some()
        self.server.process.terminate()
        self.assertEqual(self.server.process.wait(30), 0)
        self.assert_gone(marker)

    def test_a_killed_server_without_its_folder_leaves_nothing_behind(self):
        marker = self.start_some()
        self.server.process.kill()
        self.server.process.wait()
        self.assert_gone(marker)
