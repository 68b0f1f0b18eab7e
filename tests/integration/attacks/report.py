"""What each attack does to somebody else's echo, to the server's processor and to its memory, as a table.

Each attack is performed several times on a node of its own, with quiet periods of the same user on the same node
before and after, so that what else the machine does meets both."""
import statistics
import sys

import attacks
import floods  # noqa: F401, its classes are found through attacks
import innocent
import node as nodes
import stage

ROUNDS = 3
GOAL = 2.0
MIB = 1 << 20


def measure(kind):
    """One round: (quiet, during, outcome)."""
    node = nodes.Node()
    try:
        attack = kind(node)
        with innocent.Innocent(node) as user:
            out = stage.perform(node, attack, user, attack.seconds / 2)
            node.wait_for_used(20, websockets=1, http=0, handshakes=0)
            user.take()
            attack.rest(attack.seconds / 2)
            return out.quiet.merge(user.take()), out.during, out
    finally:
        node.stop()


def row(kind):
    rounds = [measure(kind) for _ in range(ROUNDS)]
    quiet, during = rounds[0][0], rounds[0][1]
    for more_quiet, more_during, _ in rounds[1:]:
        quiet.merge(more_quiet)
        during.merge(more_during)
    ratios = [after.p99 / before.p99 for before, after in ((r[0], r[1]) for r in rounds)]
    outs = [out for _, _, out in rounds]
    lost = len(quiet.failures) + len(during.failures)
    ratio = during.p99 / quiet.p99
    return (f"{kind.name:24} {quiet.p50:7.2f} {during.p50:7.2f} {quiet.p99:8.2f} {during.p99:8.2f} {ratio:6.1f} {min(ratios):5.1f}..{max(ratios):<5.1f}"
            f"{'' if ratio <= GOAL else '*':1} {during.worst:7.0f} {during.worst_visit:8.0f} {statistics.mean(out.cpu_share for out in outs):6.0%} "
            f"{max(out.growth for out in outs) / MIB:8.1f} {len(during.echoes_ms):7} {lost:5}")


def main(names):
    kinds = list(attacks.all_kinds())
    chosen = [kind for kind in kinds if not names or kind.__name__ in names or kind.name in names]
    if not chosen:
        print("no such attack; there are: " + ", ".join(kind.__name__ for kind in kinds), file=sys.stderr)
        return 2
    print(f"{ROUNDS} rounds each; milliseconds; * is above the goal of {GOAL:.0f} times the quiet p99")
    print(f"{'attack':24} {'p50':>7} {'under':>7} {'p99':>8} {'under':>8} {'ratio':>6} {'of rounds':>12} {'worst':>7} {'newcomer':>8} {'CPU':>6} {'MiB':>8} "
          f"{'echoes':>7} {'lost':>5}")
    for kind in chosen:
        try:
            print(row(kind), flush=True)
        except (AssertionError, OSError) as error:
            print(f"{kind.name:24} failed: {error}", flush=True)
    return 0
