import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../../../crates/web/assets/link/events.js";

const STREAM = 'event: message\ndata: {"text":"洲岭小学"}\n\n: keep-alive\n\nevent:hand\r\ndata:1\rdata: 2\r\n\r\nid: 7\nretry\n\ndata:\n\n';
const EVENTS = [
  { event: "message", data: '{"text":"洲岭小学"}' },
  { event: "hand", data: "1\n2" },
  { event: "message", data: "" },
];

function read(bytes, size) {
  const parser = new EventParser();
  const events = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...parser.push(bytes.subarray(at, at + size)));
  return events;
}

test("events are the same in whatever pieces their bytes come, within letters and line ends too", () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let size = 1; size <= bytes.length; size++) assert.deepEqual(read(bytes, size), EVENTS, `pieces of ${size}`);
});

test("an event that is not ended is no event yet", () => {
  assert.deepEqual(read(new TextEncoder().encode("event: hand\ndata: 1\n"), 99), []);
});

test("a stream without line ends is given up instead of kept", () => {
  const parser = new EventParser();
  const piece = new Uint8Array(1 << 19).fill(97);
  parser.push(piece);
  parser.push(piece);
  assert.throws(() => parser.push(piece), RangeError);
});
