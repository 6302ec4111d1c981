import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, initial, isHeard } from "../../../crates/web/assets/room/room.js";

const STATE = { floor: null, muted: [], microphones_off: [], locked: false, ended: false, head_counts: [] };

function participant(id, tracks = []) {
  return { id, name: id, role: "receiving", tracks, hand_raised: false, clock: null };
}

function snapshot(relay, ...participants) {
  return { event: "snapshot", lesson: "math", relay, participants, state: STATE };
}

function after(...events) {
  return events.reduce(apply, initial());
}

test("a snapshot replaces whoever was known before", () => {
  const room = after(snapshot("run-1", participant("a")), snapshot("run-1", participant("b")));
  assert.deepEqual([...room.participants.keys()], ["b"]);
});

test("participants and their tracks come and go", () => {
  const camera = { kind: "camera", codec: "h264" };
  const joined = after(
    snapshot("run-1"),
    { event: "joined", participant: participant("a") },
    { event: "track_started", participant: "a", track: camera },
    { event: "track_started", participant: "a", track: camera },
    { event: "hand", participant: "a", raised: true },
  );
  assert.deepEqual(joined.participants.get("a").tracks, [camera]);
  assert.equal(joined.participants.get("a").hand_raised, true);
  const gone = apply(apply(joined, { event: "track_ended", participant: "a", track: "camera" }), {
    event: "left",
    participant: "a",
    reason: "left",
  });
  assert.equal(gone.participants.size, 0);
});

test("an event about somebody unknown changes nothing", () => {
  const room = after(snapshot("run-1"));
  assert.equal(apply(room, { event: "hand", participant: "x", raised: true }), room);
  assert.equal(apply(room, { event: "left", participant: "x", reason: "" }), room);
  assert.equal(apply(room, { event: "of a later relay" }), room);
});

test("slots are kept by session, even before the session's answer came, until the relay restarts", () => {
  const source = { participant: "a", track: "camera", codec: "h264" };
  const slot = { event: "slot", session: "s1", slot: 2, media: "video", source };
  const room = after(snapshot("run-1"), slot);
  assert.deepEqual(room.slots.get("s1").get(2), source);
  assert.deepEqual(apply(room, snapshot("run-1")).slots.get("s1").get(2), source);
  assert.equal(apply(room, snapshot("run-2")).slots.size, 0);
  const ended = { event: "session_ended", session: "s1", replaced: false, reason: "" };
  assert.equal(apply(room, ended).slots.size, 0);
});

test("slots of sessions long gone are forgotten", () => {
  const slots = Array.from({ length: 20 }, (_, n) => ({ event: "slot", session: `s${n}`, slot: 0, source: null }));
  const room = after(snapshot("run-1"), ...slots);
  assert.equal(room.slots.size, 8);
  assert.ok(room.slots.has("s19") && !room.slots.has("s0"));
});

test("a message repeated after a reconnect is there once, in its place", () => {
  const message = (id) => ({ event: "message", message: { id, from: "a", name: "A", text: `${id}`, at_us: id } });
  const room = after(snapshot("run-1"), message(2), message(1), message(2));
  assert.deepEqual(room.messages.map(({ id }) => id), [1, 2]);
});

test("a muted class is heard while it has the floor unless it switched itself off", () => {
  const muted = { ...STATE, muted: ["b"] };
  assert.equal(isHeard(muted, "b"), false);
  assert.equal(isHeard({ ...muted, floor: "b" }, "b"), true);
  assert.equal(isHeard({ ...muted, floor: "b", microphones_off: ["b"] }, "b"), false);
  assert.equal(isHeard(muted, "a"), true);
});
