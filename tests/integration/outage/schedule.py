"""One outage after the other, under load; then everything is compared."""
import contextlib
import os
import random
import sqlite3
import threading
import time

import innocent
import ledger
import load
import nodes
import outages
import process
from roost import is_sanitized, wait_until

MIB = 1 << 20
MEMORY, SPOOL = 4 * MIB, 64 * MIB  # database.fallback
GRACE = 1.0
SLACK = 2.0         # seconds: what is told is in the node's own file well within that
# How much a server may grow in all, whatever is away. The sanitizers keep what was freed.
SERVER_MEMORY = (512 if is_sanitized() else 96) * MIB
FILLING = 120       # seconds until a full spool is full
JOURNAL = 32 * MIB  # SQLite's log of changes


def configuration(url, memory=MEMORY, spool=SPOOL):
    return nodes.settings(url, grace=f"{GRACE:.0f}s").replace("fallback: {", f"fallback: {{memory: {memory // MIB}MiB, spool: {spool // MIB}MiB, ") + \
        "terminals: {max: 5000, exited_retention: 1d, history: 1MiB}\nconnections: {max: 500, max_per_ip: 500, max_per_user: 500}\n"


class Watch:
    """Looks all the time at what must not grow: a context manager."""

    def __init__(self, node):
        self.node = node
        self.most = {"rss": 0, "outbox_bytes": 0, "outbox_records": 0, "journal": 0, "file": 0, "dropped_measures": 0}
        self.first_rss = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def look(self):
        try:
            rss = process.memory(self.node.process.pid)
        except (OSError, AttributeError):
            return  # it has just been killed
        path = os.path.join(self.node.data, "roost.db")
        seen = {"rss": rss, "file": os.path.getsize(path)}
        try:
            seen["journal"] = os.path.getsize(path + "-wal")
        except FileNotFoundError:
            pass
        try:
            link = ledger.opened(path)
            seen["outbox_records"], seen["outbox_bytes"], seen["dropped_measures"] = link.execute("SELECT records, bytes, dropped FROM outbox_total").fetchone()
            link.close()
        except sqlite3.OperationalError:
            pass  # the server has not made it yet
        for name, value in seen.items():
            self.most[name] = max(self.most[name], value)

    def run(self):
        while not self.is_over.wait(0.25):
            self.look()

    def begin(self):
        """From now on the server's memory counts: it has done everything once."""
        self.first_rss = process.memory(self.node.process.pid)
        self.most["rss"] = 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.is_over.set()
        self.thread.join()

    @property
    def growth(self):
        return self.most["rss"] - self.first_rss


