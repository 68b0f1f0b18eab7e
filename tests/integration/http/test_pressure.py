"""Pressure: by numbers and by memory, as clients, administrators and event streams see it."""
import unittest

from roost import own, wait_until
from sse import Stream
from ws import Client, Closed


def pressure_of(client, level, limit=40):
    """The next pressure message with this level."""
    for _ in range(limit):
        kind, *rest = client.receive()
        if kind == "text" and rest[0]["type"] == "pressure" and rest[0]["level"] == level:
            return rest[0]
    raise AssertionError(f"no pressure message with level {level}")


class Numbers(unittest.TestCase):
    def test_everybody_hears_of_it_and_of_its_end(self):
        server = own(self, "connections: {max: 7, admin_reserve: 0}\n")
        with Stream(server, "?topics=pool.pressure") as events:
            clients = [Client(server) for _ in range(6)]
            for client in clients:
                self.assertEqual(pressure_of(client, 1), {"type": "pressure", "level": 1, "used": 6, "capacity": 7})
            event = events.next("pool.pressure")["data"]
            self.assertEqual((event["level"], event["gauge"], event["used"], event["capacity"]), (1, "websockets", 6, 7))
            clients.append(Client(server))
            for client in clients:
                self.assertEqual(pressure_of(client, 2)["used"], 7)
            ready = server.get("/readyz")
            self.assertEqual(ready.status, 200)
            self.assertEqual(ready.json()["components"]["pool"]["reason"], "full: 7 of 7 websockets")
            self.assertEqual(server.get("/connections").json()["pressure"], 2)
            for client in clients[1:]:
                client.sock.close()
            self.assertEqual(pressure_of(clients[0], 0)["capacity"], 7)
            self.assertEqual(events.next("pool.pressure")["data"]["level"], 2)
            wait_until(lambda: events.next("pool.pressure")["data"]["level"] == 0, "the event that it is over")


class Memory(unittest.TestCase):
    def test_the_biggest_laggards_are_resynced_and_lose_nothing_they_could_see(self):
        server = own(self, "connections: {memory_budget: 16MiB, window: 8MiB}\nterminals: {history: 4MiB, pause_limit: 0s}\n")
        lines = 1500000
        sessions = [server.new(["sh", "-c", f"seq {lines}; echo over; exec sleep 600"])["id"] for _ in range(2)]
        laggards = []
        for session in sessions:
            for _ in range(2):
                client = Client(server)
                client.send({"type": "attach", "stream": 1, "session": session, "cols": 80, "rows": 24, "mode": "view"})
                laggards.append(client)  # and does not read

        def shed():
            return "what waits for this client is dropped" in server.log()

        wait_until(shed, "a laggard gave its memory up", 30)
        wait_until(lambda: all(server.get(f"/sessions/{s}/screen").text.rstrip().endswith("over") for s in sessions), "the programs are done", 30)
        used = wait_until(lambda: (lambda x: x["used"]["memory_bytes"] < x["limits"]["memory_bytes"] and x)(server.get("/connections").json()), "memory is within its budget")
        self.assertGreaterEqual(used["pressure"], 1)
        # Each catches up: a gap-free run of offsets, or a snapshot, after which the screen is right.
        for client in laggards:
            expected, tail = None, b""
            while b"over" not in tail:
                kind, *rest = client.receive()
                if kind == "snapshot":
                    _, offset, _, data = rest
                    expected, tail = offset, data
                elif kind == "output":
                    _, offset, data = rest
                    self.assertEqual(offset, expected, "a gap without a snapshot")
                    expected += len(data)
                    tail = (tail + data)[-4096:]
                    client.ack(1, expected)
                if kind == "snapshot":
                    client.ack(1, expected)


class Kicked(unittest.TestCase):
    def test_an_administrator_closes_a_connection(self):
        server = own(self)
        client = Client(server)
        hello = client.receive()[1]
        viewer = server.token_for("viewer")
        self.assertEqual(server.delete(f"/connections/{hello['connection']}", token=viewer).status, 403)
        self.assertEqual(server.delete("/connections/c999").problem, "not-found")
        self.assertEqual(server.delete(f"/connections/{hello['connection']}").status, 204)
        with self.assertRaises(Closed) as closed:
            while True:
                client.receive()
        self.assertEqual((closed.exception.code, closed.exception.reason), (1008, "closed by an administrator"))
        client.sock.close()
        wait_until(lambda: server.get("/connections").json()["totals"]["closed"].get("1008") == 1, "it is counted")


if __name__ == "__main__":
    unittest.main()
