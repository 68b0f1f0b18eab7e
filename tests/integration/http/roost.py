"""A roostd of the tests' own, and HTTP requests to it."""
import atexit
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))


def program():
    """The roostd under test."""
    places = [os.environ.get("ROOSTD")]
    if os.environ.get("ROOST_BUILD_DIR"):
        places.append(os.path.join(os.environ["ROOST_BUILD_DIR"], "apps/roostd/roostd"))
    places += [os.path.join(ROOT, "build", kind, "apps/roostd/roostd") for kind in ("release", "dev")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise SystemExit("no roostd: build one, or name it in ROOSTD")


def own_user():
    """The name of the server's user, as sessions show it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container with a bare uid
        return str(os.geteuid())


def is_sanitized():
    """Whether the program under test was built with AddressSanitizer."""
    with open(program(), "rb") as file:
        return b"__asan_init" in file.read()


def sandboxes():
    """The built-in profiles that this build can start programs in: AddressSanitizer reserves terabytes, and so cannot run below a limit of memory."""
    return ["none", "workspace"] + ([] if is_sanitized() else ["isolated"])


def wait_until(condition, what, seconds=10.0):
    """Calls `condition` until it gives something true; its value. Fails with `what`, or what that gives, after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The last part of the problem's type: bad-size."""
        if self.headers.get("content-type") != "application/problem+json":
            return f"no problem: {self.status} {self.text[:200]}"
        return self.json()["type"].removeprefix("/problems/")

    def __repr__(self):
        return f"<{self.status} {self.text[:300]}>"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    """One roostd with a data dir of its own on a free port of loopback."""

    def __init__(self, config="", arguments=()):
        self.folder = tempfile.mkdtemp(prefix="roost-http-")
        self.data = os.path.join(self.folder, "data")
        command = [program(), "--listen", "127.0.0.1:0", "--data-dir", self.data, *arguments]
        if config:
            path = os.path.join(self.folder, "roost.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config)
            command += ["--config", path]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")}
        environment["SHELL"] = "/bin/bash"
        environment["HOME"] = self.folder  # Nobody's own shell settings.
        self.errors = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, env=environment, cwd=self.folder)
        line = self._first_line()
        found = re.search(r"(https?://127\.0\.0\.1:(\d+)/)#token=(\S+)", line)
        if not found:
            raise AssertionError(f"no URL in {line!r}\n{self.log()}")
        self.url = found.group(0)
        self.port = int(found.group(2))
        self.token = found.group(3)
        self.socket_path = os.path.join(self.data, "api.sock")

    def _first_line(self):
        lines = []
        reader = threading.Thread(target=lambda: lines.append(self.process.stdout.readline().decode()))
        reader.start()
        reader.join(20)
        return lines[0] if lines else ""

    def log(self):
        self.errors.flush()
        with open(self.errors.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def connection(self, unix=False):
        return UnixConnection(self.socket_path) if unix else http.client.HTTPConnection("127.0.0.1", self.port, timeout=130)

    def call(self, method, path, body=None, *, token=None, headers=None, unix=False, raw=False):
        """One request. A dict or list goes as JSON, bytes as octets (or as they are with `raw`). `token` "" sends none."""
        sent = dict(headers or {})
        data = body
        if isinstance(body, (dict, list)):
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        elif isinstance(body, str):
            data = body.encode()
            sent.setdefault("Content-Type", "application/json")
        elif isinstance(body, bytes) and not raw:
            sent.setdefault("Content-Type", "application/octet-stream")
        if token is None and not unix:
            token = self.token
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        if path.split("?")[0] not in ("/", "/healthz", "/readyz", "/metrics", "/login", "/ws") and not path.startswith("/api/"):
            path = "/api/v1" + path
        connection = self.connection(unix)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def new(self, command=None, **fields):
        """A new session's JSON."""
        wish = dict(fields)
        if command is not None:
            wish["command"] = command
        answer = self.post("/sessions", wish)
        assert answer.status == 201, (answer, self.log()[-2000:])
        return answer.json()

    def token_for(self, role, **fields):
        answer = self.post("/tokens", {"role": role, **fields})
        assert answer.status == 201, answer
        return answer.json()["token"]

    def clear(self):
        """Ends and forgets all sessions."""
        for session in self.get("/sessions").json()["sessions"]:
            if session["state"] != "exited":
                self.delete(f"/sessions/{session['id']}?now=1")
                self.post(f"/sessions/{session['id']}/wait", {"exit": True, "timeout_ms": 10000})
            wait_until(lambda s=session: self.delete(f"/sessions/{s['id']}").status in (200, 404), "the session is forgotten")

    def stop(self):
        """Ends the server as an operator does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode


_shared = []


def shared():
    """The server that most tests use together."""
    if not _shared:
        _shared.append(Server())
    return _shared[0]


def own(test, config=""):
    """A server for one test that would get in the way of others, e.g. by showing wrong tokens until it is slowed down."""
    server = Server(config)
    test.addCleanup(server.stop)
    return server


@atexit.register
def stop_all():
    while _shared:
        _shared.pop().stop()
