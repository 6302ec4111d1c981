// Networks that let only part of a lesson through, or nothing for a while.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./support/artefacts.js";
import { Lesson } from "./support/lesson.js";

const PLAIN = { seed: 1 };
const MEDIA_PORT = "5004";

test("where UDP does not get through, the check is amber and the lesson goes over TCP", async (t) => {
  const lesson = await Lesson.start(t, { narrow: PLAIN });
  await lesson.link.change({ block: "udp" });
  const teacher = await lesson.open("teacher", "supporting");
  await teacher.page.locator("[data-check=way][data-state=warn][data-code=tcp]").waitFor({ timeout: 20_000 });
  assert.match(await teacher.speaksPlainly("[data-check=way]"), /UDP/);
  await teacher.start();
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.seesAndHears(["hill"], 20_000), hill.seesAndHears(["teacher"], 20_000)]);
  const pairs = await teacher.stats("candidate-pair");
  const locals = await teacher.stats("local-candidate");
  const used = pairs.filter(({ nominated, state }) => nominated && state === "succeeded");
  const protocols = used.map((pair) => locals.find(({ id }) => id === pair.localCandidateId)?.protocol);
  assert.ok(protocols.length > 0 && protocols.every((protocol) => protocol === "tcp"), `${protocols}`);
});

test("where the page gets through and media does not, or nothing does, the check is red and says what to do", async (t) => {
  const lesson = await Lesson.start(t, { narrow: PLAIN });
  await lesson.link.change({ block: MEDIA_PORT });
  const teacher = await lesson.open("teacher", "supporting");
  await teacher.page.locator("[data-check=way][data-state=bad][data-code=no_media]").waitFor({ timeout: 30_000 });
  await teacher.speaksPlainly("[data-check=way]");
  await teacher.start();
  await teacher.notice("connecting").waitFor({ timeout: 20_000 });
  await lesson.link.change({ block: "nothing" });
  await teacher.notice("connecting").waitFor({ state: "detached", timeout: 20_000 });

  const hill = await lesson.open("hill", "receiving");
  await hill.page.locator("[data-check=way]:not([data-state=busy])").waitFor({ timeout: 20_000 });
  await lesson.link.change({ block: "all" });
  await hill.page.locator("[data-check=way] [data-part=retry]").click();
  await hill.page.locator("[data-check=way][data-state=bad][data-code=relay_unreachable]").waitFor({ timeout: 40_000 });
  await hill.speaksPlainly("[data-check=way]");
});

test("a network that is gone for a while is said at once, and the lesson comes back by itself", async (t) => {
  const lesson = await Lesson.start(t, { narrow: PLAIN });
  const teacher = await lesson.join("teacher", "supporting");
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.seesAndHears(["hill"], 15_000), hill.seesAndHears(["teacher"], 15_000)]);
  await teacher.showsLive("hill");
  await lesson.link.change({ block: "all" });
  await teacher.page.locator("[data-tile][data-participant=hill][data-state=old]").waitFor({ timeout: 5_000 });
  await teacher.notice("network_gone").waitFor({ timeout: 15_000 });
  await teacher.speaksPlainly("#notice [data-notice=network_gone]");
  await lesson.link.change({ block: "nothing" });
  const back_ms = performance.now();
  await Promise.all([teacher.seesAndHears(["hill"], 20_000), hill.seesAndHears(["teacher"], 20_000)]);
  figure(t, "both see and hear again after the network is back", performance.now() - back_ms, { limit: 5_000 });
  await teacher.notice("network_gone").waitFor({ state: "detached" });
});

test("a page that cannot ask the relay says so and goes on by itself once it can", async (t) => {
  const lesson = await Lesson.start(t);
  const context = await lesson.context();
  await context.route("**/lessons/*/self", (route) => route.abort("connectionfailed"));
  const teacher = await lesson.open("teacher", "supporting", { context });
  await teacher.problem("relay_unreachable").waitFor();
  await teacher.speaksPlainly("#problem");
  await context.unroute("**/lessons/*/self");
  await teacher.page.locator("#start").waitFor();
});
