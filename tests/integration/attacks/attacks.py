"""The attacks: each comes from addresses of its own and does its harm for a while.

An attack knows what it may cost (`memory`) and how long it needs to show (`seconds`); what it must have met is
checked by test_attacks.py from what its sockets saw (`crowd`) and what the node counted. Those here need no token, or
are told apart by their handshake; floods.py has those of clients that were let in."""
import time

import crowd
import peer

MIB = 1 << 20
STEP = 0.05  # seconds between two actions of a slow attacker


class Attack:
    name = ""
    seconds = 3.0
    memory = 32 * MIB  # by which the server may grow meanwhile

    def __init__(self, node):
        self.node = node
        self.crowd = crowd.Crowd(node)
        self.token = node.token_for("operator", label="attacker")

    def run(self):
        until = time.monotonic() + self.seconds
        self.begin()
        while (left := until - time.monotonic()) > 0:
            self.step()
            self.crowd.work(min(STEP, left))

    def begin(self):
        """Its first wave."""

    def step(self):
        """What it does again and again."""

    def end(self):
        self.crowd.close()

    @staticmethod
    def rest(seconds):
        """Lets time pass in which nothing is attacked."""
        time.sleep(seconds)

    @property
    def members(self):
        return self.crowd.members

    def upgrade(self, headers=()):
        return peer.upgrade(self.node.port, self.token, headers)

    def keep_up(self, sources, number, data):
        """Comes back with as many as were thrown out, within reason."""
        for _ in range(min(number - len(self.crowd.open_members), 25)):
            if len(self.members) < 3000:
                self.crowd.open(sources[len(self.members) % len(sources)], data() if callable(data) else data)


class Thousand(Attack):
    """1,000 connections from one address that ask nothing; who is thrown out comes again."""
    name = "1000 connections"
    source = "127.0.0.60"

    def begin(self):
        for _ in range(1000):
            self.crowd.open(self.source)

    def step(self):
        self.keep_up([self.source], 1000, b"")


class ThousandUpgrades(Attack):
    """1,000 connections from one address that all know a good token."""
    name = "1000 upgrades"
    source = "127.0.0.61"

    def begin(self):
        for _ in range(1000):
            self.crowd.open(self.source, self.upgrade())

    def step(self):
        self.keep_up([self.source], 1000, self.upgrade)


class SilentSockets(Attack):
    """Sockets of several addresses that say nothing, more than there are places for handshakes."""
    name = "silent sockets"
    seconds = 7.0  # handshake_timeout is 5 s
    sources = [f"127.0.1.{n}" for n in range(1, 6)]

    def begin(self):
        for number in range(300):
            self.crowd.open(self.sources[number % len(self.sources)])

    def step(self):
        self.keep_up(self.sources, 300, b"")


class Slowloris(Attack):
    """Request headers that come byte by byte and never end."""
    name = "slowloris"
    seconds = 7.0
    sources = ["127.0.0.62", "127.0.0.63"]
    start = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: "

    def step(self):
        self.keep_up(self.sources, 60, self.start)
        for member in self.crowd.open_members:
            self.crowd.send(member, b"x")


class SlowBodies(Attack):
    """Logins whose body never comes: nobody needs to show a credential to get that far."""
    name = "slow bodies"
    source = "127.0.0.64"
    start = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"

    def step(self):
        self.keep_up([self.source], 60, self.start)
        for member in self.crowd.open_members:
            self.crowd.send(member, b" ")


class ForgedForwarding(Attack):
    """Says in X-Forwarded-For that it is somebody else each time."""
    name = "forged X-Forwarded-For"
    source = "127.0.0.77"

    def step(self):
        number = len(self.members)
        if number < 200:
            forged = f"203.0.113.{number}, 198.51.100.{number}"
            self.crowd.open(self.source, self.upgrade([("X-Forwarded-For", forged), ("Forwarded", f"for=203.0.113.{number}")]))


class ForeignPages(Attack):
    """A page of a stranger makes browsers connect, with the login's cookie."""
    name = "foreign origins"
    source = "127.0.0.78"

    def begin(self):
        answer = self.node.call("POST", "/login", {"token": self.token}, token="")
        self.cookie = answer.headers["set-cookie"].split(";")[0]

    def step(self):
        for _ in range(10):
            if len(self.members) < 600:
                data = peer.upgrade(self.node.port, None, [("Cookie", self.cookie), ("Origin", "http://evil.example")])
                self.crowd.open(self.source, data)


def all_kinds(of=Attack):
    for kind in of.__subclasses__():
        if kind.name:
            yield kind
        yield from all_kinds(kind)

