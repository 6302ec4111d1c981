import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CELLS, crc16, elapsed_ms, fromBytes, isWhite, toBytes } from "../../../crates/web/assets/signal/marker.js";
import { findMarkers } from "../../../crates/web/assets/signal/find.js";
import { blurred, noisy, picture, place } from "../support/marker.js";
import "../support/inpage/marker.js";

/** What native nodes draw (crates/media/tests/marker.rs). */
const KEPT = JSON.parse(readFileSync(new URL("../../../crates/media/tests/samples/marker.json", import.meta.url), "utf8"));
const STAMP = { session: 0xbeef, frame: 5040, timestamp_ms: 0x8000_0001 };
const [WIDTH, HEIGHT] = [1280, 720];
const grey = () => picture(WIDTH, HEIGHT, 90);

const stampsOf = (luma) => findMarkers(luma).map(({ stamp }) => stamp);

test("the checksum matches its published check value", () => {
  assert.equal(crc16(new TextEncoder().encode("123456789")), 0x29b1);
});

test("markers are drawn cell by cell as native nodes draw them, here and by the tests' own camera", () => {
  assert.ok(KEPT.length >= 10);
  for (const { cells, columns, ...stamp } of KEPT) {
    for (const bytes of [toBytes(stamp), globalThis.tongkeMarker.toBytes(stamp)]) {
      const drawn = Array.from({ length: CELLS }, (_, index) => (isWhite(bytes, index) ? "." : "#")).join("");
      assert.equal(drawn, cells, JSON.stringify(stamp));
    }
    assert.deepEqual(fromBytes(toBytes(stamp)), stamp);
    assert.ok(columns === 20 || columns === 10);
  }
});

test("a native node's picture is read, with both arrangements of the cells", () => {
  for (const { cells, columns, ...stamp } of KEPT) {
    const luma = picture(columns === 20 ? WIDTH : 320, columns === 20 ? HEIGHT : 240, 90);
    const fill = (left, top, width, height, light) => {
      for (let y = top; y < top + height; y++) luma.pixels.fill(light, y * luma.width + left, y * luma.width + left + width);
    };
    fill(16, 16, (columns + 2) * 16, (CELLS / columns + 2) * 16, 235);
    [...cells].forEach((cell, n) => {
      if (cell === "#") fill(32 + (n % columns) * 16, 32 + Math.floor(n / columns) * 16, 16, 16, 16);
    });
    assert.deepEqual(stampsOf(luma), [stamp]);
  }
});

test("a marker is found at any place and size, down to small cells", () => {
  for (const columns of [20, 10]) {
    for (const cell of [5, 7.3, 11.1, 16, 27.7, 48.4]) {
      for (const [left, top] of [[0.4, 0.7], [100.5, 33.2], [200.25, 77.7]]) {
        const luma = grey();
        place(luma, STAMP, { left, top, cell, columns });
        assert.deepEqual(stampsOf(luma), [STAMP], `${columns} columns of ${cell} at ${left}, ${top}`);
      }
    }
  }
});

test("a picture out of focus, grainy, washed out or squeezed a little is read all the same", () => {
  const looks = {
    "out of focus": [{ cell: 12.6 }, (luma) => blurred(luma, 3)],
    grainy: [{ cell: 12.6 }, (luma) => noisy(luma, 11)],
    "washed out": [{ cell: 12.6, black: 90, white: 160 }, (luma) => blurred(luma, 2)],
    squeezed: [{ cell: 12.6, aspect: 0.945, columns: 10 }, (luma) => luma],
    stretched: [{ cell: 12.6, aspect: 1.055, columns: 10 }, (luma) => luma],
    "out of focus, grainy and on black": [{ cell: 9.4 }, (luma) => noisy(blurred(luma, 2), 12), 4],
    "on a white wall": [{ cell: 9.4 }, (luma) => blurred(luma, 2), 235],
  };
  for (const [name, [look, film, light = 90]] of Object.entries(looks)) {
    const luma = picture(WIDTH, HEIGHT, light);
    place(luma, STAMP, { left: 61.3, top: 48.8, ...look });
    assert.deepEqual(stampsOf(film(luma)), [STAMP], name);
  }
});

