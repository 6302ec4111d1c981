// The page of signals: what it shows can be read, its camera reads it, and no network is needed for that.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { findMarkers } from "../../crates/web/assets/signal/find.js";
import { seriousFindings } from "./support/accessible.js";
import { folder } from "./support/artefacts.js";
import { inpage } from "./support/chromium.js";
import { filmFile } from "./support/fixtures.js";
import { Lesson } from "./support/lesson.js";
import { blurred, noisy, picture, place } from "./support/marker.js";

const SIZES = { phone: { width: 390, height: 844 }, wall: { width: 1366, height: 768 } };
const DELAY_MS = 320;
/** Chromium's file camera takes one picture after the other, and none twice if it can. */
const READ_MS = 30_000;

/** Opens the page with a camera that films these pictures. */
async function open(t, camera, size = SIZES.phone) {
  const lesson = await Lesson.start(t);
  const browser = await lesson.browser({ camera });
  const context = await lesson.context({ browser, viewport: size, scripts: [inpage("fit")] });
  const shown = lesson.adopt(await context.newPage(), "signal", "");
  await shown.page.goto(`${lesson.relay.url}/signal`);
  await shown.page.locator("#to-show[aria-pressed=true]").waitFor();
  return { lesson, shown, page: shown.page };
}

/** The brightness of the marker's canvas, once it is drawn. */
async function markerOf(page) {
  await page.waitForFunction(() => {
    const canvas = document.getElementById("marker");
    return canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] > 0;
  });
  const { width, height, values } = await page.evaluate(() => {
    const canvas = document.getElementById("marker");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return { width, height, values: Array.from({ length: width * height }, (_, n) => data[4 * n]) };
  });
  return { width, height, pixels: Uint8Array.from(values) };
}

/** A video's picture, 16 to 235, with another in its middle. */
function filmed({ width, height, pixels }) {
  const whole = picture(1280, 720, 40);
  const [left, top] = [Math.floor((1280 - width) / 2), Math.floor((720 - height) / 2)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) whole.pixels[(top + y) * 1280 + left + x] = 16 + (pixels[y * width + x] * 219) / 255;
  }
  return noisy(blurred(whole, 1), 6);
}

/** Two screens in one picture, out of focus: the one is behind the other. */
function bothScreens() {
  return Array.from({ length: 30 }, (_, n) => {
    const luma = picture(1280, 720, 60);
    const stamp = (behind_ms) => ({ session: 7, frame: 1000 + n - behind_ms / 40, timestamp_ms: 50_000 + 40 * n - behind_ms });
    place(luma, stamp(0), { left: 40.3, top: 60.8, cell: 24.2 });
    place(luma, stamp(DELAY_MS), { left: 600.6, top: 400.2, cell: 12.6 });
    return noisy(blurred(luma, 1), 8);
  });
}

/** Nothing that a page's policy refused, and no error. */
function isWell(shown) {
  assert.deepEqual(shown.log.filter((line) => /^(error|uncaught)/.test(line)), []);
}

test("what the page shows is read back by another's camera, without any network", async (t) => {
  const source = await open(t, undefined, { width: 900, height: 500 });
  const pictures = [];
  for (let n = 0; n < 3; n++) pictures.push(filmed(await markerOf(source.page)));
  const [{ stamp }] = findMarkers(pictures[0]);
  const { page, shown } = await open(t, filmFile("signal-own.y4m", pictures));
  await page.context().setOffline(true);
  await page.locator("#to-read").click();
  await page.waitForFunction(() => Number(document.getElementById("read").dataset.readable) >= 3, null, { timeout: READ_MS });
  assert.match(await page.locator("#source").innerText(), new RegExp(`\\b${stamp.session}\\b`));
  await shown.speaksPlainly("#say");
  assert.equal(await page.locator("#delay").innerText(), "");
  isWell(source.shown);
});

