// A whole lesson without a mouse, and what an accessibility checker says about every page of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seriousFindings } from "./support/accessible.js";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";

const focused = (shown) =>
  shown.page.evaluate(() => {
    const { activeElement: one } = document;
    return one?.id || one?.dataset.act || one?.textContent || one?.localName;
  });

/** Whether what has the focus looks otherwise than without it. */
const isFocusSeen = (shown) =>
  shown.page.evaluate(() => {
    const { activeElement: one } = document;
    const look = () => {
      const { outlineStyle, outlineWidth, backgroundColor, borderColor, boxShadow } = getComputedStyle(one);
      return [outlineStyle === "none" ? "" : outlineWidth, backgroundColor, borderColor, boxShadow].join();
    };
    const with_focus = look();
    one.blur();
    const without = look();
    one.focus();
    return one !== document.body && with_focus !== without;
  });

/** Moves the focus with one key until it is where it shall be. */
async function moveTo(shown, key, where) {
  for (let presses = 0; presses < 40; presses++) {
    if ((await focused(shown)) === where) return;
    await shown.page.keyboard.press(key);
  }
  assert.fail(`${key} never reached ${where}; the focus is on ${await focused(shown)}`);
}

/** Both rooms begin by Enter alone. */
async function begun(t) {
  const lesson = await Lesson.start(t);
  const [teacher, hill] = [await lesson.open("teacher", "supporting"), await lesson.open("hill", "receiving")];
  for (const shown of [teacher, hill]) {
    await eventually("the big button has the focus", 10_000, async () => (await focused(shown)) === "start");
    assert.ok(await isFocusSeen(shown));
    await shown.page.keyboard.press("Enter");
    await shown.inLesson();
  }
  await Promise.all([teacher.showsLive("hill"), hill.showsLive("teacher")]);
  return { lesson, teacher, hill, press: (key) => teacher.page.keyboard.press(key) };
}

test("a lesson is begun, conducted and ended by keys", async (t) => {
  const { teacher, hill, press } = await begun(t);
  await hill.page.keyboard.press("h");
  await teacher.notice("hand").waitFor();
  await press("1");
  await teacher.page.locator("[data-participant=hill][data-selected]").waitFor();
  // The other page may hear of a step before the page that took it, where a key then means another thing.
  const lit = (act) => teacher.page.locator(`[data-act=${act}][data-on]`).waitFor();
  await press("f");
  await Promise.all([hill.notice("floor_ours").waitFor(), lit("floor")]);
  await press("f");
  await hill.notice("floor_ours").waitFor({ state: "detached" });
  await press("n");
  await Promise.all([hill.notice("muted").waitFor(), lit("mute")]);
  await press("n");
  await hill.notice("muted").waitFor({ state: "detached" });
  await press("m");
  await lit("microphone");
  await press("m");
  await teacher.page.locator("[data-act=microphone]:not([data-on])").waitFor();
  await press("s");
  await hill.showsLive("teacher", "screen");
  await press("s");
  await hill.tile("teacher", "screen").waitFor({ state: "detached" });
  await press("k");
  await teacher.page.locator("#marks [data-mark=locked]").waitFor();
  await press("k");
  await teacher.page.locator("#marks [data-mark=locked]").waitFor({ state: "detached" });
  await press("l");
  await teacher.page.locator("body[data-screen=rear]").waitFor();
  await press("l");
  await teacher.page.locator("body[data-screen=desk]").waitFor();

  await press("e");
  await teacher.page.locator("dialog").waitFor();
  await press("Enter");
  await teacher.page.locator("dialog").waitFor({ state: "detached" });
  assert.equal(await teacher.page.locator("body").getAttribute("data-phase"), "lesson", "one Enter too many ends nothing");
  await press("e");
  await press("ArrowRight");
  assert.ok(await isFocusSeen(teacher));
  await press("Enter");
  await hill.page.locator("body[data-phase=ended]").waitFor();
  await eventually("the way back has the focus", 5_000, async () => (await focused(teacher)) === "reopen");
  await press("Enter");
  await Promise.all([teacher.inLesson(), hill.inLesson()]);
});

