// How a classroom is seen and heard, in words: samples in, words out. Pure.

/** @import { ReceivedSample, PathSample } from "./stats.js" */

/** @typedef {"good" | "poor" | "frozen" | "none"} PictureWord */
/** @typedef {"good" | "broken" | "silent" | "none" | "muted"} SoundWord */
/** @typedef {"low" | "noticeable" | "high" | "unknown"} DelayWord */

/**
 * @typedef {object} Health
 * @property {PictureWord} picture
 * @property {SoundWord} sound
 * @property {DelayWord} delay
 * @property {number | null} delay_ms
 * @property {boolean} delay_is_measured from capture times; otherwise it is an estimate
 */

/**
 * What is known of one classroom, the oldest sample first.
 * @typedef {object} Samples
 * @property {readonly ReceivedSample[]} video of its camera
 * @property {readonly ReceivedSample[]} audio of its microphone
 * @property {PathSample | null} path of the receiving connection
 * @property {boolean} is_heard the lesson's state lets its microphone through
 * @property {number | null} delay_ms from capture to arrival, if clocks and stamps tell it
 */

/**
 * @param {Samples} _samples
 * @returns {Health}
 */
export function judge(_samples) {
  return { picture: "none", sound: "none", delay: "unknown", delay_ms: null, delay_is_measured: false };
}
