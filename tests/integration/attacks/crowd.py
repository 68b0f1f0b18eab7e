"""Many sockets of an attacker, driven by one thread."""
import os
import selectors
import threading
import time

import peer

CHUNK = 65536
TAIL = 256
NICENESS = 10  # an attacker's own work is done on another machine; here it must not take the server's place


class Member:
    """One socket: sends what it is given, keeps the beginning and the end of what it reads, or does not read."""

    def __init__(self, sock, source, data, reads):
        self.sock = sock
        self.source = source
        self.unsent = data
        self.reads = reads
        self.head = b""
        self.tail = b""
        self.received = 0
        self.is_open = True
        self.was_ended = False
        self.opened_at = time.monotonic()
        self.lived = None  # seconds

    def read(self):
        try:
            more = self.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        self.was_ended = not more
        self.received += len(more)
        self.head += more[:max(0, CHUNK - len(self.head))]
        self.tail = (self.tail + more)[-TAIL:]

    def write(self):
        try:
            self.unsent = self.unsent[self.sock.send(self.unsent[:CHUNK]):]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = b""
            self.was_ended = not self.reads  # who reads shall see what was said at the end

    @property
    def is_upgraded(self):
        return self.head.startswith(b"HTTP/1.1 101 ")

    @property
    def reply(self):
        """The HTTP answer that it got; nothing when none came, or when it was a WebSocket from the start."""
        return peer.Reply(self.head) if self.head.startswith(b"HTTP/") else None

    @property
    def close_code(self):
        """The code of the close frame that ended it; nothing when there was none."""
        for at in range(len(self.tail) - 3):
            if self.tail[at] == 0x88 and self.tail[at + 1] == len(self.tail) - at - 2:
                return int.from_bytes(self.tail[at + 2:at + 4], "big")
        return None


class Crowd:
    """The sockets of one attack. `open` and `send` may be called at any time, `work` moves bytes for a while."""

    def __init__(self, node):
        self.node = node
        self.members = []
        self._selector = selectors.DefaultSelector()

    def open(self, source, data=b"", receive_buffer=None):
        """One socket more, which begins with this."""
        return self.adopt(peer.connect(self.node.port, source, receive_buffer), source, data)

    def adopt(self, sock, source, data=b"", reads=True):
        sock.setblocking(False)
        member = Member(sock, source, data, reads)
        self.members.append(member)
        self._update(member)
        return member

    def send(self, member, data):
        if member.is_open:
            member.unsent += data
            self._update(member)

    @staticmethod
    def _wanted(member):
        return (selectors.EVENT_READ if member.reads else 0) | (selectors.EVENT_WRITE if member.unsent else 0)

    def _update(self, member):
        wanted = self._wanted(member)
        is_known = member.sock in self._selector.get_map()
        if not wanted:
            if is_known:
                self._selector.unregister(member.sock)
        elif not is_known:
            self._selector.register(member.sock, wanted, member)
        elif self._selector.get_key(member.sock).events != wanted:
            self._selector.modify(member.sock, wanted, member)

    def end(self, member):
        if not member.is_open:
            return
        member.is_open = False
        member.lived = time.monotonic() - member.opened_at
        if member.sock in self._selector.get_map():
            self._selector.unregister(member.sock)
        member.sock.close()

    def work(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self._selector.get_map():
                time.sleep(left)  # the pace of an attacker, not a wait for something
                return
            for key, events in self._selector.select(left):
                member = key.data
                if events & selectors.EVENT_READ:
                    member.read()
                if events & selectors.EVENT_WRITE and not member.was_ended:
                    member.write()
                if member.was_ended:
                    self.end(member)
                else:
                    self._update(member)

    @property
    def open_members(self):
        return [member for member in self.members if member.is_open]

    def close(self):
        for member in self.open_members:
            self.end(member)
        self._selector.close()


def in_background(work):
    """Runs this in a thread that gives way to the server; returns a function that waits for its result."""
    outcome = {}

    def run():
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            outcome["value"] = work()
        except BaseException as error:  # handed to who waits
            outcome["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result(seconds):
        thread.join(seconds)
        if thread.is_alive():
            raise AssertionError(f"an attack did not end within {seconds} s")
        if "error" in outcome:
            raise outcome["error"]
        return outcome["value"]

    return result
