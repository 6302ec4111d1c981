// When to open, restart and begin anew: the event stream, the sending and the receiving session. The
// only place in the page that decides it. Pure: told time and inputs, it says what to do.
//
// Nothing is given up while the lesson lives. What the relay refuses is asked again seldom; what
// fails on the way is asked again within two seconds.

import { isRefusal } from "./backoff.js";
import { Leg } from "./leg.js";
import { Stream } from "./stream.js";

/** @import { Problem } from "../api.js" */
/** @import { LegCommand, LegName } from "./leg.js" */
/** @import { StreamCommand } from "./stream.js" */

/**
 * How the link stands.
 * - `connecting`: not yet in the lesson
 * - `live`: sent and received as wanted
 * - `waiting`: it was live, and comes back by itself
 * - `ended`: the lesson is over; it comes back by itself when the lesson is reopened
 * - `replaced`: another window of this room took over; only a start comes back
 * - `closed`: not begun, or left
 * @typedef {"connecting" | "live" | "waiting" | "ended" | "replaced" | "closed"} Phase
 */

/**
 * @typedef {{ is: "start" } | { is: "close" } | { is: "time" } | { is: "online" }
 *   | { is: "listening" }
 *   | { is: "snapshot", relay: string, ended: boolean }
 *   | { is: "state", ended: boolean }
 *   | { is: "session_ended", session: string, replaced: boolean }
 *   | { is: "unlistened", problem: Problem }
 *   | { is: "joined", leg: LegName, attempt: number, session: string }
 *   | { is: "refused", leg: LegName, attempt: number, problem: Problem }
 *   | { is: "connection", leg: LegName, attempt: number, state: RTCPeerConnectionState }
 *   | { is: "restarted", leg: LegName, attempt: number, problem: Problem | null }} Input
 */

/** @typedef {LegCommand | StreamCommand} Command */

/** Sessions whose end is remembered, for answers that come after it. */
const MAX_ENDED = 8;
/** The way was lost for so long that the event stream's connection may have been given up on it, in ms. */
const STALE_AFTER_MS = 1500;

/** The state machine. */
export class Session {
  #whip;
  #whep;
  /** @type {Leg[]} those that are wanted */
  #wanted;
  /** @type {"closed" | "ended" | "replaced" | null} */
  #rest = "closed";
  #was_live = false;
  /** @type {Map<string, boolean>} sessions that ended, and whether they were replaced */
  #ended = new Map();
  #stream;

  /**
   * @param {{ publish: boolean, random: () => number }} options
   */
  constructor({ publish, random }) {
    this.#whip = new Leg("whip", random);
    this.#whep = new Leg("whep", random);
    this.#wanted = publish ? [this.#whip, this.#whep] : [this.#whep];
    this.#stream = new Stream(random);
  }

