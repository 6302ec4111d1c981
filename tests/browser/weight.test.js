// How much a lesson's page weighs on the wire, and that nothing comes from anywhere else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./support/artefacts.js";
import { Lesson } from "./support/lesson.js";

/** The interface: what the page itself asks of the relay once it runs. */
const INTERFACE = /^\/(lessons\/[^/]+\/.+|whip\/|whep\/|check\/)/;

test("the page weighs at most 200 KB and asks no other host", async (t) => {
  const lesson = await Lesson.start(t, { https: true });
  const context = await lesson.context();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const bytes = new Map();
  const urls = new Map();
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => bytes.set(requestId, encodedDataLength));

  const teacher = lesson.adopt(page, "teacher", "supporting");
  await page.goto(lesson.relay.link("teacher", "supporting"));
  await teacher.start();
  for (const act of ["messages", "headcount", "details"]) await teacher.button(act).click();

  const { host } = new URL(lesson.relay.url);
  const foreign = teacher.requests.filter((url) => !/^(data|blob):/.test(url) && new URL(url).host !== host);
  assert.deepEqual(foreign, [], "requests to other hosts");
  assert.deepEqual(teacher.log.filter((line) => /Content Security Policy/.test(line)), [], "nor are they tried");
  const parts = [...bytes].filter(([id]) => !INTERFACE.test(new URL(urls.get(id)).pathname));
  assert.ok(parts.length > 10, `modules and style sheets were counted: ${parts.length}`);
  const kb = parts.reduce((sum, [, length]) => sum + length, 0) / 1000;
  figure(t, "page weight over the wire", kb, { limit: 200, unit: "KB", tolerance: 1 });
});
