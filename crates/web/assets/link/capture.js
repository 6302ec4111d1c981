// Camera and microphone that go away: pulled out, or taken by another program. They are looked for
// until they are back.

/** Looked for so often, besides whenever the browser says that devices changed. */
const AGAIN_MS = 3000;
/** So long only the device that was lost is taken again; then any. */
const SAME_ONLY_MS = 8000;

/** @typedef {{ deviceId: string, label: string }} Device */
/** @typedef {{ device: Device, constraints: MediaTrackConstraints, since_ms: number }} Lost */

/**
 * Which device to open instead of a lost one; null: wait. Pure.
 * @param {readonly Device[]} devices of its kind
 * @param {Device} lost
 * @param {number} waited_ms
 * @returns {string | null}
 */
export function chooseDevice(devices, lost, waited_ms) {
  const same =
    devices.find(({ deviceId }) => deviceId === lost.deviceId) ??
    // In another socket a device may have another id.
    devices.find(({ label }) => label !== "" && label === lost.label);
  const any = waited_ms >= SAME_ONLY_MS ? devices[0] : undefined;
  return (same ?? any)?.deviceId ?? null;
}

/** Keeps one track of this room alive. */
export class Capture {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** @type {Lost | null} */
  #lost = null;
  #timer = 0;
  #kind;
  #onChange;
  #lookNow = () => void this.#look();

  /**
   * @param {"video" | "audio"} kind
   * @param {() => void} onChange the track is another, or was lost
   */
  constructor(kind, onChange) {
    this.#kind = kind;
    this.#onChange = onChange;
  }

  get is_lost() {
    return this.#lost !== null;
  }

  /** @param {MediaStreamTrack | null} track null: none is wanted */
  set(track) {
    this.#stopLooking();
    this.track = track;
    track?.addEventListener("ended", () => this.#ended(track));
    if (track?.readyState === "ended") this.#ended(track);
  }

  /** Nothing is looked for any more; the track is its owner's. */
  close() {
    this.set(null);
  }

  /** @param {MediaStreamTrack} track */
  #ended(track) {
    if (this.track !== track || this.#lost) return;
    const { deviceId = "" } = track.getSettings();
    const device = { deviceId, label: track.label };
    this.#lost = { device, constraints: track.getConstraints(), since_ms: performance.now() };
    navigator.mediaDevices.addEventListener("devicechange", this.#lookNow);
    this.#timer = setInterval(this.#lookNow, AGAIN_MS);
    this.#onChange();
    void this.#look();
  }

  async #look() {
    const lost = this.#lost;
    if (!lost) return;
    try {
      const devices = await navigator.mediaDevices.enumerateDevices();
      const waited_ms = performance.now() - lost.since_ms;
      const ours = devices.filter(({ kind }) => kind === `${this.#kind}input`);
      const deviceId = chooseDevice(ours, lost.device, waited_ms);
      if (deviceId === null || this.#lost !== lost) return;
      const constraints = { ...lost.constraints, deviceId: { exact: deviceId } };
      const stream = await navigator.mediaDevices.getUserMedia({ [this.#kind]: constraints });
      const [track] = stream.getTracks();
      if (!track) return;
      // Somebody set another one meanwhile.
      if (this.#lost !== lost) return track.stop();
      this.set(track);
      this.#onChange();
    } catch {
      // Still gone, or still taken: the next look will tell.
    }
  }

  #stopLooking() {
    this.#lost = null;
    clearInterval(this.#timer);
    navigator.mediaDevices?.removeEventListener("devicechange", this.#lookNow);
  }
}
