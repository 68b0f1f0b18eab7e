"""Many callers at a time, each of which notes what it got, how often, and when."""
import collections
import http.client
import json
import select
import threading
import time

import client
import ws

MARGIN = 0.05  # on top of the deadline, for the server
Got = collections.namedtuple("Got", "reason value degraded attempts breaker seconds count body")


def reading(status, body, seconds, count):
    """What an HTTP answer says: reason "" is the helper's own value."""
    told = json.loads(body)
    if status == 200:
        return Got(told["reason"] or "", told["value"], told["degraded"], told["attempts"], told["breaker"], seconds, count, body)
    assert told["status"] == status, (status, body)
    return Got(told["reason"], None, False, told["attempts"], told["breaker"], seconds, count, body)


class Pulse:
    """Asks GET /healthz all the time: what this machine and this client need for the simplest answer just now."""

    def __init__(self, node):
        self.node = node
        self.worst = 0.0
        self.count = 0
        self.broken = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        connection = self.node.connection()
        try:
            while not self._end.wait(0.005):
                begun = time.monotonic()
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                response.read()
                assert response.status == 200
                self.worst = max(self.worst, time.monotonic() - begun)
                self.count += 1
        except Exception as error:
            self.broken.append(repr(error))
        finally:
            connection.close()

    @property
    def allowance(self):
        """What may be added to a deadline: the server's margin and a few times our own overhead."""
        return MARGIN + 4 * max(self.worst, 0.005)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._end.set()
        self._thread.join(10)


def over_http(node, name, method, params, results, gate):
    connection = node.connection()
    headers = {"Authorization": f"Bearer {node.token}", "Content-Type": "application/json"}
    body = json.dumps({"method": method, **({} if params is None else {"params": params})})
    connection.connect()
    gate.wait()
    begun = time.monotonic()
    try:
        connection.request("POST", f"/api/v1/channels/{name}/call", body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        seconds = time.monotonic() - begun
        # A second answer would come at once behind the first one.
        more = select.select([connection.sock], [], [], 0)[0] if connection.sock else []
        results.append(reading(response.status, text, seconds, 2 if more else 1))
    except (OSError, http.client.HTTPException) as error:
        results.append(Got(f"no answer: {error!r}", None, False, 0, "", time.monotonic() - begun, 0, ""))
    finally:
        connection.close()


def over_ws(node, name, method, params, results, gate, calls):
    with ws.Client(node, timeout=10) as socket:
        socket.expect("hello")
        gate.wait()
        begun = time.monotonic()
        for number in range(1, calls + 1):
            socket.send({"type": "call", "id": number, "channel": name,
                         "params": {"method": method, **({} if params is None else {"params": params})}})
        got = {}
        counts = collections.Counter()

        def take(frame):
            if frame["type"] == "result":
                counts[frame["id"]] += 1
                got[frame["id"]] = (frame, time.monotonic() - begun)

        while len(got) < calls:
            take(socket.receive()[1])
        # Whatever was sent twice comes before this answer.
        socket.send({"type": "ping", "id": 1})
        while True:
            frame = socket.receive()[1]
            if frame["type"] == "pong":
                break
            take(frame)
    for number, (frame, seconds) in got.items():
        reason = (frame["reason"] or "") if frame["ok"] else frame["error"]["code"]
        results.append(Got(reason, frame.get("value"), frame["degraded"], frame["attempts"], frame["breaker"], seconds,
                           counts[number], json.dumps(frame)))


def over_cli(node, name, method, params, results, gate):
    gate.wait()
    begun = time.monotonic()
    words = ["call", "--method", method, name] + ([] if params is None else [json.dumps(params)])
    done = client.run("--json", *words, server=node)
    told = json.loads(done.out) if done.out.strip() else {"reason": f"no JSON: {done}", "attempts": 0, "breaker": ""}
    results.append(Got(told["reason"] or "", told.get("value"), told.get("degraded", False), told["attempts"], told["breaker"],
                       time.monotonic() - begun, len(done.out.strip().splitlines()), done.out + done.err))


def all_at_once(node, name, method, params=None, http=6, ws_calls=4, cli=0):
    """So many over HTTP, over one WebSocket, and by `roost call`. (those over sockets, those by programs)"""
    direct, programs = [], []
    gate = threading.Barrier(http + (1 if ws_calls else 0) + cli)
    threads = [threading.Thread(target=over_http, args=(node, name, method, params, direct, gate), daemon=True) for _ in range(http)]
    if ws_calls:
        threads.append(threading.Thread(target=over_ws, args=(node, name, method, params, direct, gate, ws_calls), daemon=True))
    threads += [threading.Thread(target=over_cli, args=(node, name, method, params, programs, gate), daemon=True) for _ in range(cli)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 15
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert not [t for t in threads if t.is_alive()], f"a caller of {name} has no answer; {len(direct)} and {len(programs)} have"
    return direct, programs
