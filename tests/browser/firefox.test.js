// The other browser: it takes part, and where it lacks H.264 it says so.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "./support/eventually.js";
import { firefoxPage, launchFirefox, offersH264, ownAddress } from "./support/firefox.js";
import { Lesson } from "./support/lesson.js";

/** What it has received of somebody's track. */
async function of(page, participant, track, field) {
  const received = await page.evaluate(() => globalThis.tongkePeers.received());
  return received.find((one) => one.participant === participant && one.track === track)?.[field] ?? 0;
}

test("Firefox joins, is seen and heard, hears, and sees or says why it does not", async (t) => {
  const lesson = await Lesson.start(t, { rtc_ip: ownAddress() });
  const teacher = await lesson.join("teacher", "supporting");
  const firefox = await launchFirefox();
  t.after(() => firefox.close());
  const hill = await firefoxPage(firefox);
  await hill.goto(lesson.relay.link("hill", "receiving"));
  await hill.waitForSelector("#start", { timeout: 20_000 });
  const hasH264 = await offersH264(hill);
  t.diagnostic(`Firefox ${await firefox.version()} offers H.264: ${hasH264}`);

  const way = await hill.waitForSelector("[data-check=way]:not([data-state=busy])", { timeout: 20_000 });
  const code = await way.evaluate((row) => row.dataset.code);
  assert.equal(code, hasH264 ? "udp" : "no_h264", "the check tells");
  if (!hasH264) assert.match(await way.evaluate((row) => row.innerText), /H\.264[^]*(Chrome|Edge)/);

  await hill.click("#start");
  await hill.waitForSelector("body[data-phase=lesson]", { timeout: 10_000 });
  await teacher.seesAndHears(["hill"], 20_000);
  const heard = () => of(hill, "teacher", "microphone", "totalAudioEnergy");
  const energy = await heard();
  await eventually("Firefox hears the teacher", 15_000, async () => (await heard()) > energy);
  if (hasH264) {
    const seen = () => of(hill, "teacher", "camera", "framesDecoded");
    await eventually("Firefox sees the teacher", 15_000, async () => (await seen()) > 10);
    await hill.waitForSelector("[data-tile][data-participant=teacher][data-state=live]", { timeout: 10_000 });
  } else {
    const notice = await hill.waitForSelector("#notice [data-notice=h264_missing]", { timeout: 15_000 });
    assert.match(await notice.evaluate((item) => item.innerText), /\p{Script=Han}{4,}/u);
  }
});
