// The relay dies in mid-lesson and comes back: nobody has to do anything.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./support/artefacts.js";
import { Lesson } from "./support/lesson.js";

test("after a restart of the relay both browsers see and hear again by themselves", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting");
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.seesAndHears(["hill"], 10_000), hill.seesAndHears(["teacher"], 10_000)]);
  await Promise.all([teacher.showsLive("hill"), hill.showsLive("teacher")]);

  await lesson.relay.kill();
  await teacher.notice("network_gone").waitFor();
  const old = teacher.tile("hill");
  await teacher.page.locator("[data-tile][data-participant=hill][data-state=old]").waitFor();
  const shown = await old.evaluate((tile) => {
    const still = tile.querySelector("canvas:not([hidden]), video");
    return { width: still?.width || still?.videoWidth, text: tile.innerText };
  });
  assert.ok(shown.width > 0, "the last picture stays");
  assert.match(shown.text, /画面已停|秒/, "and is marked as old");

  await lesson.relay.restart();
  const listens_ms = performance.now();
  await Promise.all([teacher.seesAndHears(["hill"], 15_000), hill.seesAndHears(["teacher"], 15_000)]);
  figure(t, "both browsers see and hear again after the relay listens", performance.now() - listens_ms, {
    limit: 3_000,
    tolerance: 2,
  });
  await Promise.all([teacher.showsLive("hill"), hill.showsLive("teacher")]);
  await teacher.notice("network_gone").waitFor({ state: "detached" });
});
