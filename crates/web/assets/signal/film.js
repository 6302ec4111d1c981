// The camera that films screens: every picture is searched for markers as it comes.

import { findMarkers, lumaOf } from "./find.js";

/** @import { Found } from "./find.js" */

/** @type {MediaTrackConstraints} */
const PICTURE = {
  facingMode: "environment",
  width: { ideal: 1920 },
  height: { ideal: 1080 },
  frameRate: { ideal: 30 },
};
/** The longer side of what is searched, in pixels: a phone of some years does this 30 times a second. */
const SIDE_MAX = 1280;

export class Film {
  #video;
  #overlay;
  #onPicture;
  /** @type {MediaStream | null} */
  #stream = null;
  #handle = 0;
  #scratch = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLCanvasElement} overlay Lies over the video; what was found is framed in it.
   * @param {(found: Found[]) => void} onPicture
   */
  constructor(video, overlay, onPicture) {
    this.#video = video;
    this.#overlay = overlay;
    this.#onPicture = onPicture;
  }

  /** Fails as `getUserMedia` does. */
  async start() {
    this.stop();
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE });
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#next();
  }

  stop() {
    if (this.#handle) cancel(this.#video, this.#handle);
    this.#handle = 0;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #next() {
    this.#handle = request(this.#video, () => {
      this.#search();
      if (this.#stream) this.#next();
    });
  }

  #search() {
    const { videoWidth, videoHeight } = this.#video;
    if (!this.#scratch || videoWidth === 0) return;
    const scale = Math.min(1, SIDE_MAX / Math.max(videoWidth, videoHeight));
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    const { canvas } = this.#scratch;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    this.#scratch.drawImage(this.#video, 0, 0, width, height);
    const found = findMarkers(lumaOf(this.#scratch.getImageData(0, 0, width, height)));
    this.#frame(found, width, height);
    this.#onPicture(found);
  }

  /**
   * @param {Found[]} found
   * @param {number} width
   * @param {number} height
   */
  #frame(found, width, height) {
    [this.#overlay.width, this.#overlay.height] = [width, height];
    const context = this.#overlay.getContext("2d");
    if (!context) return;
    context.strokeStyle = "#ffd23f";
    context.lineWidth = Math.max(2, width / 160);
    for (const { box } of found) context.strokeRect(box.x, box.y, box.width, box.height);
  }
}

/**
 * Calls once, with the video's next picture; a browser that does not tell gets looked at with each refresh.
 * @param {HTMLVideoElement} video
 * @param {() => void} call
 */
function request(video, call) {
  if ("requestVideoFrameCallback" in video) return video.requestVideoFrameCallback(call);
  return requestAnimationFrame(call);
}

/**
 * @param {HTMLVideoElement} video
 * @param {number} handle
 */
function cancel(video, handle) {
  if ("cancelVideoFrameCallback" in video) video.cancelVideoFrameCallback(handle);
  else cancelAnimationFrame(handle);
}
