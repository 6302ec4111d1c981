// The page's link to the lesson: event stream, sending and receiving session. It owns every
// reconnect; link/session.js decides them.

import { initial } from "../room/room.js";

/** @import { Problem } from "../api.js" */
/** @import { LessonAction, Role, SlotSize, SlotSource } from "../protocol.js" */
/** @import { RoomState } from "../room/room.js" */
/** @import { Health } from "../room/health.js" */
/** @import { Sample } from "../room/stats.js" */

/**
 * - `connecting`: not yet in the lesson
 * - `live`: sent and received as wanted
 * - `waiting`: it was live, and comes back by itself
 * - `ended`: the lesson is over; it comes back by itself when the lesson is reopened
 * - `replaced`: another window of this room took over; only start() comes back
 * - `closed`: close() was called
 * @typedef {"connecting" | "live" | "waiting" | "ended" | "replaced" | "closed"} Phase
 */

/**
 * @typedef {object} LinkState
 * @property {Phase} phase
 * @property {number} since_ms when the phase began, as performance.now()
 * @property {Problem | null} problem why it is not live, if the relay or the network said so
 * @property {boolean} is_told whether the event stream is open: what is shown of the lesson is of now
 */

/**
 * A receive slot. A slot keeps its old media after a new session began until the new media flow, so
 * that the last picture stays.
 * @typedef {object} LinkSlot
 * @property {MediaStream} media
 * @property {MediaStreamTrack} track
 * @property {SlotSource | null} source
 * @property {boolean} is_old the media are of a lost session or do not flow: the picture stands still
 * @property {number} old_since_ms as performance.now(); meaningless unless is_old
 */

/**
 * What is wrong in this room, as codes: `camera_lost`, `microphone_lost`, `microphone_silent`,
 * `h264_missing`.
 * @typedef {"camera_lost" | "microphone_lost" | "microphone_silent" | "h264_missing"} Warning
 */

/**
 * @typedef {object} LinkOptions
 * @property {string} lesson
 * @property {string} grant
 * @property {string} participant
 * @property {Role} role
 * @property {boolean} publish whether this window sends camera and microphone
 * @property {{ video: number, audio: number }} slots
 * @property {MediaStream | null} media camera and microphone; null: none yet
 */

/**
 * Events: `change` (state, room, slots, health or warnings; at most one per microtask), `message`
 * (CustomEvent, detail: Message; one that was not there before), `problem` (CustomEvent, detail:
 * Problem).
 */
export class Link extends EventTarget {
  /** @type {LinkState} */
  state = { phase: "connecting", since_ms: performance.now(), problem: null, is_told: false };
  /** @type {RoomState} */
  room = initial();
  /** @type {Map<number, LinkSlot>} by slot number: video slots first, then audio slots */
  slots = new Map();
  /** @type {Map<string, Health>} of every other participant, by id; renewed every second */
  health = new Map();
  /** @type {Set<Warning>} */
  warnings = new Set();

  /** @param {LinkOptions} options */
  constructor(options) {
    super();
    this.options = options;
  }

  /** Joins; also comes back after `replaced` or `closed`. */
  start() {}

  /** Leaves for good: the relay is told at once. */
  close() {}

  /**
   * Asks something of the lesson; null: done.
   * @param {LessonAction} _action
   * @returns {Promise<Problem | null>}
   */
  async act(_action) {
    return null;
  }

  /** @param {MediaStreamTrack | null} _track */
  setCamera(_track) {}

  /** @param {MediaStreamTrack | null} _track */
  setMicrophone(_track) {}

  /**
   * Begins or ends the courseware, with the action that tells the lesson.
   * @param {MediaStreamTrack | null} _track
   * @returns {Promise<Problem | null>}
   */
  async setScreen(_track) {
    return null;
  }

  /**
   * Tells the relay how large slots are shown; sizes told once are told again to new sessions.
   * @param {SlotSize[]} _sizes
   */
  setSlotSizes(_sizes) {}

  /** The connections as they are now. @returns {{ whip: RTCPeerConnection | null, whep: RTCPeerConnection | null }} */
  peers() {
    return { whip: null, whep: null };
  }

  /**
   * The last two samples of each connection, for the details; renewed every second.
   * @returns {{ whip: Sample[], whep: Sample[] }}
   */
  samples() {
    return { whip: [], whep: [] };
  }
}
