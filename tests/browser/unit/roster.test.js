import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../../crates/web/assets/stage/roster.js";

test("a pasted class list is one name a line, or has commas between", () => {
  assert.deepEqual(namesOf("王小明\r\n李 红\n\n张伟"), ["王小明", "李 红", "张伟"]);
  assert.deepEqual(namesOf("王小明、李红，张伟,刘洋；陈静"), ["王小明", "李红", "张伟", "刘洋", "陈静"]);
});

test("numbers before names go, and two of the same name are two pupils", () => {
  assert.deepEqual(namesOf("1. 王小明\n2、李红\n03 李红\n4\t张伟"), ["王小明", "李红", "李红", "张伟"]);
  assert.deepEqual(namesOf(" \n 12 \n"), []);
});
