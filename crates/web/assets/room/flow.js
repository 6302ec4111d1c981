// What this room sent and played, in stretches of about a minute, for the pairing registry: lessons are credited by
// it. Pure: samples of the connections go in, one a second, stretches come out.

/** @import { GotFrom, ToldFlow } from "../protocol.js" */
/** @import { Sample } from "./stats.js" */

/** Ends of the first stretches after the begin, and the time between all others, in ms. */
const FIRST_ENDS_MS = [5_000, 20_000];
const PERIOD_MS = 60_000;
/** Longest stretch that is told: a page that slept for longer does not know either. */
const LONGEST_MS = 240_000;
/** So far from the end of the one before a stretch begins at the same moment: the clock was measured better. */
const SAME_MOMENT_US = 1_000_000;
/** Pictures a second from which on none stands longer than half a second, as far as samples can tell. */
const MOVING_FPS = 2;

/**
 * Two samples of each connection, the older first, and who is in which slot.
 * @typedef {object} Looked
 * @property {Sample[]} whip
 * @property {Sample[]} whep
 * @property {ReadonlyMap<string, string>} sources participants by the `mid` of their slots
 */

/** What was counted since the last stretch, in ms. */
class Counted {
  sent_audio_ms = 0;
  sent_video_ms = 0;
  /** @type {Map<string, { audio_ms: number, video_ms: number }>} */
  got = new Map();

  /** @param {string} participant */
  of(participant) {
    const known = this.got.get(participant) ?? { audio_ms: 0, video_ms: 0 };
    this.got.set(participant, known);
    return known;
  }
}

/** Counts, and cuts stretches. Times are `performance.now()`. */
export class Flow {
  /** @type {number | null} null: not begun */
  #begun_ms = null;
  #from_ms = 0;
  /** The same moment as it was told; null: not told yet. @type {number | null} */
  #told_us = null;
  #seq = 0;
  #counted = new Counted();
  /** Of each connection, the moment up to which is counted. */
  #seen_ms = { whip: -Infinity, whep: -Infinity };

  /**
   * The room is in the lesson: from the first time on, stretches follow each other.
   * @param {number} now_ms
   */
  begin(now_ms) {
    if (this.#begun_ms !== null) return;
    [this.#begun_ms, this.#from_ms, this.#told_us] = [now_ms, now_ms, null];
    this.#seen_ms = { whip: now_ms, whep: now_ms };
  }

  /** The room has left: what comes until it is back belongs to no stretch. Their numbers go on. */
  end() {
    this.#begun_ms = null;
  }

  /**
   * The connections were looked at.
   * @param {Looked} looked
   */
  look({ whip, whep, sources }) {
    if (this.#begun_ms === null) return;
    const sent = this.#pair("whip", whip);
    if (sent) {
      const [before, now, elapsed_ms] = sent;
      const total = (/** @type {Sample} */ { sent }, /** @type {string} */ kind, /** @type {"packets" | "frames"} */ of) =>
        sent.filter((one) => one.kind === kind).reduce((sum, one) => sum + one[of], 0);
      const packets = total(now, "audio", "packets") - total(before, "audio", "packets");
      if (packets > 0) this.#counted.sent_audio_ms += elapsed_ms;
      const frames = total(now, "video", "frames") - total(before, "video", "frames");
      if (frames * 1000 >= MOVING_FPS * elapsed_ms) this.#counted.sent_video_ms += elapsed_ms;
    }
    const received = this.#pair("whep", whep);
    if (received) this.#played(...received, sources);
  }

  /**
   * @param {Sample} before
   * @param {Sample} now
   * @param {number} elapsed_ms
   * @param {ReadonlyMap<string, string>} sources
   */
  #played(before, now, elapsed_ms, sources) {
    /** @type {Map<string, number>} */
    const frames = new Map();
    for (const slot of now.received) {
      const participant = sources.get(slot.mid);
      const earlier = before.received.find(({ mid }) => mid === slot.mid);
      if (!participant || !earlier) continue;
      if (slot.kind === "video") {
        frames.set(participant, (frames.get(participant) ?? 0) + Math.max(slot.frames - earlier.frames, 0));
      } else {
        const samples = slot.samples - earlier.samples;
        const real = samples - (slot.invented - earlier.invented);
        if (real > 0) this.#counted.of(participant).audio_ms += elapsed_ms * Math.min(real / samples, 1);
      }
    }
    // Camera and courseware of one school together.
    for (const [participant, count] of frames) {
      if (count * 1000 >= MOVING_FPS * elapsed_ms) this.#counted.of(participant).video_ms += elapsed_ms;
    }
  }

  /**
   * The last two samples of a connection, if they were not counted yet.
   * @param {"whip" | "whep"} name
   * @param {Sample[]} samples
   * @returns {[Sample, Sample, number] | null}
   */
  #pair(name, samples) {
    const [before, now] = samples.slice(-2);
    if (!before || !now || now.at_ms <= this.#seen_ms[name]) return null;
    const elapsed_ms = now.at_ms - Math.max(before.at_ms, this.#seen_ms[name]);
    this.#seen_ms[name] = now.at_ms;
    return [before, now, elapsed_ms];
  }

  /**
   * Whether a stretch is to end.
   * @param {number} now_ms
   */
  isDue(now_ms) {
    if (this.#begun_ms === null) return false;
    const age_ms = this.#from_ms - this.#begun_ms;
    const end_ms = FIRST_ENDS_MS.find((end) => age_ms < end) ?? (Math.floor(age_ms / PERIOD_MS) + 1) * PERIOD_MS;
    return now_ms - this.#begun_ms >= end_ms;
  }

  /**
   * Ends the stretch that runs; null: it has no length, or has not begun.
   * @param {number} now_ms
   * @param {(at_ms: number) => number} onRelay a moment on the relay's clock, µs
   * @returns {ToldFlow | null}
   */
  take(now_ms, onRelay) {
    if (this.#begun_ms === null || now_ms - this.#from_ms < 1) return null;
    if (now_ms - this.#from_ms > LONGEST_MS) {
      // The number that is left out stands for what nobody knows of.
      this.#seq += 1;
      [this.#from_ms, this.#told_us] = [now_ms - LONGEST_MS, null];
    }
    const told_us = this.#told_us;
    const begun_us = onRelay(this.#from_ms);
    const from_us = told_us !== null && Math.abs(told_us - begun_us) <= SAME_MOMENT_US ? told_us : begun_us;
    const until_us = Math.max(onRelay(now_ms), from_us);
    // By the relay's clock, which was measured anew meanwhile: nothing in a stretch is longer than itself.
    const length_ms = (until_us - from_us) / 1000;
    const ms = (/** @type {number} */ counted) => Math.floor(Math.min(counted, length_ms));
    const { sent_audio_ms, sent_video_ms, got } = this.#counted;
    /** @type {GotFrom[]} */
    const from = [...got].map(([participant, { audio_ms, video_ms }]) => ({
      participant,
      audio_ms: ms(audio_ms),
      video_ms: ms(video_ms),
    }));
    const told = {
      seq: this.#seq,
      from_us,
      until_us,
      sent_audio_ms: ms(sent_audio_ms),
      sent_video_ms: ms(sent_video_ms),
      got: from,
    };
    this.#seq += 1;
    [this.#from_ms, this.#told_us] = [now_ms, told.until_us];
    this.#counted = new Counted();
    return told;
  }
}
