// How a classroom is seen and heard, in words: samples in, words out. Pure.

import { between } from "./stats.js";

/** @import { PathSample, ReceivedSample } from "./stats.js" */

/**
 * - `good`
 * - `poor`: it moves, but jerks or has few pictures
 * - `frozen`: the last picture stands
 * - `none`: there has been no picture
 * @typedef {"good" | "poor" | "frozen" | "none"} PictureWord
 */
/**
 * - `good`
 * - `broken`: parts of it are missing
 * - `silent`: it comes, but there is nothing in it, not even the noise of a room
 * - `none`: nothing comes
 * - `muted`: the lesson's state keeps it from being heard
 * @typedef {"good" | "broken" | "silent" | "none" | "muted"} SoundWord
 */
/** @typedef {"low" | "noticeable" | "high" | "unknown"} DelayWord */

/**
 * @typedef {object} Health
 * @property {PictureWord} picture
 * @property {SoundWord} sound
 * @property {DelayWord} delay
 * @property {number | null} delay_ms from that classroom's camera to this screen
 * @property {boolean} delay_is_measured from capture times; otherwise it is an estimate
 */

/**
 * What is known of one classroom, the oldest sample first, a few seconds of them. Null: this window
 * does not take it, so nothing is held against it.
 * @typedef {object} Samples
 * @property {readonly ReceivedSample[] | null} video of its camera; empty: there is none
 * @property {readonly ReceivedSample[] | null} audio of its microphone; empty: there is none
 * @property {PathSample | null} path of the receiving connection
 * @property {boolean} is_heard whether the lesson's state lets its microphone through
 * @property {number | null} delay_ms from capture to display by capture times, if there are any
 */

/** Below this a picture jerks: half of the usual 15 of a small encoding. */
const POOR_FPS = 8;
/** Packets that no repair brought back. */
const POOR_LOST = 0.03;
/** Standing time within the samples' few seconds. */
const POOR_FREEZE_MS = 300;
/** Share of invented sound that is heard as gaps. */
const BROKEN_CONCEALED = 0.05;
/** Mean square level: −80 dB of full scale. The noise of any switched-on microphone is above it. */
const SILENT_ENERGY = 1e-8;
/** Samples must span so much before they say that nothing came. */
const NOTHING_S = 0.9;
/** Samples must span so much before they say that something is poor. */
const SETTLED_S = 2.5;
/** Without a new picture for so long it stands, whatever the average says (W3C: average + 150 ms). */
const FREEZE_EXCESS_MS = 150;

/** One-way delays that a class notices, and that break a conversation (G.114). */
const NOTICEABLE_MS = 250;
const HIGH_MS = 400;

/** What an estimate adds for capture, encoding, the relay, decoding and the screen. */
const ESTIMATE_FIXED_MS = 60;

/**
 * @param {Samples} samples
 * @returns {Health}
 */
export function judge(samples) {
  const { video, audio, is_heard } = samples;
  const delay_ms = samples.delay_ms ?? estimate(samples);
  return {
    picture: video ? pictureOf(video) : "good",
    sound: !is_heard ? "muted" : audio ? soundOf(audio) : "good",
    delay: delayWord(delay_ms),
    delay_ms: delay_ms === null ? null : Math.round(delay_ms),
    delay_is_measured: samples.delay_ms !== null,
  };
}

/**
 * @param {readonly ReceivedSample[]} samples
 * @returns {PictureWord}
 */
export function pictureOf(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.frames === 0) return "none";
  if (standsFor_ms(samples) >= freezeLimit_ms(samples)) return "frozen";
  const { seconds, fps, lost_ratio, freeze_ms } = between(first, last);
  // A connection that has just begun sends little until it knows how much it may.
  if (seconds < SETTLED_S) return "good";
  return fps < POOR_FPS || lost_ratio > POOR_LOST || freeze_ms > POOR_FREEZE_MS ? "poor" : "good";
}

/**
 * How long no picture came, as far as samples a second apart can tell: at least this.
 * @param {readonly ReceivedSample[]} samples
 */
export function standsFor_ms(samples) {
  const last = samples.at(-1);
  if (!last) return 0;
  const since = samples.find(({ frames }) => frames === last.frames) ?? last;
  return last.at_ms - since.at_ms;
}

/**
 * The rule of W3C webrtc-stats: a picture froze that stood for max(3·average, average + 150 ms).
 * Samples come once a second, so a freeze is seen when it is as long as that.
 * @param {readonly ReceivedSample[]} samples
 */
function freezeLimit_ms(samples) {
  const moving = samples.filter(({ frames }, index) => index === 0 || frames > (samples[index - 1]?.frames ?? 0));
  const [first, last] = [moving[0], moving.at(-1)];
  const frames = first && last ? last.frames - first.frames : 0;
  if (!first || !last || frames === 0) return NOTHING_S * 1000;
  const average_ms = (last.at_ms - first.at_ms) / frames;
  return Math.max(3 * average_ms, average_ms + FREEZE_EXCESS_MS, NOTHING_S * 1000);
}

/**
 * @param {readonly ReceivedSample[]} samples
 * @returns {SoundWord}
 */
export function soundOf(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.packets === 0) return "none";
  const recent = samples.findLast(({ at_ms }) => last.at_ms - at_ms >= NOTHING_S * 1000);
  if (!recent) return "good";
  if (last.packets === recent.packets) return "none";
  const { concealed_ratio, energy_per_s } = between(first, last);
  if (concealed_ratio > BROKEN_CONCEALED) return "broken";
  return energy_per_s !== null && energy_per_s < SILENT_ENERGY ? "silent" : "good";
}

/**
 * Without capture times: half the way there and back, doubled for the sender's own way to the relay,
 * which this page cannot see, the buffer, and what the ends usually take.
 * @param {Samples} samples
 * @returns {number | null}
 */
function estimate({ path, video }) {
  if (path === null || path.rtt_ms === null || !video?.length) return null;
  return path.rtt_ms + bufferOf(video) + ESTIMATE_FIXED_MS;
}

/** @param {readonly ReceivedSample[]} samples */
function bufferOf(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  return (first && last && between(first, last).buffer_ms) ?? 0;
}

/**
 * @param {number | null} delay_ms
 * @returns {DelayWord}
 */
function delayWord(delay_ms) {
  if (delay_ms === null) return "unknown";
  if (delay_ms >= HIGH_MS) return "high";
  return delay_ms >= NOTICEABLE_MS ? "noticeable" : "low";
}
