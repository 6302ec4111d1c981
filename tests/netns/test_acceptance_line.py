"""What the self-test says of a line whose delay, loss, variation and order are known to the packet.

The two ends are on one machine, so their clocks agree: whatever offset is told is the meter's own error.
"""

import math
import tempfile
import unittest

from clock import SettableClock
from conditions import COMES, written_out
from stage import REFLECTOR_PORT, Stage, at_once

ONLY_PROBES = f'"only_port": {REFLECTOR_PORT}'
OUT, BACK = "a_to_b", "b_to_a"
# A packet each 20 ms.
PER_SECOND = 50


def both_ways(conditions):
    """Flags of the emulator."""
    return "--to-far", f"{{{conditions}}}", "--to-near", f"{{{conditions}}}"


def idle_line(truth):
    """The idle line's packets to the far and to the near end, in the order in which they entered the link and in which
    they left it. Told are those up to the last one that was answered: of what follows, no meter knows the fate."""
    near_port = next(packet.ports[0] for packet in truth if packet.to == "far")
    far, near = ([p for p in truth if p.to == to and near_port in p.ports] for to in ("far", "near"))
    arrived = [packet for packet in far if packet.fate == "delivered"]
    # The reflector's n-th packet answers the n-th that arrived.
    last_answer = max(packet.number for packet in near if packet.fate == "delivered") - min(p.number for p in near)
    last_answered = max(packet.number for packet in arrived[: last_answer + 1])
    return {
        OUT: [packet for packet in far if packet.number <= last_answered],
        BACK: [packet for packet in near if packet.number <= last_answer + min(p.number for p in near)],
    }


def overtaken(packets):
    """How many left the link after one that entered it later; they are in the order in which they left."""
    newest, count = -1, 0
    for packet in packets:
        count += packet.number < newest
        newest = max(newest, packet.number)
    return count


def quantile(values, share):
    """By nearest rank, as the meter has it."""
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)), 1) - 1]


class KnownDelay(unittest.TestCase):
    """Acceptance 1 and 2, for the line."""

    def facts(self, out_ms, back_ms):
        ways = ("--to-far", f'{{"delay_ms": {out_ms}}}', "--to-near", f'{{"delay_ms": {back_ms}}}')
        with Stage("--seed", "1", *ways) as stage:
            return stage.selftest("--seconds", "2")

    def test_a_known_delay_is_read_and_the_clock_is_within_its_bound(self):
        for (delay_ms, _), facts in at_once(self.facts, [(ms, ms) for ms in (0, 40, 150, 250, 400)]):
            with self.subTest(delay_ms=delay_ms):
                trip, clock = facts.measured("network.rtt"), facts.clock
                print(f"{delay_ms} ms each way: {trip['min']:.3f} to {trip['median']:.1f} ms there and back, {clock}")
                self.assertGreaterEqual(trip["min"], 2 * delay_ms)
                self.assertLessEqual(trip["median"], 2 * delay_ms + 10)
                self.assertLessEqual(abs(clock["offset_ms"]), clock["bound_ms"])
                self.assertAlmostEqual(clock["bound_ms"], trip["min"] / 2, delta=0.5)

    def test_an_asymmetric_path_shows_its_bound_and_no_one_way_number(self):
        facts = self.facts(10, 90)
        print(f"10 ms there, 90 ms back: {facts.clock}")
        self.assertGreaterEqual(facts.clock["bound_ms"], 50)
        self.assertAlmostEqual(abs(facts.clock["offset_ms"]), 40, delta=2)
        one_way = [finding for finding in facts.document["findings"] if "scope" in finding and "way" in finding]
        self.assertEqual(one_way, [])


class SetClock(unittest.TestCase):
    """Acceptance 3, for the line."""

    def facts(self, end, before_s, after_s):
        """Of a line whose near or far clock is so far ahead, and is set in mid-run."""
        with tempfile.TemporaryDirectory() as folder:
            clock = SettableClock(folder)
            clock.set_ahead(before_s)
            near, far = ((clock.environment if end == side else None) for side in ("near", "far"))
            ways = both_ways(f'{ONLY_PROBES}, "delay_ms": 50')
            with Stage("--seed", "1", *ways, relay_environment=far) as stage:
                selftest = stage.begin_selftest("--seconds", "2", environment=near)
                stage.await_probes(PER_SECOND)
                clock.set_ahead(after_s)
                return stage.facts_of(selftest)

    def test_a_clock_that_is_set_in_mid_run_voids_it_whichever_of_the_two_it_is(self):
        cases = [(end, 0, seconds) for end in ("near", "far") for seconds in (0.5, -3600)]
        for (end, _, seconds), facts in at_once(self.facts, cases):
            with self.subTest(end=end, seconds=seconds):
                print(f"{end} clock set by {seconds} s: {facts.clock}")
                self.assertTrue(facts.clock["stepped"])
                # What was on its way then came all the same.
                for way in (OUT, BACK):
                    self.assertEqual(facts.measured("network.loss", way)["value"], 0)

    def test_a_clock_that_is_wrong_and_stays_so_is_no_step(self):
        told = self.facts("near", -7.25, -7.25).clock
        print(f"near clock 7.25 s behind: {told}")
        self.assertFalse(told["stepped"])
        self.assertAlmostEqual(told["offset_ms"], -7250, delta=told["bound_ms"])


