// The camera's picture: what comes, how often, and whether it is dark or stands still. The judge is
// pure; `watchCamera` looks at the preview.

/**
 * @typedef {import("./verdict.js").Finding} Finding
 *
 * @typedef {object} Glimpse One look at the picture, much smaller.
 * @property {number} mean Brightness, 0 to 255.
 * @property {number} spread Standard deviation of the brightness.
 * @property {number} print A number that differs when any pixel differs.
 *
 * @typedef {object} Watched
 * @property {number} width Of the pictures that came.
 * @property {number} height
 * @property {number} frames How many came.
 * @property {number} span_ms From the first to the last.
 * @property {Glimpse[]} glimpses
 */

const WATCH_MS = 1500;
/** A camera that just woke may take a while for its first picture. */
const PATIENCE_MS = 5000;
const GLIMPSES_MAX = 8;
const GLIMPSE_EVERY_MS = 150;
const GLIMPSE = { width: 64, height: 36 };

const DARK_MEAN = 18;
const DARK_SPREAD = 12;
const SLOW_FPS = 10;
const SMALL_HEIGHT = 480;

/**
 * @param {Watched} watched
 * @returns {Finding}
 */
export function judgePicture(watched) {
  const { glimpses, frames, span_ms, width, height } = watched;
  if (frames === 0) return faulty("bad", "none", "js-check-camera-none", "js-check-camera-none-next");
  if (glimpses.length > 0 && glimpses.every(isDark)) {
    return faulty("warn", "dark", "js-check-camera-dark", "js-check-camera-dark-next");
  }
  const standsStill = glimpses.length >= 4 && new Set(glimpses.map((glimpse) => glimpse.print)).size === 1;
  if (span_ms < WATCH_MS / 2 || standsStill) {
    return faulty("warn", "frozen", "js-check-camera-frozen", "js-check-camera-frozen-next");
  }
  const fps = Math.round(((frames - 1) * 1000) / Math.max(span_ms, 1));
  const args = { width, height, fps };
  if (fps < SLOW_FPS) return { ...faulty("warn", "slow", "js-check-camera-slow", "js-check-camera-slow-next"), args };
  if (Math.min(width, height) < SMALL_HEIGHT) {
    return { ...faulty("warn", "small", "js-check-camera-small", "js-check-camera-small-next"), args };
  }
  return { state: "ok", code: "ok", say: "js-check-camera-ok", args };
}

/** @param {Glimpse} glimpse A lens cap gives black, a dark room nearly so. */
function isDark({ mean, spread }) {
  return mean < DARK_MEAN && spread < DARK_SPREAD;
}

/**
 * @param {"warn" | "bad"} state
 * @param {string} code
 * @param {string} say
 * @param {string} next
 * @returns {Finding}
 */
function faulty(state, code, say, next) {
  return { state, code, say, next };
}

/**
 * @param {Uint8ClampedArray} pixels RGBA
 * @returns {Glimpse}
 */
export function glimpseOf(pixels) {
  let sum = 0;
  let squares = 0;
  let print = 0;
  const count = pixels.length / 4;
  for (let at = 0; at + 3 < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    sum += light;
    squares += light * light;
    print = (Math.imul(print, 31) + red + green * 256 + blue * 65536) | 0;
  }
  const mean = sum / Math.max(1, count);
  return { mean, spread: Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)), print };
}

/**
 * Watches the preview for a moment. A page in the background gets no pictures, so that time spent
 * there does not count.
 * @param {HTMLVideoElement} preview Playing the camera.
 * @param {AbortSignal} signal
 * @returns {Promise<Watched>}
 */
export async function watchCamera(preview, signal) {
  const context = new OffscreenCanvas(GLIMPSE.width, GLIMPSE.height).getContext("2d", {
    willReadFrequently: true,
  });
  /** @type {Watched} */
  const watched = { width: 0, height: 0, frames: 0, span_ms: 0, glimpses: [] };
  /** @type {VideoFrameCallbackMetadata | null} */
  let first = null;
  let glimpse_ms = -Infinity;
  let handle = 0;
  const look = (/** @type {number} */ now_ms, /** @type {VideoFrameCallbackMetadata} */ frame) => {
    first ??= frame;
    // A busy page is not called for every picture that came.
    watched.frames = frame.presentedFrames - first.presentedFrames + 1;
    watched.span_ms = frame.presentationTime - first.presentationTime;
    watched.width = preview.videoWidth;
    watched.height = preview.videoHeight;
    if (context && now_ms - glimpse_ms >= GLIMPSE_EVERY_MS && watched.glimpses.length < GLIMPSES_MAX) {
      glimpse_ms = now_ms;
      context.drawImage(preview, 0, 0, GLIMPSE.width, GLIMPSE.height);
      watched.glimpses.push(glimpseOf(context.getImageData(0, 0, GLIMPSE.width, GLIMPSE.height).data));
    }
    handle = preview.requestVideoFrameCallback(look);
  };
  handle = preview.requestVideoFrameCallback(look);
  await enough(watched, signal);
  preview.cancelVideoFrameCallback(handle);
  return watched;
}

/**
 * @param {Watched} watched
 * @param {AbortSignal} signal
 */
function enough(watched, signal) {
  const tick_ms = 100;
  let seen_ms = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!document.hidden) seen_ms += tick_ms;
      if (watched.span_ms < WATCH_MS && seen_ms < PATIENCE_MS && !signal.aborted) return;
      clearInterval(timer);
      resolve(undefined);
    }, tick_ms);
  });
}