test("light that falls off across the screen does not matter", () => {
  const luma = grey();
  place(luma, STAMP, { left: 61.3, top: 48.8, cell: 20 });
  luma.pixels = luma.pixels.map((value, n) => value * (1 - (0.5 * (n % WIDTH)) / WIDTH));
  assert.deepEqual(stampsOf(luma), [STAMP]);
});

test("two screens in one picture are both read, from top to bottom", () => {
  const [later, earlier] = [{ ...STAMP, frame: 77 }, { ...STAMP, frame: 70 }];
  const luma = grey();
  place(luma, later, { left: 30, top: 20, cell: 14.2 });
  place(luma, earlier, { left: 700.6, top: 420.3, cell: 9.1, columns: 10 });
  assert.deepEqual(stampsOf(luma), [later, earlier]);
});

test("no marker, and a damaged one, are nothing and not something else", () => {
  assert.deepEqual(findMarkers(grey()), []);
  assert.deepEqual(findMarkers(noisy(grey(), 80)), []);
  assert.deepEqual(findMarkers(picture(4, 4, 0)), []);
  for (let cell = 4; cell < CELLS; cell++) {
    const luma = grey();
    place(luma, STAMP, { left: 64, top: 64, cell: 16 });
    const [column, row] = [cell % 20, Math.floor(cell / 20)];
    const light = isWhite(toBytes(STAMP), cell) ? 16 : 235;
    for (let y = 0; y < 16; y++) {
      const from = (80 + row * 16 + y) * WIDTH + 80 + column * 16;
      luma.pixels.fill(light, from, from + 16);
    }
    assert.deepEqual(findMarkers(luma), [], `cell ${cell}`);
  }
});

test("a marker without its quiet border is none", () => {
  const dark = (luma, x, y, width, height) => {
    for (let row = y; row < y + height; row++) luma.pixels.fill(16, row * WIDTH + x, row * WIDTH + x + width);
  };
  const sides = { below: [64, 64 + 6 * 16, 22 * 16, 16], right: [64 + 21 * 16, 64, 16, 7 * 16], left: [64, 100, 16, 60] };
  for (const [side, box] of Object.entries(sides)) {
    const luma = grey();
    place(luma, STAMP, { left: 64, top: 64, cell: 16 });
    dark(luma, ...box);
    assert.deepEqual(findMarkers(luma), [], side);
  }
});

test("a picture taken across a change of the marker gives either stamp or none", () => {
  const next = { ...STAMP, frame: STAMP.frame + 1, timestamp_ms: STAMP.timestamp_ms + 33 };
  for (const share of [0.1, 0.3, 0.45, 0.5, 0.55, 0.7, 0.9]) {
    const [before, after] = [grey(), grey()];
    place(before, STAMP, { left: 64, top: 64, cell: 16 });
    place(after, next, { left: 64, top: 64, cell: 16 });
    before.pixels = before.pixels.map((value, n) => Math.round(value * (1 - share) + after.pixels[n] * share));
    const stamps = stampsOf(before);
    const expected = share < 0.45 ? [STAMP] : share > 0.55 ? [next] : [];
    assert.deepEqual(stamps, expected, String(share));
  }
});

test("time between stamps is right across the wrap of their clock", () => {
  const at = (timestamp_ms) => ({ session: 1, frame: 0, timestamp_ms });
  assert.equal(elapsed_ms(at(100), at(350)), 250);
  assert.equal(elapsed_ms(at(2 ** 32 - 5), at(7)), 12);
  assert.equal(elapsed_ms(at(7), at(2 ** 32 - 5)), -12);
});
