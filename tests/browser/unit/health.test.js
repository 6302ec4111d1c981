import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../../crates/web/assets/room/health.js";
import { SILENT_AFTER_MS, Silence } from "../../../crates/web/assets/room/silence.js";

const PATH = { at_ms: 0, protocol: "udp", rtt_ms: 20, available_bps: null, srtp_cipher: null, dtls_state: null };
const NOTHING = {
  bytes: 0, packets: 0, lost: 0, nacks: 0, repaired: 0, frames: 0, width: 0, height: 0, fps: 0, freezes: 0,
  freeze_ms: 0, buffer_ms: 0, buffer_n: 0, energy: 0, duration_s: 0, concealed: 0, samples: 0,
};

/** Six samples, a second apart, of counters that grow so much a second. */
function grown(kind, ...rates) {
  const samples = [{ ...NOTHING, kind, mid: "0", codec: null, at_ms: 0, frames: 100, packets: 100 }];
  for (let n = 0; n < 5; n++) {
    const rate = rates[Math.min(n, rates.length - 1)];
    const last = { ...samples.at(-1) };
    last.at_ms += 1000;
    for (const [name, more] of Object.entries(rate)) last[name] += more;
    samples.push(last);
  }
  return samples;
}

const FLOWING = { frames: 25, packets: 60, buffer_ms: 500, buffer_n: 25 };
const SPEAKING = { packets: 50, duration_s: 1, energy: 1e-4, samples: 48_000 };

function health(changes = {}) {
  return judge({
    video: grown("video", FLOWING),
    audio: grown("audio", SPEAKING),
    path: PATH,
    is_heard: true,
    delay_ms: null,
    ...changes,
  });
}

test("a classroom that comes through well is good in all", () => {
  assert.deepEqual(health(), {
    picture: "good", sound: "good", delay: "low", delay_ms: 20 + 20 + 60, delay_is_measured: false,
  });
});

test("a picture that stands for more than a second is frozen, however good it was", () => {
  assert.equal(health({ video: grown("video", FLOWING, FLOWING, FLOWING, FLOWING, { frames: 0 }) }).picture, "frozen");
  assert.equal(health({ video: grown("video", FLOWING, { frames: 0 }) }).picture, "frozen");
});

test("a picture that is slow by itself is not frozen: courseware has few pictures", () => {
  const slow = grown("video", { frames: 1 }, { frames: 0 }, { frames: 1 }, { frames: 1 }, { frames: 0 });
  assert.equal(health({ video: slow }).picture, "poor");
  const slower = grown("video", { frames: 1 }, { frames: 1 }, { frames: 1 }, { frames: 0 });
  assert.equal(health({ video: slower }).picture, "poor", "two seconds are less than three times the average");
});

test("few pictures, losses and short freezes are poor", () => {
  for (const rate of [{ ...FLOWING, frames: 5 }, { ...FLOWING, lost: 4 }, { ...FLOWING, freeze_ms: 100 }]) {
    assert.equal(health({ video: grown("video", rate) }).picture, "poor", JSON.stringify(rate));
  }
});

test("without any picture there is none", () => {
  assert.equal(health({ video: [] }).picture, "none");
  assert.equal(health({ video: grown("video", {}).map((sample) => ({ ...sample, frames: 0 })) }).picture, "none");
});

test("sound that the lesson's state holds back is muted, whatever comes", () => {
  assert.equal(health({ is_heard: false }).sound, "muted");
  assert.equal(health({ is_heard: false, audio: [] }).sound, "muted");
});

test("missing, silent and broken sound are three things", () => {
  assert.equal(health({ audio: [] }).sound, "none");
  assert.equal(health({ audio: grown("audio", SPEAKING, SPEAKING, { samples: 48_000, concealed: 48_000 }) }).sound, "none");
  assert.equal(health({ audio: grown("audio", { ...SPEAKING, energy: 0 }) }).sound, "silent");
  assert.equal(health({ audio: grown("audio", { ...SPEAKING, concealed: 4000 }) }).sound, "broken");
  assert.equal(health({ audio: grown("audio", { ...SPEAKING, concealed: 1000 }) }).sound, "good");
});

test("sound that comes but is not played here is not called silent", () => {
  assert.equal(health({ audio: grown("audio", { packets: 50 }) }).sound, "good");
});

test("a classroom that has just come is not judged by what cannot be known yet", () => {
  const audio = grown("audio", SPEAKING).slice(0, 1);
  const video = grown("video", FLOWING).slice(0, 1);
  const { picture, sound } = health({ audio, video });
  assert.deepEqual([picture, sound], ["good", "good"]);
});

test("what this window does not take is not held against a classroom", () => {
  const { picture, sound, delay } = health({ video: null, audio: null });
  assert.deepEqual([picture, sound, delay], ["good", "good", "unknown"]);
});

test("a delay by capture times is called measured, and has its words", () => {
  const words = [100, 300, 500].map((delay_ms) => health({ delay_ms }));
  assert.deepEqual(words.map(({ delay }) => delay), ["low", "noticeable", "high"]);
  assert.ok(words.every(({ delay_is_measured }) => delay_is_measured));
  assert.equal(health({ path: null }).delay, "unknown");
});

test("a microphone is silent after 20 s without anything, and not before", () => {
  const silence = new Silence();
  const after = (seconds, energy) => silence.push(seconds * 1000, energy);
  assert.equal(after(0, 0), false);
  assert.equal(after(SILENT_AFTER_MS / 1000 - 1, 1e-12), false);
  assert.equal(after(SILENT_AFTER_MS / 1000, 0), true);
  assert.equal(after(21, 1e-5), false);
  assert.equal(after(22, 0), false);
});

test("a microphone that is switched off is not silent", () => {
  const silence = new Silence();
  silence.push(0, 0);
  silence.push(10_000, null);
  assert.equal(silence.push(25_000, 0), false);
});
