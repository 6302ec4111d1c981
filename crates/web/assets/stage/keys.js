// What a key means, and where an arrow leads. Pure.
//
// Keys are told by their place on the keyboard (`code`): an input method for Chinese or a Caps
// Lock left on must not take them away.

/** @import { Rect } from "./place.js" */

/**
 * @typedef {"floor" | "mute" | "microphone" | "share" | "hand" | "layout" | "second" | "headcount"
 *   | "messages" | "details" | "lock" | "end" | "full" | "help"} Act
 */
/** @typedef {"left" | "right" | "up" | "down" | "next" | "previous"} Direction */
/** @typedef {{act: Act} | {select: number} | {move: Direction} | {close: true}} Command */
/** @typedef {{code: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, shiftKey: boolean, repeat: boolean}} Press */

/** @type {Record<string, Act>} */
const ACTS = {
  KeyF: "floor",
  KeyN: "mute",
  KeyM: "microphone",
  KeyS: "share",
  KeyH: "hand",
  KeyL: "layout",
  KeyO: "second",
  KeyC: "headcount",
  KeyT: "messages",
  KeyD: "details",
  KeyK: "lock",
  KeyE: "end",
};

/** The key shown on a button. @type {Record<Act, string>} */
export const KEY_OF = {
  .../** @type {Record<Act, string>} */ (
    Object.fromEntries(Object.entries(ACTS).map(([code, act]) => [act, code.slice(3)]))
  ),
  full: "Shift+F",
  help: "?",
};

/** @type {Record<string, Direction>} */
const MOVES = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  // What presenters' remotes send.
  PageDown: "next",
  PageUp: "previous",
};

/**
 * @param {Press} press
 * @param {"text" | "list" | "none"} typing  Whether the focus is in a field that needs letters, or
 *   in one that needs the arrows only.
 * @returns {Command | null}
 */
export function commandOf(press, typing) {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  if (press.code === "Escape") return { close: true };
  if (typing === "text") return null;
  const move = MOVES[press.code];
  if (move) return typing === "none" ? { move } : null;
  if (press.repeat) return null;
  if (press.shiftKey) {
    if (press.code === "Slash") return { act: "help" };
    return press.code === "KeyF" ? { act: "full" } : null;
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code);
  if (digit) return { select: Number(digit[1]) };
  const act = ACTS[press.code];
  return act ? { act } : null;
}

/**
 * Which of some things an arrow leads to: the nearest in its direction, a step aside counting double.
 * `next` and `previous` go round in order.
 * @param {Rect[]} rects @param {number} from  -1: nothing has the focus. @param {Direction} direction
 * @returns {number} -1: nowhere.
 */
export function arrowTarget(rects, from, direction) {
  if (rects.length === 0) return -1;
  if (direction === "next") return (from + 1) % rects.length;
  if (direction === "previous") return (from <= 0 ? rects.length : from) - 1;
  if (from < 0) return 0;
  const start = rects[from];
  let best = -1;
  let best_way = Infinity;
  rects.forEach((rect, index) => {
    const way = wayTo(start, rect, direction);
    if (index !== from && way < best_way) [best, best_way] = [index, way];
  });
  return best;
}

/** @param {Rect} from @param {Rect} to @param {Direction} direction */
function wayTo(from, to, direction) {
  const across = direction === "left" || direction === "right";
  const forward = direction === "right" || direction === "down" ? 1 : -1;
  const dx = to.x + to.width / 2 - from.x - from.width / 2;
  const dy = to.y + to.height / 2 - from.y - from.height / 2;
  const along = forward * (across ? dx : dy);
  // What begins beside the start, though its middle lies a little further, is not in the direction.
  const begins = across
    ? forward > 0 ? to.x >= from.x + from.width - 1 : to.x + to.width <= from.x + 1
    : forward > 0 ? to.y >= from.y + from.height - 1 : to.y + to.height <= from.y + 1;
  if (!begins || along <= 0) return Infinity;
  const aside = across ? overlapGap(from.y, from.height, to.y, to.height) : overlapGap(from.x, from.width, to.x, to.width);
  return along + 2 * aside;
}

/** How far two spans are apart; 0 when they overlap. @param {number} a @param {number} a_length @param {number} b @param {number} b_length */
function overlapGap(a, a_length, b, b_length) {
  return Math.max(0, b - (a + a_length), a - (b + b_length));
}
