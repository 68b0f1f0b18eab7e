"""The attacks of a client that knows a good token, on the WebSockets that it gets with it. See attacks.py."""
import time
import zlib

import peer
import ws
from attacks import MIB, STEP, Attack


class Sockets(Attack):
    """Base of what a client with a token does on the 20 WebSockets that it gets."""
    source = ""
    number = 20
    most = 400  # in all
    reads = True
    receive_buffer = None
    headers = ()
    session = None

    def __init__(self, node):
        super().__init__(node)
        self.refused = 0

    def step(self):
        for _ in range(min(self.number - len(self.crowd.open_members), self.most - len(self.members))):
            member = self.join()
            if member is None:
                break
            self.begin_socket(member)
        self.act()

    def join(self):
        """One WebSocket more, its handshake done; nothing when it is refused."""
        try:
            it = peer.Peer(self.node, self.source, token=self.token, headers=self.headers, receive_buffer=self.receive_buffer)
        except (ws.Refused, ws.Closed, OSError):
            self.refused += 1
            return None
        return self.crowd.adopt(it.sock, self.source, reads=self.reads)

    def begin_socket(self, member):
        """What it says first on each."""

    def act(self):
        """What it does on all of them again and again."""

    def watch(self, member, streams=1):
        """Attaches a socket to the attacker's own session."""
        for stream in range(1, streams + 1):
            self.crowd.send(member, peer.text_frame({"type": "attach", "stream": stream, "session": self.session, "cols": 80, "rows": 24, "mode": "control"}))

    def pour(self, data, most=1 << 18):
        """Keeps everybody's pipe full."""
        for member in self.crowd.open_members:
            if len(member.unsent) < most:
                self.crowd.send(member, data)


class ByteAtATime(Sockets):
    """Good frames, a byte at a time, each byte in a packet of its own."""
    name = "byte-at-a-time frames"
    source = "127.0.0.66"
    sent = peer.text_frame({"type": "ping", "id": 7}) + peer.frame(ws.PING, b"slow") + peer.frame(ws.TEXT, b'{"type":', final=False) \
        + peer.frame(0, b'"ping","id":8}')

    at = 0

    def act(self):
        until = time.monotonic() + STEP
        while time.monotonic() < until:
            for member in self.crowd.open_members:
                self.crowd.send(member, self.sent[self.at:self.at + 1])
            self.at = (self.at + 1) % len(self.sent)
            self.crowd.work(0.001)


class NeverReading(Sockets):
    """Watches what never ends, keeps typing, and reads nothing."""
    name = "never-reading typers"
    seconds = 14.0  # write_timeout is 10 s, and the buffers must fill before
    memory = 64 * MIB  # a window of output for each stream that is not read
    source = "127.0.0.67"
    number = most = 10
    reads = False
    receive_buffer = 4096
    script = "while :; do head -c 32768 /dev/zero | tr '\\0' x; sleep 0.02; done"

    def begin(self):
        self.session = self.node.new(["sh", "-c", self.script])["id"]

    def begin_socket(self, member):
        self.watch(member, streams=4)

    def act(self):
        for member in self.crowd.open_members:
            self.crowd.send(member, peer.input_frame(1, b"a"))


class DeafAskers(Sockets):
    """Asks for answers without an end and takes none of them."""
    name = "never-reading askers"
    source = "127.0.0.68"
    memory = 64 * MIB
    most = 100
    reads = False
    receive_buffer = 4096

    def act(self):
        self.pour(peer.text_frame({"type": "ping", "id": "x" * 100}) * 500)


