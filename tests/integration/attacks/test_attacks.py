"""Each attack on a node of its own with the default configuration, while somebody innocent works there.

What the innocent user's echo took is printed, not judged: the machine of a test is noisy. `run.sh --report` measures."""
import collections
import unittest

import attacks
import floods
import innocent
import node as nodes
import roost
import stage

ECHO_BOUND_MS = 1000  # far above what is aimed at, so that only a stall fails
LOG_BOUND = 512 << 10  # an attack must not fill the log as well


class Case(unittest.TestCase):
    def suffer(self, kind, back_within=10):
        """Performs the attack and checks what holds for each; the outcome, for what is special."""
        node = nodes.own(self)
        attack = kind(node)
        self.addCleanup(attack.end)
        with innocent.Innocent(node) as user:
            out = stage.perform(node, attack, user)
            self.assertIsNone(node.process.poll(), "the server lives")
            print(out)
            self.check_bystanders(out)
            self.check_bounds(out)
            # The innocent user stays; its visits come and go.
            node.wait_for_used(back_within, websockets=1, http=0, handshakes=0)
            after = user.take()
            self.assertEqual(after.failures, [], "after the attack")
        for kind, label in (("refused", "reason"), ("timed_out", "phase")):
            told, counted = nodes.told_twice(node, kind, label)
            self.assertEqual(told, counted, "/metrics and /connections say the same")
        out.node = node
        return out

    def check_bystanders(self, out):
        self.assertEqual(out.quiet.failures + out.during.failures, [], "each echo and each newcomer is served")
        self.assertEqual(out.during.snapshots, 0, "no output was skipped for the innocent user")
        self.assertGreater(len(out.during.echoes_ms), 10 * out.attack.seconds, "it could type all the time")
        self.assertGreater(len(out.during.visits_ms), out.attack.seconds, "newcomers came all the time")
        self.assertLess(out.during.worst, ECHO_BOUND_MS)

    def check_bounds(self, out):
        self.assertEqual(out.broken, [], "no limit is ever exceeded")
        self.assertGreater(out.looks, 10 * out.attack.seconds / 4)
        # AddressSanitizer keeps 256 MiB of what was freed, and needs more for all the rest.
        kept = (600 << 20) if roost.is_sanitized() else 0
        self.assertLess(out.growth, out.attack.memory + kept, "WS-6: memory is bounded")
        self.assertLess(out.log_growth, LOG_BOUND)

    def check_retry_after(self, replies, least=1, most=15):
        """All say when to come again, and not all the same."""
        seen = collections.Counter(reply.retry_after for reply in replies)
        self.assertNotIn(None, seen)
        self.assertTrue(all(least <= seconds <= most for seconds in seen), seen)
        if len(replies) >= 20:
            self.assertGreater(len(seen), 1, "they must not all come back at once")

    def by_status(self, out):
        """The HTTP answers of an attack's sockets, by status and problem."""
        found = collections.defaultdict(list)
        for member in out.attack.members:
            if member.reply and member.reply.status:
                found[member.reply.status, member.reply.problem].append(member.reply)
        return found


class Connections(Case):
    def test_1000_connections_from_one_address(self):
        out = self.suffer(attacks.Thousand)
        answers = self.by_status(out)
        self.assertEqual(set(answers), {(429, "rate-limited")})
        refused = answers[429, "rate-limited"]
        self.check_retry_after(refused)
        self.assertLessEqual(out.open_at_the_end, 20)
        self.assertLessEqual(out.most["http"], 20 + 5, "max_per_ip, and the innocent user's own")
        self.assertEqual(set(out.grown["refused"]), {"handshake_rate", "address_http"})
        self.assertEqual(sum(out.grown["refused"].values()), len(refused), "each is counted, and under one reason")

    def test_1000_upgrades_from_one_address(self):
        out = self.suffer(attacks.ThousandUpgrades)
        answers = self.by_status(out)
        self.assertEqual(set(answers), {(101, None), (429, "rate-limited")})
        self.assertLessEqual(len(answers[101, None]), 20, "max_per_ip; none of them leaves")
        self.assertGreater(len(answers[101, None]), 0)
        self.assertEqual(out.open_at_the_end, len(answers[101, None]), "only those have a place")
        refused = answers[429, "rate-limited"]
        self.check_retry_after(refused)
        self.assertLessEqual(set(out.grown["refused"]), {"handshake_rate", "address_http", "address", "user"})
        self.assertEqual(sum(out.grown["refused"].values()), len(refused))

    def test_silent_sockets(self):
        out = self.suffer(attacks.SilentSockets)
        answers = self.by_status(out)
        self.assertEqual(set(answers) - {(429, "rate-limited")}, {(503, "at-capacity")})
        self.check_retry_after(answers[503, "at-capacity"], 5)
        self.assertLessEqual(out.most["handshakes"], 64)
        lived = [member.lived for member in out.attack.members if not member.head and member.was_ended]
        self.assertLess(max(lived), 5 + 2, "handshake_timeout")
        self.assertGreater(out.grown["refused"]["handshakes"], 0)
        # Those that were not refused at the door gave way to newcomers, or had their time.
        ended = out.grown["timed_out"].get("header", 0) + out.grown["refused"].get("handshakes", 0)
        self.assertGreater(ended, 0)

    def test_slowloris(self):
        out = self.suffer(attacks.Slowloris)
        self.assertEqual(set(self.by_status(out)), {(429, "rate-limited")})
        lived = [member.lived for member in out.attack.members if not member.head and member.was_ended]
        self.assertLess(max(lived), 5 + 2, "a byte now and then does not prolong handshake_timeout")
        self.assertLessEqual(out.most["handshakes"], 2 * 20 + 5)
        self.assertGreaterEqual(out.grown["timed_out"]["header"], 20)

    def test_slow_bodies(self):
        out = self.suffer(attacks.SlowBodies)
        self.assertEqual(set(self.by_status(out)), {(429, "rate-limited")})
        self.assertLessEqual(out.most["http"], 20 + 5)
        self.assertGreater(out.grown["refused"]["address_http"], 0)


