// Waits between attempts. Pure: randomness is given.

/** First wait, in ms. */
export const FIRST_MS = 250;
/** Longest wait, so that everybody is back within three seconds of a relay's restart. */
export const LONGEST_MS = 2000;
/** Wait after a refusal that another attempt alone will not change: the lesson is locked, the grant is bad. */
export const REFUSED_MS = 4000;
const FACTOR = 1.6;
/** Share of a wait that is left to chance, so that the schools of a lesson do not come all at once. */
const SPREAD = 0.2;

/** Waits of 250 ms, growing to 2 s. */
export class Backoff {
  #next_ms = FIRST_MS;
  #random;

  /** @param {() => number} random evenly spread over 0 to 1 */
  constructor(random) {
    this.#random = random;
  }

  /** The wait before the next attempt, in ms. */
  wait() {
    const wait_ms = this.#next_ms * (1 - SPREAD * this.#random());
    this.#next_ms = Math.min(this.#next_ms * FACTOR, LONGEST_MS);
    return wait_ms;
  }

  /** The connection was good for a while, or the network is back: the next loss is a new story. */
  reset() {
    this.#next_ms = FIRST_MS;
  }
}

/**
 * Whether a refusal will stand until somebody acts: it is asked again seldom, but it is asked.
 * @param {{ status: number }} problem
 */
export function isRefusal({ status }) {
  return status >= 400 && status < 500 && ![404, 408, 409, 412, 425, 429].includes(status);
}
