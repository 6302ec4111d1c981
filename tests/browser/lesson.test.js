// A lesson of two browsers and a native node: everybody sees and hears everybody, soon.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./support/artefacts.js";
import { Lesson } from "./support/lesson.js";

test("two browsers and a native node see and hear each other", async (t) => {
  const lesson = await Lesson.start(t);
  const island = lesson.node("island", "receiving");
  const teacher = await lesson.join("teacher", "supporting");
  await teacher.seesAndHears(["island"], 10_000);

  // The desk shows every room; what is not shown is not sent.
  const hill = await lesson.open("hill", "receiving", { query: "&screen=desk" });
  await hill.page.locator("#start:enabled").waitFor();
  const joined_ms = performance.now();
  await hill.start();
  await Promise.all([hill.seesAndHears(["teacher", "island"], 10_000), teacher.seesAndHears(["hill"], 10_000)]);
  figure(t, "all browsers see and hear each other after joining", performance.now() - joined_ms, { limit: 2_000 });
  const first_ms = await hill.page.evaluate(() => globalThis.tongkePeers.firstPictureAfterAnswer_ms());
  figure(t, "first picture after the answer", first_ms, { limit: 500 });

  await Promise.all([island.seesAndHears("teacher", 10_000), island.seesAndHears("hill", 10_000)]);
  await teacher.seesAndHears(["hill", "island"], 5_000);
  for (const shown of [teacher, hill]) {
    for (const other of ["teacher", "hill", "island"].filter((name) => name !== shown.participant)) {
      await shown.showsLive(other);
    }
    const received = await shown.received();
    const codecs = received.map(({ track, mime }) => `${track}: ${mime}`);
    for (const { track, mime } of received) {
      assert.match(mime, track === "microphone" ? /opus|red/ : /H264/, codecs.join(", "));
    }
  }
});

test("of a class that leaves the last picture stays for a while, marked as old, and it comes back by its link", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting");
  const hill = await lesson.join("hill", "receiving");
  await teacher.seesAndHears(["hill"], 10_000);
  await teacher.showsLive("hill");
  await hill.page.goto("about:blank");
  await teacher.notice("left").waitFor();
  await teacher.page.locator("[data-tile][data-participant=hill][data-state=old]").waitFor();
  const again = await lesson.open("hill", "receiving", { context: hill.page.context() });
  await again.inLesson();
  await teacher.seesAndHears(["hill"], 10_000);
});
