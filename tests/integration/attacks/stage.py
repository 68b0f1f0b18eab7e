"""One attack on one node while somebody innocent works there, and what it did to both."""
import crowd
import innocent
import node as nodes

MIB = 1 << 20


class Outcome:
    """What was seen: `quiet` and `during` (innocent.Experience), `grown` (counters), `most` (places), memory, time."""

    def __init__(self, attack):
        self.attack = attack

    def __str__(self):
        ratio = self.during.p99 / self.quiet.p99
        return (f"{self.attack.name}: echo p50 {self.quiet.p50:.1f} -> {self.during.p50:.1f} ms, p99 {self.quiet.p99:.1f} -> {self.during.p99:.1f} ms "
                f"(x{ratio:.1f}), worst {self.during.worst:.0f} ms, newcomer at worst {self.during.worst_visit:.0f} ms; server {self.cpu_share:.0%} CPU, "
                f"{self.growth / MIB:+.1f} MiB, log {self.log_growth} bytes; sockets {len(self.attack.members)}; most {self.most}; {self.grown}")


def perform(node, attack, user, quiet_seconds=0.5, watch_with=nodes.Watch):
    """Lets the attack happen; ends it. The user has worked before, so that its session is warm."""
    out = Outcome(attack)
    node.get_quickly("/api/v1/connections")
    user.take()
    attack.rest(quiet_seconds)
    out.quiet = user.take()
    out.used_before = node.used()
    before, memory, cpu, log = node.totals(), node.memory(), node.cpu_seconds(), node.log_size()
    with watch_with(node) as watch:
        result = crowd.in_background(attack.run)
        result(attack.seconds + 20)
        node.get_quickly("/healthz")  # it lives
        out.during = user.take()
    out.cpu_share = (node.cpu_seconds() - cpu) / attack.seconds
    out.growth = max(watch.memory, node.memory()) - memory
    out.log_growth = node.log_size() - log
    out.most, out.most_of_one, out.broken, out.looks = watch.most, watch.most_of_one, watch.broken, watch.looks
    attack.crowd.work(0.3)  # those that it opened last have their answer now
    out.open_at_the_end = len(attack.crowd.open_members)
    attack.end()
    out.grown = nodes.differences(before, node.totals())
    out.totals_before = before
    return out
