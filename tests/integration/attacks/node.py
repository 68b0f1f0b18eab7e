"""A node under attack: a roostd of the tests' own, and what it tells about its connections."""
import http.client
import os
import re
import signal
import threading
import time

import process
import roost
from roost import wait_until

TICKS = os.sysconf("SC_CLK_TCK")
COUNTED = ("websockets", "local", "http", "handshakes")


class Node(roost.Server):
    """With the default configuration, unless `connections` (YAML, one flow mapping) says otherwise."""

    def __init__(self, connections="", more=""):
        # The empty mapping is a file that SIGHUP can read again.
        super().__init__(self._config(connections, more))
        self.pid = self.process.pid
        self._unix = self.connection(unix=True)
        self._unix_lock = threading.Lock()

    @staticmethod
    def _config(connections, more):
        return f"connections: {{{connections}}}\n{more}"

    def reload(self, connections, more=""):
        with open(os.path.join(self.folder, "roost.yaml"), "w", encoding="utf-8") as file:
            file.write(self._config(connections, more))
        self.process.send_signal(signal.SIGHUP)

    def get_quickly(self, path):
        """Over one Unix connection that stays open: looking must not take part in what is looked at."""
        with self._unix_lock:
            try:
                response, body = self._ask(path)
            except (http.client.HTTPException, OSError):
                self._unix.close()  # nobody looked for a while, so the server closed it
                response, body = self._ask(path)
        assert response.status == 200, (response.status, body[:300])
        return roost.Answer(response.status, response.getheaders(), body)

    def _ask(self, path):
        status = self.process.poll()
        assert status is None, f"the server has ended with status {status}\n{self.log()[-2000:]}"
        self._unix.request("GET", path)
        response = self._unix.getresponse()
        return response, response.read()

    def pool(self):
        return self.get_quickly("/api/v1/connections").json()

    def used(self):
        return {name: self.pool()["used"][name] for name in COUNTED}

    def totals(self):
        return self.pool()["totals"]

    def metrics(self):
        """Each sample line of GET /metrics: {'roost_connections_refused_total{reason="host"}': 1.0}."""
        lines = self.get_quickly("/metrics").text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}

    def wait_until_unready(self):
        wait_until(lambda: self.get("/readyz").status == 503, "/readyz says no")

    def memory(self):
        return process.memory(self.pid)

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def log_size(self):
        return os.path.getsize(self.errors.name)

    def wait_for_used(self, seconds=10, **wanted):
        """Until these of `used` have these values; fails with what is still used."""
        last = [None]

        def is_so():
            last[0] = self.used()
            return all(last[0][name] == value for name, value in wanted.items())

        try:
            wait_until(is_so, "the places are given back", seconds)
        except AssertionError:
            raise AssertionError(f"not within {seconds} s: {wanted}; used are {last[0]}") from None

    def wait_for_count(self, kind, name, at_least, seconds=10):
        """Until totals[kind][name] has come this far; its value. Sockets are counted when the server is done with them."""
        last = [None]

        def is_so():
            last[0] = self.totals()[kind].get(name, 0)
            return last[0] >= at_least

        try:
            wait_until(is_so, f"{kind} {name}", seconds)
        except AssertionError:
            raise AssertionError(f"{kind} {name}: {last[0]} instead of {at_least} or more; {self.totals()}") from None
        return last[0]

    def stop(self):
        self._unix.close()
        return super().stop()


def own(test, connections="", more=""):
    node = Node(connections, more)
    test.addCleanup(node.stop)
    return node


def differences(before, after):
    """What the counters of `totals` have grown by, without zeros: {"refused": {"address": 3}, …}."""
    grown = {name: after[name] - before[name] for name in ("accepted", "opened")}
    for kind in ("refused", "timed_out", "closed"):
        counts = {name: n - before[kind].get(name, 0) for name, n in after[kind].items()}
        grown[kind] = {name: n for name, n in counts.items() if n}
    return grown


class MemoryWatch:
    """Looks at the memory all the time, from outside: the server is not asked, so that nobody there waits for it."""

    PAUSE = 0.03

    def __init__(self, node):
        self.node = node
        self.most = dict.fromkeys(COUNTED, 0)
        self.most_of_one = {"address": 0, "user": 0}
        self.memory = 0
        self.looks = 0
        self.broken = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self._end.wait(self.PAUSE):
                self.look()
        except Exception as error:
            self.broken.append(f"looking: {error!r}")

    def look(self):
        self.looks += 1
        self.memory = max(self.memory, self.node.memory())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._end.set()
        self._thread.join(10)


class Watch(MemoryWatch):
    """Looks at the pool, too: the most of each that was seen, and every limit that was exceeded."""

    def look(self):
        pool = self.node.pool()
        super().look()
        used, limits = pool["used"], pool["limits"]
        for name in COUNTED:
            self.most[name] = max(self.most[name], used[name])
        caps = {"websockets": limits["max"], "local": limits["max"], "http": limits["max"],
                "handshakes": limits["max_handshakes"]}
        self.broken += [f"{name}: {used[name]} of {cap}" for name, cap in caps.items() if used[name] > cap]
        for kind, cap in (("address", limits["max_per_ip"]), ("user", limits["max_per_user"])):
            counts = {}
            for row in pool["connections"]:
                if row["address"] != "unix":
                    counts[row[kind]] = counts.get(row[kind], 0) + 1
            most = max(counts.values(), default=0)
            self.most_of_one[kind] = max(self.most_of_one[kind], most)
            # A row goes a moment after its place: an actor ends after its socket does.
            if used["websockets"] >= len(pool["connections"]) and most > cap:
                self.broken.append(f"{kind}: {most} of {cap}")


def told_twice(node, kind, label):
    """A group of counters without zeros: as /metrics tells it, and as /connections does, at a moment when nothing is counted."""
    deadline = time.monotonic() + 2
    while True:
        before, metrics, after = node.totals()[kind], node.metrics(), node.totals()[kind]
        if before == after or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    prefix = f"roost_connections_{kind}_total{{{label}="
    told = {re.search(r'="(.*)"', name).group(1): int(value) for name, value in metrics.items() if name.startswith(prefix)}
    return {name: value for name, value in told.items() if value}, after
