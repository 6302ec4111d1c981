// The room's camera, microphone and loudspeaker while they are checked: opened, watched, listened to,
// changed for others, and handed over.

import { judgePicture, watchCamera } from "./camera.js";
import { listDevices, openDevices } from "./devices.js";
import { Hearing } from "./hearing.js";
import { DEVICE_KINDS } from "./panel.js";
import { findingOfTrouble } from "./trouble.js";

/**
 * @typedef {import("./devices.js").Kind} Kind
 * @typedef {import("./devices.js").Trouble} Trouble
 * @typedef {import("./panel.js").DeviceKind} DeviceKind
 * @typedef {import("./verdict.js").Finding} Finding
 */

/** Longer than a browser takes that need not ask. */
const ASKING_MS = 1200;

/** @type {Finding} */
const OPENING = { state: "busy", code: "opening", say: "js-check-opening" };
/** @type {Finding} */
const ASKING = { state: "busy", code: "asking", say: "js-check-asking" };
/** @type {Finding} */
const LOOKING = { state: "busy", code: "looking", say: "js-check-camera-looking" };

export class Equipment {
  #panel;
  #store;
  #found;
  #isClosed = false;
  /** @type {Record<Kind, MediaStreamTrack | null>} */
  #tracks = { camera: null, microphone: null };
  /** @type {Partial<Record<Kind, Trouble>>} */
  #troubles = {};
  /** @type {Promise<void>} One question to the person at a time. */
  #opening = Promise.resolve();
  /** @type {Hearing | null} */
  #hearing = null;
  #watching = new AbortController();

  /**
   * @param {import("./panel.js").Panel} panel
   * @param {import("../store.js").Store} store
   * @param {(item: Kind | "speaker", finding: Finding) => void} found
   */
  constructor(panel, store, found) {
    this.#panel = panel;
    this.#store = store;
    this.#found = (/** @type {Kind | "speaker"} */ item, /** @type {Finding} */ finding) => {
      if (!this.#isClosed) found(item, finding);
    };
  }

  /** Settles when the browser has given or refused what was asked for last. */
  get opening() {
    return this.#opening;
  }

  /** @param {Kind[]} kinds */
  open(kinds) {
    this.#opening = this.#opening.then(() => this.#openNow(kinds));
    return this.#opening;
  }

  /**
   * @param {DeviceKind} kind
   * @param {string} id
   */
  choose(kind, id) {
    this.#store.devices = { [kind]: id };
    if (kind === "speaker") this.#listen();
    else void this.open([kind]);
  }

  /** @param {Kind | "speaker"} item */
  again(item) {
    if (item !== "speaker" && !this.#tracks[item]) void this.open([item]);
    else if (item === "camera") void this.#look();
    else if (!this.#hearing?.isAudible) this.#listen();
    else if (item === "speaker") void this.#hearing.testSpeaker();
    else this.#hearing.testMicrophone();
  }

  /** Something was plugged in or out. */
  async devicesChanged() {
    await this.#listChoices();
    const present = await listDevices();
    const found = /** @type {Kind[]} */ (["camera", "microphone"]).filter(
      (kind) => this.#troubles[kind] === "missing" && present[kind].length > 0,
    );
    if (found.length > 0) void this.open(found);
  }

  /** @param {Kind} kind The person said no, and now says yes. */
  allowed(kind) {
    if (!this.#tracks[kind] && this.#troubles[kind]) void this.open([kind]);
  }

  /** What the lesson gets; nothing of it is touched any more. */
  handOver() {
    const { camera, microphone } = this.#tracks;
    this.#leave();
    const tracks = [camera, microphone].filter((track) => track !== null);
    return { stream: new MediaStream(tracks), camera, microphone };
  }

  close() {
    for (const track of Object.values(this.handOver().stream.getTracks())) track.stop();
  }

  #leave() {
    this.#isClosed = true;
    this.#watching.abort();
    this.#hearing?.close();
  }

  /** @param {Kind[]} kinds */
  async #openNow(kinds) {
    if (this.#isClosed) return;
    for (const kind of kinds) {
      this.#tracks[kind]?.stop();
      this.#tracks[kind] = null;
      this.#found(kind, OPENING);
    }
    const asking = setTimeout(() => kinds.forEach((kind) => this.#found(kind, ASKING)), ASKING_MS);
    const opened = await openDevices(this.#store.devices, kinds);
    clearTimeout(asking);
    if (this.#isClosed) {
      for (const track of opened.stream.getTracks()) track.stop();
      return;
    }
    for (const kind of kinds) this.#keep(kind, opened[kind], opened.troubles[kind]);
    await this.#listChoices();
    if (kinds.includes("camera")) void this.#look();
    if (kinds.includes("microphone")) this.#listen();
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   * @param {Trouble | undefined} trouble
   */
  #keep(kind, track, trouble) {
    this.#tracks[kind] = track;
    this.#troubles[kind] = trouble;
    if (trouble) this.#found(kind, findingOfTrouble(kind, trouble, navigator.userAgent));
    track?.addEventListener("ended", () => {
      if (this.#isClosed || this.#tracks[kind] !== track) return;
      this.#keep(kind, null, "missing");
      if (kind === "camera") this.#panel.showPicture(false);
      else this.#listen();
    });
  }

  async #look() {
    this.#watching.abort();
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    const camera = this.#tracks.camera;
    const { preview } = this.#panel;
    preview.srcObject = camera && new MediaStream([camera]);
    this.#panel.showPicture(camera !== null);
    if (!camera) return;
    this.#found("camera", LOOKING);
    const watched = await watchCamera(preview, signal);
    if (!signal.aborted) this.#found("camera", judgePicture(watched));
  }

  #listen() {
    this.#hearing?.close();
    this.#panel.showLevel(0);
    this.#hearing = new Hearing({
      found: (item, finding) => this.#found(item, finding),
      level: (level) => this.#panel.showLevel(level),
    });
    void this.#hearing.begin(this.#tracks.microphone, this.#store.devices.speaker);
  }

  async #listChoices() {
    const choices = await listDevices();
    if (this.#isClosed) return;
    for (const kind of DEVICE_KINDS) {
      const inUse = kind === "speaker" ? this.#store.devices.speaker : this.#tracks[kind]?.getSettings().deviceId;
      this.#panel.showDevices(kind, choices[kind], inUse ?? null);
    }
  }
}
