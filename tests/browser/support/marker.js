// Pictures with time markers in them, as a camera might film them.

import { CELLS, extent, isWhite, toBytes } from "../../../crates/web/assets/signal/marker.js";

/** A picture of one brightness. */
export function picture(width, height, light) {
  return { width, height, pixels: new Uint8Array(width * height).fill(light) };
}

/** A luma picture in which each point is what `light(x, y)` is on average over its pixel. */
function paint({ pixels, width, height }, light, { left, top, right, bottom }) {
  const PARTS = 4;
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, Math.ceil(bottom)); y++) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(width, Math.ceil(right)); x++) {
      let sum = 0;
      for (let part = 0; part < PARTS * PARTS; part++) {
        const seen = light(x + ((part % PARTS) + 0.5) / PARTS, y + (Math.floor(part / PARTS) + 0.5) / PARTS);
        sum += seen ?? pixels[y * width + x];
      }
      pixels[y * width + x] = Math.round(sum / (PARTS * PARTS));
    }
  }
}

/**
 * Puts a marker into a picture, its quiet border's corner at any place and its cells of any size.
 * @param {{ left: number, top: number, cell: number, columns?: number, black?: number, white?: number, aspect?: number }} look
 */
export function place(into, stamp, { left, top, cell, columns = 20, black = 16, white = 235, aspect = 1 }) {
  const bytes = toBytes(stamp);
  const { across, down } = extent(columns);
  const [width, height] = [cell, cell * aspect];
  const light = (x, y) => {
    const [column, row] = [Math.floor((x - left) / width) - 1, Math.floor((y - top) / height) - 1];
    if (column < -1 || row < -1 || column > columns || row > CELLS / columns) return null;
    const is_cell = column >= 0 && row >= 0 && column < columns && row < CELLS / columns;
    return is_cell && !isWhite(bytes, row * columns + column) ? black : white;
  };
  paint(into, light, { left, top, right: left + across * width, bottom: top + down * height });
}

/** What a lens out of focus makes of a picture: each pixel the mean of a square around it, twice over. */
export function blurred(picture, radius) {
  return smear(smear(picture, radius, 1, picture.width), radius, picture.width, picture.height);
}

function smear({ pixels, width, height }, radius, stride, length) {
  const out = new Uint8Array(pixels.length);
  for (let n = 0; n < pixels.length; n++) {
    const at = Math.floor(n / stride) % length;
    let [sum, count] = [0, 0];
    for (let step = -Math.min(radius, at); step <= Math.min(radius, length - 1 - at); step++) {
      sum += pixels[n + step * stride];
      count += 1;
    }
    out[n] = Math.round(sum / count);
  }
  return { pixels: out, width, height };
}

/** Adds the same noise on every run. */
export function noisy(picture, amplitude, seed = 1) {
  let state = seed;
  const pixels = picture.pixels.map((value) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.min(255, Math.max(0, Math.round(value + (amplitude * state) / 2 ** 31)));
  });
  return { ...picture, pixels };
}
