// How much the network carries, down and up, and how long a message takes there and back. The sums
// are pure; `measureRate` and `measureDelay` do the asking.

import { Problem, jsonOf, lessonPath, request } from "../api.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {{bytes: number, ms: number}} Transfer
 * @typedef {{down_kbps: number | null, up_kbps: number | null}} Rates Null: not measured.
 */

const FIRST_BYTES = 64 * 1024;
/** The relay takes and gives no more at once. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A transfer this long is believed. */
const BELIEVED_MS = 400;
const WHOLE_MS = 2500;
const LONGEST_TRANSFER_MS = 6000;

/** Camera in three sizes, courseware and sound, with a half to spare. */
const PLENTY_KBPS = 4000;
/** Sound and a small picture. */
const LEAST_KBPS = 800;
/** There and back. With the far side's way, the cameras and the screens, a question is answered in a third of a second. */
const NEAR_MS = 100;
const FAR_MS = 400;
const PROBES = 7;

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
 * @param {number[]} trips_ms
 * @returns {Finding}
 */
export function judgeDelay(trips_ms) {
  const sorted = [...trips_ms].sort((a, b) => a - b);
  const median_ms = sorted[Math.floor(sorted.length / 2)];
  if (median_ms === undefined) {
    return { state: "bad", code: "unmeasured", say: "js-check-delay-none", next: "js-check-delay-none-next" };
  }
  const args = { ms: Math.max(1, Math.round(median_ms)) };
  if (median_ms <= NEAR_MS) return { state: "ok", code: "ok", say: "js-check-delay-ok", args };
  const next = "js-check-delay-next";
  if (median_ms <= FAR_MS) return { state: "warn", code: "noticeable", say: "js-check-delay-noticeable", next, args };
  return { state: "bad", code: "high", say: "js-check-delay-high", next, args };
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
 * @param {(bytes: number, until: AbortSignal) => Promise<Transfer | null>} transfer
 * @param {AbortSignal} signal
 */
async function growing(transfer, signal) {
  /** @type {Transfer[]} */
  const transfers = [];
  for (let bytes = nextBytes(transfers); bytes !== null; bytes = nextBytes(transfers)) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_TRANSFER_MS)]);
    const done = await transfer(bytes, until);
    if (!done || done.bytes < bytes) return rateOf(done ? [...transfers, done] : transfers);
    transfers.push(done);
  }
  return rateOf(transfers);
}

/**
 * Bytes that came, even if time ran out before the last.
 * @param {string} path
 * @param {string} grant
 * @param {AbortSignal} signal
 * @returns {Promise<Transfer | null>}
 */
async function fetched(path, grant, signal) {
  const response = await request({ path, grant, signal });
  if (response instanceof Problem || !response.body) return null;
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
 * @returns {Promise<Transfer | null>}
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
  return response instanceof Problem ? null : { bytes: body.length, ms: performance.now() - begun_ms };
}

/** @param {number} bytes What no proxy on the way can compress. */
function noiseOf(bytes) {
  const noise = new Uint8Array(bytes);
  const piece = 65_536;
  for (let at = 0; at < bytes; at += piece) crypto.getRandomValues(noise.subarray(at, at + piece));
  return noise;
}

/**
 * Times of a message there and back, without the time that it spent at the relay.
 * @param {string} lesson
 * @param {string} grant
 * @param {AbortSignal} signal
 * @returns {Promise<number[]>}
 */
export async function measureDelay(lesson, grant, signal) {
  const path = lessonPath(lesson, "clock");
  const trips_ms = [];
  for (let probe = 0; probe <= PROBES && !signal.aborted; probe += 1) {
    const begun_ms = performance.now();
    const t1_us = Math.round((performance.timeOrigin + begun_ms) * 1000);
    const answer = await request({ path, grant, method: "POST", json: { t1_us }, signal });
    const seen_ms = performance.now() - begun_ms;
    const echo = /** @type {import("../protocol.js").ClockEcho | Problem} */ (await jsonOf(answer));
    if (echo instanceof Problem) continue;
    const trip_ms = wireTime(path, begun_ms) ?? seen_ms;
    // The first one may have had to open the connection.
    if (probe > 0) trips_ms.push(trip_ms - (echo.t3_us - echo.t2_us) / 1000);
  }
  return trips_ms;
}

/**
 * A request's time as the browser's network saw it, without the wait for this page's busy thread.
 * @param {string} path
 * @param {number} since_ms
 * @returns {number | null} Null: the browser has not kept it.
 */
function wireTime(path, since_ms) {
  const entries = performance.getEntriesByName(new URL(path, location.href).href, "resource");
  const last = /** @type {PerformanceResourceTiming | undefined} */ (entries.at(-1));
  if (!last || last.startTime < since_ms || last.requestStart === 0) return null;
  return last.responseStart - last.requestStart;
}
