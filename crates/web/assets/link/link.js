// The page's link to the lesson: event stream, sending and receiving session. It does what
// link/session.js decides, and tells it what became of it.

import { act, Problem, putSlotSizes } from "../api.js";
import { apply, initial } from "../room/room.js";
import { Clock } from "./clock.js";
import { listen } from "./events.js";
import { Own } from "./own.js";
import { Receive } from "./receive.js";
import { Session } from "./session.js";
import { Telling } from "./telling.js";
import { Watch } from "./watch.js";
import { Whep } from "./whep.js";
import { Whip } from "./whip.js";

/** @import { LessonAction, LessonEvent, Role, SlotSize } from "../protocol.js" */
/** @import { RoomState } from "../room/room.js" */
/** @import { LegName } from "./leg.js" */
/** @import { LinkSlot } from "./receive.js" */
/** @import { Command, Input, Phase } from "./session.js" */

/** How often the connections are looked at, in ms. */
const LOOK_MS = 1000;

/**
 * @typedef {object} LinkState
 * @property {Phase} phase
 * @property {number} since_ms when the phase began, as performance.now()
 * @property {Problem | null} problem why it is not live, if the relay or the network said so
 * @property {boolean} is_told whether the event stream is open: what is known of the lesson is of now
 */

/**
 * What is wrong in this room.
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
 * Problem; another than before).
 */
export class Link extends EventTarget {
  /** @type {LinkState} */
  state = { phase: "closed", since_ms: performance.now(), problem: null, is_told: false };
  /** @type {RoomState} */
  room = initial();
  /** @type {Set<Warning>} */
  warnings = new Set();
  #options;
  #session;
  #clock;
  #watch = new Watch();
  /** Only the window that sends tells of its room. @type {Telling | null} */
  #telling;
  #receive = new Receive(() => this.#changed());
  #own = new Own(() => this.#captured());
  /** @type {Whip | null} */
  #whip = null;
  /** @type {Whep | null} */
  #whep = null;
  /** @type {AbortController | null} */
  #listening = null;
  /** @type {Map<number, SlotSize>} */
  #sizes = new Map();
  #timer = 0;
  #looker = 0;
  #is_noted = false;
  #online = () => this.#tell({ is: "online" });
  #leave = () => this.close();

  /** @param {LinkOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#session = new Session({ publish: options.publish, random: Math.random });
    this.#clock = new Clock(options.lesson, options.grant);
    this.#telling = options.publish ? new Telling(options.lesson, options.grant) : null;
    this.#own.setCamera(options.media?.getVideoTracks()[0] ?? null);
    this.#own.setMicrophone(options.media?.getAudioTracks()[0] ?? null);
  }

  /** Receive slots by number: those of pictures first, then those of sound. @returns {ReadonlyMap<number, LinkSlot>} */
  get slots() {
    return this.#receive.slots;
  }

  /** How every other participant is seen and heard, by id; renewed every second. */
  get health() {
    return this.#watch.health;
  }

  /** The last samples of each connection, one a second, the oldest first: for the details. */
  samples() {
    return this.#watch.samples;
  }

  /** The camera's track as it is now. */
  get camera() {
    return this.#own.tracks.camera;
  }

  /** The microphone's track as it is now. */
  get microphone() {
    return this.#own.tracks.microphone;
  }

  /** The courseware's track, while it is shared. */
  get screen() {
    return this.#own.tracks.screen;
  }

