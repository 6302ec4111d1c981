// What the page says and does when something is missing, refused or broken in this room.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inpage } from "./support/chromium.js";
import { silenceFile } from "./support/fixtures.js";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";

const check = (shown, item) => shown.page.locator(`[data-check=${item}]`);

/** Waits until a check is amber or red, and for words and a next step with it. */
async function complains(shown, item, state, code) {
  await shown.page.locator(`[data-check=${item}][data-state=${state}][data-code=${code}]`).waitFor({ timeout: 20_000 });
  await shown.speaksPlainly(`[data-check=${item}] [data-part=say]`);
  return shown.speaksPlainly(`[data-check=${item}] [data-part=next]`);
}

/** A kind of device that this machine does not have, until `globalThis.tongkePlugged` is set. */
const without = (kind) => `(() => {
  const devices = navigator.mediaDevices;
  const [list, open] = [devices.enumerateDevices.bind(devices), devices.getUserMedia.bind(devices)];
  devices.enumerateDevices = async () =>
    (await list()).filter((one) => globalThis.tongkePlugged || one.kind !== "${kind}input");
  devices.getUserMedia = async (wanted) => {
    if (wanted["${kind}"] && !globalThis.tongkePlugged) throw new DOMException("none", "NotFoundError");
    return open(wanted);
  };
})();`;

/** A teacher with a camera and a microphone, to be seen and heard. */
async function withTeacher(t, options) {
  const lesson = await Lesson.start(t, options);
  const teacher = await lesson.join("teacher", "supporting");
  return { lesson, teacher };
}

test("a room without camera and microphone is told so and can still watch", async (t) => {
  const { lesson, teacher } = await withTeacher(t);
  const bare = await lesson.browser({ devices: "none" });
  const hill = await lesson.open("hill", "receiving", { browser: bare });
  await complains(hill, "camera", "bad", "missing");
  await complains(hill, "microphone", "bad", "missing");
  await hill.page.locator("#verdict[data-state=bad]").waitFor();
  await hill.start();
  await hill.seesAndHears(["teacher"], 10_000);
  await hill.notice("camera_missing").waitFor();
  await hill.notice("microphone_missing").waitFor();
  await teacher.page.locator("[data-tile][data-participant=hill]").waitFor();
});

for (const [kind, item, kept] of [["video", "camera", "microphone"], ["audio", "microphone", "camera"]]) {
  test(`a room without ${item} is told so, sends its ${kept}, and the ${item} is used once plugged in`, async (t) => {
    const { lesson, teacher } = await withTeacher(t);
    const hill = await lesson.open("hill", "receiving", { scripts: [without(kind)] });
    await complains(hill, item, "bad", "missing");
    assert.notEqual(await check(hill, kept).getAttribute("data-code"), "missing");
    await hill.start();
    await hill.notice(`${item}_missing`).waitFor();
    const started = () => eventually(`hill sends its ${kept}`, 10_000, async () => {
      const received = await teacher.received();
      return received.some((one) => one.participant === "hill" && one.track === kept && one.packetsReceived > 0);
    });
    await started();
    await hill.page.evaluate(() => {
      globalThis.tongkePlugged = true;
      navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    });
    await teacher.seesAndHears(["hill"], 15_000);
    await hill.notice(`${item}_missing`).waitFor({ state: "detached" });
  });
}

test("a refused permission is named with the way to give it", async (t) => {
  const { lesson } = await withTeacher(t);
  const asking = await lesson.browser({ asks: true });
  const hill = await lesson.open("hill", "receiving", { browser: asking });
  const row = hill.page.locator("[data-check=camera]:is([data-code=denied], [data-code=blocked])");
  await row.waitFor({ timeout: 20_000 });
  await hill.speaksPlainly("[data-check=camera] [data-part=say]");
  const next = await hill.speaksPlainly("[data-check=camera] [data-part=next]");
  assert.match(next, /允许/);
  await hill.start();
  await hill.seesAndHears(["teacher"], 10_000);
});

