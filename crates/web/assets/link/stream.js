// The event stream's life, as link/session.js runs it. Pure.

import { Backoff, isRefusal, REFUSED_MS } from "./backoff.js";

/** @import { Problem } from "../api.js" */

/** @typedef {{ do: "listen" } | { do: "unlisten" }} StreamCommand */

/** The event stream's life. */
export class Stream {
  /** @type {"off" | "down" | "opening" | "open"} */
  phase = "off";
  /** The relay's run that speaks in it. @type {string | null} */
  relay = null;
  /** @type {Problem | null} */
  problem = null;
  /** When it was opened. */
  since_ms = -Infinity;
  again_ms = Infinity;
  #backoff;

  /** @param {() => number} random */
  constructor(random) {
    this.#backoff = new Backoff(random);
  }

  /**
   * Opens it, anew if it is open.
   * @param {number} now_ms
   * @returns {StreamCommand[]}
   */
  open(now_ms) {
    this.phase = "opening";
    this.relay = null;
    this.since_ms = now_ms;
    this.again_ms = Infinity;
    return [{ do: "listen" }];
  }

  /** @param {number} now_ms */
  opened(now_ms) {
    this.phase = "open";
    this.since_ms = now_ms;
    this.problem = null;
    this.#backoff.reset();
  }

  /**
   * @param {number} now_ms
   * @param {Problem} problem
   * @param {boolean} no_hurry
   */
  closed(now_ms, problem, no_hurry) {
    if (this.phase === "off") return;
    this.phase = "down";
    this.relay = null;
    this.problem = problem;
    this.again_ms = now_ms + (no_hurry || isRefusal(problem) ? REFUSED_MS : this.#backoff.wait());
  }

  /**
   * @param {number} now_ms
   * @returns {StreamCommand[]}
   */
  time(now_ms) {
    return this.phase === "down" && now_ms >= this.again_ms ? this.open(now_ms) : [];
  }

  /** @returns {StreamCommand[]} */
  stop() {
    const was = this.phase;
    this.phase = "off";
    this.problem = null;
    this.again_ms = Infinity;
    return was === "off" ? [] : [{ do: "unlisten" }];
  }
}
