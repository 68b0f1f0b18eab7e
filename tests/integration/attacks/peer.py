"""Clients with an address of their own: plain sockets, and WebSockets that say hello properly or do not."""
import base64
import json
import os
import socket
import struct
import time

import ws

MASK = b"\1\2\3\4"


def connect(port, source="127.0.0.1", receive_buffer=None, timeout=15):
    """A connected TCP socket. Any 127.x.y.z is an address of its own to the server."""
    sock = socket.socket()
    try:
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


def reset(sock):
    """Closes with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def request(lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def upgrade(port, token=None, headers=(), host=None, path="/ws"):
    """The bytes of a WebSocket handshake. `headers` are pairs, so that one may come twice; a host of "" sends none."""
    lines = [f"GET {path} HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Protocol: roost.v1"]
    if host != "":
        lines.append(f"Host: {host or f'127.0.0.1:{port}'}")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return request(lines + [f"{name}: {value}" for name, value in headers])


class Reply:
    """An HTTP answer as far as its bytes go."""

    def __init__(self, data):
        head, _, self.body = bytes(data).partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else None
        self.headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        self.is_whole = b"\r\n\r\n" in data and len(self.body) >= int(self.headers.get("content-length", "0"))

    @property
    def problem(self):
        if self.headers.get("content-type") != "application/problem+json":
            return None
        return json.loads(self.body)["type"].removeprefix("/problems/")

    @property
    def retry_after(self):
        value = self.headers.get("retry-after")
        return None if value is None else int(value)

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


def ask(port, data, source="127.0.0.1", timeout=15):
    """One request on a connection of its own: the answer's bytes, as far as its length or the end."""
    with connect(port, source, timeout=timeout) as sock:
        sock.sendall(data)
        return read_reply(sock)


def read_reply(sock):
    got = b""
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            more = b""
        got += more
        reply = Reply(got)
        if not more or reply.is_whole or reply.status == 101:
            return reply


def frame(opcode, payload, *, final=True, reserved=0, length=None):
    """A masked frame; `length` lies about the payload's size."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += b"\xfe" + struct.pack(">H", size)
    else:
        head += b"\xff" + struct.pack(">Q", size)
    mask = (MASK * (len(payload) // 4 + 1))[:len(payload)]
    return head + MASK + (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(payload), "big")


def text_frame(message):
    return frame(ws.TEXT, json.dumps(message).encode())


def input_frame(stream, data):
    return frame(ws.BINARY, struct.pack(">BI", 0x10, stream) + data)


class Peer(ws.Client):
    """A WebSocket from an address of its own. Raises ws.Refused like the client that it is."""

    def __init__(self, node, source="127.0.0.1", *, token=None, headers=(), host=None, receive_buffer=None, timeout=15, before=b""):
        self.buffer = b""
        self.messages = []
        self.sock = connect(node.port, source, receive_buffer, timeout)
        try:
            self.sock.sendall(before + upgrade(node.port, node.token if token is None else token, headers, host))
            status, self.headers, rest = self._read_head()
            if status != 101:
                body = rest
                while len(body) < int(self.headers.get("content-length", "0")):
                    more = self.sock.recv(65536)
                    if not more:
                        break
                    body += more
                raise ws.Refused(status, self.headers, body.decode("utf-8", "replace"))
        except BaseException:
            self.sock.close()
            raise
        self.buffer = rest

    def send_bytes(self, data):
        self.sock.sendall(data)

    def answer_close(self, seconds=15):
        """(code, reason) with which the server closes; says goodbye in return, so that the server need not wait for it."""
        self.sock.settimeout(seconds)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.receive()
            except ws.Closed as closed:
                if closed.code is not None:
                    try:
                        self.send_frame(ws.CLOSE, struct.pack(">H", closed.code))
                    except OSError:
                        pass  # it did not wait
                self.close()
                return closed.code, closed.reason
        raise AssertionError(f"the server did not close within {seconds} s")


def refusal(node, source="127.0.0.1", **more):
    """The ws.Refused of an upgrade that must not succeed."""
    try:
        peer = Peer(node, source, **more)
    except ws.Refused as refused:
        return refused
    peer.close()
    raise AssertionError(f"{source} was let in")
