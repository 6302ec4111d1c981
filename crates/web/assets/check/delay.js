// How long a message takes to the relay and back.

import { Problem, jsonOf, lessonPath, request } from "../api.js";

/** @typedef {import("./verdict.js").Finding} Finding */

/** There and back. Both sides' ways, cameras and screens added, one sees the other a quarter of a second late. */
const NEAR_MS = 100;
const FAR_MS = 400;
const PROBES = 7;

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
