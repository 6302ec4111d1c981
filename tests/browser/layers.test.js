// A browser sends its camera in several sizes, and each screen gets the one that it shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnCamera } from "./support/chromium.js";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";

const CAMERA = { session: 1, width: 1280, height: 720, fps: 15 };
const [WALL, CORNER] = [{ width: 1600, height: 900 }, { width: 480, height: 360 }];

/** Width of the teacher's picture as it comes in. */
async function width(shown) {
  const received = await shown.received();
  return received.find((one) => one.participant === "teacher" && one.track === "camera")?.frameWidth ?? 0;
}

test("the relay sends each screen the size that it shows, changes it with the window, and sound goes on", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting", { scripts: [drawnCamera(CAMERA)] });
  const hill = await lesson.join("hill", "receiving", { viewport: WALL });
  const island = await lesson.join("island", "receiving", { viewport: CORNER });
  await Promise.all([hill.seesAndHears(["teacher"], 15_000), island.seesAndHears(["teacher"], 15_000)]);
  const sent = (await teacher.stats("outbound-rtp")).filter(({ rid }) => rid);
  assert.ok(sent.length >= 2, `several sizes are sent: ${sent.map(({ rid }) => rid)}`);

  await eventually("a wall gets the full size", 30_000, async () => (await width(hill)) === CAMERA.width);
  await eventually("a small window gets less", 15_000, async () => {
    const is = await width(island);
    return is > 0 && is < CAMERA.width;
  });
  await hill.page.setViewportSize(CORNER);
  await eventually("a window made small gets less", 15_000, async () => (await width(hill)) < CAMERA.width);
  await hill.seesAndHears(["teacher"], 5_000);
  await hill.showsLive("teacher");
  await hill.page.setViewportSize(WALL);
  await eventually("a window made large gets more", 15_000, async () => (await width(hill)) === CAMERA.width);
  await hill.seesAndHears(["teacher"], 5_000);
  assert.ok((await width(island)) < CAMERA.width, "each screen its own");
});
