// This room's camera and microphone while the lesson runs: a lost one is opened again by itself, as
// soon as it is plugged in.

/** @import { Link } from "../link/link.js" */
/** @import { Devices as Chosen } from "../store.js" */

/** How often a lost device is tried again where the browser does not tell of it, in ms. */
const RETRY_MS = 3000;

/** @typedef {"video" | "audio"} Kind */

export class Devices {
  /** The courseware that is shared now. @type {MediaStreamTrack | null} */
  courseware = null;
  #link;
  #media;
  #chosen;
  #retry;
  /** @type {Set<Kind>} */
  #opening = new Set();

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
    for (const track of this.#media?.getTracks() ?? []) track.stop();
  }

  #reopen = () => {
    if (!this.#media) return;
    if (this.camera?.readyState !== "live") void this.#open("video", this.#chosen.camera);
    if (this.microphone?.readyState !== "live") void this.#open("audio", this.#chosen.microphone);
  };

  /**
   * @param {Kind} kind
   * @param {string | null} id
   */
  async #open(kind, id) {
    if (this.#opening.has(kind)) return;
    this.#opening.add(kind);
    try {
      // The chosen one if it is there, else any: a class that sees by another camera sees.
      const settings = this.#media?.getTracks().find((track) => track.kind === kind)?.getConstraints() ?? {};
      const wanted = { ...settings, ...(id ? { deviceId: { ideal: id } } : {}) };
      const [track] = (await navigator.mediaDevices.getUserMedia({ [kind]: wanted })).getTracks();
      if (track) this.#use(kind, track);
    } catch {
      // Still gone; the next try comes by itself, and the page says so all the time.
    } finally {
      this.#opening.delete(kind);
    }
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  #use(kind, track) {
    for (const old of this.#media?.getTracks() ?? []) {
      if (old.kind === kind) this.#media?.removeTrack(old);
    }
    this.#media?.addTrack(track);
    if (kind === "video") this.#link.setCamera(track);
    else this.#link.setMicrophone(track);
  }
}