  /** Joins; also comes back after `replaced` or `closed`. */
  start() {
    addEventListener("online", this.#online);
    addEventListener("pagehide", this.#leave);
    clearInterval(this.#looker);
    this.#looker = setInterval(() => void this.#look(), LOOK_MS);
    this.#tell({ is: "start" });
  }

  /** Leaves for good: the relay is told at once. Tracks stay their owner's. */
  close() {
    removeEventListener("online", this.#online);
    removeEventListener("pagehide", this.#leave);
    clearInterval(this.#looker);
    this.#telling?.end();
    this.#clock.stop();
    this.#tell({ is: "close" });
  }

  /**
   * Asks something of the lesson; null: done.
   * @param {LessonAction} action
   * @returns {Promise<Problem | null>}
   */
  async act(action) {
    // Off is off at once, whatever becomes of the telling; on is on when the lesson says so.
    if (action.action === "microphone" && !action.open) this.#own.switchMicrophone(false);
    const problem = await act(this.#options.lesson, this.#options.grant, action);
    if (problem) this.#followMicrophone();
    return problem;
  }

  /** @param {MediaStreamTrack | null} track */
  setCamera(track) {
    this.#own.setCamera(track);
    this.#captured();
  }

  /** @param {MediaStreamTrack | null} track */
  setMicrophone(track) {
    this.#own.setMicrophone(track);
    this.#captured();
  }

  /**
   * Begins or ends the courseware, and tells the lesson.
   * @param {MediaStreamTrack | null} track
   * @returns {Promise<Problem | null>}
   */
  async setScreen(track) {
    this.#own.setScreen(track);
    this.#changed();
    // Told first: packets that come before the word are dropped, and with them the keyframe.
    const problem = await this.act({ action: "share", active: track !== null });
    if (this.screen === track) await this.#whip?.setScreen(track);
    return problem;
  }

  /**
   * Tells the relay how large slots are shown. What was told once is told again to new sessions.
   * @param {SlotSize[]} sizes
   */
  setSlotSizes(sizes) {
    for (const size of sizes) this.#sizes.set(size.slot, size);
    void this.#tellSizes(sizes);
  }

  /** The connections as they are now. @returns {{ whip: RTCPeerConnection | null, whep: RTCPeerConnection | null }} */
  peers() {
    return { whip: this.#whip?.peer.connection ?? null, whep: this.#whep?.peer.connection ?? null };
  }

  /** @param {Input} input */
  #tell(input) {
    const now_ms = performance.now();
    for (const command of this.#session.handle(now_ms, input)) this.#run(command);
    clearTimeout(this.#timer);
    const { deadline_ms } = this.#session;
    if (deadline_ms < Infinity) {
      this.#timer = setTimeout(() => this.#tell({ is: "time" }), Math.max(deadline_ms - now_ms, 0));
    }
    this.#note(now_ms);
  }

  /** @param {Command} command */
  #run(command) {
    switch (command.do) {
      case "listen":
        return void this.#listen();
      case "unlisten":
        return this.#listening?.abort();
      case "join":
        return void this.#join(command.leg, command.attempt);
      case "restart":
        return void this.#restart(command.leg, command.attempt);
      case "drop":
        return this.#side(command.leg)?.peer.close(command.leave);
    }
  }

  async #listen() {
    this.#listening?.abort();
    const listening = new AbortController();
    this.#listening = listening;
    const { lesson, grant } = this.#options;
    const { signal } = listening;
    const problem = await listen({
      lesson,
      grant,
      signal,
      onOpen: () => signal.aborted || this.#tell({ is: "listening" }),
      onEvent: (event) => signal.aborted || this.#heard(event),
    });
    if (!signal.aborted) this.#tell({ is: "unlistened", problem });
  }

  /** @param {LessonEvent} event */
  #heard(event) {
    const before = this.room;
    this.room = apply(before, event);
    if (event.event === "snapshot") {
      if (before.relay !== null && before.relay !== event.relay) this.#clock.restart();
      this.#tell({ is: "snapshot", relay: event.relay, ended: event.state.ended });
    }
    if (event.event === "state") this.#tell({ is: "state", ended: event.state.ended });
    if (event.event === "session_ended") {
      this.#tell({ is: "session_ended", session: event.session, replaced: event.replaced });
    }
    if (event.event === "message" && this.room !== before) {
      this.dispatchEvent(new CustomEvent("message", { detail: event.message }));
    }
    this.#followMicrophone();
    this.#changed();
  }

  /**
   * @param {LegName} leg
   * @param {number} attempt
   */
  async #join(leg, attempt) {
    const side = this.#begin(leg);
    if (side instanceof Problem) return this.#tell({ is: "refused", leg, attempt, problem: side });
    const { connection } = side.peer;
    connection.addEventListener("connectionstatechange", () => {
      this.#tell({ is: "connection", leg, attempt, state: connection.connectionState });
      if (connection.connectionState === "connected" && leg === "whip") void this.#shareAgain();
    });
    const problem = await side.join();
    const session = side.peer.session;
    if (problem ?? !session) {
      this.#tell({ is: "refused", leg, attempt, problem: problem ?? new Problem("bad_answer", "no session") });
    } else {
      this.#tell({ is: "joined", leg, attempt, session });
      if (leg === "whep") void this.#tellSizes([...this.#sizes.values()]);
    }
  }

  /**
   * @param {LegName} leg
   * @returns {Whip | Whep | Problem} a problem: this browser cannot
   */
  #begin(leg) {
    const { lesson, grant, slots } = this.#options;
    try {
      if (leg === "whep") {
        this.#whep = new Whep(lesson, grant, slots);
        this.#receive.begin(this.#whep);
        return this.#whep;
      }
      this.#whip = new Whip(lesson, grant, this.#own.tracks);
      return this.#whip;
    } catch (error) {
      return new Problem("connection", String(error));
    }
  }

  /**
   * @param {LegName} leg
   * @param {number} attempt
   */
  async #restart(leg, attempt) {
    const problem = (await this.#side(leg)?.peer.restart()) ?? null;
    this.#tell({ is: "restarted", leg, attempt, problem });
  }

  /** @param {LegName} leg */
  #side(leg) {
    return leg === "whip" ? this.#whip : this.#whep;
  }

  /** A new sending session: the relay may have heard last that the courseware ended. */
  async #shareAgain() {
    if (this.screen) await this.act({ action: "share", active: true });
  }

  /** Camera or microphone is another one, was lost or found again. */
  #captured() {
    this.#followMicrophone();
    void this.#whip?.setCamera(this.camera);
    void this.#whip?.setMicrophone(this.microphone);
    this.#changed();
  }

  /** The microphone is on when the lesson's state says so. */
  #followMicrophone() {
    this.#own.switchMicrophone(!this.room.state.microphones_off.includes(this.#options.participant));
  }

