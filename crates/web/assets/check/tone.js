// Three short tones from the loudspeaker, looked for in the unprocessed microphone. The pure half
// measures spectra and judges; `playTones` and `listenForTones` do the sounding and the listening.

import { soundTone } from "../stage/tone.js";

/**
 * @typedef {object} ToneFrame One look at the microphone.
 * @property {number} at_ms When, after the first tone was started.
 * @property {number[]} levels_db Level at each tone's frequency, dB below full scale.
 * @property {number[]} floors_db Level beside each tone's frequency.
 */

/**
 * @typedef {object} ToneVerdict
 * @property {"heard" | "unheard" | "loud"} verdict
 * @property {number} tones How many tones were heard in the right order.
 * @property {number | null} lag_ms From playing to hearing; null where nothing was heard.
 */

/** No harmonics of one another, inside what a television's loudspeaker and a room pass well. */
export const TONES_HZ = [740, 1180, 1870];
export const TONE_MS = 240;
export const GAP_MS = 60;
/** Amplitude of full scale: about 16 dB below it, as loud as somebody talking. */
const AMPLITUDE = 0.16;
const FADE_MS = 20;

/** A television on HDMI or Bluetooth may take this long to sound. */
const LAG_MAX_MS = 900;
/** Silence that is listened to first, to know what the room sounds like without tones. */
const BASELINE_MS = 200;
const ALL_TONES_MS = TONES_HZ.length * (TONE_MS + GAP_MS);
export const LISTEN_MS = ALL_TONES_MS + LAG_MAX_MS;

const ABOVE_FLOOR_DB = 10;
const ABOVE_BASELINE_DB = 8;
const SPACING_SLACK_MS = 150;
/** Played at −16 dB: a microphone that hears it near full scale will hear every word of the far class too. */
const LOUD_DB = -9;
const SILENCE_DB = -120;

/** Where the floor beside a tone is measured, as factors of its frequency. */
const BESIDE = [0.88, 0.93, 1.075, 1.13];

/**
 * Level of one frequency in a stretch of sound (Goertzel's algorithm under a Hann window).
 * @param {Float32Array} samples
 * @param {number} rate_hz
 * @param {number} frequency_hz
 * @returns {number} dB below a full-scale sine
 */
export function levelAt(samples, rate_hz, frequency_hz) {
  const turn = (2 * Math.PI * frequency_hz) / rate_hz;
  const twice = 2 * Math.cos(turn);
  const last = samples.length - 1;
  let before = 0;
  let earlier = 0;
  for (let n = 0; n <= last; n += 1) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / last);
    const now = samples[n] * window + twice * before - earlier;
    earlier = before;
    before = now;
  }
  const power = before * before + earlier * earlier - twice * before * earlier;
  const amplitude = (4 * Math.sqrt(Math.max(power, 0))) / samples.length;
  return Math.max(SILENCE_DB, 20 * Math.log10(amplitude + 1e-9));
}

/**
 * @param {Float32Array} samples
 * @param {number} rate_hz
 * @param {number} at_ms
 * @returns {ToneFrame}
 */
export function frameOf(samples, rate_hz, at_ms) {
  const floor = (/** @type {number} */ tone_hz) =>
    Math.max(...BESIDE.map((factor) => levelAt(samples, rate_hz, tone_hz * factor)));
  return {
    at_ms,
    levels_db: TONES_HZ.map((tone_hz) => levelAt(samples, rate_hz, tone_hz)),
    floors_db: TONES_HZ.map(floor),
  };
}

/**
 * Whether the microphone heard the tones: each stands out from the sound beside it and from the
 * room before it, and they come in the order and at the distance in which they were played. Two of
 * three will do, since a room may swallow one frequency.
 * @param {ToneFrame[]} frames
 * @returns {ToneVerdict}
 */
export function judgeTones(frames) {
  const peaks = TONES_HZ.map((_, tone) => peakOf(frames, tone));
  let best = { tones: 0, lag_ms: /** @type {number | null} */ (null), level_db: SILENCE_DB };
  for (let first = 0; first < peaks.length; first += 1) {
    const chain = chainFrom(peaks, first);
    if (chain.tones > best.tones) best = chain;
  }
  if (best.tones < 2) return { verdict: "unheard", tones: best.tones, lag_ms: null };
  const verdict = best.level_db >= LOUD_DB ? "loud" : "heard";
  return { verdict, tones: best.tones, lag_ms: best.lag_ms };
}

/**
 * @param {ToneVerdict} heard
 * @returns {import("./verdict.js").Finding}
 */
