import assert from "node:assert/strict";
import { test } from "node:test";
import "../support/inpage/marker.js";

const { crc16, draw, fromBytes, layoutOf, readPixels, toBytes } = globalThis.tongkeMarker;

/** What a canvas keeps of rectangles: grey RGBA of the marker's area. */
class Paper {
  constructor(layout) {
    this.layout = layout;
    this.pixels = new Uint8ClampedArray(layout.outer.width * layout.outer.height * 4);
  }

  fillRect(left, top, width, height) {
    for (let y = top - 16; y < top - 16 + height; y++) {
      const row = y * this.layout.outer.width;
      this.pixels.fill(this.fillStyle === "white" ? 255 : 0, (row + left - 16) * 4, (row + left - 16 + width) * 4);
    }
  }
}

test("the checksum matches its published check value", () => {
  assert.equal(crc16(new TextEncoder().encode("123456789")), 0x29b1);
});

test("bytes are those that a native node draws", () => {
  const bytes = toBytes({ session: 0xbeef, frame: 0x7fffff, timestamp_ms: 0x80000001 });
  assert.deepEqual([...bytes.subarray(0, 10)], [0xa7, 0xbe, 0xef, 0x40, 0, 0, 0x80, 0, 0, 1]);
});

test("a stamp is read back at every usual size", () => {
  for (const [width, height] of [[320, 240], [640, 360], [1280, 720], [1920, 1080]]) {
    for (const frame of [0, 1, 0x7fffff, 0xffffff]) {
      const stamp = { session: 7, frame, timestamp_ms: 0x80000001 };
      const layout = layoutOf(width, height);
      const paper = new Paper(layout);
      draw(paper, width, height, stamp);
      assert.deepEqual(readPixels(paper.pixels, layout), stamp, `${width}x${height}`);
    }
  }
});

test("a damaged marker, and none, are unreadable and not wrong", () => {
  const layout = layoutOf(640, 360);
  const paper = new Paper(layout);
  assert.equal(readPixels(paper.pixels, layout), null);
  const bytes = toBytes({ session: 1, frame: 2, timestamp_ms: 3 });
  for (let bit = 0; bit < 96; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(fromBytes(damaged), null);
  }
});
