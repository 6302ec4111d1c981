// What the checks together mean for the lesson: one line in large letters. Pure.

/**
 * @typedef {"busy" | "ok" | "warn" | "bad"} State
 * @typedef {"camera" | "microphone" | "speaker" | "way" | "rate" | "delay"} Item
 *
 * @typedef {object} Finding What one check found, as keys of messages.
 * @property {State} state
 * @property {string} code Stable word for programs and tests.
 * @property {string} say One plain sentence.
 * @property {string} [next] What to do about it.
 * @property {Record<string, string | number>} [args] What the sentences are filled with.
 */

/** @type {Item[]} */
const CLASSROOM = ["camera", "microphone", "speaker", "way", "rate", "delay"];
/** @type {Item[]} */
const AUDIENCE = ["way", "rate", "delay"];

/** Names of the checks for the verdict's sentence.
 * @type {Record<Item, string>} */
export const NAMES = {
  camera: "js-check-name-camera",
  microphone: "js-check-name-microphone",
  speaker: "js-check-name-speaker",
  way: "js-check-name-way",
  rate: "js-check-name-rate",
  delay: "js-check-name-delay",
};

/**
 * What is checked for whom: who is only there to watch has no camera and no microphone.
 * @param {string} role
 */
export function itemsOf(role) {
  return isClassroom(role) ? CLASSROOM : AUDIENCE;
}

/** @param {string} role */
export function isClassroom(role) {
  return role === "supporting" || role === "receiving";
}

/**
 * @param {Partial<Record<Item, Finding>>} findings
 * @param {string} role
 * @param {boolean} isStarting Whether the teacher has pressed start already.
 * @returns {{state: State, say: string, of: Item[]}} `of`: the checks that the sentence names.
 */
export function verdictOf(findings, role, isStarting = false) {
  const items = itemsOf(role);
  const inState = (/** @type {State} */ state) => items.filter((item) => stateOf(findings[item]) === state);
  if (isStarting) return { state: "busy", say: startingWith(findings), of: [] };
  const bad = inState("bad");
  if (bad.length > 0) return { state: "bad", say: worst(bad, findings), of: bad };
  const busy = inState("busy");
  if (busy.length > 0) return { state: "busy", say: waitingFor(busy, findings), of: busy };
  const warned = inState("warn");
  const isTeaching = isClassroom(role);
  if (warned.length > 0) {
    return { state: "warn", say: isTeaching ? "js-check-verdict-warn" : "js-check-verdict-warn-watching", of: warned };
  }
  return { state: "ok", say: isTeaching ? "js-check-verdict-ok" : "js-check-verdict-ok-watching", of: [] };
}

/** @param {Finding | undefined} finding */
function stateOf(finding) {
  return finding?.state ?? "busy";
}

/**
 * @param {Item[]} bad Not empty.
 * @param {Partial<Record<Item, Finding>>} findings
 */
function worst(bad, findings) {
  if (findings.way?.code === "no_webrtc" || findings.way?.code === "no_h264") return "js-check-verdict-bad-browser";
  if (bad.includes("way")) return "js-check-verdict-bad-way";
  const unseen = bad.includes("camera");
  const unheard = bad.includes("microphone");
  if (unseen && unheard) return "js-check-verdict-bad-both";
  if (unseen) return "js-check-verdict-bad-camera";
  if (unheard) return "js-check-verdict-bad-microphone";
  return "js-check-verdict-bad-rate";
}

/**
 * Where only the teacher can go on, the line says so, as nothing else will.
 * @param {Item[]} busy Not empty.
 * @param {Partial<Record<Item, Finding>>} findings
 */
function waitingFor(busy, findings) {
  const all = (/** @type {string} */ code) => busy.every((item) => findings[item]?.code === code);
  if (busy.some((item) => findings[item]?.code === "asking")) return "js-check-asking";
  if (all("touch")) return "js-check-touch";
  return all("listening") ? "js-check-verdict-speak" : "js-check-verdict-busy";
}

/** @param {Partial<Record<Item, Finding>>} findings */
function startingWith(findings) {
  const isAsked = findings.camera?.code === "asking" || findings.microphone?.code === "asking";
  return isAsked ? "js-check-verdict-allow" : "js-check-verdict-starting";
}
