"""A reader of Server-Sent Events."""
import json
import socket
import time


class Stream:
    """GET /events. Events are dicts with `event`, `id` (or None) and `data` (parsed)."""

    def __init__(self, server, query="", *, token=None, headers=None, unix=False):
        self.connection = server.connection(unix)
        sent = {"Accept": "text/event-stream", **(headers or {})}
        if not unix:
            sent["Authorization"] = f"Bearer {token or server.token}"
        self.connection.request("GET", "/api/v1/events" + query, headers=sent)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = {k.lower(): v for k, v in self.response.getheaders()}
        self.text = b""

    def _line(self, seconds):
        self.connection.sock and self.connection.sock.settimeout(seconds)
        return self.response.readline()

    def block(self, seconds=10.0):
        """The lines up to the next empty one; None when the stream has ended."""
        lines = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._line(max(0.05, deadline - time.monotonic()))
            except (socket.timeout, TimeoutError) as late:
                raise AssertionError(f"no event within {seconds} s; so far {lines}") from late
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if not line:
                return lines
            lines.append(line)

    def next(self, *topics, seconds=10.0):
        """The next event (of these topics)."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.block(max(0.05, deadline - time.monotonic()))
            assert lines is not None, "the stream has ended"
            event = {"event": None, "id": None, "data": None}
            for line in lines:
                if not line.startswith(":"):
                    key, _, value = line.partition(": ")
                    event[key] = value
            if event["data"] is not None:
                event["data"] = json.loads(event["data"])
                if not topics or event["event"] in topics:
                    return event

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
