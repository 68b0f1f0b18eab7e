"""A helper process that behaves as badly as it is told to: `helpers.py stdio|unix|http CONTROL JOURNAL [PATH|PORT]`.

CONTROL is a JSON file, read anew for each request: {"mode": "hang", …}. Without a mode the request's method names
it, and a method that is none is answered with an echo. JOURNAL gets a line for each thing that the helper sees.
As `unix` and `http` it is two processes: one keeps the listener and starts the other anew when that dies. Both end
with their standard input, so that nothing outlives a test. Python 3 standard library only."""
import ctypes
import json
import os
import select
import signal
import socket
import sys
import threading
import time

HUGE = 100 << 20
PIECE = 1 << 20
DEEP = 40
SLOW_BYTE = 0.02  # seconds
SECRET = "hunter2-7f3a9c"
SECRET_PATH = "/srv/vault/master.key"


class Gone(Exception):
    """Nobody is at the other side."""


class Told:
    """What the test wants at the moment."""

    def __init__(self, control, journal):
        self.control = control
        self.journal = journal
        self.lock = threading.Lock()

    def now(self):
        try:
            with open(self.control, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def mode(self, method=""):
        return self.now().get("mode") or method

    def note(self, **what):
        line = json.dumps({"pid": os.getpid(), "at": time.time(), **what}) + "\n"
        with self.lock, open(self.journal, "a", encoding="utf-8") as file:
            file.write(line)


class Exchange:
    """One request and the way back. A stream's lines share theirs; HTTP's are one to a connection."""

    def __init__(self, told, wire, request):
        self.told = told
        self.wire = wire
        self.id = request.get("id")
        self.method = request.get("method", "")
        self.params = request.get("params")
        self.wish = told.now()

    def text(self, **members):
        return json.dumps({"jsonrpc": "2.0", "id": self.id, **members}).encode()

    def good(self):
        return self.text(result={"method": self.method, "params": self.params, "pid": os.getpid()})

    def answer(self, text):
        self.wire.send(text)

    def option(self, name, otherwise):
        if name in self.wish:
            return self.wish[name]
        return self.params.get(name, otherwise) if isinstance(self.params, dict) else otherwise


# ---- what a helper may do with a request that it has read ----

def echo(x):
    x.answer(x.good())


def hang(x):
    pass


def die_after_read(x):
    os._exit(3)


def die_once(x):
    """The first one of all to be told so dies; those after it are well."""
    try:
        os.close(os.open(x.told.control + ".died", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return echo(x)
    os._exit(3)


def die_in_answer(x):
    x.wire.send_part(x.good(), 0.5)
    os._exit(3)


def die_after_answer(x):
    x.answer(x.good())
    os._exit(3)


def late(x):
    time.sleep(x.option("seconds", 0.5))
    x.answer(x.good())


def twice(x):
    x.answer(x.good())
    x.answer(x.good())


def out_of_order(x):
    """Holds what comes within a moment, and answers the last one first."""
    with x.wire.lock:
        x.wire.held.append(x)
        is_first = len(x.wire.held) == 1
    if not is_first:
        return
    time.sleep(0.05)
    with x.wire.lock:
        held, x.wire.held = x.wire.held, []
    for each in reversed(held):
        each.answer(each.good())


def not_json(x):
    x.answer(b"Traceback (most recent call last): " + SECRET.encode())


def not_json_rpc(x):
    x.answer(b'{"hello": "world", "id": %d}' % x.id)


def wrong_id(x):
    x.answer(json.dumps({"jsonrpc": "2.0", "id": x.id + 1_000_000, "result": 1}).encode())


def result_and_error(x):
    x.answer(x.text(result=1, error={"code": 1, "message": "and yet"}))


def deep(x):
    x.answer(b'{"jsonrpc":"2.0","id":%d,"result":%s1%s}' % (x.id, b"[" * DEEP, b"]" * DEEP))


def huge(x):
    x.wire.send_huge(x.id)


def slow(x):
    x.wire.send_slowly(x.good())


def close_out(x):
    x.wire.close_out()


def flood_stderr(x):
    x.answer(x.good())
    begun = time.monotonic()
    line = b"helper: " + b"e" * 200 + b"\n"
    while time.monotonic() - begun < 0.3:
        os.write(2, line * 64)


def error(x):
    members = {"code": x.option("code", -32000), "message": x.option("message", "no")}
    if x.option("category", None) is not None:
        members["data"] = {"category": x.option("category", "")}
    x.answer(x.text(error=members))


def secret(x):
    os.write(2, f"cannot open {SECRET_PATH}: {SECRET}\n".encode())
    x.answer(x.text(error={"code": -32050, "message": f"{SECRET_PATH}: wrong password {SECRET}",
                           "data": {"category": SECRET, "trace": [SECRET, SECRET_PATH]}}))


def raw(x):
    """Whatever `text` is, as the error."""
    x.answer(b'{"jsonrpc":"2.0","id":%d,"error":%s}' % (x.id, x.option("text", "null").encode()))


def result(x):
    """Whatever `text` is, as the result."""
    x.answer(b'{"jsonrpc":"2.0","id":%d,"result":%s}' % (x.id, x.option("text", "null").encode()))


def status(x):
    """HTTP: another status than 200."""
    x.wire.send(x.good(), status=x.option("status", 500))


# ---- and before it has read one ----

def die_before_read():
    os._exit(3)


def never_read():
    time.sleep(0.02)


BEFORE = {each.__name__: each for each in (die_before_read, never_read)}
AFTER = {each.__name__: each for each in (
    echo, hang, die_once, die_after_read, die_in_answer, die_after_answer, late, twice, out_of_order, not_json, not_json_rpc, wrong_id,
    result_and_error, deep, huge, slow, close_out, flood_stderr, error, secret, raw, result, status)}


class Stream:
    """Lines to and from: a pair of descriptors, or a socket."""

    def __init__(self, told, fd_in, fd_out, close_out_side):
        self.told = told
        self.fd_in = fd_in
        self.fd_out = fd_out
        self.close_out = close_out_side
        self.lock = threading.RLock()
        self.held = []

    def write(self, data):
        try:
            with self.lock:
                while data:
                    data = data[os.write(self.fd_out, data):]
        except OSError as problem:
            raise Gone from problem

    def send(self, text, **unused):
        self.write(text + b"\n")

    def send_part(self, text, part):
        self.write(text[:int(len(text) * part)])

    def send_huge(self, number):
        with self.lock:
            self.write(b'{"jsonrpc":"2.0","id":%d,"result":"' % number)
            for _ in range(HUGE // PIECE):
                self.write(b"x" * PIECE)
            self.send(b'"}')

    def send_slowly(self, text):
        with self.lock:
            for i in range(len(text)):
                self.write(text[i:i + 1])
                time.sleep(SLOW_BYTE)
            self.write(b"\n")

    def serve(self):
        rest = b""
        while True:
            select.select([self.fd_in], [], [])
            before = BEFORE.get(self.told.mode())
            if before:
                before()
                continue
            try:
                data = os.read(self.fd_in, 1 << 16)
            except OSError:
                return
            if not data:
                self.told.note(end=True)
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                take(self.told, self, json.loads(line))


class Http:
    """One connection: requests one after the other."""

    def __init__(self, told, peer):
        self.told = told
        self.peer = peer
        self.lock = threading.RLock()
        self.held = []
        self.is_answered = threading.Event()

    def write(self, data):
        try:
            self.peer.sendall(data)
        except OSError as problem:
            raise Gone from problem

    @staticmethod
    def head(length, code=200):
        return b"HTTP/1.1 %d What\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (code, length)

    def send(self, text, status=200):
        self.write(self.head(len(text), status) + text)

    def send_part(self, text, part):
        self.write(self.head(len(text)) + text[:int(len(text) * part)])

    def send_huge(self, number):
        self.write(self.head(HUGE) + b'{"jsonrpc":"2.0","id":%d,"result":"' % number)
        for _ in range(HUGE // PIECE):
            self.write(b"x" * PIECE)

    def send_slowly(self, text):
        for each in self.head(len(text)) + text:
            self.write(bytes([each]))
            time.sleep(SLOW_BYTE)

    def close_out(self):
        self.peer.shutdown(socket.SHUT_WR)

    def serve(self):
        data = b""
        while True:
            select.select([self.peer], [], [])
            before = BEFORE.get(self.told.mode())
            if before:
                before()
                continue
            try:
                more = self.peer.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                self.told.note(end=True)
                self.peer.close()
                return
            data += more
            while b"\r\n\r\n" in data:
                head, body = data.split(b"\r\n\r\n", 1)
                length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                if len(body) < length:
                    break
                take(self.told, self, json.loads(body[:length]))
                data = body[length:]


def take(told, wire, request):
    """One message of the server's."""
    if "id" not in request:
        told.note(told=request["method"], params=request.get("params"))
        return
    x = Exchange(told, wire, request)
    mode = told.mode(x.method)
    told.note(asked=x.method, id=x.id, mode=mode)
    act = AFTER.get(mode, echo)
    threading.Thread(target=perform, args=(act, x), daemon=True).start()


def perform(act, x):
    try:
        act(x)
    except Gone:
        x.told.note(gone=x.id)


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def serve_stdio(told):
    def close_side():
        # Nothing else may hold it open.
        os.close(1)

    Stream(told, 0, 1, close_side).serve()


def serve_connections(told, listener, kind):
    while True:
        peer, _ = listener.accept()
        if kind == "http":
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            way = Http(told, peer)
        else:
            way = Stream(told, peer.fileno(), peer.fileno(), lambda p=peer: p.shutdown(socket.SHUT_WR))
            way.peer = peer
        threading.Thread(target=way.serve, daemon=True).start()


def keep_serving(told, listener, kind):
    """Starts a worker, and another one when it dies, for as long as standard input is open."""
    def end_with_input():
        while os.read(0, 1):
            pass
        os._exit(0)

    print("ready", flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    while True:
        worker = os.fork()
        if worker == 0:
            end_with_parent()
            serve_connections(told, listener, kind)
        os.waitpid(worker, 0)


def main(kind, control, journal, where=None):
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    told = Told(control, journal)
    told.note(start=kind)
    if kind == "stdio":
        serve_stdio(told)
        return
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(where)
    else:
        listener = socket.create_server(("127.0.0.1", int(where)))
    listener.listen(256)
    keep_serving(told, listener, kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
