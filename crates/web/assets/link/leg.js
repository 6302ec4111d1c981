// One sending or receiving session's life, as link/session.js runs it. Pure.

import { Backoff, isRefusal, REFUSED_MS } from "./backoff.js";

/** @import { Problem } from "../api.js" */

/** A connection that is lost for so long restarts ICE, in ms. */
export const SHAKY_MS = 1500;
/** A new or restarted connection that is not there after this is given up for another session. */
export const CONNECT_MS = 4000;
/**
 * An answer to an offer that is not there after this will not come; a lost SYN is sent again after
 * 1 s and 3 s, and a new attempt begins sooner than the next.
 */
export const JOIN_MS = 4000;
/** Wait before an ICE restart that the network swallowed is tried again. */
const RESTART_AGAIN_MS = 500;
/** A session that lived so long was a good one. */
const STABLE_MS = 3000;

/**
 * - `off`: not wanted
 * - `down`: waits for its next attempt
 * - `joining`: offered, no answer yet
 * - `connecting`: answered, not connected yet
 * - `up`: connected
 * - `shaky`: just lost, may come back by itself
 * - `restarting`: ICE restarts
 * @typedef {"off" | "down" | "joining" | "connecting" | "up" | "shaky" | "restarting"} LegPhase
 */

/** @typedef {{ do: "join" | "restart", leg: LegName, attempt: number } | { do: "drop", leg: LegName, leave: boolean }} LegCommand */
/** @typedef {"whip" | "whep"} LegName */

/** A session's life. Methods return what is to be done now. */
export class Leg {
  /** @type {LegPhase} */
  phase = "off";
  /** Numbers sessions; what comes for an older one is late and means nothing. */
  attempt = 0;
  /** @type {string | null} */
  session = null;
  /** The relay's run in which it was offered; null: not known then. @type {string | null} */
  relay = null;
  /** @type {Problem | null} */
  problem = null;
  /** When the way to the relay failed, until something came through again. @type {number | null} */
  trouble_since_ms = null;
  #up_since_ms = Infinity;
  #until_ms = Infinity;
  #again_ms = Infinity;
  #backoff;

  /**
   * @param {LegName} name
   * @param {() => number} random
   */
  constructor(name, random) {
    this.name = name;
    this.#backoff = new Backoff(random);
  }

