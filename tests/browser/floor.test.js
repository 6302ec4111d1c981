// A lesson of one teacher and two classes: hand, floor, rear screen, courseware, muting, words, lock, end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";
import { step, stepInto } from "./support/steps.js";

const tile = (participant, track = "camera", more = "") =>
  `[data-tile][data-participant="${participant}"][data-track=${track}]${more}`;

/** A teacher and two classes that see and hear each other. */
async function oneToTwo(t) {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting", { grant: { name: "城关小学" } });
  const hill = await lesson.join("hill", "receiving", { grant: { name: "山上小学" } });
  const island = await lesson.join("island", "receiving", { grant: { name: "海岛小学" } });
  await Promise.all([
    teacher.seesAndHears(["hill", "island"], 15_000),
    hill.seesAndHears(["teacher"], 15_000),
    island.seesAndHears(["teacher"], 15_000),
  ]);
  for (const [shown, other] of [[teacher, "hill"], [teacher, "island"], [hill, "teacher"], [island, "teacher"]]) {
    await shown.showsLive(other);
  }
  return { lesson, teacher, hill, island };
}

test("a hand goes up, its class gets the floor and gives it back", async (t) => {
  const { teacher, hill, island } = await oneToTwo(t);
  await step(t, "hand seen by the teacher", hill, () => hill.page.keyboard.press("h"), [
    [teacher, tile("hill", "camera", "[data-hand]")],
  ]);
  await step(t, "floor seen by both classes", teacher, () => teacher.page.keyboard.press("f"), [
    [teacher, tile("hill", "camera", "[data-floor][data-area=large]")],
    [island, tile("hill", "camera", "[data-floor][data-area=large]")],
    [hill, "#notice [data-notice=floor_ours]"],
  ]);
  await teacher.page.locator(tile("island", "camera", "[data-area=small]")).waitFor();
  await island.showsLive("hill");
  await island.seesAndHears(["hill"], 5_000);
  await step(t, "floor taken back, seen by both classes", teacher, () => teacher.page.keyboard.press("f"), [
    [teacher, tile("hill", "camera", "[data-floor]"), false],
    [island, tile("hill"), false],
    [hill, "#notice [data-notice=floor_ours]", false],
  ]);
});

test("the rear screen opens beside the desk, shows the classes alone and makes no sound", async (t) => {
  const { lesson, teacher } = await oneToTwo(t);
  const open = async () => {
    const opening = teacher.page.context().waitForEvent("page");
    await teacher.page.keyboard.press("o");
    return lesson.adopt(await opening, "teacher", "supporting");
  };
  const live = ["hill", "island"].map((id) => tile(id, "camera", "[data-state=live]"));
  const rear = await stepInto(t, "rear screen open and both classes living on it", teacher, open, live);
  assert.equal(await rear.page.locator("body").getAttribute("data-screen"), "rear");
  assert.equal(await rear.page.locator(tile("teacher")).count(), 0);
  const tracks = (await rear.received()).map(({ track }) => track);
  assert.ok(tracks.every((track) => track !== "microphone"), `silent: ${tracks}`);
  assert.deepEqual(await rear.stats("outbound-rtp"), [], "sends nothing");
  await teacher.seesAndHears(["hill", "island"], 5_000);
});

test("courseware is shared and stopped", async (t) => {
  const { teacher, hill, island } = await oneToTwo(t);
  await step(t, "courseware seen by both classes", teacher, () => teacher.page.keyboard.press("s"), [
    [hill, tile("teacher", "screen", "[data-state=live]")],
    [island, tile("teacher", "screen", "[data-state=live]")],
  ]);
  const hint = await teacher.page.evaluate(() => window.tongke.link.screen.contentHint);
  assert.equal(hint, "detail", "sharp text before smooth motion");
  const frames = async () => (await hill.received()).find(({ track }) => track === "screen")?.framesDecoded ?? 0;
  const before = await frames();
  await eventually("courseware goes on", 5_000, async () => (await frames()) > before);
  await step(t, "courseware stopped, seen by both classes", teacher, () => teacher.page.keyboard.press("s"), [
    [hill, tile("teacher", "screen"), false],
    [island, tile("teacher", "screen"), false],
  ]);
  await step(t, "courseware shared again", teacher, () => teacher.page.keyboard.press("s"), [
    [hill, tile("teacher", "screen", "[data-state=live]")],
    [island, tile("teacher", "screen", "[data-state=live]")],
  ]);
});

