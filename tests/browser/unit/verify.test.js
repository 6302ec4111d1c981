import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "../../../crates/web/assets/verify/check.js";

const answer = (status, body = {}) => async () => new Response(JSON.stringify(body), { status });
const file = new Blob(['{"report":{"facts":{},"criteria":{"name":"tongke","version":"1","sha256":""}},"signature":""}\n']);

test("the file goes as it is, byte for byte, to this server's registry", async () => {
  const asked = [];
  const ask = async (address, { method, body }) => {
    asked.push([address, method, await body.text()]);
    return new Response('{"state":"intact"}');
  };
  const criteria = { name: "tongke", version: "1" };
  assert.deepEqual(await check(file, ask), { checked: { state: "intact" }, criteria });
  assert.deepEqual(asked, [["/api/v1/reports/check", "POST", await file.text()]]);
});

test("a file that is no report names no criteria", async () => {
  for (const words of ["<html>", "{}", '{"report":{"criteria":null}}']) {
    const { criteria } = await check(new Blob([words]), answer(200, { state: "altered" }));
    assert.equal(criteria, null, words);
  }
});

test("what cannot be a report is not sent", async () => {
  const ask = () => assert.fail("sent");
  assert.deepEqual(await check(new Blob([]), ask), { problem: "empty" });
  assert.deepEqual(await check(new Blob([new Uint8Array(8 * 1024 * 1024 + 1)]), ask), { problem: "too_long" });
});

test("a refusal is a problem with a name, and never a verdict", async () => {
  const problems = { 404: "no_registry", 405: "no_registry", 413: "too_long", 429: "too_often", 422: "failed", 500: "failed", 503: "failed" };
  for (const [status, problem] of Object.entries(problems)) {
    assert.deepEqual(await check(file, answer(Number(status), { state: "intact" })), { problem }, status);
  }
  assert.deepEqual(await check(file, async () => { throw new TypeError("no network"); }), { problem: "unreachable" });
  assert.deepEqual(await check(file, async () => new Response("<html>")), { problem: "unreachable" });
});