  /** @param {SlotSize[]} sizes */
  async #tellSizes(sizes) {
    const session = this.#whep?.peer.session;
    // A session that is lost meanwhile is told by its successor's beginning.
    if (session && sizes.length > 0) await putSlotSizes(this.#options.lesson, this.#options.grant, session, sizes);
  }

  async #look() {
    const { participant } = this.#options;
    const { room, state } = this;
    if (state.phase === "closed" || state.phase === "replaced") return;
    const isHidden = (/** @type {number} */ slot) => this.#sizes.get(slot)?.width === 0;
    const clock = this.#clock.report;
    await this.#watch.look({ whip: this.#whip, whep: this.#whep, room, participant, clock, isHidden });
    const sources = this.room.slots.get(this.#whep?.peer.session ?? "") ?? new Map();
    this.#telling?.look({ samples: this.#watch.samples, whep: this.#whep, sources, clock });
    this.#changed();
  }

  /** @param {number} now_ms */
  #note(now_ms) {
    const { phase, problem, is_told } = this.#session;
    const before = this.state;
    // A clock is taken from those only who are in the lesson.
    if (phase === "live") {
      this.#clock.start();
      this.#telling?.begin();
    }
    if (phase === before.phase && problem === before.problem && is_told === before.is_told) return;
    this.state = { phase, problem, is_told, since_ms: phase === before.phase ? before.since_ms : now_ms };
    if (problem && problem.code !== before.problem?.code) {
      this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
    }
    this.#changed();
  }

  /** Tells listeners once what changed in this turn. */
  #changed() {
    if (this.#is_noted) return;
    this.#is_noted = true;
    queueMicrotask(() => {
      this.#is_noted = false;
      const { receiving, is_receiving } = this.#session;
      const sources = receiving === null ? undefined : this.room.slots.get(receiving);
      this.#receive.update(sources, is_receiving, performance.now());
      this.#warn();
      this.dispatchEvent(new Event("change"));
    });
  }

  #warn() {
    /** @type {[Warning, boolean][]} */
    const all = [
      ["camera_lost", this.#own.is_camera_lost],
      ["microphone_lost", this.#own.is_microphone_lost],
      ["microphone_silent", this.#watch.is_silent],
      ["h264_missing", this.#whip?.has_h264 === false],
    ];
    this.warnings = new Set(all.filter(([, is_so]) => is_so).map(([warning]) => warning));
  }
}
