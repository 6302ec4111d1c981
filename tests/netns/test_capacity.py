"""What the self-test says of a line that is as narrow as the emulator makes it: IP packets, both ways.

TONGKE_SWEEP=1 measures all of 1, 5, 20, 50 and 100 Mbit/s, one after the other, and takes three minutes. The emulator
carries the last of them with a third of a processor.
"""

import os
import unittest

from stage import Stage

ALL_MBPS = (1, 5, 20, 50, 100)
QUICK_MBPS = (5,)
QUEUE_S = 0.1


class KnownCapacity(unittest.TestCase):
    """Acceptance: capacity, shaped, within 5 %."""

    def facts(self, mbps):
        queue = max(int(mbps * 1e6 / 8 * QUEUE_S), 20_000)
        shape = ("--rate-kbps", str(mbps * 1000), "--queue-bytes", str(queue), "--delay-ms", "10")
        with Stage("--seed", "1", *shape) as stage:
            facts = stage.selftest("--seconds", "1", "--most-mbps", "120")
            return facts, stage.log("selftest")

    def test_a_narrow_line_carries_what_it_was_made_to_carry(self):
        for mbps in ALL_MBPS if os.environ.get("TONGKE_SWEEP") else QUICK_MBPS:
            with self.subTest(mbps=mbps):
                facts, said = self.facts(mbps)
                rates = [facts.measured("capacity.rate", way)["value"] / 1e6 for way in ("a_to_b", "b_to_a")]
                rises = [facts.measured("network.rtt_rise_under_load", way) for way in ("a_to_b", "b_to_a")]
                told = ", ".join(f"{rise['median']:.1f}/{rise['p95']:.1f}" for rise in rises)
                print(f"{mbps} Mbit/s: {rates[0]:.3f} and {rates[1]:.3f}; rise p50/p95 {told} ms")
                for rate in rates:
                    self.assertAlmostEqual(rate / mbps, 1, delta=0.05)
                for rise in rises:
                    # Four fifths of the capacity fill no queue; a busy machine makes packets late.
                    self.assertLess(rise["median"], 30)
                used = facts.measured("capacity.data_used")["value"]
                self.assertIn("up to 291 MB", said)
                self.assertLess(used, 291e6)


if __name__ == "__main__":
    unittest.main()
