// What a browser says that its room sent and played stands in the relay's record.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";
import { LESSON } from "./support/relay.js";

/** The stretches that somebody's page told of, in order. */
function told(lesson, participant) {
  const facts = path.join(lesson.relay.folder, "facts");
  const files = readdirSync(facts).filter((day) => day !== "lock").map((day) => path.join(facts, day, `${LESSON}.jsonl`));
  const lines = files.flatMap((file) => readFileSync(file, "utf8").split("\n").filter(Boolean));
  return lines.map((line) => JSON.parse(line)).filter((fact) => fact.fact === "flow" && fact.participant === participant);
}

test("browsers tell what they sent and played, also on their way out", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting");
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.seesAndHears(["hill"], 10_000), hill.seesAndHears(["teacher"], 10_000)]);
  for (const [participant, other] of [["teacher", "hill"], ["hill", "teacher"]]) {
    // The first stretch has five seconds, the second fifteen; the page looks once a second.
    const [, second] = await eventually(`${participant} tells`, 40_000, () => {
      const stretches = told(lesson, participant);
      return stretches.length >= 2 && stretches;
    });
    const length_ms = (second.until_us - second.from_us) / 1000;
    assert.ok(length_ms > 14_000 && length_ms < 20_000, `${length_ms} ms`);
    assert.equal(second.seq, 1);
    const [from] = second.got;
    const parts = [second.sent_audio_ms, second.sent_video_ms, from.audio_ms, from.video_ms];
    assert.equal(from.participant, other);
    assert.ok(parts.every((ms) => ms > 0.7 * length_ms && ms <= length_ms + 1), `${parts} of ${length_ms} ms`);
    assert.ok(Math.abs(second.until_us / 1000 - Date.now()) < 40_000, "on the relay's clock");
  }
  const before = told(lesson, "hill");
  await hill.page.goto("about:blank");
  const after = await eventually("the last stretch", 10_000, () => {
    const stretches = told(lesson, "hill");
    return stretches.length > before.length && stretches;
  });
  const seqs = after.map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.map((_, n) => n), "none is missing");
  assert.equal(after.at(-1).from_us, after.at(-2).until_us);
});
