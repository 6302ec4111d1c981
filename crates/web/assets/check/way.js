// The way to the relay: a WebRTC connection that carries nothing, to see whether one comes about and
// over what. UDP is right for a lesson; TCP gets through most walls and will do.

import { Problem, request } from "../api.js";
import { hasH264 } from "../link/sdp.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 *
 * @typedef {object} Way
 * @property {"udp" | "tcp" | null} protocol Null: there is none.
 * @property {Problem | null} problem The relay's refusal, or that it did not answer.
 */

const CONNECTED_MS = 8000;
/** UDP may win a little later than TCP. */
const UDP_LATER_MS = 1000;
const LOOK_EVERY_MS = 100;

/** What this browser lacks for a lesson.
 * @returns {Promise<"no_webrtc" | "no_h264" | null>} */
export async function lackOfBrowser() {
  if (typeof RTCPeerConnection === "undefined") return "no_webrtc";
  const peer = new RTCPeerConnection();
  try {
    peer.addTransceiver("video");
    // Its capabilities may name H.264 although the plug-in for it is missing; an offer does not.
    const { sdp } = await peer.createOffer();
    return hasH264(sdp ?? "") ? null : "no_h264";
  } finally {
    peer.close();
  }
}

/**
 * @param {Way} way
 * @param {"no_webrtc" | "no_h264" | null} lack
 * @returns {Finding}
 */
export function judgeWay({ protocol, problem }, lack) {
  if (lack === "no_webrtc") return bad("no_webrtc", "js-check-way-no-webrtc", "js-check-way-no-webrtc-next");
  if (problem && problem.status > 0) return bad(problem.code, "js-check-way-refused", "js-check-way-refused-next");
  if (problem) return bad("relay_unreachable", "js-check-way-silent", "js-check-way-silent-next");
  if (protocol === null) return bad("no_media", "js-check-way-none", "js-check-way-none-next");
  if (lack === "no_h264") return bad("no_h264", "js-check-way-no-h264", "js-check-way-no-h264-next");
  if (protocol === "tcp") {
    return { state: "warn", code: "tcp", say: "js-check-way-tcp", next: "js-check-way-tcp-next" };
  }
  return { state: "ok", code: "udp", say: "js-check-way-ok" };
}

/**
 * @param {string} code
 * @param {string} say
 * @param {string} next
 * @returns {Finding}
 */
function bad(code, say, next) {
  return { state: "bad", code, say, next };
}

/**
 * @param {string} lesson
 * @param {string} grant
 * @param {AbortSignal} signal
 * @returns {Promise<Way>}
 */
export async function tryWay(lesson, grant, signal) {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  let resource = null;
  try {
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    const answer = await request({
      path: `/check/${encodeURIComponent(lesson)}`,
      grant,
      method: "POST",
      body: peer.localDescription?.sdp,
      headers: { "Content-Type": "application/sdp" },
      signal,
    });
    if (answer instanceof Problem) return { protocol: null, problem: answer };
    resource = answer.headers.get("Location");
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    return { protocol: await protocolOf(peer, signal), problem: null };
  } catch (error) {
    return { protocol: null, problem: new Problem("bad_answer", String(error)) };
  } finally {
    // In this order: a peer that closes first has told the relay already, and there is nothing to delete.
    if (resource) void request({ path: resource, grant, method: "DELETE", keepalive: true }).then(() => peer.close());
    else peer.close();
  }
}

/**
 * By what the connection came about; null: it did not.
 * @param {RTCPeerConnection} peer
 * @param {AbortSignal} signal
 * @returns {Promise<"udp" | "tcp" | null>}
 */
async function protocolOf(peer, signal) {
  const begun_ms = performance.now();
  let tcp_since_ms = Infinity;
  while (!signal.aborted) {
    const now_ms = performance.now();
    if (peer.connectionState === "connected") {
      if ((await selectedProtocol(peer)) === "udp") return "udp";
      tcp_since_ms = Math.min(tcp_since_ms, now_ms);
      if (now_ms - tcp_since_ms >= UDP_LATER_MS) return "tcp";
    } else if (peer.connectionState === "failed" || now_ms - begun_ms >= CONNECTED_MS) {
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return null;
}

/**
 * @param {RTCPeerConnection} peer
 * @returns {Promise<string | null>}
 */
async function selectedProtocol(peer) {
  const stats = await peer.getStats();
  for (const entry of stats.values()) {
    if (entry.type !== "transport" || !entry.selectedCandidatePairId) continue;
    const pair = stats.get(entry.selectedCandidatePairId);
    return stats.get(pair?.localCandidateId)?.protocol ?? null;
  }
  // Firefox has no transport entry, but marks the pair.
  for (const entry of stats.values()) {
    if (entry.type === "candidate-pair" && entry.selected) {
      return stats.get(entry.localCandidateId)?.protocol ?? null;
    }
  }
  return null;
}
