// Once a second: how the connections do, how each classroom is seen and heard, and whether the own
// microphone gives anything.

import { judge } from "../room/health.js";
import { isHeard } from "../room/room.js";
import { Silence } from "../room/silence.js";
import { readReport } from "../room/stats.js";

/** @import { ClockReport, ParticipantInfo, SlotSource, TrackKind } from "../protocol.js" */
/** @import { Health } from "../room/health.js" */
/** @import { RoomState } from "../room/room.js" */
/** @import { Sample } from "../room/stats.js" */
/** @import { Whep } from "./whep.js" */
/** @import { Whip } from "./whip.js" */

/** Samples kept, one a second: what the words are about. */
const KEPT = 6;
/** Seconds from 1900 to 1970: capture times are NTP's. */
const NTP_UNIX_OFFSET_MS = 2_208_988_800_000;
/** Nothing is said of a classroom that has just come: it had no time to be seen and heard. */
const MEETING_MS = 2000;
/** Longer than that is no delay but a clock that is wrong. */
const BELIEVABLE_MS = 10_000;

/** @typedef {RTCRtpSynchronizationSource & { captureTimestamp?: number }} CapturedSource */

/**
 * What the link tells each second.
 * @typedef {object} Watched
 * @property {Whip | null} whip
 * @property {Whep | null} whep
 * @property {RoomState} room
 * @property {string} participant this page's own
 * @property {ClockReport | null} clock this page's
 * @property {(slot: number) => boolean} isHidden whether a slot is not shown, and so not sent
 */

/** Watches the link's connections. */
export class Watch {
  /** @type {Map<string, Health>} by participant */
  health = new Map();
  is_silent = false;
  /** @type {{ whip: Sample[], whep: Sample[] }} the oldest first */
  samples = { whip: [], whep: [] };
  /** @type {{ whip: object | null, whep: object | null }} whose samples they are */
  #of = { whip: null, whep: null };
  /** When a slot got what it carries. @type {Map<number, { key: string, since_ms: number }>} */
  #since = new Map();
  /** When a classroom was first there. @type {Map<string, number>} */
  #met = new Map();
  #silence = new Silence();

