// The pictures of a screen: which hang there, where, and how large the relay should send them.

import { classesOf, isWall, shotsOf } from "./layouts.js";
import { place } from "./place.js";
import { Tile } from "./tile.js";

/** @import { Link } from "../link/link.js" */
/** @import { ParticipantInfo, SlotSize } from "../protocol.js" */
/** @import { Shot, View } from "./layouts.js" */
/** @import { TileWords } from "./tile.js" */

/** How often pictures are looked at, in ms. */
const LOOK_EVERY_MS = 250;
/** How long sizes must be still before the relay is told, in ms: a window being dragged has many. */
const SIZES_AFTER_MS = 120;
/** How long a class that vanished stays on the wall, in ms: after a restart it is back sooner. */
const GRACE_MS = 10_000;

/**
 * @typedef {object} WallOptions
 * @property {HTMLElement} root
 * @property {Link} link
 * @property {(track: "camera" | "screen") => MediaStreamTrack | null} ownTrack
 * @property {(participant: string) => void} choose
 * @property {(shot: Shot, info: ParticipantInfo | undefined) => TileWords} words
 */

export class Wall {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Shot[]} */
  #shots = [];
  /** @type {Map<string, { info: ParticipantInfo, gone_ms: number | null }>} */
  #known = new Map();
  #options;
  #observer;
  #looking;
  /** @type {number | undefined} */
  #telling;
  #told = "";

  /** @param {WallOptions} options */
  constructor(options) {
    this.#options = options;
    this.#observer = new ResizeObserver(() => this.#place());
    this.#observer.observe(options.root);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#seen);
  }

  /** @param {View} view */
  render(view) {
    this.#shots = shotsOf({ ...view, participants: this.#remembered(view.participants) });
    const keys = new Set(this.#shots.map(({ key }) => key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      tile.close();
      this.#tiles.delete(key);
    }
    for (const shot of this.#shots) this.#tile(shot);
    this.#options.root.toggleAttribute("data-wall", isWall(view.screen));
    this.#place();
    this.#look();
  }

  /** Whether anything but this room's own picture hangs. */
  get hasOthers() {
    return this.#shots.some(({ own }) => !own);
  }

  close() {
    this.#observer.disconnect();
    clearInterval(this.#looking);
    clearTimeout(this.#telling);
    document.removeEventListener("visibilitychange", this.#seen);
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
  }

  /**
   * Everyone there, and for a while those who just vanished, where they were: their last picture stays.
   * @param {ReadonlyMap<string, ParticipantInfo>} now
   */
  #remembered(now) {
    const now_ms = performance.now();
    for (const [id, info] of now) this.#known.set(id, { info, gone_ms: null });
    for (const [id, one] of this.#known) {
      if (now.has(id)) continue;
      one.gone_ms ??= now_ms;
      // Courseware of somebody who is gone makes room at once.
      one.info = { ...one.info, hand_raised: false, tracks: one.info.tracks.filter(({ kind }) => kind !== "screen") };
      if (now_ms - one.gone_ms > GRACE_MS) this.#known.delete(id);
    }
    return new Map([...this.#known].map(([id, { info }]) => [id, info]));
  }

  /** All other classes in the order of their digits. @param {string} me */
  classes(me) {
    return classesOf([...this.#known.values()].map(({ info }) => info), me);
  }

  /** @param {Shot} shot */
  #tile(shot) {
    let tile = this.#tiles.get(shot.key);
    if (!tile) {
      tile = new Tile(shot, this.#options.choose);
      this.#tiles.set(shot.key, tile);
      this.#options.root.append(tile.root);
    }
    return tile;
  }

  #place() {
    const { root } = this.#options;
    // The style sheet declares them as lengths, so that they are in pixels here.
    const style = getComputedStyle(root);
    const length = (/** @type {string} */ name) => Number.parseFloat(style.getPropertyValue(name)) || 0;
    const [gap, least, caption] = [length("--tile-gap"), length("--tile-least"), length("--tile-caption")];
    const frame = { width: root.clientWidth, height: root.clientHeight, gap, least, caption };
    const rects = place(this.#shots.map(({ area }) => area), frame);
    this.#shots.forEach((shot, index) => {
      const rect = rects[index];
      if (rect) this.#tile(shot).place(shot, rect);
      this.#tile(shot).write(this.#options.words(shot, this.#known.get(shot.participant)?.info));
    });
    this.#tellSizes();
  }

  #look() {
    const now_ms = performance.now();
    for (const shot of this.#shots) {
      const tile = this.#tile(shot);
      const slot = shot.own ? null : this.#slotOf(shot)?.[1] ?? null;
      tile.show(shot.own ? this.#options.ownTrack(shot.track) : slot?.track ?? null);
      if (document.hidden) tile.forgive(now_ms);
      else tile.look(now_ms, slot?.is_old ? slot.old_since_ms : null);
    }
  }

  #seen = () => {
    for (const tile of this.#tiles.values()) tile.forgive(performance.now());
    this.#tellSizes();
  };

  /** @param {Shot} shot */
  #slotOf(shot) {
    return [...this.#options.link.slots].find(
      ([, { track, source }]) =>
        track.kind === "video" && source?.participant === shot.participant && source.track === shot.track,
    );
  }

  #tellSizes() {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      const sizes = this.#sizes();
      const told = JSON.stringify(sizes);
      if (told === this.#told) return;
      this.#told = told;
      this.#options.link.setSlotSizes(sizes);
    }, SIZES_AFTER_MS);
  }

  /** How large each slot is shown, in device pixels; not at all while the page is hidden. @returns {SlotSize[]} */
  #sizes() {
    const shown = new Map(
      this.#shots.filter(({ own }) => !own).map((shot) => [this.#slotOf(shot)?.[0], this.#tile(shot).size()]),
    );
    const slots = [...this.#options.link.slots].filter(([, { track, source }]) => track.kind === "video" && source);
    return slots.map(([slot]) => {
      const size = document.hidden ? undefined : shown.get(slot);
      const pixels = (/** @type {number} */ length) => Math.round(length * devicePixelRatio);
      return { slot, width: pixels(size?.width ?? 0), height: pixels(size?.height ?? 0) };
    });
  }
}
