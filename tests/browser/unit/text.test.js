import assert from "node:assert/strict";
import { test } from "node:test";
import { fill } from "../../../crates/web/assets/text.js";

test("values go into their places and other braces stay", () => {
  assert.equal(fill("{name} 已停 {seconds} 秒", { name: "洲岭", seconds: 7 }), "洲岭 已停 7 秒");
  assert.equal(fill("{name} {other}", { name: "{other}" }), "{other} {other}");
});