test("panels are opened, filled and closed by keys, and letters in a field are letters", async (t) => {
  const { teacher, hill, press } = await begun(t);
  await press("t");
  assert.equal(await focused(teacher), "message");
  await teacher.page.keyboard.type("fkse 你好");
  await press("Enter");
  await hill.page.locator("#marks [data-mark=unread]").waitFor();
  assert.equal(await hill.notice("floor_ours").count(), 0);
  assert.equal(await teacher.page.locator("dialog").count(), 0);
  await press("Escape");
  assert.equal(await focused(teacher), "messages");
  await press("c");
  assert.equal(await focused(teacher), "present");
  await teacher.page.keyboard.type("41");
  await press("Enter");
  await teacher.page.locator("#headcount [role=status]").getByText("41").waitFor();
  await press("Escape");
  await press("d");
  await teacher.page.locator("#details").getByText("H264").first().waitFor();
  await press("Escape");
  await teacher.page.locator("#details").waitFor({ state: "hidden" });
  await press("Shift+Slash");
  await teacher.page.locator("dialog").waitFor();
  await press("Escape");
  await teacher.page.locator("dialog").waitFor({ state: "detached" });
});

test("a remote's arrows, page keys and Enter reach and press every button", async (t) => {
  const { teacher } = await begun(t);
  const acts = await teacher.page.locator("#bar button").evaluateAll((all) => all.map((one) => one.dataset.act));
  assert.ok(acts.length >= 10, `${acts}`);
  for (const act of acts) {
    await moveTo(teacher, "PageDown", act);
    assert.ok(await isFocusSeen(teacher), act);
  }
  await moveTo(teacher, "ArrowLeft", "lock");
  await teacher.page.keyboard.press("Enter");
  await teacher.page.locator("#marks [data-mark=locked]").waitFor();
  await moveTo(teacher, "ArrowRight", "help");
  await teacher.page.keyboard.press("Enter");
  await teacher.page.locator("dialog").waitFor();
});

test("an accessibility checker has no serious finding on any page of a lesson", async (t) => {
  const lesson = await Lesson.start(t);
  const findings = [];
  const look = async (shown, where) => {
    for (const colorScheme of ["light", "dark"]) {
      await shown.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      findings.push(...(await seriousFindings(shown.page, `${where}, ${colorScheme}`)));
    }
  };
  const teacher = await lesson.open("teacher", "supporting");
  await teacher.page.locator("#verdict:not([data-state=busy])").waitFor({ timeout: 30_000 });
  await look(teacher, "check");
  await teacher.start();
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.showsLive("hill"), hill.showsLive("teacher")]);
  await hill.page.keyboard.press("h");
  await teacher.notice("hand").waitFor();
  for (const key of ["t", "c", "d"]) {
    await teacher.page.keyboard.press("Escape");
    await teacher.page.keyboard.press(key);
  }
  await look(teacher, "supporting desk");
  await look(hill, "receiving main");
  for (const screen of ["side", "desk"]) {
    await hill.page.keyboard.press("l");
    await hill.page.locator(`body[data-screen=${screen}]`).waitFor();
    await look(hill, `receiving ${screen}`);
  }
  await teacher.page.keyboard.press("Escape");
  for (const key of ["e", "Shift+Slash"]) {
    await teacher.page.keyboard.press(key);
    await teacher.page.locator("dialog").waitFor();
    await look(teacher, `dialog ${key}`);
    await teacher.page.keyboard.press("Escape");
  }
  await lesson.relay.act("teacher", "supporting", { action: "end" });
  await hill.page.locator("body[data-phase=ended]").waitFor();
  await look(teacher, "ended");
  await hill.page.goto(`${lesson.relay.url}/lessons/math?grant=nonsense`);
  await hill.page.locator("body[data-phase=problem]").waitFor();
  await look(hill, "problem");
  await hill.page.goto(lesson.relay.url);
  await look(hill, "home");
  assert.deepEqual(findings, []);
});
