import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FLASH_MS, Flashes, LEAD_MS, SPACING_MS } from "../../../crates/web/assets/signal/flashes.js";
import { ENOUGH, Readings } from "../../../crates/web/assets/signal/readings.js";
import { placeOf } from "../../../crates/web/assets/signal/show.js";
import { TALKER_PERIOD_MS, beginning_s, chirpSamples, talkerSamples } from "../../../crates/web/assets/signal/sounds.js";

const stamp = (frame, timestamp_ms, session = 7) => ({ session, frame, timestamp_ms });

test("the delay is the time between the two screens' stamps, and says how coarse and how many", () => {
  const readings = new Readings();
  for (let n = 0; n < 10; n++) readings.add([stamp(100 + n, 5000 + 40 * n), stamp(95 + n, 4800 + 40 * n)]);
  readings.add([]);
  readings.add([stamp(120, 5800)]);
  const { pictures, readable, delay, has_strangers } = readings.summary();
  assert.deepEqual({ pictures, readable, has_strangers }, { pictures: 12, readable: 11, has_strangers: false });
  assert.deepEqual(delay, { n: 10, least_ms: 200, median_ms: 200, most_ms: 200, step_ms: 40 });
});

test("which of the two screens stands first in the picture does not matter", () => {
  const readings = new Readings();
  readings.add([stamp(95, 4800), stamp(100, 5000)]);
  assert.equal(readings.summary().delay.median_ms, 200);
});

test("markers of two sources are never compared", () => {
  const readings = new Readings();
  readings.add([stamp(1, 5000, 7), stamp(1, 4800, 8)]);
  readings.add([stamp(1, 5000), stamp(2, 500_000)]);
  assert.equal(readings.summary().delay, null);
  assert.equal(readings.summary().has_strangers, true);
});

test("a screen that shows a screen gives no delay", () => {
  const readings = new Readings();
  readings.add([stamp(3, 5000), stamp(2, 4800), stamp(1, 4600)]);
  assert.equal(readings.summary().delay, null);
});

test("nothing read is no delay, and old pictures are forgotten", () => {
  const readings = new Readings();
  assert.deepEqual(readings.summary(), { pictures: 0, readable: 0, latest: null, delay: null, has_strangers: false });
  readings.add([stamp(1, 5000, 7), stamp(1, 4800, 8)]);
  for (let n = 0; n < 1800; n++) readings.add([]);
  assert.deepEqual(readings.summary(), { pictures: 1800, readable: 0, latest: null, delay: null, has_strangers: false });
  assert.ok(0.95 ** ENOUGH < 0.05 && 0.95 ** (ENOUGH - 1) >= 0.05);
});

/** Runs flashes on a screen of so many refreshes a second; when it was lit, and when beeps were due. */
function run(refreshes_hz, seconds, beep = () => true) {
  const period_ms = 1000 / refreshes_hz;
  const beeps_ms = [];
  const flashes = new Flashes(0, (at_ms) => {
    beeps_ms.push(at_ms);
    return beep(at_ms);
  });
  const lit_ms = [];
  for (let now_ms = 0; now_ms < seconds * 1000; now_ms += period_ms) {
    if (flashes.refresh(now_ms, now_ms + period_ms, period_ms)) lit_ms.push(now_ms + period_ms);
  }
  const begun_ms = lit_ms.filter((at_ms, n) => n === 0 || at_ms - lit_ms[n - 1] > 1.5 * period_ms);
  return { period_ms, lit_ms, begun_ms, beeps_ms };
}

test("each flash begins within half a refresh of its beep, on every screen", () => {
  for (const refreshes_hz of [24, 30, 60, 75, 120, 144]) {
    const { period_ms, lit_ms, begun_ms, beeps_ms } = run(refreshes_hz, 20);
    assert.equal(begun_ms.length, 7);
    begun_ms.forEach((at_ms, n) => assert.ok(Math.abs(at_ms - beeps_ms[n]) <= period_ms / 2 + 1e-6, `${refreshes_hz} Hz`));
    const lasted_ms = (lit_ms.length / begun_ms.length) * period_ms;
    assert.ok(Math.abs(lasted_ms - FLASH_MS) <= period_ms / 2, `${refreshes_hz} Hz: ${lasted_ms}`);
    assert.ok(lit_ms.length >= 2 * begun_ms.length);
  }
});

test("beeps are told long before, and flashes are apart by no whole number of pictures", () => {
  const { beeps_ms } = run(60, 20);
  assert.equal(beeps_ms[0], LEAD_MS);
  beeps_ms.slice(1).forEach((at_ms, n) => assert.ok(Math.abs(at_ms - beeps_ms[n] - SPACING_MS) < 1e-6));
});

test("without its beep there is no flash", () => {
  assert.deepEqual(run(60, 20, () => false).lit_ms, []);
});

test("a page that was out of sight catches up with no flash", () => {
  const flashes = new Flashes(0, () => true);
  for (let now_ms = 0; now_ms < 300; now_ms += 10) flashes.refresh(now_ms, now_ms + 10, 10);
  assert.equal(flashes.refresh(60_000, 60_010, 10), false);
  assert.equal(flashes.refresh(60_000 + LEAD_MS, 60_010 + LEAD_MS, 10), true);
});

test("a sound begins so that it is heard at its moment, with what the browser tells", () => {
  const heard = { contextTime: 2, performanceTime: 10_000 };
  assert.equal(beginning_s({ now_s: 2.25, now_ms: 10_000, heard, latency_s: 9 }, 10_500), 2.5);
  assert.equal(beginning_s({ now_s: 2.25, now_ms: 10_000, heard: null, latency_s: 0.25 }, 10_500), 2.5);
});

test("the chirp is the one that recordings are searched for", () => {
  const samples = chirpSamples(48_000);
  assert.equal(samples.length, 4800);
  assert.ok(samples[0] === 0 && Math.abs(samples[4799]) < 1e-6);
  // In its middle it passes 1850 Hz: from one rise through zero to the next.
  const rises = [];
  for (let n = 2300; n < 2500; n++) if (samples[n] < 0 && samples[n + 1] >= 0) rises.push(n - samples[n] / (samples[n + 1] - samples[n]));
  const hz = (48_000 * (rises.length - 1)) / (rises.at(-1) - rises[0]);
  assert.ok(Math.abs(hz - 1850) < 25, String(hz));
});

test("the test talker is the one that a call listens for", () => {
  const kept = JSON.parse(readFileSync(new URL("../../../crates/measure/tests/samples/talker.json", import.meta.url), "utf8"));
  const period = talkerSamples(kept.rate_hz);
  assert.equal(TALKER_PERIOD_MS, kept.period_ms);
  assert.equal(period.length, (kept.rate_hz * kept.period_ms) / 1000);
  kept.samples.forEach((sample, n) => assert.ok(Math.abs(period[n * kept.every] - sample) < 1e-5, `${n}: ${sample}`));
  assert.ok(kept.samples.length > 40 && period.slice(kept.length).every((sample) => sample === 0));
  assert.equal(talkerSamples(44_100).length, 20_727);
});

test("a marker has the largest cells that fit, wide on a wall and square on a phone", () => {
  assert.deepEqual(placeOf(1366, 700), { columns: 20, cell: 62, left: 1, top: 133 });
  assert.deepEqual(placeOf(390, 500), { columns: 10, cell: 32, left: 3, top: 58 });
});
