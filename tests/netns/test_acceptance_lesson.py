"""What nodes measure of each other in a lesson over a link whose delay and gaps are known.

The teacher's node is at the near end, the school's beside the relay at the far end: pictures cross the link once.
"""

import math
import unittest

from stage import Node, Stage, at_once

# Half a picture more or less: T/√12 of 15 pictures a second.
QUANTISATION_MS = 1000 / 15 / math.sqrt(12)
PICTURES = 75
# Over WebRTC the clocks are compared over HTTP, not on the media's way.
MEDIA_PORT = 5004
LINK = ("--link", "webrtc-udp")


def lesson(stage):
    """A teacher before the link and a school behind it."""
    return Node(stage, "near", "teacher", *LINK), Node(stage, "far", "school", *LINK)


def seen(stage):
    """What a school measures of a teacher in a lesson of some seconds."""
    teacher, school = lesson(stage)
    school.await_shown("teacher", PICTURES)
    school.end()
    teacher.end()
    return school.received("teacher")


class KnownDelay(unittest.TestCase):
    """Acceptance 1 and 2, in scope A."""

    def delay(self, delay_ms):
        """Media alone is delayed, so the clocks are compared over a quick path and the bound is small."""
        conditions = f'{{"delay_ms": {delay_ms}, "only_port": {MEDIA_PORT}}}'
        with Stage("--seed", "1", "--to-far", conditions, "--to-near", conditions) as stage:
            return seen(stage)["capture_to_render_ms"]

    def test_a_known_delay_is_read_on_top_of_what_the_ends_take(self):
        all_delays = at_once(self.delay, [(ms,) for ms in (0, 40, 150, 250, 400)])
        base_ms = all_delays[0][1]["p50"]
        for (delay_ms,), delay in all_delays:
            with self.subTest(delay_ms=delay_ms):
                print(f"{delay_ms} ms: {delay}: {delay['p50'] - base_ms:.1f} ms more than without")
                bound_ms = delay["clock_bound_ms"] + QUANTISATION_MS
                self.assertLessEqual(abs(delay["p50"] - base_ms - delay_ms), bound_ms)
                self.assertLess(delay["clock_bound_ms"], 10, "well enough known to be judged")

    def test_over_an_asymmetric_path_the_bound_is_the_half_round_trip_and_the_truth_is_within(self):
        with Stage("--seed", "1", "--to-far", '{"delay_ms": 10}', "--to-near", '{"delay_ms": 90}') as stage:
            delay = seen(stage)["capture_to_render_ms"]
        print(f"asymmetric, 10 ms there, 90 ms back: {delay}")
        self.assertGreaterEqual(delay["clock_bound_ms"], 50)
        # The clocks seem 40 ms apart, and the delay as much longer; the bound says so.
        self.assertAlmostEqual(delay["p50"], 10 + 40, delta=30)
        self.assertLessEqual(abs(delay["p50"] - 10), delay["clock_bound_ms"] + QUANTISATION_MS)


class Freezes(unittest.TestCase):
    """Acceptance 5: the timelines of quality-vectors.md, section 7, as far as a line can keep time."""

    def told(self, stall_ms):
        """Of a lesson whose line stands still for so long three times."""
        with Stage("--seed", "1") as stage:
            teacher, school = lesson(stage)
            school.await_shown("teacher", PICTURES)
            for _ in range(3):
                stage.change(to="far", pause_ms=stall_ms)
                shown = school.received("teacher")["frames_decoded"]
                school.await_shown("teacher", shown + PICTURES)
            school.end()
            teacher.end()
            return school.received("teacher")

    def test_three_stalls_of_the_line_are_three_freezes_and_short_ones_are_none(self):
        # At 15 pictures a second a freeze is a gap of 217 ms or more.
        known = {900: 3, 60: 0}
        for (stall_ms,), told in at_once(self.told, [(stall_ms,) for stall_ms in known]):
            with self.subTest(stall_ms=stall_ms):
                freezes, freeze_ms = told["freezes"], told["freeze_ms"]
                print(f"3 stalls of {stall_ms} ms: {freezes} freezes of {freeze_ms:.0f} ms in all")
                self.assertEqual(freezes, known[stall_ms])
                # A picture's time is in the gap too; the growing buffer takes some of the later stalls away.
                self.assertLessEqual(freeze_ms, freezes * (stall_ms + 150))
                self.assertGreaterEqual(freeze_ms, freezes * stall_ms / 2)


if __name__ == "__main__":
    unittest.main()
