// How old a picture is when a browser shows it, told by the time drawn into the picture itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, percentile } from "./support/artefacts.js";
import { drawnCamera } from "./support/chromium.js";
import { Lesson } from "./support/lesson.js";
import { SIZE } from "./support/native.js";

const PICTURES = 200;
const CAMERA = { session: 4711, ...SIZE, fps: 15 };

test("one-way picture delay from a browser and from a native node to a browser", async (t) => {
  const lesson = await Lesson.start(t);
  lesson.node("island", "receiving");
  await lesson.join("teacher", "supporting", { scripts: [drawnCamera(CAMERA)] });
  const hill = await lesson.join("hill", "receiving", { query: "&screen=desk" });
  await hill.seesAndHears(["teacher", "island"], 10_000);
  for (const participant of ["teacher", "island"]) await hill.showsLive(participant);

  const ages = (participant) =>
    hill.tile(participant).locator("video").evaluate(
      (video, { width, height, count }) => globalThis.tongkeMarker.ages(video, width, height, count),
      { ...SIZE, count: PICTURES },
    );
  const [browser, node] = await Promise.all([ages("teacher"), ages("island")]);
  for (const [from, seen] of Object.entries({ browser, node })) {
    assert.ok(seen.unreadable < PICTURES / 20, `${from}: ${seen.unreadable} of ${PICTURES} unreadable`);
    assert.equal(seen.sessions.length, 1, `${from}: the pictures of one sender`);
    figure(t, `picture delay ${from} to browser, p50`, percentile(seen.ages_ms, 0.5), { limit: 150 });
    figure(t, `picture delay ${from} to browser, p95`, percentile(seen.ages_ms, 0.95), { limit: 150 });
  }
  assert.deepEqual(browser.sessions, [CAMERA.session]);
});
