import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseDevice } from "../../../crates/web/assets/link/capture.js";

const LOST = { deviceId: "c1", label: "USB Camera" };
const OTHER = { deviceId: "c2", label: "Built-in" };

test("a lost device is taken again when it is back, in another socket too", () => {
  assert.equal(chooseDevice([OTHER, LOST], LOST, 0), "c1");
  assert.equal(chooseDevice([OTHER, { deviceId: "c9", label: "USB Camera" }], LOST, 0), "c9");
});

test("another device is taken only after a while", () => {
  assert.equal(chooseDevice([OTHER], LOST, 1000), null);
  assert.equal(chooseDevice([OTHER], LOST, 60_000), "c2");
  assert.equal(chooseDevice([], LOST, 60_000), null);
});

test("devices without a name are not taken for each other", () => {
  assert.equal(chooseDevice([{ deviceId: "c2", label: "" }], { deviceId: "c1", label: "" }, 0), null);
});
