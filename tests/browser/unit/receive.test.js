import assert from "node:assert/strict";
import { test } from "node:test";
import { Receive } from "../../../crates/web/assets/link/receive.js";

const CAMERA = { participant: "a", track: "camera", codec: "h264" };
const OTHER = { participant: "b", track: "camera", codec: "h264" };

/** A session's slots without a browser: media are named after it. */
function session(name) {
  return { slots: [0, 1].map((slot) => ({ slot, media: `${name}.${slot}`, track: new EventTarget() })) };
}

/** Slots of a session that was up and showed a camera in slot 0. */
function shown() {
  let changes = 0;
  const receive = new Receive(() => (changes += 1));
  receive.begin(session("first"));
  receive.update(new Map([[0, CAMERA]]), true, 0);
  return { receive, changes: () => changes };
}

test("a slot shows its first session's media at once", () => {
  const { receive } = shown();
  const { media, source, is_old } = receive.slots.get(0);
  assert.deepEqual([media, source, is_old], ["first.0", CAMERA, false]);
});

test("a lost session's picture stays, marked old since then, until the next session's flows", () => {
  const { receive, changes } = shown();
  receive.update(new Map([[0, CAMERA]]), false, 5000);
  const next = session("next");
  receive.begin(next);
  receive.update(undefined, false, 6000);
  const { media, source, is_old, old_since_ms } = receive.slots.get(0);
  assert.deepEqual([media, source, is_old, old_since_ms], ["first.0", CAMERA, true, 5000]);
  receive.update(new Map([[0, OTHER]]), true, 7000);
  assert.equal(receive.slots.get(0).media, "first.0");
  next.slots[0].track.dispatchEvent(new Event("unmute"));
  receive.update(new Map([[0, OTHER]]), true, 7001);
  assert.deepEqual([receive.slots.get(0).media, receive.slots.get(0).is_old], ["next.0", false]);
  assert.deepEqual(receive.slots.get(0).source, OTHER);
  assert.equal(changes(), 1);
});

test("a slot that showed nothing waits for nothing", () => {
  const { receive } = shown();
  receive.begin(session("next"));
  assert.equal(receive.slots.get(1).media, "next.1");
});

test("a picture whose classroom went away meanwhile does not stay for ever", () => {
  const { receive } = shown();
  receive.begin(session("next"));
  receive.update(undefined, true, 1000);
  assert.equal(receive.slots.get(0).is_old, true);
  receive.update(undefined, true, 3001);
  assert.deepEqual([receive.slots.get(0).media, receive.slots.get(0).source], ["next.0", null]);
});

test("media of a session that was given up do not come back", () => {
  const { receive } = shown();
  const [second, third] = [session("second"), session("third")];
  receive.begin(second);
  receive.begin(third);
  second.slots[0].track.dispatchEvent(new Event("unmute"));
  assert.equal(receive.slots.get(0).media, "first.0");
});

test("a slot that did not change keeps its object", () => {
  const { receive } = shown();
  const before = receive.slots.get(0);
  receive.update(new Map([[0, CAMERA]]), true, 1000);
  assert.equal(receive.slots.get(0), before);
});
