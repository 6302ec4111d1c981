import assert from "node:assert/strict";
import { test } from "node:test";
import { Flow } from "../../../crates/web/assets/room/flow.js";

const onRelay = (at_ms) => 1_000_000 + at_ms * 1000;
const SOURCES = new Map([["0", "oak"], ["1", "oak"], ["2", "oak"], ["5", "lake"]]);

/** Samples of a room that sends and plays without a pause, at so many seconds; `share` of the sound is real. */
function sample(s, { fps = 15, share = 1, sends = true } = {}) {
  const video = (mid, frames) => ({ mid, kind: "video", frames, packets: 0, samples: 0, invented: 0 });
  const sound = { mid: "2", kind: "audio", frames: 0, packets: 0, samples: 48_000 * s, invented: 48_000 * s * (1 - share) };
  const audio = { mid: "9", kind: "audio", packets: sends ? 50 * s : 0, frames: 0 };
  return {
    whip: { at_ms: 1000 * s, sent: [{ ...video("8", fps * s) }, audio], received: [] },
    whep: { at_ms: 1000 * s, sent: [], received: [video("0", fps * s), video("5", s), sound] },
  };
}

/** Looks each second until then. */
function run(flow, from_s, until_s, options) {
  const told = [];
  for (let s = from_s + 1; s <= until_s; s += 1) {
    const [before, now] = [sample(s - 1, options), sample(s, options)];
    flow.look({ whip: [before.whip, now.whip], whep: [before.whep, now.whep], sources: SOURCES });
    if (flow.isDue(1000 * s)) told.push(flow.take(1000 * s, onRelay));
  }
  return told;
}

test("stretches follow each other, the first ones are short, and their sums are what flowed", () => {
  const flow = new Flow();
  flow.begin(0);
  flow.begin(500);
  const told = run(flow, 0, 130);
  assert.deepEqual(told.map(({ seq, from_us, until_us }) => [seq, from_us / 1e6 - 1, until_us / 1e6 - 1]), [
    [0, 0, 5], [1, 5, 20], [2, 20, 60], [3, 60, 120],
  ]);
  assert.deepEqual(told.map(({ sent_audio_ms, sent_video_ms }) => [sent_audio_ms, sent_video_ms]), [
    [5_000, 5_000], [15_000, 15_000], [40_000, 40_000], [60_000, 60_000],
  ]);
  assert.deepEqual(told[3].got, [{ participant: "oak", audio_ms: 60_000, video_ms: 60_000 }], "one picture a second is none");
  assert.equal(flow.take(130_000, onRelay).until_us, onRelay(130_000));
  assert.equal(flow.take(130_000, onRelay), null, "no length");
});

test("sound that was invented was not heard, and a microphone without packets sends nothing", () => {
  const flow = new Flow();
  flow.begin(0);
  const [first] = run(flow, 0, 5, { share: 0.25, fps: 0, sends: false });
  assert.deepEqual([first.sent_audio_ms, first.sent_video_ms], [0, 0]);
  assert.deepEqual(first.got, [{ participant: "oak", audio_ms: 1_250, video_ms: 0 }]);
});

test("before the lesson nothing is counted, and the same samples count once", () => {
  const flow = new Flow();
  assert.deepEqual(run(flow, 0, 30), []);
  flow.begin(30_500);
  const [before, now] = [sample(30), sample(31)];
  const looked = { whip: [before.whip, now.whip], whep: [before.whep, now.whep], sources: SOURCES };
  flow.look(looked);
  flow.look(looked);
  assert.equal(flow.take(31_000, onRelay).sent_audio_ms, 500);
});

test("when the relay's clock is measured anew, nothing in a stretch gets longer than the stretch", () => {
  const flow = new Flow();
  flow.begin(0);
  run(flow, 0, 4);
  const [before, now] = [sample(4), sample(5)];
  flow.look({ whip: [before.whip, now.whip], whep: [before.whep, now.whep], sources: SOURCES });
  assert.equal(flow.take(0.5, onRelay), null);
  const first = flow.take(5_000, onRelay);
  const more = [sample(5), sample(6)];
  flow.look({ whip: more.map(({ whip }) => whip), whep: more.map(({ whep }) => whep), sources: SOURCES });
  const told = flow.take(6_000, (at_ms) => onRelay(at_ms) - 20_400);
  assert.equal(told.from_us, first.until_us);
  const parts = [told.sent_audio_ms, told.sent_video_ms, told.got[0].audio_ms, told.got[0].video_ms];
  assert.ok(parts.every((ms) => ms === 979), `${parts} of ${(told.until_us - told.from_us) / 1000} ms`);
});

test("a page that slept tells of what it may know and leaves a number out", () => {
  const flow = new Flow();
  flow.begin(0);
  run(flow, 0, 5);
  const told = flow.take(1_005_000, onRelay);
  assert.deepEqual([told.seq, told.from_us], [2, onRelay(765_000)]);
});

test("a room that left and came back tells nothing of the time between", () => {
  const flow = new Flow();
  flow.begin(0);
  run(flow, 0, 7);
  assert.deepEqual(flow.take(7_000, onRelay).until_us, onRelay(7_000));
  flow.end();
  assert.deepEqual([flow.take(9_000, onRelay), flow.isDue(9_000_000)], [null, false]);
  flow.begin(60_000);
  const [first] = run(flow, 60, 65);
  assert.deepEqual([first.seq, first.from_us, first.sent_audio_ms], [2, onRelay(60_000), 5_000]);
});
