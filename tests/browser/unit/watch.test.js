// What is said of classrooms, and when.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Watch } from "../../../crates/web/assets/link/watch.js";
import { initial } from "../../../crates/web/assets/room/room.js";

/** A lesson with these others in it, and no connection. */
function watched(...ids) {
  const participants = new Map(
    ids.map((id) => [id, { id, name: id, role: "receiving", tracks: [], hand_raised: false, clock: null }]),
  );
  const room = { ...initial(), participants };
  return { whip: null, whep: null, room, participant: "teacher", clock: null, isHidden: () => false };
}

test("of a classroom that has just come nothing is said, and what is missing is said soon", async (t) => {
  let now_ms = 1000;
  t.mock.method(performance, "now", () => now_ms);
  const watch = new Watch();
  await watch.look(watched("hill"));
  assert.equal(watch.health.size, 0);
  now_ms += 2500;
  await watch.look(watched("hill", "island"));
  assert.deepEqual([...watch.health.keys()], ["hill"]);
  assert.equal(watch.health.get("hill")?.picture, "none");
  now_ms += 1000;
  await watch.look(watched("island"));
  await watch.look(watched("hill", "island"));
  assert.equal(watch.health.has("hill"), false, "it went and came again");
});
