"""The keeper's protocol, written from docs/reference/keeper.md: packets as dictionaries, and a connection."""
import array
import mmap
import os
import socket
import struct
import time

MAGIC = 0x526F4B31
HELLO, START, SIGNAL, END, FORGET, SET_DRAIN, FETCH = 1, 2, 3, 4, 5, 6, 7
WELCOME, SESSION, READY, STARTED, REFUSED, EXITED, EMPTIED, FENCED, FORGOTTEN = range(101, 110)
RUNNING, HAS_EXITED, HAS_EMPTIED = 1, 2, 3
JOBS, TREE = 0, 1
STEP_PACKET, STEP_ID, STEP_TERMINAL, STEP_MEMORY, STEP_PROCESS, STEP_USER, STEP_LIMIT, STEP_FOLDER, STEP_PROGRAM, STEP_SANDBOX = range(1, 11)

ANSWERS = {
    WELCOME: ("welcome", "HHHHQq32sII", ("version", "oldest", "newest", "_", "generation", "pid", "build", "sessions", "has_cgroups")),
    SESSION: ("session", "32sIIqqii", ("id", "phase", "has_terminal", "pid", "warden", "status", "signal")),
    READY: ("ready", "", ()),
    STARTED: ("started", "32sqq", ("id", "pid", "warden")),
    REFUSED: ("refused", "32sIi512s", ("id", "step", "error", "text")),
    EXITED: ("exited", "32sii", ("id", "status", "signal")),
    EMPTIED: ("emptied", "32s", ("id",)),
    FENCED: ("fenced", "", ()),
    FORGOTTEN: ("forgotten", "32s", ("id",)),
}


def head(kind, request=0):
    return struct.pack("=II", kind, request)


def name(text):
    return text.encode()[:32].ljust(32, b"\0")


def part(tag, value):
    return struct.pack("=HHI", tag, 0, len(value)) + value


def request(argv, env=(), folder="/", size=(80, 24), history=65536, executable=None, sandboxed=False, limits=(), user=None,
            groups=(), cgroup=(), terminal_group=None, again=False):
    """The bytes of a start request."""
    out = part(1, (executable or argv[0]).encode())
    out += b"".join(part(2, each.encode()) for each in argv)
    out += b"".join(part(3, each.encode()) for each in env)
    out += part(4, folder.encode()) + part(5, struct.pack("=HH", *size)) + part(6, struct.pack("=Q", history))
    out += part(7, b"") if sandboxed else b""
    out += b"".join(part(8, struct.pack("=IIQ", which, 0, most)) for which, most in limits)
    out += part(9, struct.pack("=II", *user)) if user else b""
    out += b"".join(part(10, struct.pack("=I", each)) for each in groups)
    out += b"".join(part(11, line.encode()) for line in cgroup)
    out += part(12, b"") if again else b""
    out += part(1001, struct.pack("=I", terminal_group)) if terminal_group is not None else b""
    return out


def memfd(content):
    fd = os.memfd_create("request")
    os.write(fd, content)
    return fd


class Packet(dict):
    """What the keeper said: `kind`, `request`, the fields of the packet, and the descriptors `memory` and `master`."""

    def __getattr__(self, key):
        try:
            return self[key]
        except KeyError as error:
            raise AttributeError(key) from error

    def close(self):
        for key in ("memory", "master"):
            if self.get(key) is not None:
                os.close(self.pop(key))


def parse(data, descriptors):
    kind, asked = struct.unpack_from("=II", data)
    word, shape, fields = ANSWERS[kind]
    values = struct.unpack_from("=" + shape, data, 8)
    out = Packet(zip(fields, values), kind=kind, word=word, request=asked)
    for key in ("id", "build", "text"):
        if key in out:
            out[key] = out[key].split(b"\0")[0].decode(errors="replace")
    for key, fd in zip(("memory", "master"), descriptors):
        out[key] = fd
    return out