class GiantFrames(Sockets):
    """Frames that say they are huge, fragments that never end, and the largest message without its last byte."""
    name = "giant frames"
    source = "127.0.0.69"
    memory = 64 * MIB  # 20 messages of up to max_frame (1 MiB), and what the buffers grow by
    lies = [peer.frame(ws.BINARY, b"x", length=size) for size in ((1 << 20) + 1, 1 << 32, (1 << 63) - 1)]
    endless = peer.frame(ws.BINARY, bytes(60000), final=False) + peer.frame(0, bytes(60000), final=False) * 20
    unfinished = peer.frame(ws.BINARY, b"\x10" + bytes((1 << 20) - 2), length=1 << 20)

    def begin_socket(self, member):
        self.crowd.send(member, [*self.lies, self.endless, self.unfinished][len(self.members) % 5])


class PingFlood(Sockets):
    """Pings of the largest size, as fast as they go."""
    name = "ping flood"
    source = "127.0.0.70"
    opcode = ws.PING

    def act(self):
        self.pour(peer.frame(self.opcode, bytes(125)) * 500)


class PongFlood(PingFlood):
    """Pongs that nobody asked for."""
    name = "pong flood"
    source = "127.0.0.71"
    opcode = ws.PONG


class EmptyFragments(Sockets):
    """One message in fragments without a byte in them: no control frames, and never whole."""
    name = "empty fragments"
    source = "127.0.0.72"

    def begin_socket(self, member):
        self.crowd.send(member, peer.frame(ws.TEXT, b"", final=False))

    def act(self):
        self.pour(peer.frame(0, b"", final=False) * 20000)


class SmallInputs(Sockets):
    """Types single characters as fast as they go, into a session of its own."""
    name = "input flood"
    memory = 160 * MIB  # 20 queues of refusals, 1 MiB of short texts each, which take several times that
    source = "127.0.0.73"

    def begin(self):
        self.session = self.node.new(["sh", "-c", "stty raw -echo; exec cat >/dev/null"])["id"]

    def begin_socket(self, member):
        self.watch(member)

    def act(self):
        self.pour(peer.input_frame(1, b"a") * 10000)


class Refreshes(Sockets):
    """Asks for snapshots of a long history as fast as they go, and reads them all."""
    name = "refresh flood"
    source = "127.0.0.74"
    memory = 128 * MIB
    script = ("stty raw -echo; i=0; while [ $i -lt 3000 ]; do printf '\\033[3%dmline %d of a long history\\r\\n' $((i % 8)) $i; "
              "i=$((i+1)); done; exec cat")
    messages = peer.text_frame({"type": "refresh", "stream": 1}) * 1000

    def begin(self):
        self.session = self.node.new(["sh", "-c", self.script])["id"]

    def begin_socket(self, member):
        self.watch(member)

    def act(self):
        self.pour(self.messages)


class Resizes(Refreshes):
    """Changes the size of a terminal as fast as it goes."""
    name = "resize flood"
    source = "127.0.0.75"
    messages = b"".join(peer.text_frame({"type": "resize", "stream": 1, "cols": cols, "rows": 24}) for cols in (80, 132)) * 500


class Attaches(Sockets):
    """Comes to a terminal and leaves it again as fast as it goes."""
    name = "attach flood"
    source = "127.0.0.79"
    memory = 64 * MIB

    def begin(self):
        self.session = self.node.new(["cat"])["id"]
        both = [{"type": "attach", "stream": 9, "session": self.session, "cols": 80, "rows": 24, "mode": "view"}, {"type": "detach", "stream": 9}]
        self.messages = b"".join(peer.text_frame(message) for message in both) * 500

    def act(self):
        self.pour(self.messages)


class Subscriptions(Sockets):
    """Subscribes to events again and again."""
    name = "subscribe flood"
    source = "127.0.0.80"
    memory = 64 * MIB

    def act(self):
        self.pour(peer.text_frame({"type": "subscribe", "topics": ["session.created"]}) * 1000)


class Deflate(Sockets):
    """Offers compression, and compresses."""
    name = "deflate offer"
    source = "127.0.0.76"
    headers = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits; server_no_context_takeover")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (packer.compress(bytes(16 * MIB)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]  # 16 KiB

    def begin_socket(self, member):
        self.crowd.send(member, peer.frame(ws.TEXT, self.bomb, reserved=4))
