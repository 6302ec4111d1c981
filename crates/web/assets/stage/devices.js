// This room's camera and microphone while the lesson runs: a lost one is opened again by itself, as
// soon as it is plugged in.

import { openDevices } from "../check/devices.js";

/** @import { Kind } from "../check/devices.js" */
/** @import { Link } from "../link/link.js" */
/** @import { Devices as Chosen } from "../store.js" */

/** How often a lost device is tried again where the browser does not tell of it, in ms. */
const RETRY_MS = 3000;

export class Devices {
  /** The courseware that is shared now. @type {MediaStreamTrack | null} */
  courseware = null;
  #link;
  #media;
  #chosen;
  #retry;
  #is_opening = false;

  /**
   * @param {Link} link
   * @param {MediaStream | null} media null: this window sends nothing
   * @param {Chosen} chosen
   */
  constructor(link, media, chosen) {
    this.#link = link;
    this.#media = media;
    this.#chosen = chosen;
    this.#retry = setInterval(this.#reopen, RETRY_MS);
    navigator.mediaDevices?.addEventListener("devicechange", this.#reopen);
  }

  get camera() {
    return this.#media?.getVideoTracks()[0] ?? null;
  }

  get microphone() {
    return this.#media?.getAudioTracks()[0] ?? null;
  }

  close() {
    clearInterval(this.#retry);
    navigator.mediaDevices?.removeEventListener("devicechange", this.#reopen);
    this.courseware?.stop();
  }

  #reopen = async () => {
    if (!this.#media || this.#is_opening) return;
    this.#is_opening = true;
    for (const kind of /** @type {Kind[]} */ (["camera", "microphone"])) {
      if (this[kind]?.readyState === "live" || !(await isAllowed(kind))) continue;
      // The chosen one if it is there, else any: a class that sees by another camera sees.
      const track = (await openDevices(this.#chosen, [kind]))[kind];
      if (track) this.#use(kind, track);
    }
    this.#is_opening = false;
  };

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  #use(kind, track) {
    for (const old of this.#media?.getTracks() ?? []) {
      if (old.kind === track.kind) this.#media?.removeTrack(old);
    }
    this.#media?.addTrack(track);
    if (kind === "camera") this.#link.setCamera(track);
    else this.#link.setMicrophone(track);
  }
}

/**
 * Whether a device may be opened without asking: a question that comes up by itself in the middle
 * of a lesson would stand before the class.
 * @param {Kind} kind
 */
async function isAllowed(kind) {
  try {
    const name = /** @type {PermissionName} */ (/** @type {string} */ (kind));
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    // A browser that does not tell: what is gone has been allowed before.
    return true;
  }
}
