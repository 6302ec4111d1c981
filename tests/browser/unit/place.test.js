import assert from "node:assert/strict";
import { test } from "node:test";
import { place } from "../../../crates/web/assets/stage/place.js";

const frame = { width: 1920, height: 1080, gap: 10, least: 0, caption: 0 };

function assertApart(rects, { width, height }) {
  rects.forEach((a, index) => {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height, JSON.stringify(a));
    assert.ok(a.width > 0 && a.height > 0, JSON.stringify(a));
    for (const b of rects.slice(index + 1)) {
      const meet = a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
      assert.ok(!meet, `${JSON.stringify(a)} over ${JSON.stringify(b)}`);
    }
  });
}

test("a single picture takes the whole screen", () => {
  assert.deepEqual(place(["large"], frame), [{ x: 0, y: 0, width: 1920, height: 1080 }]);
});

test("two classes hang side by side, as large as they fit", () => {
  const [left, right] = place(["large", "large"], frame);
  assert.deepEqual([left.width, right.width, left.y], [955, 955, right.y]);
});

test("one large picture leaves a strip at the right", () => {
  const [large, small] = place(["large", "small"], frame);
  assert.ok(large.width > 2 * small.width);
  assert.ok(small.x >= large.width);
});

test("nothing overlaps or leaves the frame, however many and whatever the screen", () => {
  for (const [width, height] of [[1920, 1080], [1366, 620], [900, 1400], [640, 360]]) {
    for (let large = 0; large <= 6; large += 1) {
      for (let small = 0; small <= 5; small += 1) {
        const areas = [...Array(large).fill("large"), ...Array(small).fill("small")];
        const sized = { width, height, gap: 8, least: 280, caption: 24 };
        assertApart(place(areas, sized), sized);
      }
    }
  }
});

test("a narrow place gives small pictures the width that their words need", () => {
  const narrow = { width: 1000, height: 620, gap: 8, least: 280, caption: 24 };
  const [, small] = place(["large", "small"], narrow);
  assert.ok(small.width >= 279, String(small.width));
});