test("a class is muted, then heard again; a teacher's own microphone goes off and on", async (t) => {
  const { teacher, hill, island } = await oneToTwo(t);
  const energy = async (shown, from) =>
    (await shown.received()).find((one) => one.participant === from && one.track === "microphone")?.totalAudioEnergy ?? 0;
  /** Whether no sound has come since the last look. */
  const isQuiet = async (shown, from) => {
    const before = await energy(shown, from);
    await teacher.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
    return (await energy(shown, from)) - before < 1e-4;
  };
  await teacher.page.keyboard.press("1");
  await step(t, "muting seen by the class", teacher, () => teacher.page.keyboard.press("n"), [
    [teacher, tile("hill", "camera", " [data-mark=muted]")],
    [hill, "#notice [data-notice=muted]"],
  ]);
  await eventually("hill is silent everywhere", 5_000, async () => (await isQuiet(teacher, "hill")) && (await isQuiet(island, "hill")));
  await teacher.page.keyboard.press("n");
  await teacher.seesAndHears(["hill"], 5_000);
  await step(t, "own microphone off", teacher, () => teacher.page.keyboard.press("m"), [
    [teacher, "[data-act=microphone][data-on]"],
  ]);
  await eventually("the teacher is silent", 5_000, () => isQuiet(hill, "teacher"));
  await teacher.page.keyboard.press("m");
  await hill.seesAndHears(["teacher"], 5_000);
});

test("messages reach teachers only, the lock keeps newcomers out, the end is for all and can be undone", async (t) => {
  const { lesson, teacher, hill, island } = await oneToTwo(t);
  await teacher.button("messages").click();
  await teacher.page.locator("#message").fill("请第二组准备");
  await step(t, "a message seen on the other teacher's screen", teacher, () => teacher.page.keyboard.press("Enter"), [
    [hill, "#marks [data-mark=unread]"],
  ]);
  assert.equal(await hill.page.getByText("请第二组准备").isVisible(), false, "pupils look at this screen");
  await hill.page.keyboard.press("l");
  await hill.page.keyboard.press("l");
  await hill.page.getByText("请第二组准备").waitFor();

  await island.button("headcount").click();
  await island.page.locator("#present").fill("41");
  await island.page.keyboard.press("Enter");
  await eventually("the head count is kept", 5_000, async () => {
    const { body } = await lesson.relay.ask("GET", "/lessons/math/self", lesson.relay.token("teacher", "supporting"));
    return body.state.head_counts.some(({ participant, count }) => participant === "island" && count.present === 41);
  });

  await teacher.page.keyboard.press("Escape");
  await teacher.button("lock").click();
  await teacher.page.locator("#marks [data-mark=locked]").waitFor();
  const valley = await lesson.open("valley", "receiving");
  await valley.problem("lesson_locked").waitFor();
  await valley.speaksPlainly("#problem");

  await teacher.button("end").click();
  await step(t, "the end seen by both classes", teacher, () => teacher.page.locator("dialog .grave").click(), [
    [hill, "body[data-phase=ended]"],
    [island, "body[data-phase=ended]"],
    [teacher, "body[data-phase=ended]"],
  ]);
  await island.speaksPlainly("#ended");
  await teacher.page.locator("#reopen").click();
  for (const shown of [teacher, hill, island]) await shown.inLesson();
  await teacher.seesAndHears(["hill", "island"], 10_000);
});