test("an old grant, a foreign one, a broken one and nonsense are each told apart", async (t) => {
  const lesson = await Lesson.start(t);
  const page = `${lesson.relay.url}/lessons/math`;
  const old = lesson.relay.token("hill", "receiving", { ttl: "1s" });
  await eventually("the grant has expired", 10_000, async () => {
    const { status, body } = await lesson.relay.ask("GET", "/lessons/math/self", old);
    return status === 401 && body.code === "grant_expired";
  });
  const foreign = lesson.relay.token("hill", "receiving", { lesson: "history" });
  const good = lesson.relay.token("hill", "receiving");
  const forged = `${good.slice(0, -4)}${good.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
  const context = await lesson.context();
  const said = new Set();
  for (const [grant, code] of [
    [old, "grant_expired"],
    [foreign, "grant_other_lesson"],
    [forged, "grant_signature"],
    [good.slice(0, good.lastIndexOf(".")), "grant_malformed"],
    ["nonsense", "grant_missing"],
  ]) {
    const shown = lesson.adopt(await context.newPage(), code, "receiving");
    await shown.page.goto(`${page}?grant=${grant}`);
    await shown.problem(code).waitFor();
    said.add(await shown.speaksPlainly("#problem"));
    assert.ok(!shown.page.url().includes("grant="), "no token stays in the address bar");
    await context.clearCookies();
    await shown.page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
    await shown.page.close();
  }
  assert.equal(said.size, 5, "each in its own words");
});

test("a lesson that has ended says so, and goes on when it is opened again", async (t) => {
  const lesson = await Lesson.start(t);
  await lesson.relay.act("teacher", "supporting", { action: "end" });
  const hill = await lesson.open("hill", "receiving");
  await hill.page.locator("body[data-phase=ended]").waitFor();
  await hill.speaksPlainly("#ended");
  assert.equal(await hill.page.locator("#reopen").isVisible(), false, "that is the teacher's");
  await lesson.relay.act("teacher", "supporting", { action: "reopen" });
  await hill.page.locator("#start").waitFor();
});

test("a browser without H.264 is told to use another one, before and in the lesson", async (t) => {
  const { lesson } = await withTeacher(t);
  const hill = await lesson.open("hill", "receiving", { scripts: [inpage("no-h264")] });
  assert.match(await complains(hill, "way", "bad", "no_h264"), /Chrome|Edge/);
  await hill.start();
  await hill.notice("h264_missing").waitFor({ timeout: 15_000 });
  await hill.speaksPlainly("#notice [data-notice=h264_missing]");
  const offers = await hill.page.evaluate(() => globalThis.tongkePeers.known.map(({ peer }) => peer.localDescription?.sdp ?? ""));
  assert.ok(offers.every((sdp) => !/H264/i.test(sdp)), "the browser under test has none");
  await eventually("it hears the lesson all the same", 10_000, async () =>
    (await hill.received()).some(({ track, totalAudioEnergy }) => track === "microphone" && totalAudioEnergy > 0),
  );
});

test("a second window of the same room is told, may take over, and the first one knows", async (t) => {
  const { lesson, teacher } = await withTeacher(t);
  const hill = await lesson.join("hill", "receiving");
  await teacher.seesAndHears(["hill"], 10_000);
  for (const context of [hill.page.context(), await lesson.context()]) {
    const second = await lesson.open("hill", "receiving", { context });
    await second.problem("second_window").waitFor();
    await second.speaksPlainly("#problem");
    await second.page.close();
  }
  const second = await lesson.open("hill", "receiving", { context: hill.page.context() });
  await second.page.locator("#take-over").click();
  await second.inLesson();
  await hill.problem("replaced").waitFor();
  await hill.speaksPlainly("#problem");
  await teacher.seesAndHears(["hill"], 10_000);
  await second.seesAndHears(["teacher"], 10_000);
});

test("reloading the page, and a crash of it, rejoin the same lesson in the same role without a click", async (t) => {
  const { lesson, teacher } = await withTeacher(t);
  const hill = await lesson.join("hill", "receiving");
  await teacher.seesAndHears(["hill"], 10_000);
  await hill.page.reload();
  await hill.inLesson();
  await Promise.all([teacher.seesAndHears(["hill"], 10_000), hill.seesAndHears(["teacher"], 10_000)]);

  const context = hill.page.context();
  const address = hill.page.url();
  const crashed = hill.page.waitForEvent("crash");
  const session = await context.newCDPSession(hill.page);
  // The page that is asked dies before it can answer.
  session.send("Page.crash").catch(() => {});
  await crashed;
  const restored = lesson.adopt(await context.newPage(), "hill", "receiving");
  await restored.page.goto(address);
  await restored.inLesson();
  assert.equal(await restored.page.evaluate(() => window.tongke.link.state.phase !== "closed"), true);
  await Promise.all([teacher.seesAndHears(["hill"], 15_000), restored.seesAndHears(["teacher"], 15_000)]);
});

test("a grant that expires in mid-lesson throws nobody out, not even at a reload", async (t) => {
  const { lesson, teacher } = await withTeacher(t);
  const hill = await lesson.join("hill", "receiving", { grant: { ttl: "10s" } });
  const token = await hill.page.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith(":hill:grant"))[1]);
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  await eventually("the grant has expired", 15_000, () => Date.now() / 1000 > exp + 0.5);
  await hill.seesAndHears(["teacher"], 5_000);
  await hill.page.keyboard.press("h");
  await teacher.page.locator("[data-participant=hill][data-hand]").waitFor();
  await hill.page.reload();
  await hill.inLesson();
  await Promise.all([teacher.seesAndHears(["hill"], 10_000), hill.seesAndHears(["teacher"], 10_000)]);
  const late = await lesson.open("late", "receiving", { grant: { ttl: "2h" } });
  await late.page.locator("#start").waitFor();
});

test("a camera that is pulled out in mid-lesson is missed at once and used again when it is back", async (t) => {
  const { lesson, teacher } = await withTeacher(t);
  const hill = await lesson.join("hill", "receiving", { scripts: ["globalThis.tongkePlugged = true;", without("video")] });
  await teacher.showsLive("hill");
  await hill.page.evaluate(() => {
    globalThis.tongkePlugged = false;
    const { camera } = window.tongke.link;
    camera.stop();
    camera.dispatchEvent(new Event("ended"));
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  await hill.notice("camera_lost").waitFor({ timeout: 2_000 });
  await hill.speaksPlainly("#notice [data-notice=camera_lost]");
  await teacher.page.locator("[data-tile][data-participant=hill][data-state=old]").waitFor();
  await hill.page.evaluate(() => {
    globalThis.tongkePlugged = true;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  await hill.notice("camera_lost").waitFor({ state: "detached" });
  await teacher.seesAndHears(["hill"], 10_000);
  await teacher.showsLive("hill");
});

test("a microphone that stays silent for 20 s, and a far side without sound, are said", async (t) => {
  const lesson = await Lesson.start(t);
  const mute = await lesson.browser({ voice: silenceFile() });
  lesson.node("island", "receiving", { microphone: "none" });
  const teacher = await lesson.join("teacher", "supporting", { browser: mute });
  await teacher.notice("far_sound_missing").waitFor({ timeout: 20_000 });
  await teacher.speaksPlainly("#notice [data-notice=far_sound_missing]");
  await teacher.notice("microphone_silent").waitFor({ timeout: 40_000 });
  await teacher.speaksPlainly("#notice [data-notice=microphone_silent]");
});
