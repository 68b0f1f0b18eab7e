"""What each attack does to somebody else's echo, to the server's processor and to its memory, as a table.

Each attack is performed several times on a node of its own, with quiet periods of the same user on the same node
before and after, so that what else the machine does meets both. As often, in turns, it hits another node than the one
on which the user works: that control is what the machine does to the user, which no server can help. Attackers,
node and user share the processors here, which they do not elsewhere."""
import argparse
import contextlib
import statistics

import attacks
import floods  # noqa: F401, its classes are found through attacks
import innocent
import node as nodes
import stage

GOAL = 2.0
MIB = 1 << 20


def measure(kind, elsewhere):
    """One round, as stage.Outcome; with `elsewhere` the user is on another node than the attack."""
    with contextlib.ExitStack() as cleanup:
        node = own_node(cleanup)
        home = own_node(cleanup) if elsewhere else node
        attack = kind(node)
        user = cleanup.enter_context(innocent.Innocent(home))
        # Nobody asks the server how it is: while it is quiet nobody does either.
        out = stage.perform(node, attack, user, attack.seconds / 2, nodes.MemoryWatch)
        node.wait_for_used(20, websockets=0 if elsewhere else 1, http=0, handshakes=0)
        user.take()
        attack.rest(attack.seconds / 2)
        out.quiet.merge(user.take())
        return out


def own_node(cleanup):
    node = nodes.Node()
    cleanup.callback(node.stop)
    return node


class Rounds:
    """Rounds of one kind: the echoes of all together, and how far the rounds are apart."""

    def __init__(self, outcomes):
        self.outcomes = outcomes
        self.ratios = [out.during.p99 / out.quiet.p99 for out in outcomes]
        self.quiet, self.during = outcomes[0].quiet, outcomes[0].during
        for out in outcomes[1:]:
            self.quiet.merge(out.quiet)
            self.during.merge(out.during)
        self.ratio = self.during.p99 / self.quiet.p99
        self.lost = len(self.quiet.failures) + len(self.during.failures)

    @property
    def range(self):
        return f"{min(self.ratios):.1f}..{max(self.ratios):.1f}"


def row(kind, rounds):
    pairs = [(measure(kind, elsewhere=False), measure(kind, elsewhere=True)) for _ in range(rounds)]
    here, control = (Rounds(side) for side in zip(*pairs))
    quiet, during, outs = here.quiet, here.during, here.outcomes
    # Written so that a ratio that is no number, because nothing came back, is above the goal.
    mark = "" if here.ratio <= GOAL or here.ratio <= control.ratio else "*"
    return (f"{kind.name:24} {quiet.p50:7.2f} {during.p50:7.2f} {quiet.p99:8.2f} {during.p99:8.2f} {here.ratio:6.1f}{mark:1} {here.range:>9} "
            f"{control.ratio:7.1f} {control.range:>9} {during.worst:7.0f} {during.worst_visit:8.0f} {statistics.mean(out.cpu_share for out in outs):6.0%} "
            f"{max(out.growth for out in outs) / MIB:8.1f} {len(during.echoes_ms):7} {here.lost:5}")


def main(arguments):
    kinds = list(attacks.all_kinds())
    parser = argparse.ArgumentParser(prog="run.sh --report", description="attacks: " + ", ".join(kind.__name__ for kind in kinds))
    parser.add_argument("--rounds", type=int, default=3, help="of each attack, here and on another node")
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="default: all")
    options = parser.parse_args(arguments)
    chosen = [kind for kind in kinds if not options.attacks or {kind.__name__, kind.name} & set(options.attacks)]
    if not chosen:
        parser.error("no such attack")
    print(f"{options.rounds} rounds each; milliseconds; ratio: p99 under attack to quiet p99; control: the same while the attack hits another node; "
          f"* ratio above {GOAL:.0f} and above the control")
    print(f"{'attack':24} {'p50':>7} {'under':>7} {'p99':>8} {'under':>8} {'ratio':>6}  {'of rounds':>9} {'control':>7} {'of rounds':>9} {'worst':>7} "
          f"{'newcomer':>8} {'CPU':>6} {'MiB':>8} {'echoes':>7} {'lost':>5}")
    for kind in chosen:
        try:
            print(row(kind, options.rounds), flush=True)
        except (AssertionError, OSError) as error:
            print(f"{kind.name:24} failed: {error}", flush=True)
    return 0
