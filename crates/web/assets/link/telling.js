// Tells the relay what this room sent and played, as a node tells the registry: from this the pairing registry
// knows that a lesson took place. The lesson does not depend on it.

import { tellFlow } from "../api.js";
import { Flow } from "../room/flow.js";
import { now_us } from "./clock.js";

/** @import { ClockReport, SlotSource, ToldFlow } from "../protocol.js" */
/** @import { Sample } from "../room/stats.js" */
/** @import { Whep } from "./whep.js" */

/** Stretches that wait for a relay that does not answer; the oldest is given up first. */
const MAX_WAITING = 10;

/**
 * What there is to tell of.
 * @typedef {object} Told
 * @property {{ whip: Sample[], whep: Sample[] }} samples
 * @property {Whep | null} whep
 * @property {ReadonlyMap<number, SlotSource | null>} sources who is in which slot
 * @property {ClockReport | null} clock this page's
 */

/** Counts once a second, and tells. */
export class Telling {
  #lesson;
  #grant;
  #flow = new Flow();
  /** @type {ClockReport | null} */
  #clock = null;
  /** @type {ToldFlow[]} the oldest first */
  #waiting = [];
  #is_telling = false;

  /**
   * @param {string} lesson
   * @param {string} grant
   */
  constructor(lesson, grant) {
    this.#lesson = lesson;
    this.#grant = grant;
  }

  /** The room is in the lesson. */
  begin() {
    this.#flow.begin(performance.now());
  }

  /**
   * The connections were looked at.
   * @param {Told} told
   */
  look({ samples, whep, sources, clock }) {
    this.#clock = clock;
    const mids = [...sources].flatMap(([slot, source]) => {
      const mid = whep?.slots[slot]?.transceiver.mid;
      return source && mid ? [/** @type {[string, string]} */ ([mid, source.participant])] : [];
    });
    this.#flow.look({ ...samples, sources: new Map(mids) });
    // Without the relay's clock nobody knew when it was.
    if (clock && this.#flow.isDue(performance.now())) this.#take();
    void this.#tell();
  }

  /** The room leaves: what flowed since the last time is told on the way out. */
  end() {
    if (this.#clock) this.#take();
    this.#flow.end();
    for (const flow of this.#waiting.splice(0)) void tellFlow(this.#lesson, this.#grant, flow, true);
  }

  #take() {
    const ahead_us = this.#clock?.offset_us ?? 0;
    const page_us = now_us() - performance.now() * 1000;
    const flow = this.#flow.take(performance.now(), (at_ms) => Math.round(page_us + at_ms * 1000 + ahead_us));
    if (flow) this.#waiting = [...this.#waiting, flow].slice(-MAX_WAITING);
  }

  async #tell() {
    const [flow] = this.#waiting;
    if (!flow || this.#is_telling) return;
    this.#is_telling = true;
    const problem = await tellFlow(this.#lesson, this.#grant, flow, false);
    this.#is_telling = false;
    // What the relay does not want it will not want later; what did not arrive is told again.
    const is_later = problem !== null && (problem.status === 0 || problem.status === 429 || problem.status >= 500);
    if (!is_later) this.#waiting = this.#waiting.filter((one) => one !== flow);
  }
}
