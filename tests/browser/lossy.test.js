// A lesson over a link that loses 3 % of the packets both ways, 60 ms away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./support/artefacts.js";
import { Lesson } from "./support/lesson.js";

const SECONDS = 60;

test("3 % loss and 60 ms round trip: no freeze above 1 s in 60 s, and lost packets are sent again", async (t) => {
  const lesson = await Lesson.start(t, { narrow: { seed: 20_181_115, loss: 0.03, delay_ms: 30 } });
  const teacher = await lesson.join("teacher", "supporting");
  const hill = await lesson.join("hill", "receiving");
  await Promise.all([teacher.seesAndHears(["hill"], 15_000), hill.seesAndHears(["teacher"], 15_000)]);
  await Promise.all([teacher.showsLive("hill"), hill.showsLive("teacher")]);

  const gap_ms = (shown, other) =>
    shown.tile(other).locator("video").evaluate(
      (video, watch_ms) => globalThis.tongkePeers.longestGap(video, watch_ms),
      SECONDS * 1000,
    );
  const gaps_ms = await Promise.all([gap_ms(teacher, "hill"), gap_ms(hill, "teacher")]);
  const counts = await lesson.link.change({});
  const { offered, lost } = counts.to_far;
  t.diagnostic(`the link lost ${lost} of ${offered} packets to the relay`);
  assert.ok(lost / offered > 0.02 && lost / offered < 0.04, `the link did its work: ${lost} of ${offered}`);

  for (const shown of [teacher, hill]) {
    const received = (await shown.stats("inbound-rtp")).filter(({ kind }) => kind === "video");
    const sent = (await shown.stats("outbound-rtp")).filter(({ kind }) => kind === "video");
    const sum = (list, field) => list.reduce((all, one) => all + (one[field] ?? 0), 0);
    const repaired = {
      nacks: sum(received, "nackCount"),
      received_again: sum(received, "retransmittedPacketsReceived"),
      sent_again: sum(sent, "retransmittedPacketsSent"),
    };
    t.diagnostic(`${shown.participant}: ${JSON.stringify(repaired)}`);
    for (const [what, count] of Object.entries(repaired)) assert.ok(count > 0, `${shown.participant}: ${what}`);
  }
  figure(t, "longest freeze in 60 s at 3 % loss and 60 ms round trip", Math.max(...gaps_ms), {
    limit: 1_000,
    tolerance: 2.5,
  });
});
