// What the room hears: one audio element for each receive slot, and a chime.

/** @import { LinkSlot } from "../link/receive.js" */

/** The chime's two notes, in Hz, and how long each sounds, in s. */
const CHIME_HZ = [880, 1174.7];
const CHIME_NOTE_S = 0.16;
const CHIME_GAIN = 0.12;

export class Sound {
  /** @type {Map<number, HTMLAudioElement>} */
  #players = new Map();
  #speaker;
  #onBlocked;
  /** @type {AudioContext | null} */
  #context = null;

  /**
   * @param {string | null} speaker device id; null: the browser's own choice
   * @param {(is_blocked: boolean) => void} onBlocked the browser wants a key or click first
   */
  constructor(speaker, onBlocked) {
    this.#speaker = speaker;
    this.#onBlocked = onBlocked;
  }

  /** @param {ReadonlyMap<number, LinkSlot>} slots */
  update(slots) {
    for (const [number, player] of this.#players) {
      if (slots.get(number)?.track.kind !== "audio") {
        player.srcObject = null;
        player.remove();
        this.#players.delete(number);
      }
    }
    for (const [number, slot] of slots) {
      if (slot.track.kind === "audio") this.#play(number, slot.track);
    }
  }

  /** Tries again, after a key or click. */
  unblock() {
    this.#onBlocked(false);
    for (const player of this.#players.values()) this.#begin(player);
    void this.#context?.resume();
  }

  /** Two short notes: a hand is up. */
  chime() {
    this.#context ??= new AudioContext();
    const context = this.#context;
    if (context.state !== "running") return;
    const gain = context.createGain();
    gain.connect(context.destination);
    const end_s = context.currentTime + CHIME_HZ.length * CHIME_NOTE_S;
    gain.gain.setValueAtTime(CHIME_GAIN, context.currentTime);
    gain.gain.linearRampToValueAtTime(0, end_s + CHIME_NOTE_S);
    CHIME_HZ.forEach((hertz, index) => {
      const note = new OscillatorNode(context, { frequency: hertz });
      note.connect(gain);
      note.start(context.currentTime + index * CHIME_NOTE_S);
      note.stop(end_s + CHIME_NOTE_S);
    });
  }

  close() {
    this.update(new Map());
    void this.#context?.close();
  }

  /**
   * @param {number} number
   * @param {MediaStreamTrack} track
   */
  #play(number, track) {
    let player = this.#players.get(number);
    if (!player) {
      player = document.createElement("audio");
      player.hidden = true;
      document.body.append(player);
      this.#players.set(number, player);
      if (this.#speaker && "setSinkId" in player) {
        // A loudspeaker that is gone: the usual one is better than none.
        player.setSinkId(this.#speaker).catch(() => {});
      }
    }
    const playing = /** @type {MediaStream | null} */ (player.srcObject);
    if (playing?.getTracks()[0] === track) return;
    player.srcObject = new MediaStream([track]);
    this.#begin(player);
  }

  /** @param {HTMLAudioElement} player */
  #begin(player) {
    player.play().catch((error) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#onBlocked(true);
    });
  }
}
