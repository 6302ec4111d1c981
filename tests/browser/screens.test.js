// Every screen as it hangs on a wall, light and dark, at two sizes: kept as pictures to be looked at,
// and nothing on them is cut off or outside.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { folder } from "./support/artefacts.js";
import { inpage } from "./support/chromium.js";
import { Lesson } from "./support/lesson.js";

const SIZES = [{ width: 1920, height: 1080 }, { width: 1366, height: 768 }];
/** Long, as schools' names are. */
const NAMES = { teacher: "杭州市学军小学教育集团求智校区", hill: "泰顺县三魁镇中心小学山上教学点", island: "嵊泗县花鸟乡小学" };

/** Keeps a picture of a page in all its looks; what does not fit on any of them. */
async function portray(shown, name) {
  const misfits = [];
  const into = folder("screens");
  for (const size of SIZES) {
    await shown.page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await shown.page.emulateMedia({ colorScheme });
      // Tiles are placed when the window's new size has been told.
      await shown.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const look = `${name}-${size.width}x${size.height}-${colorScheme}`;
      await shown.page.screenshot({ path: path.join(into, `${look}.png`) });
      const found = await shown.page.evaluate(() => [
        ...globalThis.tongkeFit.misfits(),
        ...globalThis.tongkeFit.overlaps("[data-tile] .plate, [data-tile] .health, #notice li, #bar button, #marks li"),
      ]);
      misfits.push(...found.map((what) => `${look}: ${what}`));
    }
  }
  return misfits;
}

const scripts = [inpage("fit")];

test("the check, the problem page and the front page fit", async (t) => {
  const lesson = await Lesson.start(t);
  const misfits = [];
  const teacher = await lesson.open("teacher", "supporting", { scripts, grant: { name: NAMES.teacher } });
  await teacher.page.locator("#verdict:not([data-state=busy])").waitFor({ timeout: 30_000 });
  misfits.push(...(await portray(teacher, "check")));
  const watcher = await lesson.open("watcher", "observer", { scripts });
  await watcher.page.locator("#verdict:not([data-state=busy])").waitFor({ timeout: 30_000 });
  misfits.push(...(await portray(watcher, "check-observer")));
  await watcher.page.goto(`${lesson.relay.url}/lessons/math?grant=nonsense`);
  await watcher.page.locator("body[data-phase=problem]").waitFor();
  misfits.push(...(await portray(watcher, "problem")));
  await watcher.page.goto(lesson.relay.url);
  misfits.push(...(await portray(watcher, "home")));
  assert.deepEqual(misfits, []);
});

test("English is chosen on the page itself, fits too, and stays in the same room", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.open("teacher", "supporting", { scripts, grant: { name: NAMES.teacher } });
  const { page } = teacher;
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.getByRole("link", { name: "English" }).click();
  await page.locator("html[lang=en] #start").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("as"), "teacher");
  await page.locator("#verdict:not([data-state=busy])").waitFor({ timeout: 30_000 });
  assert.deepEqual(await portray(teacher, "check-english"), []);
  await page.getByRole("link", { name: "中文" }).click();
  await page.locator("html[lang=zh-CN] #start").waitFor();
});

test("every layout of a lesson of three rooms fits", async (t) => {
  const lesson = await Lesson.start(t);
  const misfits = [];
  lesson.node("island", "receiving", {}, { name: NAMES.island });
  const teacher = await lesson.join("teacher", "supporting", { scripts, grant: { name: NAMES.teacher } });
  const hill = await lesson.join("hill", "receiving", { scripts, grant: { name: NAMES.hill } });
  await teacher.showsLive("island");
  await teacher.showsLive("hill");
  misfits.push(...(await portray(teacher, "supporting-desk")));
  misfits.push(...(await portray(hill, "receiving-main")));

  await teacher.page.keyboard.press("s");
  await hill.showsLive("teacher", "screen");
  await hill.page.keyboard.press("h");
  await teacher.page.locator("[data-participant=hill][data-hand]").waitFor();
  misfits.push(...(await portray(teacher, "supporting-desk-courseware-hand")));
  misfits.push(...(await portray(hill, "receiving-main-courseware")));
  await teacher.page.keyboard.press("f");
  await hill.notice("floor_ours").waitFor();
  misfits.push(...(await portray(teacher, "supporting-desk-floor")));
  misfits.push(...(await portray(hill, "receiving-main-floor")));

  await teacher.button("messages").click();
  await teacher.page.locator("#message").fill("海岛小学的同学，请把课本翻到第二十三页，先读第一段，读完举手。");
  await teacher.page.keyboard.press("Enter");
  await teacher.button("headcount").click();
  await teacher.button("details").click();
  misfits.push(...(await portray(teacher, "supporting-desk-panels")));
  await teacher.page.keyboard.press("Escape");
  await teacher.button("end").click();
  misfits.push(...(await portray(teacher, "dialog-end")));
  await teacher.page.keyboard.press("Escape");
  await teacher.button("help").click();
  misfits.push(...(await portray(teacher, "dialog-keys")));
  await teacher.page.keyboard.press("Escape");
  await hill.page.keyboard.press("l");
  await hill.page.locator("body[data-screen=side]").waitFor();
  misfits.push(...(await portray(hill, "receiving-side")));
  await hill.page.keyboard.press("l");
  await hill.page.locator("body[data-screen=desk]").waitFor();
  misfits.push(...(await portray(hill, "receiving-desk")));
  assert.deepEqual(misfits, []);
});

test("the rear screen, an observer's screen, and the end of a lesson fit", async (t) => {
  const lesson = await Lesson.start(t);
  const misfits = [];
  lesson.node("island", "receiving", {}, { name: NAMES.island });
  const teacher = await lesson.join("teacher", "supporting", { scripts, grant: { name: NAMES.teacher } });
  await teacher.showsLive("island");
  const rear = await lesson.open("teacher", "supporting", { scripts, query: "&screen=rear", grant: { name: NAMES.teacher } });
  await rear.showsLive("island");
  misfits.push(...(await portray(rear, "supporting-rear")));
  await rear.page.close();
  const watcher = await lesson.join("watcher", "observer", { scripts, grant: { name: "县教育局教研室" } });
  await watcher.showsLive("island");
  await watcher.showsLive("teacher");
  misfits.push(...(await portray(watcher, "observer")));
  await teacher.button("end").click();
  await teacher.page.locator("dialog .grave").click();
  await watcher.page.locator("body[data-phase=ended]").waitFor();
  misfits.push(...(await portray(teacher, "ended-supporting")));
  misfits.push(...(await portray(watcher, "ended-observer")));
  assert.deepEqual(misfits, []);
});
