// Finds markers in a filmed picture, at whatever place and size: upright, that is. A row of pixels through
// a marker's first row of cells shows the same edges at the same distances in every marker, since the
// calibration cells and the magic number never change; where they are seen, the cells are measured out
// from there and read, and the checksum says whether that was right.

import { CALIBRATION, CELLS, COLUMNS, extent, fromBytes } from "./marker.js";

/** @import { Stamp } from "./marker.js" */

/**
 * @typedef {object} Luma A picture's brightness, 0 to 255, row by row.
 * @property {Uint8Array | Uint8ClampedArray} pixels
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Found
 * @property {Stamp} stamp
 * @property {{x: number, y: number, width: number, height: number}} box Quiet border included, in pixels.
 *
 * @typedef {{at: number, rises: boolean}} Edge Where brightness changes, and whether to bright.
 *
 * @typedef {object} Grid Where the cells are.
 * @property {number} left Of the first cell.
 * @property {number} top
 * @property {number} cell_width
 * @property {number} cell_height
 * @property {number} columns
 */

/** Where the edges of a first row are, in cells from the first: B W B WW B W BB, then white. */
const EDGES = [0, 1, 2, 3, 5, 6, 7, 9];
const SPAN = 9;
/** An edge may be off its place by so much of a cell. */
const SLACK = 0.34;
/** Smaller cells, in pixels, are not looked for: blur leaves nothing of them. */
const CELL_MIN = 3;
/** Least step of brightness that is an edge. */
const STEP = 24;
/** Least difference between black and white calibration cells. */
const SEPARATION = 40;
/** A cell nearer to the threshold than this share of the difference says nothing. */
const DOUBT = 0.08;
/** Filmed pictures are not always as wide for their height as what they show. */
const ASPECTS = [1, 0.97, 1.03, 0.94, 1.06];
/** Rows of pixels that are looked at, at most. */
const ROWS = 400;
/** A picture shows a source and what comes back of it, seldom more. */
const MARKERS_MAX = 8;

/**
 * @param {Luma} luma
 * @returns {Found[]} from top to bottom
 */
export function findMarkers(luma) {
  /** @type {Found[]} */
  const found = [];
  const step = Math.max(1, Math.floor(luma.height / ROWS));
  for (let y = 0; y < luma.height && found.length < MARKERS_MAX; y += step) {
    for (const begin of beginnings(edgesOf(luma, 0, y, luma.width, true))) {
      if (found.some(({ box }) => isIn(box, begin.at, y))) continue;
      const marker = readAt(luma, begin, y);
      if (marker) found.push(marker);
    }
  }
  return found;
}

/**
 * Edges along a row or a column: half-way between one extreme of brightness and the next, so that
 * neither blur nor uneven light moves them.
 * @param {Luma} luma
 * @param {number} x
 * @param {number} y
 * @param {number} length
 * @param {boolean} across
 * @returns {Edge[]}
 */
function edgesOf({ pixels, width }, x, y, length, across) {
  const stride = across ? 1 : width;
  const first = y * width + x;
  const value = (/** @type {number} */ n) => pixels[first + n * stride];
  /** @type {Edge[]} */
  const edges = [];
  let [low, high] = [0, 0];
  let rising = false;
  let known = false;
  for (let n = 1; n < length; n += 1) {
    const now = value(n);
    if (!known || rising) {
      if (now > value(high)) high = n;
      if (value(high) - now >= STEP) {
        if (known) edges.push({ at: middle(value, low, high), rises: true });
        [known, rising, low] = [true, false, n];
      }
    }
    if (!known || !rising) {
      if (now < value(low)) low = n;
      if (now - value(low) >= STEP) {
        if (known) edges.push({ at: middle(value, high, low), rises: false });
        [known, rising, high] = [true, true, n];
      }
    }
  }
  if (known) edges.push({ at: rising ? middle(value, low, high) : middle(value, high, low), rises: rising });
  return edges;
}

/**
 * Where brightness passes half-way from one extreme to the next, counted in pixels from the first one's edge.
 * @param {(n: number) => number} value
 * @param {number} from
 * @param {number} to
 */
function middle(value, from, to) {
  const half = (value(from) + value(to)) / 2;
  const falls = value(to) < value(from);
  for (let n = from + 1; n <= to; n += 1) {
    const [before, now] = [value(n - 1), value(n)];
    if (falls ? now <= half : now >= half) return n - 0.5 + (half - before) / (now - before || 1);
  }
  return to;
}

/**
 * Where a marker's first cell may begin, and how wide its cells are.
 * @param {Edge[]} edges
 * @returns {{at: number, cell: number}[]}
 */
function beginnings(edges) {
  const found = [];
  for (let n = 0; n + EDGES.length <= edges.length; n += 1) {
    if (edges[n].rises) continue;
    const at = edges[n].at;
    const cell = (edges[n + EDGES.length - 1].at - at) / SPAN;
    if (cell < CELL_MIN) continue;
    if (EDGES.every((place, k) => Math.abs(edges[n + k].at - at - place * cell) <= SLACK * cell)) found.push({ at, cell });
  }
  return found;
}

