// This page's clock against the relay's: probes over HTTP, the quickest ones believed.

import { jsonOf, lessonPath, Problem, request } from "../api.js";

/** @import { ClockEcho, ClockReport } from "../protocol.js" */

/** Probes remembered: the quickest of the last few minutes decides. */
const KEPT = 12;
/** Probes at the beginning, one after another. */
const FIRST_PROBES = 4;
/** Waits between later probes: often at first, until some were quick. */
const EARLY_MS = 10_000;
const LATE_MS = 30_000;
const EARLY_PROBES = 10;

/** This page's clock, µs since the Unix epoch: monotonic, set when the page began. */
export function now_us() {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/**
 * Keeps the quickest probes. A probe's offset is wrong by at most half its way there and back, so
 * the quickest knows best. Pure.
 */
export class ClockFilter {
  /** @type {{ offset_us: number, delay_us: number }[]} */
  #kept = [];

  /**
   * @param {ClockEcho} echo
   * @param {number} t4_us when the echo came, on this page's clock
   */
  add({ t1_us, t2_us, t3_us }, t4_us) {
    const delay_us = t4_us - t1_us - (t3_us - t2_us);
    // A clock that was stepped in between.
    if (delay_us < 0) return;
    const offset_us = Math.round((t2_us - t1_us + (t3_us - t4_us)) / 2);
    this.#kept = [...this.#kept, { offset_us, delay_us }].slice(-KEPT);
  }

  /** @returns {ClockReport | null} null: no probe yet */
  best() {
    const [first, ...rest] = this.#kept;
    if (!first) return null;
    const { offset_us, delay_us } = rest.reduce((a, b) => (b.delay_us < a.delay_us ? b : a), first);
    return { offset_us, bound_us: Math.ceil(delay_us / 2) };
  }

  /** Another relay has another clock. */
  reset() {
    this.#kept = [];
  }
}

/** Measures for as long as the page is in the lesson. A probe that fails is simply missing. */
export class Clock {
  #lesson;
  #grant;
  #filter = new ClockFilter();
  #probes = 0;
  #timer = 0;
  #running = false;

  /**
   * @param {string} lesson
   * @param {string} grant
   */
  constructor(lesson, grant) {
    this.#lesson = lesson;
    this.#grant = grant;
  }

  /** @returns {ClockReport | null} relay clock minus this page's */
  get report() {
    return this.#filter.best();
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    void this.#turn();
  }

  /** The relay was restarted: its clock may be another. */
  restart() {
    this.#filter.reset();
    this.#probes = 0;
    if (!this.#running) return;
    clearTimeout(this.#timer);
    void this.#turn();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  async #turn() {
    await this.#probe();
    if (!this.#running) return;
    const is_first = this.#probes < FIRST_PROBES;
    if (!is_first) await this.#tell();
    const wait_ms = is_first ? 0 : this.#probes < EARLY_PROBES ? EARLY_MS : LATE_MS;
    clearTimeout(this.#timer);
    if (this.#running) this.#timer = setTimeout(() => void this.#turn(), wait_ms);
  }

  async #probe() {
    this.#probes += 1;
    const path = lessonPath(this.#lesson, "clock");
    const t1_us = now_us();
    const answer = await request({ path, grant: this.#grant, method: "POST", json: { t1_us } });
    const t4_us = now_us();
    /** @type {ClockEcho | Problem} */
    const echo = await jsonOf(answer);
    if (!(echo instanceof Problem)) this.#filter.add(echo, t4_us);
  }

  async #tell() {
    const { report } = this;
    if (!report) return;
    const path = lessonPath(this.#lesson, "clock");
    await request({ path, grant: this.#grant, method: "PUT", json: report });
  }
}