class Rehearsal:
    """A server, its PostgreSQL, the load, somebody who types, and what came of it. A context manager."""

    def __init__(self, seed, memory=MEMORY, spool=SPOOL, disk_mib=outages.DISK_MIB, **of_load):
        self.chance = random.Random(seed)
        self.server = outages.Server(disk_mib)
        self.db = self.server.database()
        self.spool, self.memory = spool, memory
        self.node = nodes.Node(configuration(self.db.url(), memory, spool), name="outage")
        self.load = load.Load(self.node, seed, **of_load)
        self.watch = Watch(self.node)
        self.typist = None
        self.echoes = None
        self.deaths = []
        self.problems = []
        self.done = {}

    def __enter__(self):
        self.node.wait_for("ready")
        self.watch.__enter__()
        self.load.__enter__()
        self.typist = innocent.Innocent(self.node)
        return self

    def __exit__(self, *unused):
        self.load.stop()
        self.watch.__exit__()
        if self.typist:
            self.typist.__exit__()
        self.node.stop()
        self.server.remove()

    def rest(self, low, high):
        """A while of it, as long as the schedule says."""
        time.sleep(self.chance.uniform(low, high))

    def take_echoes(self):
        felt = self.typist.take()
        self.problems += felt.failures
        self.echoes = self.echoes.merge(felt) if self.echoes else felt
        return felt

    def kill_server(self):
        """kill -9 of the server, and another one at once."""
        self.take_echoes()
        self.load.down()
        died = time.time()
        nodes.kill(self.node.process.pid)
        self.node.process.wait()
        self.typist.__exit__()
        self.node.process.stdout.close()
        self.node.launch()
        self.node.listen()
        self.node.delete(f"/sessions/{self.typist.session}?now=1")
        self.typist = innocent.Innocent(self.node)
        self.load.up()
        self.deaths.append((died, time.time()))

    def outage(self, kind, seconds, kill=False):
        """One, from its beginning until the database is ready again."""
        full = self.server.disk_was_full() if kind.name == "disk full" else 0
        kind.begin()
        self.rest(*seconds)
        if kind.is_seen:
            self.node.wait_for("memory-only", 30)
        if kill:
            self.kill_server()
            self.rest(*seconds)
        if kind.name == "disk full":
            wait_until(lambda: self.server.disk_was_full() > full, "PostgreSQL has no room", 30)
        kind.end()
        self.node.wait_for("ready", 60)
        self.take_echoes()
        self.done[kind.name] = self.done.get(kind.name, 0) + 1

    def settle(self):
        """Nobody works any more, and everything has got to where it belongs."""
        self.load.stop()
        self.load.wait_for_ends()
        self.metric_is("roost_recording_sessions", 1)  # the typist's
        for name in ("roost_archive_waiting", "roost_archive_outbox"):
            self.metric_is(name, 0)
        self.node.wait_for("ready", 60)

    def metric(self, name):
        return load.figure_of(self.node.get("/metrics").text, name)

    def metric_is(self, name, value):
        wait_until(lambda: self.metric(name) == value, lambda: f"{name} {value}: {self.metric(name)}; {self.node.database()}", 90)

    def compare(self):
        """Both databases, when nothing is on its way any more."""
        self.typist.__exit__()
        self.node.delete(f"/sessions/{self.typist.session}?now=1")
        self.typist = None
        self.metric_is("roost_recording_sessions", 0)
        for name in ("roost_archive_waiting", "roost_archive_outbox"):
            self.metric_is(name, 0)

        def is_same():
            self.book = ledger.Ledger(f"{self.node.data}/roost.db", self.db).read()
            self.book.check_same()
            return not self.book.wrong

        # The text of the last session is still being written down, and brought over; what is lost stays lost.
        with contextlib.suppress(AssertionError):
            wait_until(is_same, "both are the same", 15)

    def judge(self):
        """Everything that is wrong after outages, as lines; `figures` tells the rest."""
        self.compare()
        texts = {made.id: self.node.get(f"/sessions/{made.id}/recording?format=text").text for made in self.load.made if made.id and made.kind != "short"}
        self.lost_moments = self.book.check_sessions(self.load.made, self.deaths, SLACK)
        self.lines = self.book.check_recordings(self.load.made, texts.get)
        wrong = self.problems + self.load.failures + self.book.wrong + self.beyond_caps()
        if self.metric("roost_archive_dropped_total"):
            wrong.append(f"records dropped: {self.metric('roost_archive_dropped_total')}")
        return wrong

    def beyond_caps(self):
        most = self.watch.most
        return [f"{name}: {value}, and the limit is {limit}" for name, value, limit in (
            ("bytes in the outbox", most["outbox_bytes"], self.spool), ("bytes of records in memory", self.load.most_waiting, self.memory),
            ("SQLite's journal", most["journal"], JOURNAL), ("growth of the server's memory", self.watch.growth, SERVER_MEMORY)) if value > limit]

    def fill_spool(self):
        """PostgreSQL is away for so long that there is no more room, neither in the node's file nor in memory; then it is back.
        Everything that is wrong, as lines. The server may not be killed meanwhile: what is in memory would go with it."""
        self.server.kill()
        began = time.monotonic()
        wait_until(lambda: self.metric("roost_archive_dropped_total") > 20, "there is no more room", FILLING)
        self.done["away until nothing found room"] = 1
        self.filled_in = time.monotonic() - began
        report = self.node.wait_for("memory-only")
        outbox = report["outbox"]
        self.take_echoes()
        self.rest(1, 1)
        self.take_echoes()
        self.server.start()
        self.node.wait_for("ready", 90)
        self.settle()
        late = load.Made(len(self.load.made) + 1, "short", 0)
        answer = self.node.post("/sessions", {"command": late.command(), "title": f"load {late.number}"})
        late.id, late.made_at = answer.json()["id"], time.time()
        self.load.made.append(late)
        self.load.wait_for_ends()
        self.compare()
        missing = self.book.missing(self.load.made)
        dropped = self.metric("roost_archive_dropped_total")
        print(f"  no room after {self.filled_in:.0f} s: {outbox} records waited; dropped and counted {dropped:.0f}, of which missed: {missing}", flush=True)
        wrong = self.problems + self.load.failures + self.book.wrong + self.beyond_caps()
        if not 0 < missing <= dropped:
            wrong.append(f"missing {missing}, counted as dropped {dropped}")
        # What came when there was room again is all there.
        self.book.wrong = []
        self.book.check_sessions([late], [], 0)
        return wrong + self.book.wrong

    def figures(self):
        kinds = {kind: sum(made.kind == kind for made in self.load.made) for kind in ("short", "printer", "bulk")}
        return [
            f"outages: {', '.join(f'{name} {count}' for name, count in self.done.items())}; server killed {len(self.deaths)} times",
            f"sessions: {kinds}; requests {self.load.requests}, wrong {len(self.load.failures)}, cut off by the server's death {self.load.cut_off}",
            f"rows, the same in both: {self.book.counts()}; {self.lines} recorded lines in order, none missing, none twice",
            f"moments that died with the server before they were written down: {self.lost_moments}",
            f"echoes: {len(self.echoes.echoes_ms)}, p50 {self.echoes.p50:.1f} ms, p99 {self.echoes.p99:.1f} ms, worst {self.echoes.worst:.0f} ms; failed {len(self.problems)}",
            *self.caps(),
        ]

    def caps(self):
        most = self.watch.most
        return [
            f"at most: outbox {most['outbox_records']} records, {most['outbox_bytes'] / MIB:.2f} MiB (cap {self.spool / MIB:.0f}); records in memory "
            f"{self.load.most_waiting / MIB:.2f} MiB (cap {self.memory / MIB:.0f}); journal {most['journal'] / MIB:.1f} MiB; file {most['file'] / MIB:.1f} MiB",
            f"server's memory: at most {most['rss'] / MIB:.1f} MiB, {self.watch.growth / MIB:+.1f} since it was warm",
        ]