/**
 * @param {Luma} luma
 * @param {{at: number, cell: number}} begin
 * @param {number} y a row of pixels through the first row of cells
 * @returns {Found | null}
 */
function readAt(luma, { at, cell }, y) {
  for (const top of tops(luma, at, cell, y)) {
    for (const aspect of ASPECTS) {
      for (const columns of COLUMNS) {
        const grid = { left: at, top, cell_width: cell, cell_height: cell * aspect, columns };
        const stamp = read(luma, grid);
        if (stamp) return { stamp, box: boxOf(grid) };
      }
    }
  }
  return null;
}

/**
 * Where the upper edge of the first row may be: the middles of the first and the third cell, both black, tell.
 * @param {Luma} luma
 * @param {number} at
 * @param {number} cell
 * @param {number} y
 */
function tops(luma, at, cell, y) {
  const from = Math.max(0, Math.floor(y - 2 * cell));
  const length = Math.min(luma.height, y + 1) - from;
  return [0.5, 2.5].flatMap((column) => {
    const x = Math.min(luma.width - 1, Math.round(at + column * cell));
    const last = edgesOf(luma, x, from, length, false).filter(({ rises }) => !rises).at(-1);
    return last ? [from + last.at] : [];
  });
}

/**
 * @param {Luma} luma
 * @param {Grid} grid
 * @returns {Stamp | null}
 */
function read(luma, grid) {
  const box = boxOf(grid);
  if (box.x < -grid.cell_width || box.y < -grid.cell_height) return null;
  if (box.x + box.width > luma.width + grid.cell_width || box.y + box.height > luma.height + grid.cell_height) return null;
  const light = (/** @type {number} */ index) => lightOf(luma, grid, index % grid.columns, Math.floor(index / grid.columns));
  const [black, white, black_too, white_too] = [0, 1, 2, 3].map(light);
  const separation = Math.min(white, white_too) - Math.max(black, black_too);
  if (separation < SEPARATION) return null;
  const threshold = (black + white + black_too + white_too) / 4;
  if (!isQuiet(luma, grid, threshold)) return null;
  const bytes = new Uint8Array((CELLS - CALIBRATION) / 8);
  for (let bit = 0; bit < CELLS - CALIBRATION; bit += 1) {
    const above = light(CALIBRATION + bit) - threshold;
    if (Math.abs(above) < DOUBT * separation) return null;
    if (above > 0) bytes[bit >> 3] |= 0x80 >> (bit & 7);
  }
  return fromBytes(bytes);
}

/**
 * Whether the border around the cells is white.
 * @param {Luma} luma
 * @param {Grid} grid
 * @param {number} threshold
 */
function isQuiet(luma, grid, threshold) {
  const rows = CELLS / grid.columns;
  for (let row = 0; row < rows; row += 1) {
    if (lightOf(luma, grid, -1, row) < threshold || lightOf(luma, grid, grid.columns, row) < threshold) return false;
  }
  for (let column = 0; column < grid.columns; column += 1) {
    if (lightOf(luma, grid, column, -1) < threshold || lightOf(luma, grid, column, rows) < threshold) return false;
  }
  return true;
}

/**
 * Mean brightness of a cell's middle; what lies outside the picture counts as its edge.
 * @param {Luma} luma
 * @param {Grid} grid
 * @param {number} column
 * @param {number} row
 */
function lightOf({ pixels, width, height }, { left, top, cell_width, cell_height }, column, row) {
  const [x_from, x_to] = middleOf(left, cell_width, column, width);
  const [y_from, y_to] = middleOf(top, cell_height, row, height);
  let sum = 0;
  for (let y = y_from; y <= y_to; y += 1) {
    for (let x = x_from; x <= x_to; x += 1) sum += pixels[y * width + x];
  }
  return sum / ((x_to - x_from + 1) * (y_to - y_from + 1));
}

/**
 * First and last pixel of the middle of a cell: its edges carry its neighbours' light.
 * @param {number} from
 * @param {number} cell
 * @param {number} n
 * @param {number} size
 */
function middleOf(from, cell, n, size) {
  const inside = (/** @type {number} */ at) => Math.min(size - 1, Math.max(0, Math.round(at)));
  const first = inside(from + (n + 0.3) * cell);
  return [first, Math.max(first, inside(from + (n + 0.7) * cell) - 1)];
}

/** @param {Grid} grid */
function boxOf({ left, top, cell_width, cell_height, columns }) {
  const { across, down } = extent(columns);
  return { x: left - cell_width, y: top - cell_height, width: across * cell_width, height: down * cell_height };
}

/**
 * @param {Found["box"]} box
 * @param {number} x
 * @param {number} y
 */
function isIn(box, x, y) {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/**
 * The brightness of a picture's pixels (BT.709).
 * @param {ImageData} image
 * @returns {Luma}
 */
export function lumaOf({ data, width, height }) {
  const pixels = new Uint8Array(width * height);
  for (let n = 0; n < pixels.length; n += 1) {
    pixels[n] = (54 * data[4 * n] + 183 * data[4 * n + 1] + 19 * data[4 * n + 2]) >> 8;
  }
  return { pixels, width, height };
}
