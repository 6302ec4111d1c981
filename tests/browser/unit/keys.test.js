import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTurn, muteTarget } from "../../../crates/web/assets/stage/floor.js";
import { KEY_OF, arrowTarget, commandOf } from "../../../crates/web/assets/stage/keys.js";

const press = (code, more = {}) => ({ code, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, repeat: false, ...more });
const room = (id, hand_raised = false) => ({ id, name: id, role: "receiving", hand_raised, tracks: [] });

test("letters are acts, digits choose a class, a remote moves", () => {
  assert.deepEqual(commandOf(press("KeyF"), "none"), { act: "floor" });
  assert.deepEqual(commandOf(press("Numpad2"), "none"), { select: 2 });
  assert.deepEqual(commandOf(press("PageDown"), "none"), { move: "next" });
  assert.deepEqual(commandOf(press("Slash", { shiftKey: true }), "none"), { act: "help" });
  assert.deepEqual(commandOf(press("KeyF", { shiftKey: true }), "none"), { act: "full" });
});

test("the browser's own shortcuts and keys held down do nothing", () => {
  assert.equal(commandOf(press("KeyF", { ctrlKey: true }), "none"), null);
  assert.equal(commandOf(press("KeyE", { repeat: true }), "none"), null);
});

test("while a text is written letters are letters, and Escape still closes", () => {
  assert.equal(commandOf(press("KeyE"), "text"), null);
  assert.equal(commandOf(press("ArrowUp"), "text"), null);
  assert.equal(commandOf(press("ArrowUp"), "list"), null);
  assert.deepEqual(commandOf(press("Escape"), "text"), { close: true });
});

test("every act shows its key", () => {
  assert.equal(KEY_OF.floor, "F");
  assert.equal(KEY_OF.lock, "K");
});

test("arrows lead to the nearest thing in their direction", () => {
  const at = (x, y) => ({ x, y, width: 10, height: 10 });
  const rects = [at(0, 0), at(20, 0), at(40, 0), at(20, 30)];
  assert.equal(arrowTarget(rects, 0, "right"), 1);
  assert.equal(arrowTarget(rects, 1, "down"), 3);
  assert.equal(arrowTarget(rects, 3, "up"), 1);
  assert.equal(arrowTarget(rects, 0, "left"), -1);
  assert.equal(arrowTarget(rects, -1, "down"), 0);
  assert.equal(arrowTarget(rects, 3, "next"), 0);
  assert.equal(arrowTarget(rects, 0, "previous"), 3);
  assert.equal(arrowTarget([], -1, "next"), -1);
});

test("the floor goes to the chosen class, else to the raised hand, else to the only class", () => {
  const classes = [room("a"), room("b", true)];
  assert.deepEqual(nextTurn({ classes, selected: "a", floor: null }), { to: "a" });
  assert.deepEqual(nextTurn({ classes, selected: null, floor: null }), { to: "b" });
  assert.deepEqual(nextTurn({ classes: [room("a")], selected: null, floor: null }), { to: "a" });
  assert.deepEqual(nextTurn({ classes: [room("a"), room("b")], selected: null, floor: null }), { refused: "choose_class" });
  assert.deepEqual(nextTurn({ classes: [], selected: null, floor: null }), { refused: "no_class" });
});

test("the same key takes the floor back, or gives it to another chosen class", () => {
  const classes = [room("a"), room("b")];
  assert.deepEqual(nextTurn({ classes, selected: null, floor: "a" }), { to: null });
  assert.deepEqual(nextTurn({ classes, selected: "a", floor: "a" }), { to: null });
  assert.deepEqual(nextTurn({ classes, selected: "b", floor: "a" }), { to: "b" });
  assert.deepEqual(nextTurn({ classes, selected: "gone", floor: "gone" }), { to: null });
});

test("muting means the chosen or the only class", () => {
  assert.deepEqual(muteTarget({ classes: [room("a")], selected: null }), { to: "a" });
  assert.deepEqual(muteTarget({ classes: [room("a"), room("b")], selected: "b" }), { to: "b" });
  assert.deepEqual(muteTarget({ classes: [room("a"), room("b")], selected: null }), { refused: "choose_class" });
});
