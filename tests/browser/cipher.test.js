// With which cipher a real browser's media is encrypted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "./support/eventually.js";
import { Lesson } from "./support/lesson.js";

test("media of both directions has an AEAD cipher", async (t) => {
  const lesson = await Lesson.start(t);
  const teacher = await lesson.join("teacher", "supporting");
  const ciphers = await eventually("both connections are encrypted", 10_000, async () => {
    const transports = await teacher.stats("transport");
    const known = transports.map(({ srtpCipher }) => srtpCipher).filter(Boolean);
    return known.length === 2 && known;
  });
  t.diagnostic(`srtpCipher: ${ciphers}`);
  for (const cipher of ciphers) assert.match(cipher, /^(SRTP_)?AEAD_AES_(128|256)_GCM$/);
});