  /** @param {Watched} watched */
  async look(watched) {
    await Promise.all([this.#take("whip", watched.whip), this.#take("whep", watched.whep)]);
    this.health = this.#judged(watched);
    this.is_silent = this.#silence.push(performance.now(), this.#ownEnergy(watched));
  }

  /**
   * @param {"whip" | "whep"} name
   * @param {Whip | Whep | null} side
   */
  async #take(name, side) {
    if (this.#of[name] !== side) this.samples[name] = [];
    this.#of[name] = side;
    if (!side || side.peer.connection.connectionState === "closed") return;
    const report = await side.peer.connection.getStats();
    if (this.#of[name] !== side) return;
    this.samples[name] = [...this.samples[name], readReport(report, performance.now())].slice(-KEPT);
  }

  /**
   * @param {Watched} watched
   * @returns {Map<string, Health>}
   */
  #judged(watched) {
    const { whep, room, participant, clock } = watched;
    const sources = room.slots.get(whep?.peer.session ?? "") ?? new Map();
    this.#note(sources, watched.isHidden);
    const path = this.samples.whep.at(-1)?.path ?? null;
    const others = [...room.participants.values()].filter(({ id }) => id !== participant);
    const now_ms = performance.now();
    this.#met = new Map(others.map(({ id }) => [id, this.#met.get(id) ?? now_ms]));
    const known = others.filter(({ id }) => now_ms - (this.#met.get(id) ?? now_ms) >= MEETING_MS);
    return new Map(
      known.map((other) => {
        const camera = slotOf(sources, other.id, "camera");
        const health = judge({
          video: this.#ofTrack(watched, other, "camera", camera),
          audio: this.#ofTrack(watched, other, "microphone", slotOf(sources, other.id, "microphone")),
          path,
          is_heard: isHeard(room.state, other.id),
          delay_ms: delay_ms(whep, camera, other.clock, clock),
        });
        return [other.id, health];
      }),
    );
  }

  /**
   * @param {ReadonlyMap<number, SlotSource | null>} sources
   * @param {(slot: number) => boolean} isHidden
   */
  #note(sources, isHidden) {
    for (const [slot, source] of sources) {
      const key = source && !isHidden(slot) ? `${source.participant} ${source.track}` : "";
      if (this.#since.get(slot)?.key !== key) this.#since.set(slot, { key, since_ms: performance.now() });
    }
  }

  /**
   * The samples of a track since it is in its slot; none: there is no such track, or this browser has
   * no codec for it; null: this window has no place for it.
   * @param {Watched} watched
   * @param {ParticipantInfo} of
   * @param {TrackKind} track
   * @param {number | null} slot
   */
  #ofTrack({ whep, room, isHidden }, of, track, slot) {
    if (!whep) return [];
    if (slot === null) {
      const is_sent = of.tracks.some(({ kind }) => kind === track);
      return is_sent && isFull(whep, track, room) ? null : [];
    }
    if (isHidden(slot)) return null;
    const mid = whep.slots[slot]?.transceiver.mid;
    const since_ms = this.#since.get(slot)?.since_ms ?? 0;
    return this.samples.whep
      .filter(({ at_ms }) => at_ms >= since_ms)
      .flatMap(({ received }) => received.filter((sample) => sample.mid === mid));
  }

  /**
   * @param {Watched} watched
   * @returns {number | null}
   */
  #ownEnergy({ whip, room, participant }) {
    if (!whip?.microphone?.enabled || room.state.microphones_off.includes(participant)) return null;
    const [before, now] = this.samples.whip.slice(-2).map(({ microphone }) => microphone);
    if (!before || !now || now.duration_s <= before.duration_s) return null;
    return (now.energy - before.energy) / (now.duration_s - before.duration_s);
  }
}

/**
 * @param {ReadonlyMap<number, SlotSource | null>} sources
 * @param {string} participant
 * @param {TrackKind} track
 * @returns {number | null}
 */
function slotOf(sources, participant, track) {
  for (const [slot, source] of sources) {
    if (source?.participant === participant && source.track === track) return slot;
  }
  return null;
}

/**
 * Whether a window has no slot left for a track.
 * @param {Whep} whep
 * @param {TrackKind} track
 * @param {RoomState} room
 */
function isFull(whep, track, room) {
  const media = track === "microphone" ? "audio" : "video";
  const sources = room.slots.get(whep.peer.session ?? "");
  return whep.slots.every(({ slot, track: { kind } }) => kind !== media || sources?.get(slot));
}

/**
 * From the capture of the last picture to its display, by both clocks against the relay's; null: not
 * known. Browsers stamp a source when what came of it leaves the buffer.
 * @param {Whep | null} whep
 * @param {number | null} slot
 * @param {ClockReport | null} theirs
 * @param {ClockReport | null} ours
 */
function delay_ms(whep, slot, theirs, ours) {
  if (!whep || slot === null || !theirs || !ours) return null;
  /** @type {CapturedSource | undefined} */
  const source = whep.slots[slot]?.transceiver.receiver.getSynchronizationSources()[0];
  if (source?.captureTimestamp === undefined) return null;
  const captured_ms = source.captureTimestamp - NTP_UNIX_OFFSET_MS + theirs.offset_us / 1000;
  // Some browsers count from the page's beginning, some from 1970.
  const epoch_ms = source.timestamp < performance.timeOrigin ? performance.timeOrigin : 0;
  const shown_ms = epoch_ms + source.timestamp + ours.offset_us / 1000;
  const delay = shown_ms - captured_ms;
  return delay >= 0 && delay < BELIEVABLE_MS ? delay : null;
}