  /** @returns {Phase} */
  get phase() {
    if (this.#rest) return this.#rest;
    // A connection that is lost for a moment mostly comes back by itself: nobody need be told yet.
    if (this.#wanted.every(({ phase }) => phase === "up" || phase === "shaky")) return "live";
    return this.#was_live ? "waiting" : "connecting";
  }

  /** Why it is not live, if anybody said so. @returns {Problem | null} */
  get problem() {
    const problems = this.#wanted.map(({ problem }) => problem).filter((problem) => problem !== null);
    return problems.find(isRefusal) ?? problems[0] ?? this.#stream.problem;
  }

  /** Whether what the event stream told is of now. */
  get is_told() {
    return this.#stream.phase === "open";
  }

  /** The receiving session's name. */
  get receiving() {
    return this.#whep.session;
  }

  /** Whether the receiving session's connection is there, or lost for a moment only. */
  get is_receiving() {
    return this.#whep.phase === "up" || this.#whep.phase === "shaky";
  }

  /** When time alone changes something, in ms; Infinity: never. */
  get deadline_ms() {
    return Math.min(this.#stream.again_ms, ...this.#wanted.map(({ deadline_ms }) => deadline_ms));
  }

  /**
   * @param {number} now_ms
   * @param {Input} input
   * @returns {Command[]} in this order
   */
  handle(now_ms, input) {
    const commands = this.#handle(now_ms, input);
    if (this.phase === "live") this.#was_live = true;
    return commands;
  }

  /**
   * @param {number} now_ms
   * @param {Input} input
   * @returns {Command[]}
   */
  #handle(now_ms, input) {
    switch (input.is) {
      case "start":
        return this.#rest === "closed" || this.#rest === "replaced" ? this.#start(now_ms) : [];
      case "close":
        return this.#stop("closed");
      case "time":
        return [...this.#stream.time(now_ms), ...this.#each((leg) => leg.time(now_ms, this.#relay()))];
      case "online":
        return this.#online(now_ms);
      case "listening":
        this.#stream.opened(now_ms);
        return [];
      case "snapshot":
        return this.#snapshot(now_ms, input.relay, input.ended);
      case "state": {
        const commands = this.#lesson(now_ms, input.ended);
        return [...commands, ...this.#each((leg) => leg.askAgain(now_ms, this.#relay()))];
      }
      case "unlistened":
        this.#stream.closed(now_ms, input.problem, this.#rest === "ended");
        return [];
      case "session_ended":
        return this.#sessionEnded(now_ms, input.session, input.replaced);
      default:
        return this.#ofLeg(now_ms, input);
    }
  }

  /**
   * @param {number} now_ms
   * @param {Extract<Input, { attempt: number }>} input
   * @returns {Command[]}
   */
  #ofLeg(now_ms, input) {
    const leg = input.leg === "whip" ? this.#whip : this.#whep;
    if (input.attempt !== leg.attempt || leg.phase === "off" || leg.phase === "down") return [];
    switch (input.is) {
      case "joined":
        leg.joined(now_ms, input.session);
        // The end of a session may be told sooner than its beginning.
        return this.#ended.has(input.session)
          ? this.#sessionEnded(now_ms, input.session, this.#ended.get(input.session) ?? false)
          : this.#hurry(now_ms, leg);
      case "refused":
        // The relay knows better than a stream that is down; one that is open knows better still.
        return input.problem.code === "lesson_ended" && !this.is_told
          ? this.#lesson(now_ms, true)
          : leg.lost(now_ms, input.problem);
      case "restarted": {
        const commands = leg.restarted(now_ms, input.problem);
        return input.problem?.status === 0 ? commands : [...commands, ...this.#hurry(now_ms, leg)];
      }
      case "connection": {
        const commands = leg.connection(now_ms, input.state);
        return leg.phase === "up" ? [...commands, ...this.#throughAgain(now_ms, leg)] : commands;
      }
    }
  }

  /**
   * @param {number} now_ms
   * @returns {Command[]}
   */
  #start(now_ms) {
    this.#rest = null;
    this.#was_live = false;
    this.#ended.clear();
    return [...this.#stream.open(now_ms), ...this.#each((leg) => leg.join(now_ms, null))];
  }

  /**
   * @param {"closed" | "replaced"} why
   * @returns {Command[]}
   */
  #stop(why) {
    this.#rest = why;
    return [...this.#each((leg) => leg.stop(true)), ...this.#stream.stop()];
  }

  /**
   * @param {number} now_ms
   * @returns {Command[]}
   */
  #online(now_ms) {
    if (this.#rest && this.#rest !== "ended") return [];
    // A stream that seems open may have lost its way with the network before.
    const listens = this.#stream.open(now_ms);
    return [...listens, ...this.#each((leg) => leg.online(now_ms, this.#relay()))];
  }

  /**
   * @param {number} now_ms
   * @param {string} relay
   * @param {boolean} ended
   * @returns {Command[]}
   */
  #snapshot(now_ms, relay, ended) {
    this.#stream.relay = relay;
    const commands = this.#each((leg) => {
      if (leg.phase === "off") return [];
      // Offered while nothing was heard: only its connection can tell whether it is of this run.
      if (leg.relay === null) leg.relay = relay;
      return leg.relay === relay ? [] : leg.join(now_ms, relay);
    });
    return [...commands, ...this.#lesson(now_ms, ended)];
  }

  /**
   * @param {number} now_ms
   * @param {boolean} ended
   * @returns {Command[]}
   */
  #lesson(now_ms, ended) {
    if (ended && this.#rest === null) {
      this.#rest = "ended";
      return this.#each((leg) => leg.stop(false));
    }
    if (!ended && this.#rest === "ended") {
      this.#rest = null;
      return this.#each((leg) => leg.join(now_ms, this.#relay()));
    }
    return [];
  }

  /**
   * @param {number} now_ms
   * @param {string} session
   * @param {boolean} replaced
   * @returns {Command[]}
   */
  #sessionEnded(now_ms, session, replaced) {
    this.#ended.set(session, replaced);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    const leg = this.#wanted.find((leg) => leg.session === session);
    if (!leg) return [];
    // Two windows that took over from each other by themselves would never stop.
    return replaced && leg === this.#whip ? this.#stop("replaced") : leg.lost(now_ms, null);
  }

  /**
   * Something comes through again: the stream went the same way, and may be dead without knowing.
   * @param {number} now_ms
   * @param {Leg} leg
   * @returns {Command[]}
   */
  #throughAgain(now_ms, leg) {
    const since_ms = leg.trouble_since_ms;
    leg.trouble_since_ms = null;
    const is_stale = since_ms !== null && now_ms - since_ms > STALE_AFTER_MS && this.#stream.since_ms < since_ms;
    return is_stale && this.#stream.phase === "open" ? this.#stream.open(now_ms) : [];
  }

  /**
   * The relay answered: the network is there for the other session too.
   * @param {number} now_ms
   * @param {Leg} answered
   * @returns {Command[]}
   */
  #hurry(now_ms, answered) {
    return this.#each((leg) => (leg === answered ? [] : leg.hurry(now_ms, this.#relay())));
  }

  #relay() {
    return this.#stream.relay;
  }

  /**
   * @param {(leg: Leg) => Command[]} what
   * @returns {Command[]}
   */
  #each(what) {
    return this.#wanted.flatMap(what);
  }
}
