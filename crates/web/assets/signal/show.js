// The screen that is filmed: the time marker as large as there is room, and the flashes around it.

import { CELLS, COLUMNS, extent, isWhite, toBytes } from "./marker.js";
import { Flashes } from "./flashes.js";

/** How many refreshes of the screen a period is taken from. */
const PERIODS = 60;
const PERIOD_USUAL_MS = 1000 / 60;

export class Show {
  #root;
  #canvas;
  #context;
  #session;
  #frame = 0;
  #refreshes = 0;
  #last_ms = 0;
  /** @type {number[]} */
  #periods_ms = [];
  /** @type {Flashes | null} */
  #flashes = null;
  #handle = 0;
  /** How many refreshes of the screen a marker stays. */
  hold = 2;

  /**
   * @param {HTMLElement} root It is lit when the page flashes.
   * @param {HTMLCanvasElement} canvas
   * @param {number} session 16 bits that tell this screen's markers from others'.
   */
  constructor(root, canvas, session) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws nothing into a canvas");
    this.#root = root;
    this.#canvas = canvas;
    this.#context = context;
    this.#session = session;
  }

  /** How long the screen's refresh takes, in ms. */
  get period_ms() {
    const sorted = [...this.#periods_ms].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? PERIOD_USUAL_MS;
  }

  start() {
    this.stop();
    this.#last_ms = 0;
    this.#handle = requestAnimationFrame((now_ms) => this.#refresh(now_ms));
  }

  stop() {
    cancelAnimationFrame(this.#handle);
    this.#root.classList.remove("lit");
  }

  /** @param {((at_ms: number) => boolean) | null} beep null: no flashes any more */
  flash(beep) {
    this.#flashes = beep ? new Flashes(performance.now(), beep) : null;
    this.#root.classList.remove("lit");
  }

  /** @param {number} now_ms When this refresh began; it is seen with the next one. */
  #refresh(now_ms) {
    this.#handle = requestAnimationFrame((next_ms) => this.#refresh(next_ms));
    if (this.#last_ms > 0) this.#periods_ms.push(now_ms - this.#last_ms);
    if (this.#periods_ms.length > PERIODS) this.#periods_ms.shift();
    this.#last_ms = now_ms;
    const period_ms = this.period_ms;
    if (this.#flashes) this.#root.classList.toggle("lit", this.#flashes.refresh(now_ms, now_ms + period_ms, period_ms));
    if (this.#refreshes % this.hold === 0) this.#draw(performance.timeOrigin + now_ms + period_ms);
    this.#refreshes += 1;
  }

  /** @param {number} shown_ms wall clock */
  #draw(shown_ms) {
    const stamp = { session: this.#session, frame: this.#frame, timestamp_ms: Math.round(shown_ms) };
    this.#frame += 1;
    drawMarker(this.#context, this.#canvas, toBytes(stamp));
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes
 */
function drawMarker(context, canvas, bytes) {
  const ratio = devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  const [width, height] = [Math.floor(clientWidth * ratio), Math.floor(clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const { columns, cell, left, top } = placeOf(width, height);
  const { across, down } = extent(columns);
  context.clearRect(0, 0, width, height);
  context.fillStyle = "#fff";
  context.fillRect(left, top, across * cell, down * cell);
  context.fillStyle = "#000";
  for (let index = 0; index < CELLS; index += 1) {
    if (isWhite(bytes, index)) continue;
    const [column, row] = [index % columns, Math.floor(index / columns)];
    context.fillRect(left + (column + 1) * cell, top + (row + 1) * cell, cell, cell);
  }
}

/**
 * The arrangement with the largest cells, of whole pixels, in the middle.
 * @param {number} width
 * @param {number} height
 */
export function placeOf(width, height) {
  const places = COLUMNS.map((columns) => {
    const { across, down } = extent(columns);
    const cell = Math.max(1, Math.floor(Math.min(width / across, height / down)));
    return { columns, cell, left: Math.floor((width - across * cell) / 2), top: Math.floor((height - down * cell) / 2) };
  });
  return places.reduce((best, place) => (place.cell > best.cell ? place : best));
}
