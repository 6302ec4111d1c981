import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GAP_MS,
  LISTEN_MS,
  TONES_HZ,
  TONE_MS,
  frameOf,
  judgeSpeaker,
  judgeTones,
  levelAt,
} from "../../../crates/web/assets/check/tone.js";

const RATE_HZ = 48_000;
const SAMPLES = 4096;
const STEP_MS = 50;

/** Numbers between −1 and 1, the same on every run. */
function noise(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
}

/** A room that hears the tones `lag_ms` late, over noise. */
function room({ lag_ms = 60, amplitude = 0.05, noise_amplitude = 0.002, tones = TONES_HZ, seed = 1 }) {
  const hiss = noise(seed);
  return (at_ms) => {
    let sample = noise_amplitude * hiss();
    tones.forEach((tone_hz, index) => {
      const since_ms = at_ms - lag_ms - index * (TONE_MS + GAP_MS);
      if (tone_hz === null || since_ms < 0 || since_ms > TONE_MS) return;
      sample += amplitude * Math.sin((2 * Math.PI * tone_hz * at_ms) / 1000);
    });
    return sample;
  };
}

/** What the page hears of a room, from before the tones until after them. */
function listen(sound) {
  const frames = [];
  for (let end_ms = -200; end_ms <= LISTEN_MS; end_ms += STEP_MS) {
    const samples = Float32Array.from({ length: SAMPLES }, (_, n) => {
      return sound(end_ms - ((SAMPLES - n) * 1000) / RATE_HZ);
    });
    frames.push(frameOf(samples, RATE_HZ, end_ms - (SAMPLES * 500) / RATE_HZ));
  }
  return frames;
}

test("the level of a sine is its amplitude, and far away from it there is little", () => {
  const samples = Float32Array.from({ length: SAMPLES }, (_, n) => 0.1 * Math.sin((2 * Math.PI * 1180 * n) / RATE_HZ));
  assert.ok(Math.abs(levelAt(samples, RATE_HZ, 1180) + 20) < 0.5);
  assert.ok(levelAt(samples, RATE_HZ, 740) < -60);
  assert.equal(levelAt(new Float32Array(SAMPLES), RATE_HZ, 740), -120);
});

test("three tones in order are heard, at once or from a slow television", () => {
  for (const lag_ms of [5, 60, 400, 800]) {
    const heard = judgeTones(listen(room({ lag_ms })));
    assert.equal(heard.verdict, "heard", `${lag_ms} ms`);
    assert.equal(heard.tones, 3);
    assert.ok(Math.abs(heard.lag_ms - lag_ms) <= 60, `${heard.lag_ms} of ${lag_ms} ms`);
  }
});

test("a room that swallows one tone still hears the others", () => {
  const [low, middle, high] = TONES_HZ;
  for (const tones of [[null, middle, high], [low, null, high], [low, middle, null]]) {
    assert.equal(judgeTones(listen(room({ tones }))).verdict, "heard", String(tones));
  }
});

test("one tone, the wrong order, noise and silence are not the loudspeaker", () => {
  const [low, middle, high] = TONES_HZ;
  const rooms = {
    "one tone": room({ tones: [null, middle, null] }),
    "wrong order": room({ tones: [high, middle, low] }),
    "too late": room({ lag_ms: 1500 }),
    noise: room({ amplitude: 0, noise_amplitude: 0.3 }),
    silence: room({ amplitude: 0, noise_amplitude: 0 }),
    "a hum that was there before": (at_ms) =>
      TONES_HZ.reduce((sum, tone_hz) => sum + 0.05 * Math.sin((2 * Math.PI * tone_hz * at_ms) / 1000), 0),
  };
  for (const [name, sound] of Object.entries(rooms)) {
    assert.equal(judgeTones(listen(sound)).verdict, "unheard", name);
  }
});

test("tones near full scale mean echo", () => {
  const heard = judgeTones(listen(room({ amplitude: 0.6 })));
  assert.equal(heard.verdict, "loud");
  assert.equal(judgeSpeaker(heard).code, "loud");
  assert.equal(judgeSpeaker(heard).state, "warn");
});

test("nothing looked at is nothing heard", () => {
  assert.equal(judgeTones([]).verdict, "unheard");
});