def report(stage, wrong):
    print("\n".join("  " + line for line in stage.figures() + [f"WRONG: {line}" for line in wrong]), flush=True)


def main(minutes):
    print(f"ROOST_SEED={nodes.SEED}, {minutes:g} minutes", flush=True)
    with Rehearsal(nodes.SEED) as stage:
        stage.rest(5, 6)
        stage.watch.begin()
        deck = outages.Deck(stage.server, nodes.SEED)
        began = time.monotonic()
        while time.monotonic() - began < minutes * 60:
            kind, is_killed = deck.next(), stage.chance.random() < 0.4
            at = time.monotonic()
            stage.outage(kind, (2, 12), is_killed)
            print(f"  {at - began:5.0f} s: {kind.name}{', and the server killed' if is_killed else ''}; ready again after {time.monotonic() - at:.0f} s", flush=True)
            stage.rest(1, 8)
        stage.settle()
        wrong = stage.judge()
        report(stage, wrong)
    print("a spool of 8 MiB gets full:", flush=True)
    with Rehearsal(nodes.SEED, memory=4 * MIB, spool=8 * MIB, bulk=0.2) as stage:
        stage.rest(2, 3)
        stage.watch.begin()
        full = stage.fill_spool()
        print("\n".join("  " + line for line in stage.caps() + [f"WRONG: {line}" for line in full]), flush=True)
    return 1 if wrong or full else 0
