"""A server that speaks just enough HTTP and roost.v1 to refuse, close, restart and be silent on command."""
import base64
import hashlib
import json
import os
import socket
import struct
import threading
import time

SESSION = {"id": "0123456789abcdef", "title": "work", "node": "a", "state": "running", "command": ["cat"], "cols": 80, "rows": 24}
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
OUTPUT, SNAPSHOT, INPUT, ACK = 0x01, 0x02, 0x10, 0x11


def problem(status, name, title, retry_after=None):
    """An answer with problem+json, as bytes."""
    body = json.dumps({"type": f"/problems/{name}", "title": title, "status": status}).encode()
    after = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
    return (f"HTTP/1.1 {status} Refused\r\nContent-Type: application/problem+json\r\n{after}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body


class WebSocket:
    """The server's end of one WebSocket. `attach` is the client's wish, `inputs` and `acks` are what it sent."""

    def __init__(self, stream, reader, number):
        self.number = number
        self.attach = None
        self.inputs = b""
        self.acks = []
        self.texts = []
        self._stream = stream
        self._reader = reader

    def _send(self, kind, data):
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        self._stream.sendall(bytes([0x80 | kind]) + size + data)

    def say(self, what, **fields):
        self._send(TEXT, json.dumps({"type": what, **fields}).encode())

    def output(self, offset, data):
        self._send(BINARY, struct.pack(">BIQ", OUTPUT, 1, offset) + data)

    def snapshot(self, offset, data=b"\x1bc"):
        self._send(BINARY, struct.pack(">BIQB", SNAPSHOT, 1, offset, 0) + data)

    def say_goodbye(self, code, reason=""):
        self._send(CLOSE, struct.pack(">H", code) + reason.encode())

    def close(self, code, reason=""):
        self.say_goodbye(code, reason)
        self.stay()  # what the client still had to say, and then its goodbye
        self._stream.shutdown(socket.SHUT_WR)  # RFC 6455, 7.1.1: the server is first

    def receive(self):
        """Takes one message of the client; false at the end."""
        try:
            head = self._reader.read(2)
            if len(head) < 2:
                return False
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self._reader.read(2 if size == 126 else 8), "big")
            mask = self._reader.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self._reader.read(size)))
        except OSError:
            return False
        kind = head[0] & 0x0F
        if kind == CLOSE:
            return False
        if kind == PING:
            self._send(PONG, data)
        elif kind == TEXT:
            self.texts.append(json.loads(data))
            if self.texts[-1]["type"] == "attach":
                self.attach = self.texts[-1]
        elif kind == BINARY and data[0] == INPUT:
            self.inputs += data[5:]
        elif kind == BINARY and data[0] == ACK:
            self.acks.append(struct.unpack(">Q", data[5:])[0])
        return True

    def accept_attach(self, offset=0):
        """Greets the client and attaches it at `offset`: with a snapshot, or from where it wants to go on."""
        self.say("hello", node="a", version="0", connection=f"c{self.number}", limits={"window": 1 << 20})
        while self.attach is None:
            if not self.receive():
                raise ConnectionError("the client left before it attached")
        since = self.attach.get("since")
        start = since["offset"] if since else offset
        self.say("attached", stream=1, session=SESSION["id"], epoch="e", offset=start, live_offset=start,
                 how="delta" if since else "snapshot", reason=None, mode=self.attach["mode"], cols=80, rows=24,
                 holder=f"c{self.number}", you=True)
        if not since:
            self.snapshot(start)

    def wait_for_ack(self, offset):
        """Until the client's terminal has taken everything before `offset`."""
        while offset not in self.acks:
            if not self.receive():
                raise ConnectionError("the client left before it acknowledged")

    def stay(self):
        """Listens until the client leaves."""
        while self.receive():
            pass


class Fake:
    """Listens on loopback, or on the Unix socket `path`. `talk(websocket)` runs for each WebSocket, in a thread of its own."""

    data = "/nowhere"  # it has no data dir

    def __init__(self, talk=None, path=None):
        self.talk = talk or (lambda websocket: (websocket.accept_attach(), websocket.stay()))
        self.refuse = lambda target: None     # an answer for requests to `target`
        self.greet = lambda number: None      # an answer for connection `number`, sent before anything is read
        self.websockets = []
        self.upgrades = []                    # when each was asked for
        self._path = path
        self.accepted = 0
        self._open = []
        if path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(path)
            self._listener.listen(16)
            self.url = f"unix:{path}"
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            answer = self.greet(self.accepted)
            if answer:
                stream.sendall(answer)
                stream.close()
                continue
            self._open.append(stream)
            self._threads.append(threading.Thread(target=self._serve, args=(stream,)))
            self._threads[-1].start()

    def _serve(self, stream):
        try:
            with stream, stream.makefile("rb") as reader:
                target, headers = self._read_request(reader)
                if target == "/ws":
                    self.upgrades.append(time.monotonic())
                answer = self.refuse(target)
                if answer:
                    stream.sendall(answer)
                elif target == "/ws":
                    self._upgrade(stream, reader, headers)
                else:
                    self._answer(stream, target)
        except (ConnectionError, ValueError, IndexError):
            pass  # the client left

    @staticmethod
    def _read_request(reader):
        target = reader.readline().split()[1].decode()
        headers = {}
        while (line := reader.readline().strip()):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return target, headers

    def _answer(self, stream, target):
        body = json.dumps({"sessions": [SESSION]}).encode()
        extra = ""
        if "/output" in target:
            body, extra = b"", "X-Roost-Epoch: e\r\nX-Roost-Offset: 0\r\nX-Roost-End: 0\r\n"
        stream.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{extra}Connection: close\r\n\r\n".encode() + body)

    def _upgrade(self, stream, reader, headers):
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        stream.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Protocol: roost.v1\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        websocket = WebSocket(stream, reader, len(self.websockets) + 1)
        self.websockets.append(websocket)
        self.talk(websocket)

    def close(self):
        """Nobody listens any more, and every connection is cut."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
        except OSError:
            pass  # it was closed before
        self._listener.close()
        if self._path and os.path.exists(self._path):
            os.unlink(self._path)
        for stream in self._open:
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was first
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
