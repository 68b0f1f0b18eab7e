"""A PostgreSQL of the tests' own, and a PgBouncer before it. The C++ twin: tests/support/pg_server."""
import atexit
import contextlib
import glob
import itertools
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

import process
from roost import wait_until

# Who owns the databases of the tests: no superuser, as in real life. `guarded` has to say a password.
OWNER = "roost"
GUARDED, PASSWORD = "guarded", "correct-horse-7319"
PATIENCE = 60  # a start can wait for what a crashed server has left, on a busy machine

# An end by `timeout` is like Ctrl-C: it ends all tests, and what was started with them.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def programs():
    """The folder of the newest server that is installed."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if not found:
        raise SystemExit("no PostgreSQL server is installed: apt-get install postgresql")
    return os.path.dirname(max(found, key=lambda path: float(path.split("/")[4])))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment():
    """Ours without what would tell libpq or Roost where to go."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "ROOST_"))} | {"LC_ALL": "C.UTF-8"}


def unprivileged(folder):
    """What starts a program as somebody who is not root, and ends it with us. The folder becomes theirs."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "QUIT"]
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig", "QUIT"]
    raise SystemExit("no user for PostgreSQL")


class Database:
    """One database of the server, empty at first."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def url(self, user=OWNER, port=None, password=None):
        who = user if password is None else f"{user}:{password}"
        return f"postgresql://{who}@127.0.0.1:{port or self.server.port}/{self.name}"

    def sql(self, text, user="admin"):
        """Carries out statements; the rows as lists of texts."""
        return self.server.sql(text, self.name, user)

    def value(self, text):
        rows = self.sql(text)
        return rows[0][0] if rows else None

    def empty(self):
        """As it was made."""
        self.sql("DROP SCHEMA IF EXISTS roost CASCADE")

    def dump(self):
        """The schema as pg_dump writes it, without what is new in every dump."""
        done = subprocess.run([os.path.join(programs(), "pg_dump"), "-s", "-h", self.server.folder, "-p", str(self.server.port),
                               "-U", "admin", self.name], env=environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return "\n".join(line for line in done.stdout.split("\n") if not re.match(r"\\(un)?restrict ", line))


class Postgres:
    """One cluster in a temporary folder: 127.0.0.1:`port`, and a socket in that folder. @param place where that folder
    is made; everybody may look into it. @param settings of the server, beside or instead of those that all tests have."""

    def __init__(self, place=None, **settings):
        self.folder = tempfile.mkdtemp(prefix="roost-pg-", dir=place)
        self.settings = settings
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "server.log")
        self.port = free_port()
        self.process = None
        self.numbers = itertools.count(1)
        self.made = []  # names of databases
        self.lock = threading.Lock()
        self.before = unprivileged(self.folder)
        atexit.register(self.remove)
        made = subprocess.run([*self.before, os.path.join(programs(), "initdb"), "-D", self.data, "--auth=trust", "--username=admin",
                               "--no-sync", "--no-locale", "--encoding=UTF8"], env=environment(), cwd=self.folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write(f"local all all trust\nhost all {GUARDED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
        self.start()
        self.sql(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE guest LOGIN")

    def start(self):
        """Starts it, as often as it takes: it cannot while anything of a killed one still runs."""
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process is None or self.process.poll() is not None:
                settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off",
                            "full_page_writes": "off", "max_connections": 200, "shared_buffers": "32MB", "log_line_prefix": "%m [%p] %q%a ", **self.settings}
                words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
                with open(self.log_path, "ab") as log:
                    self.process = subprocess.Popen([*self.before, os.path.join(programs(), "postgres"), "-D", self.data, *words],
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), cwd=self.folder,
                                                    start_new_session=True)
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def answers(self):
        return self.process is not None and self.process.poll() is None and subprocess.run(
            [os.path.join(programs(), "pg_isready"), "-q", "-h", self.folder, "-p", str(self.port)], env=environment(), timeout=30).returncode == 0

    def stop(self, how=signal.SIGINT):
        """Ends it. SIGINT: in order; SIGKILL: a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(PATIENCE)

    def kill(self):
        """A crash of all its processes."""
        for pid in self.freeze():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def freeze(self):
        """SIGSTOP to all its processes, until there are no new ones. Their ids."""
        stopped = []
        while True:
            fresh = [pid for pid in [self.process.pid, *(pid for pid, _ in process.children(self.process.pid))] if pid not in stopped]
            if not fresh:
                return stopped
            for pid in fresh:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)

    def thaw(self):
        if self.process is not None and self.process.poll() is None:
            for pid in [self.process.pid, *(pid for pid, _ in process.children(self.process.pid))]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def ensure(self):
        """It runs again, whatever a test did to it."""
        self.thaw()
        self.start()

    def sql(self, text, database="postgres", user="admin"):
        done = subprocess.run([os.path.join(programs(), "psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
                               "-U", user, "-d", database, "-f", "-"], input=text, env=environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (text, done.stderr)
        return [line.split("\t") for line in done.stdout.split("\n") if line]

    def session(self, text, database, user="admin"):
        """A psql that stays: it has carried out `text` when this returns. End it with communicate()."""
        child = subprocess.Popen([os.path.join(programs(), "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
                                  "-U", user, "-d", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), text=True)
        child.stdin.write(f"{text};\n\\echo done\n")
        child.stdin.flush()
        for line in child.stdout:
            if line == "done\n":
                return child
        raise AssertionError(f"psql ended: {text}")

    def database(self, owner=OWNER):
        """A new database. Two that are made at once would wait for each other."""
        name = f"test_{next(self.numbers)}"
        with self.lock:
            self.sql(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")
            self.made.append(name)
        return Database(self, name)

    def drop_databases(self):
        """All that were made: after each test, as a hundred of them fill a gigabyte."""
        self.ensure()
        while self.made:
            self.sql(f"DROP DATABASE {self.made.pop()} WITH (FORCE)")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def remove(self):
        self.thaw()
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


_shared = []


def shared():
    """The cluster of all tests. Who stops it lets it `ensure` that it runs afterwards."""
    if not _shared:
        _shared.append(Postgres())
    return _shared[0]


class Pooler:
    """A PgBouncer in transaction mode before a server."""

    def __init__(self, server, mode="transaction"):
        self.folder = tempfile.mkdtemp(prefix="roost-pgbouncer-")
        self.port = free_port()
        atexit.register(self.stop)
        before = unprivileged(self.folder)
        users = os.path.join(self.folder, "users.txt")
        config = os.path.join(self.folder, "pgbouncer.ini")
        with open(users, "w", encoding="ascii") as file:
            file.write(f'"{OWNER}" ""\n')
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
                       f"unix_socket_dir =\npool_mode = {mode}\nauth_type = trust\nauth_file = {users}\ndefault_pool_size = 1\n")
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen([*before, "/usr/sbin/pgbouncer", config], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=environment(), cwd=self.folder, start_new_session=True)
        wait_until(self.answers, "PgBouncer takes connections", 30)

    def answers(self):
        assert self.process.poll() is None, open(self.log.name, encoding="utf-8").read()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def sql(self, text, database):
        done = subprocess.run([os.path.join(programs(), "psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER, "-d", database.name,
                               "-c", text], env=environment(), capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
