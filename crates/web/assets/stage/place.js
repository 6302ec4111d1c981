// Where pictures hang: rectangles for the large and the small ones of a screen. Pure.

/** @import { Area } from "./layouts.js" */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect in CSS pixels */

/**
 * @typedef {object} Frame
 * @property {number} width
 * @property {number} height
 * @property {number} gap between pictures
 * @property {number} least width of small pictures that their words need
 * @property {number} caption height below each picture that its words take; 0: they lie on it
 */

const ASPECT = 16 / 9;
/** What the small pictures take of the side at which they stand: at least, and at most. */
const ASIDE_SHARE = 0.22;
const ASIDE_MOST = 0.34;

/**
 * One rectangle for each picture, in the same order. The small ones stand at the right or below,
 * wherever they leave the large ones larger.
 * @param {Area[]} areas
 * @param {Frame} frame
 * @returns {Rect[]}
 */
export function place(areas, frame) {
  const small = areas.filter((area) => area === "small").length;
  const large = areas.length - small;
  const whole = { x: 0, y: 0, width: frame.width, height: frame.height };
  // A picture that is alone on a pupils' screen goes from edge to edge.
  if (areas.length === 1 && frame.caption === 0) return [whole];
  if (small === 0) return grid(large, whole, frame);
  // The place of the large ones stays free for those who are awaited.
  if (large === 0) return strip(small, asideOf(small, frame), frame);
  const [larges, smalls] = [beside(large, small, frame), below(large, small, frame)].reduce((a, b) =>
    sizeOf(b[0]) > sizeOf(a[0]) ? b : a,
  );
  return areas.map((area) => /** @type {Rect} */ ((area === "large" ? larges : smalls).shift()));
}

/**
 * The column at the right, no wider than the small pictures can use.
 * @param {number} small
 * @param {Frame} frame
 * @returns {Rect}
 */
function asideOf(small, { width, height, gap, least, caption }) {
  const tallest = ((height - gap * (small - 1)) / small - caption) * ASPECT;
  const wanted = Math.max(width * ASIDE_SHARE, Math.min(least, width * ASIDE_MOST));
  const taken = Math.floor(Math.max(0, Math.min(wanted, tallest)));
  return { x: width - taken, y: 0, width: taken, height };
}

/**
 * The small pictures in a column at the right.
 * @param {number} large
 * @param {number} small
 * @param {Frame} frame
 */
function beside(large, small, frame) {
  const { width, height, gap, caption } = frame;
  const { width: least } = asideOf(small, frame);
  const tallest = ((height - gap * (small - 1)) / small - caption) * ASPECT;
  const larges = grid(large, { x: 0, y: 0, width: width - least - gap, height }, frame);
  const spare = width - least - gap - spanOf(larges, "x", "width");
  const aside = Math.floor(Math.min(least + spare, width * ASIDE_MOST, Math.max(least, tallest)));
  const main = { x: 0, y: 0, width: width - aside - gap, height };
  const column = { x: main.width + gap, y: 0, width: aside, height };
  return [grid(large, main, frame), strip(small, column, frame)];
}

/**
 * The small pictures in a row below.
 * @param {number} large
 * @param {number} small
 * @param {Frame} frame
 */
function below(large, small, frame) {
  const { width, height, gap, caption } = frame;
  const widest = (width - gap * (small - 1)) / small / ASPECT + caption;
  const wanted = Math.max(height * ASIDE_SHARE, Math.min(frame.least / ASPECT, height * ASIDE_MOST - caption));
  const least = Math.floor(Math.min(wanted + caption, widest));
  const larges = grid(large, { x: 0, y: 0, width, height: height - least - gap }, frame);
  const spare = height - least - gap - spanOf(larges, "y", "height");
  const aside = Math.floor(Math.min(least + spare, height * ASIDE_MOST, widest));
  const main = { x: 0, y: 0, width, height: height - aside - gap };
  const row = { x: 0, y: main.height + gap, width, height: aside };
  return [grid(large, main, frame), strip(small, row, frame)];
}

/**
 * How large a picture is within its place, by width.
 * @param {Rect[]} rects
 */
function sizeOf([rect]) {
  return rect ? Math.min(rect.width, rect.height * ASPECT) : 0;
}

/**
 * What rectangles take of one direction.
 * @param {Rect[]} rects
 * @param {"x" | "y"} from
 * @param {"width" | "height"} length
 */
function spanOf(rects, from, length) {
  return Math.max(...rects.map((rect) => rect[from] + rect[length])) - Math.min(...rects.map((rect) => rect[from]));
}

/**
 * As many columns as make the pictures largest.
 * @param {number} count @param {Rect} box @param {Frame} frame @returns {Rect[]}
 */
export function grid(count, box, { gap, caption }) {
  if (count === 0) return [];
  const fits = Array.from({ length: count }, (_, index) => index + 1).map((columns) => {
    const rows = Math.ceil(count / columns);
    const widest = (box.width - gap * (columns - 1)) / columns;
    const tallest = ((box.height - gap * (rows - 1)) / rows - caption) * ASPECT;
    return { columns, rows, width: Math.max(0, Math.floor(Math.min(widest, tallest))) };
  });
  const best = fits.reduce((a, b) => (b.width > a.width ? b : a));
  const height = Math.floor(best.width / ASPECT) + caption;
  const top = box.y + (box.height - best.rows * height - gap * (best.rows - 1)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / best.columns);
    const in_row = row < best.rows - 1 ? best.columns : count - row * best.columns;
    const left = box.x + (box.width - in_row * best.width - gap * (in_row - 1)) / 2;
    const x = Math.round(left + (index % best.columns) * (best.width + gap));
    return { x, y: Math.round(top + row * (height + gap)), width: best.width, height };
  });
}

/**
 * In one line along the longer side, in the middle of it.
 * @param {number} count
 * @param {Rect} box
 * @param {Frame} frame
 * @returns {Rect[]}
 */
function strip(count, box, { gap, caption }) {
  const stands = box.height > box.width;
  const tallest = stands ? (box.height - gap * (count - 1)) / count : box.height;
  const widest = stands ? box.width : (box.width - gap * (count - 1)) / count;
  const width = Math.max(0, Math.floor(Math.min(widest, (tallest - caption) * ASPECT)));
  const height = Math.floor(width / ASPECT) + caption;
  const left = stands ? box.width - width : (box.width - count * width - gap * (count - 1)) / 2;
  const top = stands ? (box.height - count * height - gap * (count - 1)) / 2 : 0;
  return Array.from({ length: count }, (_, index) => ({
    x: Math.floor(box.x + left + (stands ? 0 : index * (width + gap))),
    y: Math.floor(box.y + top + (stands ? index * (height + gap) : 0)),
    width,
    height,
  }));
}
