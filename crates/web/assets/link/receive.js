// The receive slots as the page shows them. A slot keeps its media after its session was lost, until
// those of the next session flow: the last picture stays.

/** @import { SlotSource } from "../protocol.js" */
/** @import { ReceiveSlot, Whep } from "./whep.js" */

/**
 * A receive slot.
 * @typedef {object} LinkSlot
 * @property {MediaStream} media
 * @property {MediaStreamTrack} track
 * @property {SlotSource | null} source what is in it, as last heard; null: nothing
 * @property {boolean} is_old its session is lost: the picture stands still
 * @property {number} old_since_ms as performance.now(); meaningless unless is_old
 */

/** What a new session has not filled by then was emptied meanwhile, in ms. */
const FILLED_MS = 2000;

/** What is shown in the receive slots. */
export class Receive {
  /** @type {Map<number, LinkSlot>} by slot number: those of pictures first, then those of sound */
  slots = new Map();
  /** @type {Map<number, ReceiveSlot>} media that will be shown when they flow */
  #coming = new Map();
  /** Since when its connection is there. */
  #up_since_ms = Infinity;
  #onChange;

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /**
   * A new session began.
   * @param {Whep} whep
   */
  begin(whep) {
    this.#up_since_ms = Infinity;
    for (const slot of whep.slots) {
      if (this.slots.get(slot.slot)?.source) this.#await(slot);
      else this.#show(slot, null);
    }
  }

  /**
   * Brings the slots up to date; slots that do not change keep their object.
   * @param {ReadonlyMap<number, SlotSource | null> | undefined} sources of the current session
   * @param {boolean} is_up whether its connection is there
   * @param {number} now_ms
   */
  update(sources, is_up, now_ms) {
    this.#up_since_ms = is_up ? Math.min(this.#up_since_ms, now_ms) : Infinity;
    const is_filled = now_ms - this.#up_since_ms > FILLED_MS;
    // What carries nothing any more will not begin to flow.
    for (const [number, slot] of this.#coming) {
      const source = sources?.get(number);
      if (source === null || (!source && is_filled)) this.#show(slot, null);
    }
    for (const [number, shown] of this.slots) {
      const is_current = !this.#coming.has(number);
      const source = is_current && sources ? (sources.get(number) ?? null) : shown.source;
      const is_old = !(is_current && is_up);
      if (source === shown.source && is_old === shown.is_old) continue;
      const old_since_ms = is_old && !shown.is_old ? now_ms : shown.old_since_ms;
      this.slots.set(number, { ...shown, source, is_old, old_since_ms });
    }
  }

  /** @param {ReceiveSlot} slot */
  #await(slot) {
    this.#coming.set(slot.slot, slot);
    slot.track.addEventListener(
      "unmute",
      () => {
        if (this.#coming.get(slot.slot) !== slot) return;
        this.#show(slot, this.slots.get(slot.slot)?.source ?? null);
        this.#onChange();
      },
      { once: true },
    );
  }

  /**
   * @param {ReceiveSlot} slot
   * @param {SlotSource | null} source
   */
  #show({ slot, media, track }, source) {
    this.#coming.delete(slot);
    this.slots.set(slot, { media, track, source, is_old: false, old_since_ms: 0 });
  }
}
