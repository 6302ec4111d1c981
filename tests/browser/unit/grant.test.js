import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, readClaims } from "../../../crates/web/assets/grant.js";
import { forgetOld, memory, Store } from "../../../crates/web/assets/store.js";

function token(claims) {
  const part = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `h.${part}.s`;
}

const CLAIMS = { lesson: "math", sub: "school-2", name: "洲岭小学", role: "receiving", exp: 1000 };

function storages() {
  return { window: memory(), room: memory() };
}

function address(path) {
  return new URL(path, "https://relay.example");
}

test("a grant's claims are read as UTF-8", () => {
  assert.deepEqual(readClaims(token(CLAIMS)), CLAIMS);
});

test("what is no token has no claims", () => {
  for (const text of ["", "abc", "a.%%%.c", `a.${Buffer.from("[]").toString("base64url")}.c`]) {
    assert.equal(readClaims(text), null, text);
  }
});

test("the grant leaves the address and is found again by the address without it", () => {
  const kept = storages();
  let shown = "";
  const url = address(`/lessons/math?grant=${token(CLAIMS)}&screen=rear`);
  const first = enter(url, (text) => (shown = text), kept);
  assert.equal(first.participant, "school-2");
  assert.equal(shown, "/lessons/math?screen=rear&as=school-2");
  const again = enter(address(shown), () => assert.fail("nothing to hide"), { ...kept, window: memory() });
  assert.equal(again.grant, first.grant);
});

test("an address without a name finds the only room kept, and none of two", () => {
  const kept = storages();
  enter(address(`/lessons/math?grant=${token(CLAIMS)}`), () => {}, kept);
  assert.equal(enter(address("/lessons/math"), () => {}, kept).participant, "school-2");
  assert.equal(enter(address("/lessons/art"), () => {}, kept), null);
  enter(address(`/lessons/math?grant=${token({ ...CLAIMS, sub: "school-3" })}`), () => {}, kept);
  assert.equal(enter(address("/lessons/math"), () => {}, kept), null);
});

test("a broken grant leaves the address too", () => {
  let shown = "";
  assert.equal(enter(address("/lessons/math?grant=oops"), (text) => (shown = text), storages()), null);
  assert.equal(shown, "/lessons/math");
});

test("each window keeps its own screen; a new one begins with the room's last", () => {
  const room = memory();
  const desk = new Store("math", "a", { window: memory(), room });
  const rear = new Store("math", "a", { window: memory(), room });
  desk.screen = "desk";
  rear.screen = "rear";
  assert.equal(desk.screen, "desk");
  assert.equal(new Store("math", "a", { window: memory(), room }).screen, "rear");
});

test("chosen devices are the machine's, whatever the lesson", () => {
  const kept = storages();
  new Store("math", "a", kept).devices = { camera: "c1" };
  new Store("math", "a", kept).devices = { microphone: "m1" };
  assert.deepEqual(new Store("art", "b", kept).devices, { camera: "c1", microphone: "m1", speaker: null });
});

test("rooms are forgotten a week after their grant expired", () => {
  const kept = storages();
  const store = new Store("math", "school-2", kept);
  store.grant = token(CLAIMS);
  store.started = true;
  forgetOld(CLAIMS.exp + 1, readClaims, kept);
  assert.equal(store.started, true);
  forgetOld(CLAIMS.exp + 8 * 86_400, readClaims, kept);
  assert.equal(store.grant, null);
  assert.equal(store.started, false);
});

test("a full or forbidden storage breaks nothing", () => {
  const full = { ...memory(), setItem: () => { throw new Error("QuotaExceededError"); } };
  const store = new Store("math", "a", { window: full, room: full });
  store.grant = "t";
  store.started = true;
  assert.equal(store.grant, null);
});
