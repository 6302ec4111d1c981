// A camera or microphone that this room did not have when the lesson began is taken as soon as it is
// plugged in. One that goes away in the lesson is the link's to find again.

import { openDevices } from "../check/devices.js";

/** @import { Kind } from "../check/devices.js" */
/** @import { Link } from "../link/link.js" */
/** @import { Devices as Chosen } from "../store.js" */

export class Devices {
  #link;
  #chosen;
  #is_opening = false;

  /**
   * @param {Link} link
   * @param {Chosen} chosen
   */
  constructor(link, chosen) {
    this.#link = link;
    this.#chosen = chosen;
    navigator.mediaDevices?.addEventListener("devicechange", this.#open);
  }

  close() {
    navigator.mediaDevices?.removeEventListener("devicechange", this.#open);
  }

  #open = async () => {
    const missing = /** @type {Kind[]} */ (["camera", "microphone"]).filter((kind) => this.#link[kind] === null);
    if (missing.length === 0 || this.#is_opening) return;
    this.#is_opening = true;
    const { camera, microphone } = await openDevices(this.#chosen, missing);
    this.#is_opening = false;
    if (camera) this.#link.setCamera(camera);
    if (microphone) this.#link.setMicrophone(microphone);
  };
}