  /** When time alone changes something. */
  get deadline_ms() {
    return Math.min(this.#until_ms, this.#again_ms);
  }

  /**
   * A new session, at once.
   * @param {number} now_ms
   * @param {string | null} relay
   * @returns {LegCommand[]}
   */
  join(now_ms, relay) {
    const drops = this.#dropped(false);
    this.phase = "joining";
    this.attempt += 1;
    this.relay = relay;
    this.#until_ms = now_ms + JOIN_MS;
    return [...drops, { do: "join", leg: this.name, attempt: this.attempt }];
  }

  /**
   * No session any more.
   * @param {boolean} leave
   * @returns {LegCommand[]}
   */
  stop(leave) {
    const drops = this.#dropped(leave);
    this.phase = "off";
    this.problem = null;
    this.trouble_since_ms = null;
    this.#backoff.reset();
    return drops;
  }

  /**
   * The answer came.
   * @param {number} now_ms
   * @param {string} session
   */
  joined(now_ms, session) {
    this.session = session;
    this.problem = null;
    if (this.phase !== "joining") return;
    this.phase = "connecting";
    this.#until_ms = now_ms + CONNECT_MS;
  }

  /**
   * The session is lost or did not come about: another one, at once if the lost one was good.
   * @param {number} now_ms
   * @param {Problem | null} problem
   * @returns {LegCommand[]}
   */
  lost(now_ms, problem) {
    const was_good = now_ms - this.#up_since_ms >= STABLE_MS;
    const drops = this.#dropped(false);
    this.phase = "down";
    this.problem = problem ?? this.problem;
    if (was_good) this.#backoff.reset();
    const wait_ms = problem && isRefusal(problem) ? REFUSED_MS : was_good ? 0 : this.#backoff.wait();
    this.#again_ms = now_ms + wait_ms;
    return drops;
  }

  /**
   * The connection's state changed.
   * @param {number} now_ms
   * @param {RTCPeerConnectionState} state
   * @returns {LegCommand[]}
   */
  connection(now_ms, state) {
    switch (state) {
      case "connected":
        return this.#connected(now_ms);
      case "disconnected":
        if (this.phase === "up") {
          this.phase = "shaky";
          this.trouble_since_ms ??= now_ms;
          this.#until_ms = now_ms + SHAKY_MS;
        }
        return [];
      case "failed":
        this.trouble_since_ms ??= now_ms;
        if (this.phase === "up" || this.phase === "shaky") return this.#restart(now_ms);
        return this.phase === "connecting" || this.phase === "restarting" ? this.lost(now_ms, null) : [];
      default:
        return [];
    }
  }

  /**
   * The relay answered an ICE restart, or nothing came.
   * @param {number} now_ms
   * @param {Problem | null} problem
   * @returns {LegCommand[]}
   */
  restarted(now_ms, problem) {
    if (this.phase !== "restarting" || !problem) return [];
    // The relay does not know the session, or the browser cannot: there is nothing to restart.
    if (problem.code !== "network" && problem.code !== "timeout") return this.lost(now_ms, null);
    this.problem = problem;
    this.#again_ms = now_ms + RESTART_AGAIN_MS;
    return [];
  }

  /**
   * Time has come.
   * @param {number} now_ms
   * @param {string | null} relay
   * @returns {LegCommand[]}
   */
  time(now_ms, relay) {
    if (now_ms >= this.#until_ms) {
      this.#until_ms = Infinity;
      if (this.phase === "shaky") return this.#restart(now_ms);
      return this.phase === "off" ? [] : this.lost(now_ms, null);
    }
    if (now_ms < this.#again_ms) return [];
    this.#again_ms = Infinity;
    if (this.phase === "down") return this.join(now_ms, relay);
    return this.phase === "restarting" ? [this.#restartCommand()] : [];
  }

  /**
   * The network is there again: whatever waits or hangs begins anew.
   * @param {number} now_ms
   * @param {string | null} relay
   * @returns {LegCommand[]}
   */
  online(now_ms, relay) {
    this.#backoff.reset();
    if (this.phase === "down" || this.phase === "joining") return this.join(now_ms, relay);
    if (this.phase === "shaky" || this.phase === "restarting") return this.#restart(now_ms);
    return [];
  }

  /**
   * Something else got through to the relay: what waits for the network need not wait any more.
   * @param {number} now_ms
   * @param {string | null} relay
   * @returns {LegCommand[]}
   */
  hurry(now_ms, relay) {
    if (this.phase === "shaky") return this.#restart(now_ms);
    if (this.phase === "down" && this.problem?.status === 0) return this.join(now_ms, relay);
    return [];
  }

  /**
   * The lesson is conducted otherwise now: what was refused may be granted.
   * @param {number} now_ms
   * @param {string | null} relay
   * @returns {LegCommand[]}
   */
  askAgain(now_ms, relay) {
    const is_refused = this.phase === "down" && this.problem !== null && isRefusal(this.problem);
    return is_refused ? this.join(now_ms, relay) : [];
  }

  /** @param {number} now_ms */
  #connected(now_ms) {
    if (this.phase === "off" || this.phase === "down") return [];
    if (this.phase !== "shaky") this.#up_since_ms = now_ms;
    this.phase = "up";
    this.problem = null;
    this.#until_ms = Infinity;
    this.#again_ms = Infinity;
    return [];
  }

  /**
   * @param {number} now_ms
   * @returns {LegCommand[]}
   */
  #restart(now_ms) {
    this.phase = "restarting";
    this.#until_ms = now_ms + CONNECT_MS;
    this.#again_ms = Infinity;
    return [this.#restartCommand()];
  }

  /** @returns {LegCommand} */
  #restartCommand() {
    return { do: "restart", leg: this.name, attempt: this.attempt };
  }

  /**
   * @param {boolean} leave
   * @returns {LegCommand[]}
   */
  #dropped(leave) {
    const had = this.phase !== "off" && this.phase !== "down";
    this.session = null;
    this.#until_ms = Infinity;
    this.#again_ms = Infinity;
    this.#up_since_ms = Infinity;
    return had ? [{ do: "drop", leg: this.name, leave }] : [];
  }
}
