"""What the self-test says of a line that is as narrow as the emulator makes it: IP packets, both ways.

The emulator carries the widest of them with a third of a processor.
"""

import re
import unittest

from stage import Stage, at_once

QUEUE_S = 0.1
WAYS = ("a_to_b", "b_to_a")


class KnownCapacity(unittest.TestCase):
    """Capacity of a shaped line within 5 %, and the round trip's rise beside four fifths of it."""

    def facts(self, mbps):
        queue = max(int(mbps * 1e6 / 8 * QUEUE_S), 20_000)
        shape = ("--rate-kbps", str(mbps * 1000), "--queue-bytes", str(queue), "--delay-ms", "10")
        with Stage("--seed", "1", *shape) as stage:
            facts = stage.selftest("--seconds", "1", "--most-mbps", "120", "--language", "en")
            return facts, stage.log("selftest")

    def test_a_narrow_line_carries_what_it_was_made_to_carry(self):
        for (mbps,), (facts, said) in at_once(self.facts, [(1,), (10,), (100,)]):
            for way in WAYS:
                with self.subTest(mbps=mbps, way=way):
                    rate = facts.measured("capacity.rate", way)["value"] / 1e6
                    rise = facts.measured("network.rtt_rise_under_load", way)
                    print(f"{mbps} Mbit/s, {way}: {rate:.3f}; rise p50/p95 {rise['median']:.1f}/{rise['p95']:.1f} ms")
                    self.assertAlmostEqual(rate / mbps, 1, delta=0.05)
                    # Four fifths of the capacity fill no queue; a busy machine makes packets late.
                    self.assertLess(rise["median"], 30)
            used = facts.measured("capacity.data_used")["value"]
            announced = int(re.search(r"up to (\d+) MB", said).group(1)) * 1e6
            print(f"  used {used / 1e6:.1f} of the {announced / 1e6:.0f} MB that were announced")
            self.assertLessEqual(used, announced)


if __name__ == "__main__":
    unittest.main()