class Link:
    """A connection to a keeper. Packets that nobody waited for yet are kept in `unread`."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here = os.getcwd()
        os.chdir(os.path.dirname(path))  # the path may be longer than an address
        try:
            self.socket.connect(os.path.basename(path))
        finally:
            os.chdir(here)
        self.unread = []
        self.requests = 0

    def close(self):
        self.socket.close()
        for each in self.unread:
            each.close()

    def send(self, data, descriptors=()):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        self.socket.sendmsg([data], control)

    def receive(self, seconds=5.0):
        """The next packet; None at the end of the connection."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data, control, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(8 * 4), socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            return None
        if not data:
            return None
        descriptors = array.array("i")
        for level, kind, content in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(content[: len(content) - len(content) % 4])
        return parse(data, list(descriptors))

    def expect(self, kind, seconds=10.0, **fields):
        """The first packet of this kind and with these fields. Fails after `seconds`, and at the end."""
        deadline = time.monotonic() + seconds
        wanted = dict(fields, kind=kind)
        at = 0
        while True:
            while at < len(self.unread):
                if all(self.unread[at].get(key) == value for key, value in wanted.items()):
                    return self.unread.pop(at)
                at += 1
            try:
                packet = self.receive(deadline - time.monotonic())
            except TimeoutError:
                packet = None
            if packet is None:
                raise AssertionError(f"not within {seconds} s: {ANSWERS[kind][0]} {fields}; unread: {self.unread[-5:]}")
            self.unread.append(packet)

    def hello(self, oldest=1, newest=3):
        """Becomes the owner. Returns welcome and the sessions by id."""
        self.send(head(HELLO, 1) + struct.pack("=IHH32s", MAGIC, oldest, newest, b"test"))
        welcome = self.expect(WELCOME)
        sessions = {}
        if welcome.version:
            for _ in range(welcome.sessions):
                each = self.expect(SESSION)
                sessions[each.id] = each
            self.expect(READY)
        return welcome, sessions

    def ask_start(self, session, content, extras=()):
        self.requests += 1
        fd = memfd(content)
        try:
            self.send(head(START, self.requests) + name(session) + struct.pack("=I", len(content)), [fd, *extras])
        finally:
            os.close(fd)
        return self.requests

    def start(self, session, argv, extras=(), seconds=10.0, **more):
        """Starts a program; the packet `started`."""
        asked = self.ask_start(session, request(argv, **more), extras)
        return self.answer(asked, STARTED, seconds)

    def refused(self, session, argv, extras=(), **more):
        """Starts a program that must be refused; the packet `refused`."""
        asked = self.ask_start(session, request(argv, **more), extras)
        return self.answer(asked, REFUSED)

    def answer(self, asked, kind, seconds=10.0):
        deadline = time.monotonic() + seconds
        while True:
            for each in self.unread:
                if each.request == asked and each.kind in (STARTED, REFUSED):
                    self.unread.remove(each)
                    assert each.kind == kind, each
                    return each
            packet = self.receive(deadline - time.monotonic())
            assert packet is not None, "the keeper has closed the connection"
            self.unread.append(packet)

    def signal(self, session, number, reach=JOBS):
        self.send(head(SIGNAL) + name(session) + struct.pack("=iI", number, reach))

    def end(self, session):
        self.send(head(END) + name(session))

    def forget(self, session):
        self.requests += 1
        self.send(head(FORGET, self.requests) + name(session))
        return self.expect(FORGOTTEN, request=self.requests)

    def set_drain(self, on):
        self.send(head(SET_DRAIN) + struct.pack("=I", on))

    def fetch(self, session):
        self.requests += 1
        self.send(head(FETCH, self.requests) + name(session))
        return self.requests


class Memory:
    """A session's memory, as session_memory.hpp lays it out."""

    PAGE, SEGMENT, NOTE, CHECKPOINT = 4096, 65536, 65536, 1 << 20

    def __init__(self, fd):
        self.map = mmap.mmap(fd, os.fstat(fd).st_size)
        self.magic, self.version, self.segments, self.check = struct.unpack_from("=QIIQ", self.map)
        records = (self.segments * 16 + self.PAGE - 1) // self.PAGE * self.PAGE
        self.first = self.PAGE + records + 2 * self.NOTE
        assert len(self.map) == self.first + self.segments * self.SEGMENT + 2 * self.CHECKPOINT

    @property
    def owner(self):
        return struct.unpack_from("=Q", self.map, 24)[0]

    @staticmethod
    def mix(x):
        most = (1 << 64) - 1
        x ^= x >> 33
        x = x * 0xFF51AFD7ED558CCD & most
        x ^= x >> 33
        x = x * 0xC4CEB9FE1A85EC53 & most
        return x ^ x >> 33

    @classmethod
    def fill_of(cls, start, used):
        return (cls.mix(start ^ cls.mix(used + 1)) & 0xFFFFFFFF00000000) | (used + 1)

    def records(self):
        """(start, used, index) of each segment that holds output, in order."""
        out = []
        for i in range(self.segments):
            start, fill = struct.unpack_from("=QQ", self.map, self.PAGE + 16 * i)
            if fill:
                used = (fill & 0xFFFFFFFF) - 1
                assert fill == self.fill_of(start, used), f"segment {i} is damaged"
                out.append((start, used, i))
        return sorted(out)

    def write(self, index, start, content):
        """As a server does."""
        at = self.first + index * self.SEGMENT
        self.map[at:at + len(content)] = content
        struct.pack_into("=QQ", self.map, self.PAGE + 16 * index, start, self.fill_of(start, len(content)))

    def write_uncounted(self, index, start, content):
        """As a server that is killed after it has read `content` into a segment that was blank: behind what is counted."""
        used = next((used for first, used, i in self.records() if i == index), 0)
        at = self.first + index * self.SEGMENT + used
        self.map[at:at + len(content)] = content
        if not used:
            struct.pack_into("=QQ", self.map, self.PAGE + 16 * index, start, self.fill_of(start, 0))
        low = index + 1
        struct.pack_into("=Q", self.map, 32 + 128, (self.mix(start + self.mix(low)) & 0xFFFFFFFF00000000) | low)

    def output(self):
        """(offset of the first byte, all bytes): the segments must follow each other."""
        records = self.records()
        out = b""
        for start, used, index in records:
            assert start == records[0][0] + len(out), f"a gap: {records}"
            at = self.first + index * self.SEGMENT
            out += self.map[at:at + used]
        return (records[0][0] if records else 0), out

    def close(self):
        self.map.close()
