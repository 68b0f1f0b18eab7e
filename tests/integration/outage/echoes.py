"""How long a keystroke's echo takes while PostgreSQL is healthy, frozen, dead and catching up, as a table.

All of it in one run, in turns. Somebody types on the node that uses this PostgreSQL, and at the same time somebody else
on a node that uses none: that control is what the machine does to both, as the load, PostgreSQL and the two nodes share
its processors."""
import contextlib

import innocent
import nodes
import schedule

GOAL = 2.0
WINDOW = 5.0  # seconds of each state; catching up lasts as long as it does
WINDOWS = ("healthy", "frozen", "dead", "catching up")


class Pair:
    """Who types here, and who types on the node without PostgreSQL; what both felt, by state."""

    def __init__(self, stage, control):
        self.typists = [stage.typist, control]
        self.felt = {window: [None, None] for window in WINDOWS}
        self.rounds = {window: [[], []] for window in WINDOWS}

    def skip(self):
        for typist in self.typists:
            typist.take()

    def take(self, window):
        """What was felt since the last time, in this state."""
        for place, typist in enumerate(self.typists):
            felt = typist.take()
            before = self.felt[window][place]
            self.rounds[window][place].append(felt.p99)
            self.felt[window][place] = before.merge(felt) if before else felt

    def ratio(self, window, place):
        return self.felt[window][place].p99 / self.felt["healthy"][place].p99

    def range(self, window, place):
        # One of each before each outage, and one of catching up behind it.
        quiet = self.rounds["healthy"][place]
        near = quiet if len(self.rounds[window][place]) == len(quiet) else [min(pair) for pair in zip(quiet[::2], quiet[1::2])]
        ratios = [here / before for here, before in zip(self.rounds[window][place], near)]
        return f"{min(ratios):.1f}..{max(ratios):.1f}"

    def rows(self):
        for window in WINDOWS:
            here, control = self.felt[window]
            mark = "*" if not (self.ratio(window, 0) <= GOAL or self.ratio(window, 0) <= self.ratio(window, 1)) else ""
            yield (f"{window:12} {here.p50:7.2f} {here.p99:8.2f} {self.ratio(window, 0):6.2f}{mark:1} {self.range(window, 0):>10} {here.worst:7.0f} "
                   f"{len(here.echoes_ms):7} {len(here.failures):5} {control.p50:9.2f} {control.p99:8.2f} {self.ratio(window, 1):6.2f} {self.range(window, 1):>10}")


def watch(stage, pair, window):
    pair.skip()
    stage.rest(WINDOW, WINDOW)
    pair.take(window)


def frozen(stage, pair):
    stage.server.freeze()
    watch(stage, pair, "frozen")
    return stage.server.thaw


def dead(stage, pair):
    stage.server.kill()
    watch(stage, pair, "dead")
    return stage.server.start


def one_round(stage, pair, number):
    """@returns how many records waited at most."""
    waited = []
    for outage in (frozen, dead) if number % 2 else (dead, frozen):
        watch(stage, pair, "healthy")
        come_back = outage(stage, pair)
        waited.append(stage.node.database()["outbox"])
        pair.skip()
        come_back()
        stage.node.wait_for("ready", 60)
        pair.take("catching up")
    return max(waited)


def main(rounds):
    with contextlib.ExitStack() as cleanup:
        other = nodes.Node(nodes.settings(""), name="control")
        cleanup.callback(other.stop)
        stage = cleanup.enter_context(schedule.Rehearsal(nodes.SEED, pace=10.0, bulk=0.25, disk_mib=4096))
        pair = Pair(stage, cleanup.enter_context(innocent.Innocent(other)))
        waited = [one_round(stage, pair, number) for number in range(rounds)]
        failed = stage.load.failures
        print(f"{rounds} rounds, milliseconds; ratio: p99 to that while PostgreSQL is healthy; control: the same moments on a node without PostgreSQL; "
              f"* ratio above {GOAL:.0f} and above the control; {min(waited)} to {max(waited)} records waited; requests {stage.load.requests}, wrong {len(failed)}")
        print(f"{'PostgreSQL':12} {'p50':>7} {'p99':>8} {'ratio':>6}  {'of rounds':>10} {'worst':>7} {'echoes':>7} {'lost':>5} {'control:':>9} {'p99':>8} {'ratio':>6} {'of rounds':>10}")
        print("\n".join([*pair.rows(), *failed[:5]]))
    return 1 if failed else 0