class Floods(Case):
    def codes(self, out):
        return collections.Counter(member.close_code for member in out.attack.members)

    def counted(self, out, code, at_least):
        """The sockets that ended with a code are counted under it, at the latest when their close has timed out."""
        before = out.totals_before["closed"].get(code, 0)
        return out.node.wait_for_count("closed", code, before + at_least)

    def test_byte_at_a_time_frames(self):
        out = self.suffer(floods.ByteAtATime)
        self.assertEqual(out.open_at_the_end, 20, "slow is not wrong")
        self.assertTrue(all(b'"pong"' in member.head for member in out.attack.members), "whole in the end, and answered")

    def test_giant_frames(self):
        out = self.suffer(floods.GiantFrames)
        codes = self.codes(out)
        self.assertEqual(set(codes), {1009, None}, "too big, or not whole yet")
        self.assertGreater(codes[1009], 20)
        self.counted(out, "1009", codes[1009])

    def test_deflate(self):
        out = self.suffer(floods.Deflate)
        codes = self.codes(out)
        self.assertEqual(set(codes) - {None}, {1002}, "compressed frames were not agreed on")
        self.assertGreater(codes[1002], 20)
        self.counted(out, "1002", codes[1002])

    def test_ping_flood(self):
        out = self.suffer(floods.PingFlood)
        self.check_flood(out)

    def test_pong_flood(self):
        out = self.suffer(floods.PongFlood)
        self.check_flood(out)

    def check_flood(self, out):
        codes = self.codes(out)
        self.assertEqual(set(codes) - {None}, {4429})
        self.counted(out, "4429", codes[4429])

    def test_empty_fragments(self):
        self.suffer(floods.EmptyFragments)

    def test_input_flood(self):
        self.suffer(floods.SmallInputs)

    def test_attach_flood(self):
        self.suffer(floods.Attaches)

    def test_subscribe_flood(self):
        self.suffer(floods.Subscriptions)

    def test_refresh_flood(self):
        self.suffer(floods.Refreshes)

    def test_resize_flood(self):
        self.suffer(floods.Resizes)


class Deaf(Case):
    def test_never_reading_typers(self):
        out = self.suffer(floods.NeverReading)
        gone = [member for member in out.attack.members if member.was_ended]
        self.assertGreaterEqual(len(gone), 10)
        before = out.totals_before["closed"].get("4008", 0)
        out.node.wait_for_count("closed", "4008", before + len(gone))
        self.assertEqual(out.open_at_the_end, 0, "whoever reads nothing is gone")

    def test_never_reading_askers(self):
        """They are read so slowly that their answers fit into the kernel for hours; a ping that nobody answers ends them."""
        self.assertEqual(self.suffer(floods.DeafAskers).attack.refused, 0)


class Pretenders(Case):
    def test_forged_forwarding(self):
        out = self.suffer(attacks.ForgedForwarding)
        answers = self.by_status(out)
        self.assertEqual((len(answers[101, None]), set(answers)), (20, {(101, None), (429, "rate-limited")}))
        self.check_retry_after(answers[429, "rate-limited"], 5)
        self.assertEqual(out.grown["refused"], {"address": len(answers[429, "rate-limited"])})
        self.assertEqual(out.most_of_one["address"], 20)

    def test_foreign_origins(self):
        out = self.suffer(attacks.ForeignPages)
        answers = self.by_status(out)
        self.assertIn((403, "origin-refused"), answers)
        self.assertNotIn((101, None), answers)
        self.assertEqual(out.grown["refused"].get("origin"), len(answers[403, "origin-refused"]))
