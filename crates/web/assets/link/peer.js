// One WebRTC connection to the relay by WHIP (RFC 9725) or WHEP: offer and answer, ICE restart,
// leaving. The relay is an ICE-lite peer with a known address, so no candidate of ours is ever sent.

import { Problem, request } from "../api.js";
import { answerAfterRestart, restartFragment } from "./sdp.js";

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
/** Longest wait for the answer to an ICE restart, in ms. */
const RESTART_MS = 3000;

/** What connections to the relay have in common. @type {RTCConfiguration} */
export const CONFIGURATION = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require", iceServers: [] };

/**
 * @typedef {object} PeerOptions
 * @property {string} endpoint e.g. `/whip/math`
 * @property {string} grant
 * @property {RTCPeerConnection} connection with its transceivers
 * @property {(offer: string) => string} [shape] changes the offer on its way to the relay
 */

/** A session of the relay. */
export class Peer {
  #options;
  /** @type {string | null} */
  #resource = null;
  #stopped = new AbortController();

  /** @param {PeerOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get connection() {
    return this.#options.connection;
  }

  /** The session's name, the last segment of its resource's path; null: not joined. */
  get session() {
    return this.#resource?.split("/").at(-1) ?? null;
  }

  /**
   * Offers, and takes the answer. The connection comes up by itself afterwards.
   * @returns {Promise<Problem | null>}
   */
  async join() {
    const { connection, endpoint, shape } = this.#options;
    try {
      const offer = await connection.createOffer();
      await connection.setLocalDescription(offer);
      const sdp = offer.sdp ?? "";
      const answer = await this.#send("POST", endpoint, SDP, shape ? shape(sdp) : sdp);
      if (answer instanceof Problem) return answer;
      const location = answer.headers.get("Location");
      if (!location) return new Problem("bad_answer", "the answer names no session", answer.status);
      this.#resource = new URL(location, answer.url).pathname;
      await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      return null;
    } catch (error) {
      return new Problem("connection", String(error));
    }
  }

  /**
   * Restarts ICE: new credentials for both sides, the same session.
   * @returns {Promise<Problem | null>}
   */
  async restart() {
    const { connection } = this.#options;
    if (!this.#resource) return new Problem("connection", "there is no session yet");
    try {
      const before = connection.remoteDescription?.sdp ?? "";
      // A restart that did not get through left its offer behind: it is still good.
      if (connection.signalingState === "stable") {
        await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      }
      const fragment = restartFragment(connection.localDescription?.sdp ?? "");
      const answer = await this.#send("PATCH", this.#resource, FRAGMENT, fragment, RESTART_MS);
      if (answer instanceof Problem) return answer;
      const sdp = answerAfterRestart(before, await answer.text());
      if (sdp === null) return new Problem("bad_answer", "the relay did not restart ICE", answer.status);
      await connection.setRemoteDescription({ type: "answer", sdp });
      return null;
    } catch (error) {
      return new Problem("connection", String(error));
    }
  }

  /**
   * Ends the connection.
   * @param {boolean} leave whether the relay is told; it finds out by itself, later
   */
  close(leave) {
    this.#stopped.abort();
    this.connection.close();
    if (!leave || !this.#resource) return;
    // Nobody waits for the answer: a session that cannot be deleted ends by its silence.
    void request({ method: "DELETE", path: this.#resource, grant: this.#options.grant, keepalive: true });
  }

  /**
   * @param {"POST" | "PATCH"} method
   * @param {string} path
   * @param {string} type
   * @param {string} body
   * @param {number} [timeout_ms]
   */
  #send(method, path, type, body, timeout_ms) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": type, Accept: type };
    // Whatever ICE session it is of by now: a restart replaces it.
    if (method === "PATCH") headers["If-Match"] = "*";
    const signal = this.#stopped.signal;
    return request({ method, path, grant: this.#options.grant, body, headers, timeout_ms, signal });
  }
}