test("two screens in one shot give the delay between them", async (t) => {
  const { page, shown } = await open(t, filmFile("signal-both.y4m", bothScreens()));
  await page.locator("#to-read").click();
  await page.locator("#delay", { hasText: `${DELAY_MS}` }).waitFor({ timeout: READ_MS });
  assert.match(await shown.speaksPlainly("#spread"), /40 毫秒变一次/);
  await portray(page, "signal-read");
  await page.locator("#anew").click();
  await page.locator("#to-show").click();
  assert.equal(await page.evaluate(() => document.getElementById("film").srcObject), null, "the camera is let go");
  isWell(shown);
});

test("the page flashes with its beep, chirps when asked, and says how late its sound is", async (t) => {
  const { page, shown } = await open(t, undefined, SIZES.wall);
  const lit = page.evaluate(() => new Promise((resolve) => {
    const show = document.getElementById("show");
    new MutationObserver(() => show.classList.contains("lit") && resolve(true)).observe(show, { attributeFilter: ["class"] });
  }));
  await page.locator("#flash").click();
  assert.equal(await lit, true);
  await shown.speaksPlainly("#latency");
  await shown.speaksPlainly("#sync");
  await page.locator("#chirp").click();
  await page.locator("#flash[aria-pressed=true]").click();
  await page.locator("#flash[aria-pressed=false]").waitFor();
  await page.locator("#show:not(.lit)").waitFor();
  isWell(shown);
});

test("the test talker sounds until it is pressed again, and says where the phone belongs", async (t) => {
  const { page, shown } = await open(t);
  const sources = () => page.evaluate(() => globalThis.talkerSources ?? []);
  await page.evaluate(() => {
    globalThis.talkerSources = [];
    const { start, stop } = AudioBufferSourceNode.prototype;
    const note = (what, source) => globalThis.talkerSources.push(`${what} ${source.loop} ${source.buffer?.duration.toFixed(3)}`);
    AudioBufferSourceNode.prototype.start = function (...when) { note("start", this); return start.apply(this, when); };
    AudioBufferSourceNode.prototype.stop = function (...when) { note("stop", this); return stop.apply(this, when); };
  });
  assert.equal(await page.locator("#talk-how").isVisible(), false);
  await page.locator("#talk").click();
  await page.locator("#talk[aria-pressed=true]").waitFor();
  await shown.speaksPlainly("#talk-how");
  assert.deepEqual(await sources(), ["start true 0.470"]);
  assert.deepEqual(await portray(page, "signal-talk"), []);
  await page.locator("#talk").click();
  await page.locator("#talk[aria-pressed=false]").waitFor();
  assert.equal(await page.locator("#talk-how").isVisible(), false);
  assert.deepEqual(await sources(), ["start true 0.470", "stop true 0.470"]);
  isWell(shown);
});

test("a phone without a camera is told so, and still shows the marker", async (t) => {
  const lesson = await Lesson.start(t);
  const browser = await lesson.browser({ devices: "none" });
  const shown = lesson.adopt(await (await lesson.context({ browser })).newPage(), "signal", "");
  await shown.page.goto(`${lesson.relay.url}/signal`);
  await shown.page.locator("#to-read").click();
  await shown.page.locator("#say", { hasText: "没有找到摄像头" }).waitFor();
  await shown.page.locator("#to-show").click();
  assert.equal(findMarkers(filmed(await markerOf(shown.page))).length, 1);
});

test("the page fits a phone and a wall, in both languages, and is accessible", async (t) => {
  const { lesson, page } = await open(t);
  const misfits = [];
  for (const language of ["zh-CN", "en"]) {
    await page.goto(`${lesson.relay.url}/signal?lang=${language}`);
    misfits.push(...(await portray(page, `signal-${language}`)));
    misfits.push(...(await seriousFindings(page, language)));
  }
  assert.deepEqual(misfits, []);
});

/** Keeps pictures of the page to be looked at; what does not fit. */
async function portray(page, name) {
  const misfits = [];
  for (const [where, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: path.join(folder("screens"), `${name}-${where}.png`) });
    const found = await page.evaluate(() => globalThis.tongkeFit.misfits());
    misfits.push(...found.map((what) => `${name}-${where}: ${what}`));
  }
  return misfits;
}
