"""The client under test: its verbs as processes, attached terminals, and a network that can be cut."""
import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time

from roost import ROOT, shared, wait_until

SECONDS = 20.0  # until a condition that should come true counts as failed


def program():
    """The roost under test."""
    places = [os.environ.get("ROOST")]
    if os.environ.get("ROOST_BUILD_DIR"):
        places.append(os.path.join(os.environ["ROOST_BUILD_DIR"], "apps/roost/roost"))
    places += [os.path.join(ROOT, "build", kind, "apps/roost/roost") for kind in ("release", "dev")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return os.path.abspath(place)
    raise SystemExit("no roost: build one, or name it in ROOST")


def is_sanitized():
    """Sanitizers cost time and memory, so figures mean nothing with them."""
    with open(program(), "rb") as file:
        return b"__asan_init" in file.read()


def environment(server=None, **more):
    """The variables of a user whose server is `server`."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("ROOST", "NO_COLOR"))}
    variables.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
    if server is not None:
        variables["ROOST_DATA_DIR"] = server.data
    variables.update(more)
    return variables


class Done:
    """What a verb said and how it ended."""

    def __init__(self, process):
        self.status = process.returncode
        self.raw = process.stdout
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return f"<status {self.status}, out {self.out[:500]!r}, err {self.err[:500]!r}>"


def run(*words, server=None, stdin=b"", cwd=None, seconds=60, **variables):
    """Runs `roost WORDS…` to its end."""
    return Done(subprocess.run([program(), *words], input=stdin, capture_output=True, timeout=seconds, cwd=cwd,
                               env=environment(server or shared(), **variables)))


def new(*words, server=None, **more):
    """`roost new -d WORDS…`: the id."""
    done = run("new", "-d", *words, server=server, **more)
    assert done.status == 0, done
    return done.out.strip()


class Terminal:
    """A pseudo-terminal with a program in it, as a user's terminal emulator would have. It collects what is shown and answers nothing."""

    def __init__(self, *words, server=None, cols=80, rows=24, command=None, **variables):
        self.master, self.slave = pty.openpty()
        self.resize(cols, rows)
        self.before = termios.tcgetattr(self.slave)
        self.shown = b""
        self._changed = threading.Condition()
        self._closed = False
        self.process = subprocess.Popen(
            command or [program(), *words], stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env=environment(server or shared(), **variables))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while not self._closed:
            try:
                if not select.select([self.master], [], [], 0.2)[0]:
                    continue
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self._changed:
                self.shown += data
                self._changed.notify_all()

    def resize(self, cols, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def send(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        while data:
            select.select([], [self.master], [])
            data = data[os.write(self.master, data[:2048]):]

    def detach(self):
        self.send(b"\x1cd")

    def wait_for(self, pattern, since=0, seconds=SECONDS):
        """Waits until `pattern` (a regular expression) is in what is shown after position `since`; where the match ends."""
        expression = re.compile(pattern if isinstance(pattern, bytes) else pattern.encode(), re.S)
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = expression.search(self.shown, since)
                if found:
                    return found.end()
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{pattern!r} is not in what is shown: …{self.shown[since:][-1500:]!r}")
                self._changed.wait(left)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def attached(self):
        """Waits until the session is shown, and returns the position after the greeting."""
        return self.wait_for(rb"detaches\]\r\n.*\x1b\[H\x1b\[2J\x1b7")

    def _drain(self, seconds):
        """Waits until the reader has everything: nothing is left in the kernel, nor between it and `shown`."""
        def is_quiet():
            before = len(self.shown)
            return not select.select([self.master], [], [], 0.3)[0] and len(self.shown) == before
        wait_until(is_quiet, "all output is read", seconds)

    def ended(self, seconds=SECONDS):
        """Waits for the program's end: its exit status, 128+N after a signal. Then all it wrote is in `shown`."""
        status = self.process.wait(seconds)
        self._drain(seconds)
        return 128 - status if status < 0 else status

    def settings(self):
        return termios.tcgetattr(self.slave)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._closed = True
        self._reader.join()
        os.close(self.master)
        os.close(self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Proxy:
    """A network between client and server: forwards TCP connections, and can be cut, stalled and mended."""

    def __init__(self, port):
        self._target = port
        self._open = []
        self._is_down = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.accepted = 0
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_down:
                    client.close()
                    continue
                self.accepted += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source, sink):
        try:
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        except OSError:
            pass  # cut
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other direction was first

    def cut(self, stays_down=False):
        """Breaks all connections; with `stays_down` new ones fail until `mend()`."""
        with self._lock:
            self._is_down = stays_down
            for end in self._open:
                # A reset, as from a network that is gone, and not an orderly end.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it had ended by itself
            self._open.clear()

    def stall(self):
        """Connections stay and nothing gets through, until `mend()`."""
        self._flowing.clear()

    def mend(self):
        self._flowing.set()
        with self._lock:
            self._is_down = False

    def close(self):
        self.cut(stays_down=True)
        self._flowing.set()
        # Wakes the thread in accept(), which would otherwise go on listening after the close.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

