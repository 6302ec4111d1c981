// Why a camera or a microphone cannot be had, in the words of the browser in which it happened. Pure.

/**
 * @typedef {import("./devices.js").Kind} Kind
 * @typedef {import("./devices.js").Trouble} Trouble
 * @typedef {import("./verdict.js").Finding} Finding
 */

/** @type {Record<Kind, Record<Trouble, string>>} */
const SAY = {
  camera: {
    insecure: "js-check-insecure",
    missing: "js-check-camera-missing",
    denied: "js-check-camera-denied",
    blocked: "js-check-camera-denied",
    system: "js-check-camera-system",
    taken: "js-check-camera-taken",
    failed: "js-check-camera-failed",
  },
  microphone: {
    insecure: "js-check-insecure",
    missing: "js-check-microphone-missing",
    denied: "js-check-microphone-denied",
    blocked: "js-check-microphone-denied",
    system: "js-check-microphone-system",
    taken: "js-check-microphone-taken",
    failed: "js-check-microphone-failed",
  },
};

/** @type {Record<Kind, Partial<Record<Trouble, string>>>} */
const NEXT = {
  camera: { missing: "js-check-camera-missing-next", taken: "js-check-camera-taken-next" },
  microphone: { missing: "js-check-microphone-missing-next", taken: "js-check-microphone-taken-next" },
};

/**
 * @param {Kind} kind
 * @param {Trouble} trouble
 * @param {string} agent The browser's own description.
 * @returns {Finding}
 */
export function findingOfTrouble(kind, trouble, agent) {
  const next = NEXT[kind][trouble] ?? nextOf(kind, trouble, agent);
  return { state: "bad", code: trouble, say: SAY[kind][trouble], next };
}

/**
 * @param {Kind} kind
 * @param {Trouble} trouble
 * @param {string} agent
 */
function nextOf(kind, trouble, agent) {
  switch (trouble) {
    case "insecure":
      return "js-check-insecure-next";
    case "denied":
      return "js-check-denied-next";
    case "blocked":
      if (/Firefox\//.test(agent)) return "js-check-blocked-next-firefox";
      return kind === "camera" ? "js-check-camera-blocked-next" : "js-check-microphone-blocked-next";
    case "system":
      if (/Windows/.test(agent)) return "js-check-system-next-windows";
      return /Macintosh/.test(agent) ? "js-check-system-next-mac" : "js-check-system-next";
    default:
      return "js-check-failed-next";
  }
}
