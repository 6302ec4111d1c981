// The microphone: an ear that hands out stretches of its sound, and a judge of how well a voice comes
// through. The judge is pure: it is given levels, and says what they mean.

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {object} LevelFrame One look at the microphone's level.
 * @property {number} at_ms
 * @property {number} rms_db Mean level, dB below full scale.
 * @property {number} peak Largest sample, 0 to 1.
 * @property {number} clipped Samples at full scale.
 */

/** How often the microphone is looked at. */
export const LOOK_EVERY_MS = 50;
const SAMPLES = 4096;
const SILENCE_DB = -120;

/** Frames the judge looks back over: the last five seconds. */
const FRAMES_MAX = 5000 / LOOK_EVERY_MS;
/** One step of a 16-bit sample: what a microphone that is switched off gives. */
const DEAD_PEAK = 1 / 32767;
/** Looks that are needed before a microphone is called dead. */
const DEAD_FRAMES = 3000 / LOOK_EVERY_MS;
const VOICE_DB = -45;
const FAINT_DB = -60;
const VOICE_ABOVE_ROOM_DB = 10;
/** Looks with a voice in them: a short word is enough. */
const VOICE_FRAMES = 4;
const NOISY_ROOM_DB = -35;
const CLIPPED_SAMPLES = 6;
const CLIPPED_FRAMES = 20;
/** After this the teacher is asked again, with what may be wrong. */
export const ASK_AGAIN_MS = 7000;

/**
 * @param {Float32Array} samples
 * @param {number} at_ms
 * @returns {LevelFrame}
 */
export function levelOf(samples, at_ms) {
  let sum = 0;
  let peak = 0;
  let clipped = 0;
  for (const sample of samples) {
    const size = Math.abs(sample);
    sum += size * size;
    if (size > peak) peak = size;
    if (size >= 0.999) clipped += 1;
  }
  const rms_db = Math.max(SILENCE_DB, 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12));
  return { at_ms, rms_db, peak, clipped };
}

/** What a bar shows of a level: 0 at −60 dB, 1 at −12 dB.
 * @param {number} rms_db */
export function barOf(rms_db) {
  return Math.min(1, Math.max(0, (rms_db + 60) / 48));
}

/** Judges a microphone by the levels of the last seconds. */
export class LevelJudge {
  /** @type {LevelFrame[]} */
  #frames = [];
  #begun_ms = 0;
  #looks = 0;

  /** @param {LevelFrame} frame */
  push(frame) {
    if (this.#looks === 0) this.#begun_ms = frame.at_ms;
    this.#looks += 1;
    this.#frames.push(frame);
    if (this.#frames.length > FRAMES_MAX) this.#frames.shift();
  }

  /** @returns {Finding} */
  finding() {
    const frames = this.#frames;
    const last = frames.at(-1);
    if (!last) return LISTENING;
    if (frames.length >= DEAD_FRAMES && frames.every((frame) => frame.peak <= DEAD_PEAK)) return SILENT;
    const room_db = quantile(frames, 0.2);
    const loudest_db = quantile(frames, 1);
    const voice = frames.filter((frame) => frame.rms_db >= Math.max(VOICE_DB, room_db + VOICE_ABOVE_ROOM_DB));
    if (frames.filter((frame) => frame.clipped >= CLIPPED_SAMPLES).length >= CLIPPED_FRAMES) return LOUD;
    if (voice.length >= VOICE_FRAMES) return HEARD;
    if (last.at_ms - this.#begun_ms < ASK_AGAIN_MS) return LISTENING;
    if (room_db >= NOISY_ROOM_DB) return NOISY;
    return loudest_db >= FAINT_DB && loudest_db >= room_db + VOICE_ABOVE_ROOM_DB ? FAINT : UNHEARD;
  }
}

/** @type {Finding} */
export const LISTENING = { state: "busy", code: "listening", say: "js-check-microphone-listening" };
/** @type {Finding} */
const HEARD = { state: "ok", code: "ok", say: "js-check-microphone-ok" };
/** @type {Finding} */
const SILENT = {
  state: "bad",
  code: "silent",
  say: "js-check-microphone-silent",
  next: "js-check-microphone-silent-next",
};
/** @type {Finding} */
const UNHEARD = {
  state: "warn",
  code: "unheard",
  say: "js-check-microphone-unheard",
  next: "js-check-microphone-unheard-next",
};
/** @type {Finding} */
const FAINT = {
  state: "warn",
  code: "faint",
  say: "js-check-microphone-faint",
  next: "js-check-microphone-faint-next",
};
/** @type {Finding} */
const NOISY = {
  state: "warn",
  code: "noisy",
  say: "js-check-microphone-noisy",
  next: "js-check-microphone-noisy-next",
};
/** @type {Finding} */
const LOUD = {
  state: "warn",
  code: "loud",
  say: "js-check-microphone-loud",
  next: "js-check-microphone-loud-next",
};

/**
 * @param {LevelFrame[]} frames Not empty.
 * @param {number} share 0 to 1
 */
function quantile(frames, share) {
  const levels = frames.map((frame) => frame.rms_db).sort((a, b) => a - b);
  return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))];
}

/** Looks at a microphone's sound at a steady pace and hands each look to whoever listens. */
export class Ear {
  #source;
  #analyser;
  #timer;
  /** @type {Set<(samples: Float32Array, rate_hz: number) => void>} */
  #listeners = new Set();

  /**
   * @param {AudioContext} context
   * @param {MediaStreamTrack} track
   */
  constructor(context, track) {
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#analyser = new AnalyserNode(context, { fftSize: SAMPLES });
    this.#source.connect(this.#analyser);
    const samples = new Float32Array(SAMPLES);
    this.#timer = setInterval(() => {
      if (context.state !== "running") return;
      this.#analyser.getFloatTimeDomainData(samples);
      for (const listener of [...this.#listeners]) listener(samples, context.sampleRate);
    }, LOOK_EVERY_MS);
  }

  /**
   * @param {(samples: Float32Array, rate_hz: number) => void} listener
   * @returns {() => void} Stops listening.
   */
  onSamples(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close() {
    clearInterval(this.#timer);
    this.#listeners.clear();
    this.#source.disconnect();
  }
}
