// What was read from filmed pictures: how many of them could be read, and how much later the one of two
// screens shows what the other shows.

import { elapsed_ms } from "./marker.js";

/** @import { Stamp } from "./marker.js" */

/** Pictures that count, the newest: a minute at 30 a second. */
const PICTURES_MAX = 1800;
/** So many values make the largest of them a bound of their 95th percentile, with 95 % confidence: 0.95^59 < 0.05. */
export const ENOUGH = 59;
/** No way through a lesson takes longer; what seems to is two sources. */
const DELAY_MAX_MS = 60_000;

/**
 * @typedef {object} Delay Of one screen behind the other, in ms.
 * @property {number} n How many pictures showed both.
 * @property {number} least_ms
 * @property {number} median_ms
 * @property {number} most_ms
 * @property {number} step_ms How often the source shows another marker: no single value is better known.
 *
 * @typedef {object} Summary
 * @property {number} pictures
 * @property {number} readable Of these, how many had a marker that could be read.
 * @property {Stamp | null} latest
 * @property {Delay | null} delay null: no picture has shown both screens.
 * @property {boolean} has_strangers Markers of two sources were seen together: their clocks have nothing in common.
 */

/** @typedef {{stamp: Stamp | null, delay_ms: number | null, step_ms: number | null, has_strangers: boolean}} Reading */

export class Readings {
  /** @type {Reading[]} */
  #readings = [];

  /**
   * Takes what one picture shows.
   * @param {Stamp[]} stamps
   */
  add(stamps) {
    this.#readings.push(readingOf(stamps));
    if (this.#readings.length > PICTURES_MAX) this.#readings.shift();
  }

  /** @returns {Summary} */
  summary() {
    const readings = this.#readings;
    const readable = readings.filter(({ stamp }) => stamp);
    return {
      pictures: readings.length,
      readable: readable.length,
      latest: readable.at(-1)?.stamp ?? null,
      delay: delayOf(readings),
      has_strangers: readings.some(({ has_strangers }) => has_strangers),
    };
  }
}

/**
 * @param {Stamp[]} stamps
 * @returns {Reading}
 */
function readingOf(stamps) {
  const [one, other] = stamps;
  const unpaired = { stamp: one ?? null, delay_ms: null, step_ms: null, has_strangers: false };
  if (stamps.length < 2) return unpaired;
  if (stamps.some(({ session }) => session !== one.session)) return { ...unpaired, has_strangers: true };
  // More than two: a screen that shows a screen. Which is the returned one nobody can say.
  if (stamps.length > 2) return unpaired;
  const apart_ms = Math.abs(elapsed_ms(one, other));
  if (apart_ms > DELAY_MAX_MS) return { ...unpaired, has_strangers: true };
  const frames = Math.abs(other.frame - one.frame);
  return { ...unpaired, delay_ms: apart_ms, step_ms: frames > 0 ? apart_ms / frames : null };
}

/**
 * @param {Reading[]} readings
 * @returns {Delay | null}
 */
function delayOf(readings) {
  const delays_ms = sorted(readings.map(({ delay_ms }) => delay_ms));
  if (delays_ms.length === 0) return null;
  const steps_ms = sorted(readings.map(({ step_ms }) => step_ms));
  return {
    n: delays_ms.length,
    least_ms: delays_ms[0],
    median_ms: delays_ms[Math.floor(delays_ms.length / 2)],
    most_ms: delays_ms[delays_ms.length - 1],
    step_ms: steps_ms[Math.floor(steps_ms.length / 2)] ?? 0,
  };
}

/** @param {(number | null)[]} values */
function sorted(values) {
  return values.filter((value) => value !== null).sort((a, b) => a - b);
}