export function judgeSpeaker({ verdict }) {
  switch (verdict) {
    case "heard":
      return { state: "ok", code: "ok", say: "js-check-speaker-ok" };
    case "loud":
      return { state: "warn", code: "loud", say: "js-check-speaker-loud", next: "js-check-speaker-loud-next" };
    default:
      return {
        state: "warn",
        code: "unheard",
        say: "js-check-speaker-unheard",
        next: "js-check-speaker-unheard-next",
      };
  }
}

/**
 * @param {({at_ms: number, level_db: number} | null)[]} peaks
 * @param {number} first
 */
function chainFrom(peaks, first) {
  const start = peaks[first];
  if (!start) return { tones: 0, lag_ms: null, level_db: SILENCE_DB };
  const lag_ms = Math.round(start.at_ms - middleOf(first));
  let tones = 1;
  let level_db = start.level_db;
  for (let tone = first + 1; tone < peaks.length; tone += 1) {
    const peak = peaks[tone];
    if (!peak || Math.abs(peak.at_ms - middleOf(tone) - lag_ms) > SPACING_SLACK_MS) continue;
    tones += 1;
    level_db = Math.max(level_db, peak.level_db);
  }
  if (lag_ms < -TONE_MS / 2 || lag_ms > LAG_MAX_MS) return { tones: 0, lag_ms: null, level_db };
  return { tones, lag_ms: Math.max(0, lag_ms), level_db };
}

/** @param {number} tone When its middle is played, after the first began. */
function middleOf(tone) {
  return tone * (TONE_MS + GAP_MS) + TONE_MS / 2;
}

/**
 * The middle of the loudest stretch of one tone; null where it does not stand out.
 * @param {ToneFrame[]} frames
 * @param {number} tone
 */
function peakOf(frames, tone) {
  const before = frames.filter((frame) => frame.at_ms < 0).map((frame) => frame.levels_db[tone]);
  const baseline_db = before.length > 0 ? median(before) : SILENCE_DB;
  const after = frames.filter((frame) => {
    const level_db = frame.levels_db[tone];
    return (
      frame.at_ms >= 0 &&
      level_db >= frame.floors_db[tone] + ABOVE_FLOOR_DB &&
      level_db >= baseline_db + ABOVE_BASELINE_DB
    );
  });
  if (after.length === 0) return null;
  const level_db = Math.max(...after.map((frame) => frame.levels_db[tone]));
  const loud = after.filter((frame) => frame.levels_db[tone] >= level_db - 6);
  return { at_ms: median(loud.map((frame) => frame.at_ms)), level_db };
}

/** @param {number[]} values Not empty. */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Sounds the tones now.
 * @param {AudioContext} context
 */
export function playTones(context) {
  TONES_HZ.forEach((hz, tone) => {
    const start_s = context.currentTime + (tone * (TONE_MS + GAP_MS)) / 1000;
    soundTone(context, { hz, start_s, lasting_s: TONE_MS / 1000, amplitude: AMPLITUDE, fade_s: FADE_MS / 1000 });
  });
}

/**
 * Whether all tones were heard and are over: there is nothing to wait for.
 * @param {ToneFrame[]} frames
 * @param {number} at_ms
 */
function hasEnded(frames, at_ms) {
  if (at_ms < ALL_TONES_MS) return false;
  const { tones, lag_ms } = judgeTones(frames);
  return tones === TONES_HZ.length && at_ms >= ALL_TONES_MS + (lag_ms ?? 0);
}

/**
 * Listens to the room, plays the tones, listens until they would have come, and judges.
 * @param {AudioContext} context Running.
 * @param {import("./microphone.js").Ear} ear
 * @param {AbortSignal} signal
 * @returns {Promise<ToneVerdict>}
 */
export async function listenForTones(context, ear, signal) {
  const begun_ms = performance.now();
  /** @type {number | null} */
  let played_ms = null;
  /** @type {ToneFrame[]} */
  const frames = [];
  await new Promise((resolve) => {
    const stop = ear.onSamples((samples, rate_hz) => {
      const now_ms = performance.now();
      if (played_ms === null && now_ms - begun_ms >= BASELINE_MS) {
        playTones(context);
        played_ms = now_ms;
      }
      const at_ms = played_ms === null ? now_ms - begun_ms - BASELINE_MS : now_ms - played_ms;
      // The samples end now: what they hold was heard half their length ago.
      const middle_ms = (samples.length / rate_hz) * 500;
      frames.push(frameOf(samples, rate_hz, at_ms - middle_ms));
      if (at_ms >= LISTEN_MS || signal.aborted || hasEnded(frames, at_ms)) {
        stop();
        resolve(undefined);
      }
    });
  });
  return judgeTones(frames);
}
