// The event stream of a lesson: server-sent events read by fetch, since an EventSource can send no
// Authorization header and decides about reconnects by itself.

import { lessonPath, Problem, request } from "../api.js";

/** @import { LessonEvent } from "../protocol.js" */

/** The relay sends a comment every 10 s: a stream silent for longer than two of them is dead. */
const SILENT_MS = 22_000;
/** Longest wait for the head of the answer: a lost SYN is sent again after 1 s. */
const OPEN_MS = 4000;
/** Longest event read, in characters. */
const MAX_EVENT_CHARS = 1 << 20;

/** @typedef {{ event: string, data: string }} StreamEvent */

/** Reads `text/event-stream` in whatever pieces it comes. */
export class EventParser {
  #decoder = new TextDecoder();
  #rest = "";
  #event = "";
  /** @type {string[]} */
  #data = [];

  /**
   * Takes the next bytes and gives the events that they complete.
   * @param {Uint8Array} bytes
   * @returns {StreamEvent[]}
   */
  push(bytes) {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    /** @type {StreamEvent[]} */
    const events = [];
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A CR at the very end may be the half of a CRLF.
      if (end < 0 || (this.#rest[end] === "\r" && end + 1 === this.#rest.length)) break;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#line(line);
      if (event) events.push(event);
    }
    if (this.#rest.length > MAX_EVENT_CHARS) throw new RangeError("an event is too long");
    return events;
  }

  /**
   * @param {string} line
   * @returns {StreamEvent | null} the event that an empty line ends
   */
  #line(line) {
    if (line === "") {
      const event = this.#data.length > 0 ? { event: this.#event || "message", data: this.#data.join("\n") } : null;
      this.#event = "";
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }
}

/**
 * @typedef {object} Listening
 * @property {string} lesson
 * @property {string} grant
 * @property {AbortSignal} signal ends it
 * @property {() => void} onOpen
 * @property {(event: LessonEvent) => void} onEvent
 */

/**
 * Listens until the stream ends, and says why it did.
 * @param {Listening} listening
 * @returns {Promise<Problem>}
 */
export async function listen({ lesson, grant, signal, onOpen, onEvent }) {
  const silence = new AbortController();
  const answer = await request({
    path: lessonPath(lesson, "events"),
    grant,
    headers: { Accept: "text/event-stream" },
    timeout_ms: OPEN_MS,
    signal: AbortSignal.any([signal, silence.signal]),
  });
  if (answer instanceof Problem) return answer;
  if (!answer.body) return new Problem("bad_answer", "the event stream has no body", answer.status);
  onOpen();
  const parser = new EventParser();
  const reader = answer.body.getReader();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Problem("network", "the event stream ended");
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
      for (const { data } of parser.push(value)) onEvent(JSON.parse(data));
    }
  } catch (error) {
    return silence.signal.aborted
      ? new Problem("timeout", "the event stream is silent")
      : new Problem("network", String(error));
  } finally {
    clearTimeout(timer);
  }
}
