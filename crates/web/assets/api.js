// Requests to the relay: an answer, or a problem as a value. Nothing here tries twice; links do, in
// link/session.js.

/** Longest wait for the head of an answer, in ms. */
const TIMEOUT_MS = 8000;

/** What went wrong with a request. `code` is the relay's stable word, or `network`, `timeout`, `bad_answer`. */
export class Problem {
  /**
   * @param {string} code
   * @param {string} message the relay's words or the browser's: for details, not for the class
   * @param {number} status HTTP status; 0: there was no answer
   */
  constructor(code, message, status = 0) {
    this.code = code;
    this.message = message;
    this.status = status;
  }
}

/**
 * @typedef {object} Ask
 * @property {string} path
 * @property {string} grant
 * @property {string} [method] GET unless told
 * @property {unknown} [json] a body as JSON
 * @property {BodyInit} [body] a body as it is
 * @property {Record<string, string>} [headers]
 * @property {number} [timeout_ms]
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepalive] goes out even when the page is closing
 */

/**
 * Asks the relay. The time limit ends with the headers; whoever reads a long body limits that.
 * @param {Ask} ask
 * @returns {Promise<Response | Problem>}
 */
export async function request(ask) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${ask.grant}`, ...ask.headers };
  if (ask.json !== undefined) headers["Content-Type"] = "application/json";
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ask.timeout_ms ?? TIMEOUT_MS);
  try {
    const response = await fetch(ask.path, {
      method: ask.method ?? "GET",
      headers,
      body: ask.json === undefined ? ask.body : JSON.stringify(ask.json),
      signal: ask.signal ? AbortSignal.any([ask.signal, limit.signal]) : limit.signal,
      cache: "no-store",
      keepalive: ask.keepalive ?? false,
    });
    return response.ok ? response : await refusalOf(response);
  } catch (error) {
    if (ask.signal?.aborted) return new Problem("aborted", "the page asked no longer");
    return limit.signal.aborted
      ? new Problem("timeout", "the relay did not answer in time")
      : new Problem("network", String(error));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function refusalOf(response) {
  /** @type {import("./protocol.js").Refusal | null} */
  const refusal = await response.json().catch(() => null);
  return new Problem(refusal?.code ?? "bad_answer", refusal?.message ?? response.statusText, response.status);
}

/**
 * The JSON of an answer.
 * @template T
 * @param {Response | Problem} response
 * @returns {Promise<T | Problem>}
 */
export async function jsonOf(response) {
  if (response instanceof Problem) return response;
  try {
    return /** @type {T} */ (await response.json());
  } catch (error) {
    return new Problem("bad_answer", String(error), response.status);
  }
}

/**
 * A path below a lesson's.
 * @param {string} lesson
 * @param {string} rest
 */
export function lessonPath(lesson, rest) {
  return `/lessons/${encodeURIComponent(lesson)}/${rest}`;
}

/**
 * Who the holder of the grant is, and how the lesson stands.
 * @param {string} lesson
 * @param {string} grant
 * @returns {Promise<import("./protocol.js").Pass | Problem>}
 */
export async function readPass(lesson, grant) {
  return jsonOf(await request({ path: lessonPath(lesson, "self"), grant }));
}

/**
 * Asks something of the lesson; null: it is done.
 * @param {string} lesson
 * @param {string} grant
 * @param {import("./protocol.js").LessonAction} action
 * @returns {Promise<Problem | null>}
 */
export async function act(lesson, grant, action) {
  const answer = await request({ path: lessonPath(lesson, "actions"), grant, method: "POST", json: action });
  return answer instanceof Problem ? answer : null;
}

/**
 * Tells how large a WHEP session's slots are shown.
 * @param {string} lesson
 * @param {string} grant
 * @param {string} session
 * @param {import("./protocol.js").SlotSize[]} sizes
 * @returns {Promise<Problem | null>}
 */
export async function putSlotSizes(lesson, grant, session, sizes) {
  const path = lessonPath(lesson, "slots");
  const answer = await request({ path, grant, method: "PUT", json: { session, sizes } });
  return answer instanceof Problem ? answer : null;
}

/**
 * Tells what this room sent and played; null: the relay has taken it.
 * @param {string} lesson
 * @param {string} grant
 * @param {import("./protocol.js").ToldFlow} flow
 * @param {boolean} keepalive goes out even when the page is closing
 * @returns {Promise<Problem | null>}
 */
export async function tellFlow(lesson, grant, flow, keepalive) {
  const answer = await request({ path: lessonPath(lesson, "flow"), grant, method: "POST", json: flow, keepalive });
  return answer instanceof Problem ? answer : null;
}
