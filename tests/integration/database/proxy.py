"""A TCP proxy before PostgreSQL that knows where each message and each statement ends (protocol 3.0, manual chapter 55)."""
import contextlib
import os
import signal
import socket
import struct
import threading

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
UP, DOWN = 0, 1  # from the client to the server, and back


class Cut(Exception):
    """The connection has to end here."""


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class Link:
    """One connection. Its bytes, and what the client said, are counted."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.ends = [client, socket.create_connection(("127.0.0.1", proxy.target))]
        for end in self.ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = [0, 0]
        self.statements = []
        self.answered = 0
        self.is_inside = False  # between the first message of a statement and its last

    def pass_on(self, direction, data):
        limit = self.proxy.byte_limit(direction)
        if limit is not None and self.bytes[direction] + len(data) >= limit:
            data = data[:max(0, limit - self.bytes[direction])]
            if data:
                self.send(direction, data)
            raise Cut
        self.send(direction, data)

    def send(self, direction, data):
        if self.proxy.is_silent:
            self.proxy.may_go_on.wait()
            raise Cut
        self.ends[1 - direction].sendall(data)
        self.bytes[direction] += len(data)

    def read(self, direction, size):
        out = b""
        while len(out) < size:
            part = self.ends[direction].recv(size - len(out))
            if not part:
                raise Cut
            out += part
        return out

    def greet(self):
        """What comes before the typed messages: the wishes for encryption, which the server refuses, and the start."""
        while True:
            head = self.read(UP, 8)
            size, code = struct.unpack("!ii", head)
            self.pass_on(UP, head + self.read(UP, size - 8))
            if code not in (SSL_REQUEST, GSS_REQUEST):
                return
            self.pass_on(DOWN, self.read(DOWN, 1))

    def message(self, direction):
        head = self.read(direction, 5)
        return head[:1], head + self.read(direction, struct.unpack("!i", head[1:])[0] - 4)

    def client_side(self):
        while True:
            kind, data = self.message(UP)
            # `Q` is a statement; so is everything from Parse to Sync.
            begins = kind in b"QP" and not self.is_inside
            ends = kind in b"QS"
            if begins:
                text = data[5:] if kind == b"Q" else data[5:].split(b"\0", 1)[1]
                self.statements.append(text.split(b"\0", 1)[0].decode())
                self.proxy.reached(self, "before", len(self.statements))
            self.is_inside = (self.is_inside or begins) and not ends
            self.pass_on(UP, data)
            if ends:
                self.proxy.reached(self, "sent", len(self.statements))

    def server_side(self):
        while True:
            kind, data = self.message(DOWN)
            if kind == b"Z" and self.statements:
                self.answered += 1
                self.proxy.reached(self, "answered", self.answered)
            self.pass_on(DOWN, data)

    def run(self, side):
        with contextlib.suppress(Cut, OSError):
            side()
        self.close()

    def start(self):
        with contextlib.suppress(Cut, OSError):
            self.greet()
            threading.Thread(target=self.run, args=(self.server_side,), daemon=True).start()
            return self.run(self.client_side)
        return self.close()

    def close(self):
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Listens on `port`. At most one thing is done to one connection: `at(…)` or `cut_after(…)`, then all goes on undisturbed."""

    def __init__(self, target):
        self.target = target
        self.links = []
        self.moment = None  # (before | sent | answered, number)
        self.deed = None
        self.limits = [None, None]
        self.happened = threading.Event()
        self.may_go_on = threading.Event()
        self.is_silent = False
        self.mutex = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):  # a server that is away refuses: so does this
                self.links.append(Link(self, client))
                threading.Thread(target=self.links[-1].start, daemon=True).start()
                continue
            client.close()

    def at(self, moment, number, deed):
        """Does `deed(link)` before the statement is handed to the server, when it is `sent`, or when it is `answered`
        and before the answer is handed to the client."""
        self.moment, self.deed = (moment, number), deed

    def cut_after(self, direction, count):
        """Hands on so many bytes, and closes the connection."""
        self.limits[direction] = count

    def byte_limit(self, direction):
        return self.limits[direction]

    def reached(self, link, moment, number):
        with self.mutex:
            if self.moment != (moment, number):
                return
            self.moment = None
        self.happened.set()
        self.deed(link)

    # Deeds.

    @staticmethod
    def cut(link):
        raise Cut

    def stall(self, link):
        """Hands nothing on to the server until `may_go_on`."""
        self.may_go_on.wait()

    def silence(self, link=None):
        """From now on nothing arrives anywhere, not even that a connection has ended."""
        self.is_silent = True

    def statements(self):
        return [text for link in self.links for text in link.statements]

    def close(self):
        self.may_go_on.set()
        # A thread that waits in accept() holds the socket open.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for link in self.links:
            link.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
