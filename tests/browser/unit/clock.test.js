import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockFilter } from "../../../crates/web/assets/link/clock.js";

/** A probe of a page whose clock is `offset_us` behind the relay's, over a way of these lengths. */
function probe(filter, at_us, offset_us, there_us, back_us) {
  const t2_us = at_us + there_us + offset_us;
  const t3_us = t2_us + 50;
  filter.add({ t1_us: at_us, t2_us, t3_us }, t3_us - offset_us + back_us);
}

test("the quickest probe decides, and the bound is half its way there and back", () => {
  const filter = new ClockFilter();
  assert.equal(filter.best(), null);
  probe(filter, 0, 700_000, 40_000, 5000);
  probe(filter, 1_000_000, 700_000, 3000, 3000);
  probe(filter, 2_000_000, 700_000, 9000, 70_000);
  assert.deepEqual(filter.best(), { offset_us: 700_000, bound_us: 3000 });
});

test("the truth is within the bound, however uneven the way", () => {
  for (const [there_us, back_us] of [[0, 9000], [9000, 0], [1000, 8000]]) {
    const filter = new ClockFilter();
    probe(filter, 0, -5_000_000, there_us, back_us);
    const { offset_us, bound_us } = filter.best();
    assert.ok(Math.abs(offset_us + 5_000_000) <= bound_us);
  }
});

test("old probes are forgotten, since clocks drift, and those of a stepped clock are not taken", () => {
  const filter = new ClockFilter();
  probe(filter, 0, 1000, 10, 10);
  for (let n = 1; n <= 12; n++) probe(filter, n * 30_000_000, 2000, 500, 500);
  assert.equal(filter.best().offset_us, 2000);
  probe(filter, 0, 0, -900_000, 0);
  assert.equal(filter.best().offset_us, 2000);
  filter.reset();
  assert.equal(filter.best(), null);
});