class Loss(unittest.TestCase):
    """Acceptance 4: the patterns of quality-vectors.md, section 6, on the wire."""

    # Pattern, p, q, BurstR, bursts by the definition of RFC 3611.
    PATTERNS = [
        ("100. L 99.", 1 / 198, 1, 0.995, 0),
        ("50. L 50. L 98.", 2 / 197, 1, 0.99, 0),
        ("100. 3L 97.", 1 / 196, 1 / 3, 2.955, 1),
        ("100. L.L.L 95.", 3 / 196, 1, 0.985, 1),
        ("100. 3L 50. L 46.", 2 / 195, 0.5, 1.96, 1),
        # 233 packets, and 17 more until the fifth second is over.
        ("60. LL.L 3. L 80. D 40. 4L 40. 17.", 5 / 240, 5 / 9, 9 / 5 * (1 - 9 / 250), 2),
    ]

    def facts(self, pattern, to):
        seconds = len(written_out(pattern)) // PER_SECOND
        with Stage("--seed", "1", *both_ways(ONLY_PROBES)) as stage:
            stage.change(to=to, pattern=pattern)
            return stage.selftest("--seconds", str(seconds))

    def test_the_known_patterns_are_told_exactly_in_both_directions(self):
        known = {pattern: figures for pattern, *figures in self.PATTERNS}
        cases = [(pattern, to) for pattern in known for to in ("far", "near")]
        for (pattern, to), facts in at_once(self.facts, cases):
            with self.subTest(pattern=pattern, to=to):
                lossy, clean = (OUT, BACK) if to == "far" else (BACK, OUT)
                packets, lost = len(written_out(pattern)), len(written_out(pattern).replace(COMES, ""))
                loss = facts.measured("network.loss", lossy)
                self.assertEqual((loss["n"], round(loss["value"] * loss["n"], 9)), (packets, lost))
                names = ("gilbert_p", "gilbert_q", "burst_ratio", "loss_bursts")
                told = [facts.measured(f"network.{name}", lossy)["value"] for name in names]
                print(f"{pattern} to {to}: p {told[0]:.5f}, q {told[1]:.5f}, BurstR {told[2]:.5f}, bursts {told[3]:.0f}")
                for value, figure in zip(told, known[pattern]):
                    self.assertAlmostEqual(value, figure, delta=1e-12)
                self.assertEqual(facts.measured("network.loss", clean)["value"], 0)

    def line(self, conditions):
        with Stage("--seed", "5", *both_ways(f"{ONLY_PROBES}, {conditions}")) as stage:
            return stage.selftest("--seconds", "10"), idle_line(stage.truth())

    def test_what_is_lost_by_chance_and_in_bursts_is_counted_as_the_link_lost_it(self):
        cases = [('"loss": 0.02',), ('"loss": 0.1',), ('"loss": 0.05, "loss_run": 3',)]
        for (conditions,), (facts, line) in at_once(self.line, cases):
            for way, there in line.items():
                with self.subTest(conditions=conditions, way=way):
                    lost = sum(packet.fate == "lost" for packet in there)
                    told = facts.measured("network.loss", way)
                    print(f"{conditions}, {way}: told {told['value'] * told['n']:.0f} of {told['n']}, lost {lost}")
                    self.assertEqual((round(told["value"] * told["n"]), told["n"]), (lost, len(there)))


class Variation(unittest.TestCase):
    def test_variation_and_order_are_those_of_the_link(self):
        ways = both_ways(f'{ONLY_PROBES}, "delay_ms": 20, "variation_ms": 8, "late": 0.03, "late_ms": 60')
        with Stage("--seed", "3", *ways) as stage:
            facts = stage.selftest("--seconds", "10")
            line = idle_line(stage.truth())
        for way, there in line.items():
            delays_ms = [packet.delay_ms for packet in there]
            told = facts.measured("network.pdv", way)
            for name, share in (("median", 0.5), ("p95", 0.95)):
                known = quantile(delays_ms, share) - min(delays_ms)
                print(f"{way}: PDV {name} {told[name]:.2f} ms, on the link {known:.2f} ms")
                self.assertAlmostEqual(told[name], known, delta=2)
            order = facts.measured("network.reordered", way)
            print(f"{way}: {order['value'] * order['n']:.0f} of {order['n']} overtaken, on the link {overtaken(there)}")
            self.assertEqual(round(order["value"] * order["n"]), overtaken(there))


class Blocked(unittest.TestCase):
    def test_blocked_udp_is_named_and_nothing_of_the_line_is_made_up(self):
        with Stage("--seed", "1") as stage:
            stage.change(block="udp")
            facts = stage.selftest("--seconds", "1")
        self.assertEqual(facts.outcome("network.udp", "at_a"), {"found": "blocked"})
        self.assertEqual(facts.outcome("network.tcp", "at_a"), {"found": "reachable"})
        for quantity in ("network.loss", "network.pdv", "network.mtu"):
            for way in (OUT, BACK):
                self.assertIn("missing", facts.outcome(quantity, way), quantity)
        self.assertIsNone(facts.clock)

    def test_a_relay_that_disappears_in_mid_test_leaves_what_was_measured_until_then(self):
        with Stage("--seed", "1", *both_ways(ONLY_PROBES)) as stage:
            selftest = stage.begin_selftest("--seconds", "3")
            stage.await_probes(PER_SECOND)
            stage.change(block="all")
            facts = stage.facts_of(selftest)
            answered = len([packet for packet in stage.truth() if packet.to == "near" and packet.fate == "delivered"])
        trip = facts.measured("network.rtt")
        print(f"relay gone after {answered} answers: n = {trip['n']}")
        self.assertEqual(trip["n"], answered)
        # What was sent after the last answer was lost in a direction that nobody knows.
        self.assertEqual(facts.measured("network.loss", OUT)["n"], answered)


if __name__ == "__main__":
    unittest.main()
