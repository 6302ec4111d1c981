// This room's own camera, microphone and courseware.

import { Capture } from "./capture.js";

/** @import { Tracks } from "./whip.js" */

/** The room's own tracks. */
export class Own {
  #camera;
  #microphone;
  /** @type {MediaStreamTrack | null} */
  #screen = null;
  #is_on = true;

  /** @param {() => void} onChange camera or microphone is another, was lost or found again */
  constructor(onChange) {
    this.#camera = new Capture("video", onChange);
    this.#microphone = new Capture("audio", onChange);
  }

  /** @returns {Tracks} as they are now */
  get tracks() {
    return { camera: this.#camera.track, microphone: this.#microphone.track, screen: this.#screen };
  }

  get is_camera_lost() {
    return this.#camera.is_lost;
  }

  get is_microphone_lost() {
    return this.#microphone.is_lost;
  }

  /** @param {MediaStreamTrack | null} track */
  setCamera(track) {
    this.#camera.set(track);
  }

  /** @param {MediaStreamTrack | null} track */
  setMicrophone(track) {
    this.#microphone.set(track);
    this.switchMicrophone(this.#is_on);
  }

  /** @param {MediaStreamTrack | null} track sharp rather than smooth */
  setScreen(track) {
    if (track) track.contentHint = "detail";
    this.#screen = track;
  }

  /** @param {boolean} is_on off: no sound leaves the room, whatever the relay does */
  switchMicrophone(is_on) {
    this.#is_on = is_on;
    const { track } = this.#microphone;
    if (track) track.enabled = is_on;
  }
}
