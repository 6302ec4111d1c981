// Loudspeaker and microphone together: tones are played and listened for, then a voice is asked for
// and listened to until it comes.

import { t } from "../text.js";
import { openRoomSound } from "./devices.js";
import { Ear, LISTENING, LevelJudge, barOf, levelOf } from "./microphone.js";
import { fetchVoices, hush, isSpeaking, speak, useSpeaker, whenAudible } from "./sound.js";
import { judgeSpeaker, listenForTones, playTones } from "./tone.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {object} Told
 * @property {(item: "microphone" | "speaker", finding: Finding) => void} found
 * @property {(level: number) => void} level 0 to 1
 */

/** A teacher who speaks anyway need not be asked aloud. */
const ASK_AFTER_MS = 1000;

/** @type {Finding} Speech and tones would be taken for one another. */
const AFTER_TONES = { state: "busy", code: "waiting", say: "js-check-waiting" };
/** @type {Finding} */
const PLAYING = { state: "busy", code: "playing", say: "js-check-speaker-playing" };
/** @type {Finding} */
const TOUCH = { state: "busy", code: "touch", say: "js-check-touch" };
/** @type {Finding} Nobody hears the tones but the teacher. */
const ALONE = { state: "warn", code: "alone", say: "js-check-speaker-alone", next: "js-check-speaker-alone-next" };

/** @type {Finding} */
const NO_SOUND = { state: "warn", code: "none", say: "js-check-speaker-none", next: "js-check-speaker-none-next" };
/** @type {Finding} Browsers hear through the same machinery that sounds. */
const UNCHECKED = {
  state: "warn",
  code: "unchecked",
  say: "js-check-microphone-unchecked",
  next: "js-check-microphone-unchecked-next",
};

/** One microphone and one loudspeaker under test, until they change or the check ends. */
export class Hearing {
  #told;
  #context = new AudioContext();
  #aborter = new AbortController();
  /** @type {MediaStreamTrack | null} */
  #room = null;
  /** @type {Ear | null} */
  #ear = null;
  /** @type {Promise<void>} Tones never sound over one another. */
  #tones = Promise.resolve();

  /** @param {Told} told */
  constructor(told) {
    this.#told = told;
    fetchVoices();
  }

  /** Whether there is sound to test with. */
  get isAudible() {
    return this.#context.state === "running";
  }

  /**
   * @param {MediaStreamTrack | null} microphone
   * @param {string | null} speaker
   */
  async begin(microphone, speaker) {
    const { signal } = this.#aborter;
    this.#found("speaker", PLAYING);
    await useSpeaker(this.#context, speaker);
    const isAudible = await whenAudible(this.#context, signal, () => {
      this.#found("speaker", TOUCH);
      if (microphone) this.#found("microphone", TOUCH);
    });
    if (!isAudible) {
      this.#found("speaker", NO_SOUND);
      if (microphone) this.#found("microphone", UNCHECKED);
      return;
    }
    if (microphone) {
      this.#found("microphone", AFTER_TONES);
      await this.#lend(microphone);
    }
    await this.testSpeaker();
    this.testMicrophone();
  }

  /** Plays the tones and says whether the microphone heard them. */
  testSpeaker() {
    const { signal } = this.#aborter;
    this.#tones = this.#tones.then(async () => {
      if (signal.aborted) return;
      this.#found("speaker", PLAYING);
      hush();
      if (this.#ear) {
        this.#found("speaker", judgeSpeaker(await listenForTones(this.#context, this.#ear, signal)));
      } else {
        playTones(this.#context);
        this.#found("speaker", ALONE);
      }
    });
    return this.#tones;
  }

  /** Asks for a voice and listens until it comes. */
  testMicrophone() {
    const ear = this.#ear;
    const { signal } = this.#aborter;
    if (!ear || signal.aborted) return;
    const judge = new LevelJudge();
    let last = LISTENING;
    this.#found("microphone", last);
    const asking = setTimeout(() => speak(t("js-check-microphone-listening")), ASK_AFTER_MS);
    const stop = ear.onSamples((samples) => {
      if (isSpeaking()) return;
      judge.push(levelOf(samples, performance.now()));
      const finding = judge.finding();
      if (finding.code === last.code) return;
      last = finding;
      clearTimeout(asking);
      this.#found("microphone", finding);
      if (finding.state === "ok") stop();
    });
    signal.addEventListener("abort", () => clearTimeout(asking));
  }

  close() {
    this.#aborter.abort();
    hush();
    this.#ear?.close();
    this.#room?.stop();
    void this.#context.close();
  }

  /** @param {MediaStreamTrack} microphone */
  async #lend(microphone) {
    const { signal } = this.#aborter;
    const room = await openRoomSound(microphone);
    if (signal.aborted) {
      room?.stop();
      return;
    }
    this.#room = room;
    this.#ear = new Ear(this.#context, room ?? microphone);
    this.#ear.onSamples((samples) => this.#told.level(barOf(levelOf(samples, 0).rms_db)));
  }

  /**
   * @param {"microphone" | "speaker"} item
   * @param {Finding} finding
   */
  #found(item, finding) {
    if (!this.#aborter.signal.aborted) this.#told.found(item, finding);
  }
}
