// What the page sounds: the beep that goes with the flash, the chirp that a recording is searched for
// (crates/measure/src/chirp/probe.rs), and the test talker (crates/measure/src/double_talk/mod.rs). The beep is put on
// the audio clock so that it leaves the loudspeaker at a moment of the page's clock; browsers tell how the two go
// together.

import { soundTone } from "../stage/tone.js";

export const BEEP_MS = 120;
const BEEP_HZ = 1000;
const FADE_MS = 2;
/** Amplitude of full scale: about 6 dB below it. */
const AMPLITUDE = 0.5;
const CHIRP_MS = 100;
const CHIRP_HZ = { from: 300, to: 3400 };
/** From the begin of one of the test talker's sweeps to that of the next. */
export const TALKER_PERIOD_MS = 470;

/**
 * @typedef {object} AudioClock What a browser tells about its sound.
 * @property {number} now_s The audio clock, which is ahead of what is heard.
 * @property {number} now_ms The page's clock at the same moment.
 * @property {{contextTime: number, performanceTime: number} | null} heard Which moment of the audio clock was
 *   heard at which of the page's; null: not told.
 * @property {number} latency_s From the audio clock to the loudspeaker, as far as it is told.
 */

/**
 * When on the audio clock a sound has to begin to be heard at `at_ms` of the page's clock.
 * @param {AudioClock} clock
 * @param {number} at_ms
 */
export function beginning_s({ now_s, now_ms, heard, latency_s }, at_ms) {
  if (heard) return heard.contextTime + (at_ms - heard.performanceTime) / 1000;
  return now_s + (at_ms - now_ms) / 1000 - latency_s;
}

/**
 * A linear sweep under a Hann window.
 * @param {number} rate_hz
 */
export function chirpSamples(rate_hz) {
  const count = Math.round((rate_hz * CHIRP_MS) / 1000);
  const slope = (CHIRP_HZ.to - CHIRP_HZ.from) / (count / rate_hz);
  return Float32Array.from({ length: count }, (_, n) => {
    const at_s = n / rate_hz;
    const phase = 2 * Math.PI * (CHIRP_HZ.from * at_s + (slope * at_s * at_s) / 2);
    return Math.sin(phase) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (count - 1)));
  });
}

/**
 * A period of the test talker: the chirp backwards, then silence.
 * @param {number} rate_hz
 */
export function talkerSamples(rate_hz) {
  const period = new Float32Array(Math.round((rate_hz * TALKER_PERIOD_MS) / 1000));
  period.set(chirpSamples(rate_hz).reverse());
  return period;
}

/**
 * @param {AudioContext} context
 * @returns {AudioClock}
 */
export function readClock(context) {
  const [now_s, now_ms] = [context.currentTime, performance.now()];
  const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
  // A browser that has played nothing yet gives zeros.
  const heard = contextTime > 0 && performanceTime > 0 ? { contextTime, performanceTime } : null;
  return { now_s, now_ms, heard, latency_s: latencyOf(context) ?? 0 };
}

/**
 * From the audio clock to the loudspeaker, in seconds; null: the browser does not tell.
 * @param {AudioContext} context
 */
export function latencyOf(context) {
  const latency_s = context.outputLatency || context.baseLatency;
  return Number.isFinite(latency_s) ? latency_s : null;
}

/**
 * Sounds the beep so that it is heard at `at_ms` of the page's clock.
 * @param {AudioContext} context
 * @param {number} at_ms
 * @returns {boolean} false: the loudspeaker is too far behind for that
 */
export function beep(context, at_ms) {
  const start_s = beginning_s(readClock(context), at_ms);
  if (start_s <= context.currentTime) return false;
  soundTone(context, { hz: BEEP_HZ, start_s, lasting_s: BEEP_MS / 1000, amplitude: AMPLITUDE, fade_s: FADE_MS / 1000 });
  return true;
}

/**
 * Sounds the chirp now.
 * @param {AudioContext} context
 */
export function chirp(context) {
  play(context, chirpSamples(context.sampleRate), false);
}

/**
 * Sounds the test talker from now on, until what is returned is called.
 * @param {AudioContext} context
 */
export function talk(context) {
  const source = play(context, talkerSamples(context.sampleRate), true);
  return () => source.stop();
}

/**
 * @param {AudioContext} context
 * @param {Float32Array<ArrayBuffer>} samples
 * @param {boolean} loop Whether they are sounded again and again.
 */
function play(context, samples, loop) {
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: context.sampleRate });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer, loop });
  source.connect(context.destination);
  source.start();
  source.addEventListener("ended", () => source.disconnect());
  return source;
}
