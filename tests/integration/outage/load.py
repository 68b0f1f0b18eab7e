"""What goes on all the time: sessions that begin, print and end, questions, titles that change. Each request must be answered
as it should be whenever the server runs; a request that the server's own death cut off counts as neither."""
import http.client
import random
import threading
import time

LINE_PACE = 0.05         # seconds between two of its lines
BULK_LINES = 1500        # of a noisy one, of BULK_WIDTH that cannot be packed
BULK_WIDTH = 100
MOST_PRINTERS = 4
FORGET_AFTER = 2.0       # seconds; short ones are removed
EXIT_WAIT = 40           # seconds


def figure_of(page, name):
    """One figure of GET /metrics; None if it is not there."""
    return next((float(line.split()[1]) for line in page.split("\n") if line.startswith(name + " ")), None)


class Made:
    """A session as whoever made it knows it."""

    def __init__(self, number, kind, lines):
        self.number, self.kind, self.lines = number, kind, lines
        self.status = number % 100
        self.id = None            # None: the answer was cut off
        self.made_at = None       # of the clock on the wall
        self.is_over = False
        self.removed_at = None

    def command(self):
        if self.kind == "short":
            return ["sh", "-c", f"exit {self.status}"]
        if self.kind == "printer":
            return ["sh", "-c", f"i=0; while [ $i -lt {self.lines} ]; do i=$((i+1)); echo \"$i of {self.lines}\"; sleep {LINE_PACE}; done; exit {self.status}"]
        return ["sh", "-c", f"head -c {self.lines * BULK_WIDTH * 3 // 4} /dev/urandom | base64 -w {BULK_WIDTH} | "
                            f"awk '{{ print NR \" of {self.lines} \" $0 }}'; exit {self.status}"]


class Load:
    """A context manager. @param pace sessions per second; @param bulk seconds between two noisy ones, 0 for none; @param lines
    of a printer, at least and at most."""

    def __init__(self, node, seed, pace=4.0, bulk=3.0, lines=(40, 240)):
        self.node, self.chance = node, random.Random(seed)
        self.pace, self.bulk, self.lines = pace, bulk, lines
        self.lock = threading.Lock()
        self.made, self.failures = [], []
        self.requests = self.cut_off = 0
        self.most_waiting = 0.0             # bytes of records in the server's memory
        self.is_up = threading.Event()
        self.is_up.set()
        self.lives = 0                      # of the server
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.begin_short, self.begin_printers, self.begin_bulk, self.forget, self.ask)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def down(self):
        """The server is about to be killed."""
        with self.lock:
            self.lives += 1
            self.is_up.clear()

    def up(self):
        self.is_up.set()

    def call(self, method, path, body=None, wanted=(200,)):
        """One request's answer; None if the server's death cut it off, or if it was wrong, which is noted."""
        while True:
            if not self.is_up.wait(0.2) and self.is_over.is_set():
                return None
            with self.lock:
                if self.is_up.is_set():
                    life = self.lives
                    self.requests += 1
                    break
        try:
            answer = self.node.call(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            with self.lock:
                if life == self.lives:
                    self.failures.append(f"{method} {path}: {error!r}")
                else:
                    self.cut_off += 1
            return None
        if answer.status not in wanted:
            with self.lock:
                self.failures.append(f"{method} {path}: {answer}")
            return None
        return answer

    def pause(self, seconds):
        """A pace, not a wait for something. Whether to go on."""
        return not self.is_over.wait(seconds)

    def begin(self, kind, lines=0):
        with self.lock:
            made = Made(len(self.made) + 1, kind, lines)
            self.made.append(made)
        answer = self.call("POST", "/sessions", {"command": made.command(), "title": f"load {made.number}"}, (201,))
        if answer:
            made.id, made.made_at = answer.json()["id"], time.time()
        return made

    def begin_short(self):
        while self.pause(self.chance.uniform(0.5, 1.5) / self.pace):
            self.begin("short")

    def begin_printers(self):
        running = []
        while self.pause(0.2):
            for made in [made for made in running if self.has_exited(made)]:
                running.remove(made)
            if len(running) < MOST_PRINTERS:
                made = self.begin("printer", self.chance.randint(*self.lines))
                if made.id:
                    running.append(made)
            elif running:
                made = self.chance.choice(running)
                self.call("PATCH", f"/sessions/{made.id}", {"title": f"load {made.number} {self.chance.random()}"})

    def begin_bulk(self):
        while self.bulk and self.pause(self.bulk):
            self.begin("bulk", BULK_LINES)

    def has_exited(self, made):
        answer = self.call("GET", f"/sessions/{made.id}")
        if answer and answer.json()["state"] == "exited":
            made.is_over = True
            self.check_end(made, answer.json())
        return made.is_over

    def check_end(self, made, told):
        if told["exit_status"] != made.status:
            with self.lock:
                self.failures.append(f"session {made.number} ended with {told['exit_status']}, not {made.status}")

    def forget(self):
        """Removes short sessions, as somebody would who tidies up."""
        while self.pause(0.5):
            with self.lock:
                old = [made for made in self.made if made.kind == "short" and made.id and not made.removed_at and made.made_at < time.time() - FORGET_AFTER]
            for made in old:
                if self.is_over.is_set():
                    return
                if self.has_exited(made) and self.call("DELETE", f"/sessions/{made.id}", wanted=(200, 202)):
                    made.removed_at = time.time()

    def ask(self):
        while self.pause(0.2):
            answer = self.call("GET", "/history?limit=20")
            if answer and answer.json()["next"]:
                self.call("GET", f"/history?limit=20&cursor={answer.json()['next']}")
            for path in ("/database", "/sessions", "/metrics", "/readyz", "/status"):
                answer = self.call("GET", path)
                if answer and path == "/metrics":
                    self.most_waiting = max(self.most_waiting, figure_of(answer.text, "roost_archive_waiting_bytes"))
            done = [made for made in self.made if made.is_over and made.kind != "short"]
            if done:
                # What the node's own file does not have (yet) another node may have given to PostgreSQL: 503 while that is away.
                self.call("GET", f"/sessions/{self.chance.choice(done).id}/recording?format=asciicast-v2", wanted=(200, 404, 503))

    def wait_for_ends(self):
        """Until all sessions have ended. Those whose answer was cut off are found by their title."""
        told = {row["title"].split()[1]: row["id"] for row in self.node.get("/sessions").json()["sessions"] if row["title"].startswith("load ")}
        for made in self.made:
            made.id = made.id or told.get(str(made.number))
            if made.id and not made.is_over:
                answer = self.node.post(f"/sessions/{made.id}/wait", {"exit": True, "timeout_ms": EXIT_WAIT * 1000})
                if answer.status == 404:
                    made.is_over = True  # the server forgets those that ended before 200 others; the ledger has their end
                    continue
                assert answer.status == 200 and answer.json()["met"], (made.number, made.kind, answer)
                made.is_over = True
                self.check_end(made, self.node.get(f"/sessions/{made.id}").json())
