import assert from "node:assert/strict";
import { test } from "node:test";
import { classesOf, mayPublish, nextScreen, screenFor, shotsOf } from "../../../crates/web/assets/stage/layouts.js";

const room = (id, role, ...kinds) => ({ id, name: id, role, hand_raised: false, tracks: kinds.map((kind) => ({ kind })) });
const teacher = room("t", "supporting", "camera", "microphone");
const sharing = room("t", "supporting", "camera", "microphone", "screen");
const first = room("a", "receiving", "camera");
const second = room("b", "receiving", "camera");

function view(me, role, screen, others, more = {}) {
  return {
    me: { participant: me, role },
    screen,
    participants: new Map(others.map((one) => [one.id, one])),
    floor: null,
    shows_own: false,
    shares: false,
    ...more,
  };
}

const told = (shots) => shots.map((shot) => `${shot.key} ${shot.area}${shot.own ? " own" : ""}${shot.has_floor ? " floor" : ""}`);

test("the teacher's desk shows the classes large, courseware and own picture small", () => {
  const shots = shotsOf(view("t", "supporting", "desk", [second, sharing, first], { shows_own: true, shares: true }));
  assert.deepEqual(told(shots), ["a/camera large", "b/camera large", "t/screen small own", "t/camera small own"]);
});

test("own picture is there before the relay tells of this room", () => {
  const shots = shotsOf(view("t", "supporting", "desk", [], { shows_own: true }));
  assert.deepEqual(told(shots), ["t/camera small own"]);
});

test("the rear screen shows nothing but the classes", () => {
  assert.deepEqual(told(shotsOf(view("t", "supporting", "rear", [sharing, first, second]))), ["a/camera large", "b/camera large"]);
});

test("the class with the floor is large and the others stand aside", () => {
  const shots = shotsOf(view("t", "supporting", "rear", [teacher, first, second], { floor: "b" }));
  assert.deepEqual(told(shots), ["a/camera small", "b/camera large floor"]);
});

test("the main screen shows the teacher, and courseware with the teacher beside", () => {
  assert.deepEqual(told(shotsOf(view("a", "receiving", "main", [teacher, first, second]))), ["t/camera large"]);
  assert.deepEqual(told(shotsOf(view("a", "receiving", "main", [sharing, first, second]))), ["t/screen large", "t/camera small"]);
});

test("a class with the floor is large on the main screen of the other, beside the courseware", () => {
  const shots = shotsOf(view("a", "receiving", "main", [sharing, first, second], { floor: "b" }));
  assert.deepEqual(told(shots), ["t/screen large", "b/camera large floor", "t/camera small"]);
});

test("a class that has the floor keeps looking at the teacher", () => {
  const shots = shotsOf(view("a", "receiving", "main", [teacher, first], { floor: "a", shows_own: true }));
  assert.deepEqual(told(shots), ["t/camera large", "a/camera small own floor"]);
});

test("a class that has the floor is no larger than others on its own teacher's desk", () => {
  const shots = shotsOf(view("a", "receiving", "desk", [teacher, first], { floor: "a", shows_own: true }));
  assert.deepEqual(told(shots), ["t/camera large", "a/camera large own floor"]);
});

test("observers see everything, and who has the floor large", () => {
  assert.deepEqual(told(shotsOf(view("o", "observer", "observer", [sharing, first]))), ["t/screen large", "t/camera large", "a/camera large"]);
  const shots = shotsOf(view("o", "observer", "observer", [teacher, first], { floor: "a" }));
  assert.deepEqual(told(shots), ["t/camera small", "a/camera large floor"]);
});

test("a floor held by somebody who is not there changes nothing", () => {
  const shots = shotsOf(view("a", "receiving", "main", [teacher, first], { floor: "gone" }));
  assert.deepEqual(told(shots), ["t/camera large"]);
});

test("classes keep their numbers whoever comes first", () => {
  assert.deepEqual(classesOf([second, teacher, first], "t").map((one) => one.id), ["a", "b"]);
});

test("a screen that the role has not is its usual one, and the key goes round", () => {
  assert.equal(screenFor("supporting", "side"), "desk");
  assert.equal(screenFor("receiving", "side"), "side");
  assert.equal(nextScreen("receiving", "desk"), "main");
  assert.equal(nextScreen("observer", "observer"), "observer");
});

test("rear and side screens never send, nor do observers", () => {
  assert.ok(mayPublish("supporting", "desk") && mayPublish("receiving", "main"));
  assert.ok(!mayPublish("supporting", "rear") && !mayPublish("receiving", "side") && !mayPublish("observer", "observer"));
});
