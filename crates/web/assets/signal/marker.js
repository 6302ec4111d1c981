// The machine-readable time marker, as native nodes draw and read it (crates/media/src/marker.rs): four
// calibration cells (black, white, black, white), then 96 bits, most significant first, a white cell for
// a one, with a quiet white border of one cell around them all. Here the cells are as large as the screen
// allows. Luma 16 and 235 of a video are black and white of a screen.

/**
 * @typedef {object} Stamp What a marker says.
 * @property {number} session Whose picture it is, 16 bits.
 * @property {number} frame Number of the picture, modulo 2^24.
 * @property {number} timestamp_ms When it was shown on its sender's wall clock, modulo 2^32.
 */

const MAGIC = 0xa7;
const FRAMES = 2 ** 24;
const TIMES_MS = 2 ** 32;
const BYTES = 12;
export const CALIBRATION = 4;
export const CELLS = CALIBRATION + 8 * BYTES;
/** Cells in a row: of a wide picture, and of a narrow one. */
export const COLUMNS = /** @type {const} */ ([20, 10]);

/**
 * CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected.
 * @param {Uint8Array} bytes
 */
export function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/**
 * The frame number goes in Gray code: a camera that films two numbers at once sees one doubtful bit.
 * @param {Stamp} stamp
 */
export function toBytes({ session, frame, timestamp_ms }) {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  const number = frame % FRAMES;
  view.setUint32(2, number ^ (number >>> 1));
  view.setUint8(0, MAGIC);
  view.setUint16(1, session);
  view.setUint32(6, timestamp_ms % TIMES_MS);
  view.setUint16(10, crc16(bytes.subarray(0, 10)));
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Stamp | null} null: some cell was read wrongly, or it is a marker of another kind
 */
export function fromBytes(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
  if (view.getUint16(10) !== crc16(bytes.subarray(0, 10)) || view.getUint8(0) !== MAGIC) return null;
  let frame = view.getUint32(2) % FRAMES;
  for (const shift of [1, 2, 4, 8, 16]) frame ^= frame >>> shift;
  return { session: view.getUint16(1), frame, timestamp_ms: view.getUint32(6) };
}

/**
 * Whether a cell is white.
 * @param {Uint8Array} bytes
 * @param {number} index
 */
export function isWhite(bytes, index) {
  const bit = index - CALIBRATION;
  return bit < 0 ? index % 2 === 1 : ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
}

/**
 * Cells across and down, the quiet border included.
 * @param {number} columns
 */
export function extent(columns) {
  return { across: columns + 2, down: CELLS / columns + 2 };
}

/**
 * From one stamp to a later one of the same clock, in ms, across the wrap of its 32 bits.
 * @param {Stamp} earlier
 * @param {Stamp} later
 */
export function elapsed_ms(earlier, later) {
  return (later.timestamp_ms - earlier.timestamp_ms) | 0;
}
