"""A small WebSocket client (RFC 6455) that can also misbehave on purpose."""
import base64
import hashlib
import json
import os
import socket
import struct
import time

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was not answered with 101."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status} {body[:200]}")
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def problem(self):
        return json.loads(self.body)["type"].removeprefix("/problems/")


class Closed(Exception):
    """The server closed; `code` is None when it did so without a close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Client:
    def __init__(self, server, *, token=None, unix=False, subprotocol="roost.v1", headers=None, path="/ws", version="13", timeout=15):
        self.buffer = b""
        self.messages = []
        if unix:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(server.socket_path)
        else:
            self.sock = socket.create_connection(("127.0.0.1", server.port))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as browsers do: an ack must not hold up the next key
        self.sock.settimeout(timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        sent = {"Host": "localhost" if unix else f"127.0.0.1:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": version}
        if subprotocol is not None:
            sent["Sec-WebSocket-Protocol"] = subprotocol
        if token is None and not unix:
            token = server.token
        if token:
            sent["Authorization"] = f"Bearer {token}"
        sent.update(headers or {})
        lines = [f"GET {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in sent.items() if v is not None]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, self.headers, rest = self._read_head()
        if status != 101:
            body = rest
            length = int(self.headers.get("content-length", "0"))
            while len(body) < length:
                more = self.sock.recv(65536)
                if not more:
                    break
                body += more
            self.sock.close()
            raise Refused(status, self.headers, body.decode("utf-8", "replace"))
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == expected
        self.buffer = rest

    def _read_head(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                raise Closed(None, "during the handshake")
            data += more
        head, rest = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        return int(lines[0].split()[1]), headers, rest

    # ---- sending ----

    def send_frame(self, opcode, payload, *, masked=True, final=True, reserved=0, length=None):
        """One frame, as it should be unless told otherwise; `length` lies about the payload's size."""
        size = len(payload) if length is None else length
        head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 1 << 16:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        if masked:
            mask = os.urandom(4)
            repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
            payload = mask + (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
        self.sock.sendall(head + payload)

    def send(self, message):
        self.send_frame(TEXT, json.dumps(message).encode())

    def input(self, stream, data):
        self.send_frame(BINARY, struct.pack(">BI", 0x10, stream) + data)

    def ack(self, stream, offset):
        self.send_frame(BINARY, struct.pack(">BIQ", 0x11, stream, offset))

    # ---- receiving ----

    def _take(self, count):
        while len(self.buffer) < count:
            try:
                more = self.sock.recv(1 << 20)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed(None)
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """The next data message: ("text", dict), ("output", stream, offset, bytes) or ("snapshot", stream, offset, reason, bytes)."""
        while True:
            first, second = self._take(2)
            assert second & 0x80 == 0, "a server does not mask"
            assert first & 0x80, "the server sends whole messages"
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            payload = self._take(size)
            opcode = first & 0x0F
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode())
            elif opcode == TEXT:
                return "text", json.loads(payload)
            elif opcode == BINARY:
                if payload[0] == 1:
                    stream, offset = struct.unpack(">IQ", payload[1:13])
                    return "output", stream, offset, payload[13:]
                assert payload[0] == 2, payload[:1]
                stream, offset, reason = struct.unpack(">IQB", payload[1:14])
                return "snapshot", stream, offset, reason, payload[14:]

    def expect(self, kind, **fields):
        """The next text frame of this type with these fields; what comes before it is passed over."""
        while True:
            message = self.receive()
            if message[0] == "text" and message[1].get("type") == kind:
                if all(message[1].get(name) == value for name, value in fields.items()):
                    return message[1]

    def expect_close(self):
        """The code with which the server closes; what comes before is passed over."""
        while True:
            try:
                self.receive()
            except Closed as closed:
                return closed.code

    def read_output(self, stream, until, seconds=10.0):
        """Output and snapshots of a stream, acked, until `until` occurs in them."""
        seen = b""
        deadline = time.monotonic() + seconds
        while until not in seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{until!r} did not come; seen {seen[-500:]!r}")
            message = self.receive()
            if message[0] == "output" and message[1] == stream:
                seen += message[3]
                self.ack(stream, message[2] + len(message[3]))
            elif message[0] == "snapshot" and message[1] == stream:
                seen += message[4]
                self.ack(stream, message[2])
        return seen

    def attach(self, stream, session, mode="control", cols=80, rows=24, **more):
        self.send({"type": "attach", "stream": stream, "session": session, "cols": cols, "rows": rows, "mode": mode, **more})
        return self.expect("attached", stream=stream)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
