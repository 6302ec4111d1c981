import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOK_EVERY_MS, LevelJudge, barOf, levelOf } from "../../../crates/web/assets/check/microphone.js";

/** The code found after each of these looks: `[rms_db, peak, clipped]`. */
function codes(looks) {
  const judge = new LevelJudge();
  return looks.map(([rms_db, peak = 0.1, clipped = 0], index) => {
    judge.push({ at_ms: index * LOOK_EVERY_MS, rms_db, peak, clipped });
    return judge.finding().code;
  });
}

function seconds(count, look) {
  return Array.from({ length: (count * 1000) / LOOK_EVERY_MS }, (_, index) => look(index));
}

/** Syllables: loud and less loud five times a second. */
function voice(loud_db, quiet_db) {
  return (index) => [index % 4 < 2 ? loud_db : quiet_db];
}

test("the level of a full-scale square is 0 dB and all of it is clipped", () => {
  const square = Float32Array.from({ length: 100 }, (_, n) => (n % 2 ? 1 : -1));
  const level = levelOf(square, 5);
  assert.ok(Math.abs(level.rms_db) < 0.01);
  assert.deepEqual([level.peak, level.clipped, level.at_ms], [1, 100, 5]);
  assert.equal(levelOf(new Float32Array(100), 0).rms_db, -120);
});

test("a bar shows quiet, speech and loud", () => {
  assert.deepEqual([-80, -60, -12, 0].map(barOf), [0, 0, 1, 1]);
  assert.ok(barOf(-30) > 0.5 && barOf(-30) < 0.8);
});

test("a voice in a quiet room is heard at once", () => {
  const found = codes([...seconds(1, () => [-62]), ...seconds(1, voice(-28, -45))]);
  assert.equal(found[19], "listening");
  assert.equal(found.indexOf("ok") > 19 && found.indexOf("ok") < 30, true);
  assert.equal(found.at(-1), "ok");
});

test("a room where nobody speaks is asked again after a while", () => {
  const found = codes(seconds(8, () => [-62]));
  assert.equal(found[100], "listening");
  assert.equal(found.at(-1), "unheard");
});

test("a steady fan is no voice", () => {
  const found = codes(seconds(8, (index) => [-40 + (index % 3)]));
  assert.ok(!found.includes("ok"));
  assert.equal(found.at(-1), "unheard");
});

test("a loud room, a faint voice and a distorted one are told apart", () => {
  assert.equal(codes(seconds(8, (index) => [-30 + (index % 3)])).at(-1), "noisy");
  assert.equal(codes(seconds(8, voice(-52, -75))).at(-1), "faint");
  const distorted = seconds(4, (index) => (index % 4 < 2 ? [-4, 1, 200] : [-25]));
  assert.equal(codes(distorted).at(-1), "loud");
});

test("a microphone that is switched off gives nothing at all", () => {
  const found = codes(seconds(4, () => [-120, 0]));
  assert.equal(found[20], "listening");
  assert.equal(found.at(-1), "silent");
});
