"""An inspector beside a lesson: what the lesson's own nodes measure with him and without him."""

import json
import statistics
import subprocess
import unittest

from stage import Node, Stage, at_once

# Three seconds until it flows, and twelve in which it is inspected.
BEFORE, PICTURES = 45, 225
INSPECTED_S = 12
REPEATS = 3
# Without any of these a lesson could not be judged at all.
JUDGED_BY = {
    "delay.glass_to_glass",
    "audio.loss_post_repair",
    "audio.concealed_seconds_share",
    "audio.severely_concealed_seconds_share",
    "speech.r_fb",
}


def lesson(is_inspected, _repeat):
    """What the school measures of the teacher, how many packets the teacher's line carried, and the inspection's facts."""
    with Stage("--seed", "1", "--delay-ms", "10") as stage:
        teacher, school = Node(stage, "near", "teacher"), Node(stage, "far", "school")
        school.await_shown("teacher", BEFORE)
        inspection = inspect(stage) if is_inspected else None
        school.await_shown("teacher", PICTURES)
        facts = None
        if inspection:
            out, _ = inspection.communicate(timeout=60)
            if inspection.returncode != 0:
                raise AssertionError(f"the inspection ended with {inspection.returncode}:\n{stage.log('inspect')}")
            facts = json.loads(out)
        counts = stage.change()
        school.end()
        teacher.end()
        return school.received("teacher"), school.received("teacher", "microphone"), counts, facts


def inspect(stage):
    """Starts an inspection at the relay's end."""
    words = ("inspect", "--relay", "http://127.0.0.1:8080", "--token-file", stage.token("inspector", "inspector"))
    whom = ("--from", "teacher", "--to", "school", "--beside-lesson", "--every", "2", "--hold", INSPECTED_S)
    folder = ("--out", stage.folder / "report", "--json")
    return stage.program("far", "inspect", *words, *whom, *folder, out=subprocess.PIPE)


class BesideALesson(unittest.TestCase):
    def test_the_lessons_delay_and_loss_are_as_without_and_the_inspector_sees_them(self):
        cases = [(is_inspected, repeat) for repeat in range(REPEATS) for is_inspected in (False, True)]
        seen = {False: [], True: []}
        for (is_inspected, _), (camera, sound, counts, facts) in at_once(lesson, cases):
            delay, which = camera["capture_to_render_ms"], "inspected" if is_inspected else "alone"
            lost = camera["lost_after_repair"] + sound["lost_after_repair"]
            print(f"{which}: {delay}, lost {lost}, freezes {camera['freezes']}, to near {counts['to_near']['offered']}")
            self.assertEqual((lost, camera["lost_before_repair"]), (0, 0))
            seen[is_inspected].append(delay)
            if is_inspected:
                self.assertEqual(facts["kind"], "beside_lesson")
                measured = {one["quantity"] for one in facts["findings"] if "measured" in one["outcome"]}
                self.assertLessEqual(JUDGED_BY, measured)
        for name in ("p50", "p95", "p99", "max"):
            alone, inspected = (statistics.median(delay[name] for delay in seen[way]) for way in (False, True))
            print(f"median over {REPEATS} lessons of {name}: {alone} ms alone, {inspected} ms inspected")
            # A picture's time: what a busy machine does to both is in it.
            self.assertLessEqual(inspected - alone, 1000 / 15)


if __name__ == "__main__":
    unittest.main()
