// How much the network carries, down and up. The sums are pure; `measureRate` does the asking.

import { Problem, lessonPath, request } from "../api.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {{bytes: number, ms: number}} Transfer
 * @typedef {number | "busy" | null} Rate kbit/s; `busy`: the relay measures for others; null: not measured.
 * @typedef {{down_kbps: Rate, up_kbps: Rate}} Rates
 */

const FIRST_BYTES = 64 * 1024;
/** The relay takes and gives no more at once. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A transfer this long is believed. */
const BELIEVED_MS = 400;
const WHOLE_MS = 2500;
const LONGEST_TRANSFER_MS = 6000;
/** At the bell all rooms measure at once, and the relay for a few at a time: the others wait their turn. */
const TURNS = 12;
const TURN_MS = 500;

/** Camera in three sizes, courseware and sound, with a half to spare. */
const PLENTY_KBPS = 4000;
/** Sound and a small picture. */
const LEAST_KBPS = 800;

/**
 * Rate by the longest transfer: short ones show the way's delay more than its width.
 * @param {Transfer[]} transfers
 * @returns {number | null} kbit/s
 */
export function rateOf(transfers) {
  const [best] = transfers.filter(({ bytes }) => bytes > 0).sort((a, b) => b.ms - a.ms);
  return best ? (best.bytes * 8) / Math.max(best.ms, 1) : null;
}

/**
 * How much to ask for next: four times as much, but no more than takes about as long as is believed.
 * @param {Transfer[]} transfers
 * @returns {number | null} Null: it is enough.
 */
export function nextBytes(transfers) {
  const last = transfers.at(-1);
  if (!last) return FIRST_BYTES;
  const spent_ms = transfers.reduce((sum, transfer) => sum + transfer.ms, 0);
  const isEnough = last.ms >= BELIEVED_MS || last.bytes >= MOST_BYTES || spent_ms >= WHOLE_MS;
  if (isEnough) return null;
  const believed = (last.bytes * BELIEVED_MS * 1.5) / Math.max(last.ms, 1);
  return Math.round(Math.min(MOST_BYTES, last.bytes * 16, Math.max(believed, last.bytes * 2)));
}

/**
 * @param {Rates} rates
 * @param {boolean} sends Whether this room sends a picture at all.
 * @returns {Finding}
 */
export function judgeRate({ down_kbps, up_kbps }, sends) {
  if (down_kbps === "busy" || up_kbps === "busy") {
    return { state: "warn", code: "busy", say: "js-check-rate-busy", next: "js-check-rate-busy-next" };
  }
  if (down_kbps === null || (sends && up_kbps === null)) {
    return { state: "bad", code: "unmeasured", say: "js-check-rate-none", next: "js-check-rate-none-next" };
  }
  const args = { down: megabits(down_kbps), up: megabits(up_kbps ?? 0) };
  const least_kbps = sends ? Math.min(down_kbps, up_kbps ?? 0) : down_kbps;
  const width = least_kbps >= PLENTY_KBPS ? "ok" : least_kbps >= LEAST_KBPS ? "narrow" : "too_narrow";
  const { state, both, down } = WORDS[width];
  const next = state === "ok" ? undefined : "js-check-rate-next";
  return { state, code: width, say: sends ? both : down, next, args };
}

/** @type {Record<"ok" | "narrow" | "too_narrow", {state: "ok" | "warn" | "bad", both: string, down: string}>} */
const WORDS = {
  ok: { state: "ok", both: "js-check-rate-ok", down: "js-check-rate-ok-watching" },
  narrow: { state: "warn", both: "js-check-rate-narrow", down: "js-check-rate-narrow-watching" },
  too_narrow: { state: "bad", both: "js-check-rate-too-narrow", down: "js-check-rate-too-narrow-watching" },
};

/** @param {number} kbps As people write it: 0.8, 12, 340. */
export function megabits(kbps) {
  const megabits = kbps / 1000;
  return megabits < 10 ? Math.round(megabits * 10) / 10 : Math.round(megabits);
}

/**
 * @param {string} lesson
 * @param {string} grant
 * @param {boolean} sends
 * @param {AbortSignal} signal
 * @returns {Promise<Rates>}
 */
export async function measureRate(lesson, grant, sends, signal) {
  const path = lessonPath(lesson, "rate");
  const down_kbps = await growing((bytes, until) => fetched(`${path}?bytes=${bytes}`, grant, until), signal);
  const noise = sends ? noiseOf(MOST_BYTES) : new Uint8Array();
  const up_kbps = sends
    ? await growing((bytes, until) => posted(path, grant, noise.subarray(0, bytes), until), signal)
    : null;
  return { down_kbps, up_kbps };
}

/**
 * @param {(bytes: number, until: AbortSignal) => Promise<Transfer | Problem>} transfer
 * @param {AbortSignal} signal
 * @returns {Promise<Rate>}
 */
async function growing(transfer, signal) {
  /** @type {Transfer[]} */
  const transfers = [];
  let turns = 0;
  for (let bytes = nextBytes(transfers); bytes !== null && !signal.aborted; bytes = nextBytes(transfers)) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_TRANSFER_MS)]);
    const done = await transfer(bytes, until);
    if (done instanceof Problem && done.code === "rate_busy" && turns < TURNS) {
      turns += 1;
      await new Promise((resolve) => setTimeout(resolve, TURN_MS * (0.5 + Math.random())));
    } else if (done instanceof Problem) {
      return rateOf(transfers) ?? (done.code === "rate_busy" ? "busy" : null);
    } else {
      transfers.push(done);
      if (done.bytes < bytes) break;
    }
  }
  return rateOf(transfers);
}

/**
 * Bytes that came, even if time ran out before the last.
 * @param {string} path
 * @param {string} grant
 * @param {AbortSignal} signal
 * @returns {Promise<Transfer | Problem>}
 */
async function fetched(path, grant, signal) {
  const response = await request({ path, grant, signal });
  if (response instanceof Problem) return response;
  if (!response.body) return { bytes: 0, ms: 0 };
  const begun_ms = performance.now();
  let bytes = 0;
  const reader = response.body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
  } catch {
    // What came until now counts.
  }
  return { bytes, ms: performance.now() - begun_ms };
}

/**
 * @param {string} path
 * @param {string} grant
 * @param {Uint8Array<ArrayBuffer>} body
 * @param {AbortSignal} signal
 * @returns {Promise<Transfer | Problem>}
 */
async function posted(path, grant, body, signal) {
  const begun_ms = performance.now();
  const response = await request({
    path,
    grant,
    method: "POST",
    body,
    headers: { "Content-Type": "application/octet-stream" },
    signal,
  });
  return response instanceof Problem ? response : { bytes: body.length, ms: performance.now() - begun_ms };
}

/** @param {number} bytes What no proxy on the way can compress. */
function noiseOf(bytes) {
  const noise = new Uint8Array(bytes);
  const piece = 65_536;
  for (let at = 0; at < bytes; at += piece) crypto.getRandomValues(noise.subarray(at, at + piece));
  return noise;
}
