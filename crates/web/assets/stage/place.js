// Where pictures hang: rectangles for the large and the small ones of a screen. Pure.

/** @typedef {{x: number, y: number, width: number, height: number}} Rect in CSS pixels */

/**
 * @typedef {object} Frame
 * @property {number} width
 * @property {number} height
 * @property {number} gap between pictures
 * @property {number} caption height below each picture that its words take; 0: they lie on it
 */

const ASPECT = 16 / 9;
/** What the small pictures take of the longer side. */
const ASIDE_SHARE = 0.22;

/**
 * One rectangle for each picture, in the same order.
 * @param {("large" | "small")[]} areas @param {Frame} frame @returns {Rect[]}
 */
export function place(areas, frame) {
  const small = areas.filter((area) => area === "small").length;
  const large = areas.length - small;
  const whole = { x: 0, y: 0, width: frame.width, height: frame.height };
  const [main, aside] = large === 0 || small === 0 ? [whole, whole] : split(whole, small, frame);
  const larges = grid(large, main, frame);
  const smalls = large === 0 ? grid(small, aside, frame) : strip(small, aside, frame);
  return areas.map((area) => /** @type {Rect} */ ((area === "large" ? larges : smalls).shift()));
}

/**
 * The small pictures stand at the right; on an upright screen, below.
 * @param {Rect} whole @param {number} small @param {Frame} frame
 */
function split(whole, small, { gap, caption }) {
  if (whole.width >= whole.height) {
    // A strip that is not full gets no wider than its pictures can use.
    const tallest = ((whole.height - gap * (small - 1)) / small - caption) * ASPECT;
    const width = Math.floor(Math.max(0, Math.min(whole.width * ASIDE_SHARE, tallest)));
    const main = { ...whole, width: whole.width - width - gap };
    return [main, { ...whole, x: main.width + gap, width }];
  }
  const widest = (whole.width - gap * (small - 1)) / small / ASPECT + caption;
  const height = Math.floor(Math.min(whole.height * ASIDE_SHARE * 1.5, widest));
  const main = { ...whole, height: whole.height - height - gap };
  return [main, { ...whole, y: main.height + gap, height }];
}

/**
 * As many columns as make the pictures largest; a single one takes the whole place.
 * @param {number} count @param {Rect} box @param {Frame} frame @returns {Rect[]}
 */
export function grid(count, box, { gap, caption }) {
  if (count <= 1) return count === 0 ? [] : [{ ...box }];
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

/** From the top down, or from the left. @param {number} count @param {Rect} box @param {Frame} frame @returns {Rect[]} */
function strip(count, box, { gap, caption }) {
  const stands = box.height > box.width;
  const width = stands
    ? Math.floor(Math.min(box.width, ((box.height - gap * (count - 1)) / count - caption) * ASPECT))
    : Math.floor((box.height - caption) * ASPECT);
  const height = Math.floor(width / ASPECT) + caption;
  return Array.from({ length: count }, (_, index) => ({
    x: stands ? box.x + box.width - width : box.x + index * (width + gap),
    y: stands ? box.y + index * (height + gap) : box.y,
    width,
    height,
  }));
}
