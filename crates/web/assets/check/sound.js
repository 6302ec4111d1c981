// The page's own sound: the context that plays the tones and hears the microphone, and the voice
// that asks the teacher to speak.

/** How long a context may take to start once it is allowed to. */
const STARTED_MS = 2000;
const TOUCHES = ["pointerdown", "keydown"];

/**
 * Waits until the page may sound. Browsers keep a page silent until it is touched, where it was
 * opened from the address bar and not by a press on another page.
 * @param {AudioContext} context
 * @param {AbortSignal} signal
 * @param {() => void} onSilenced Called when the page has to be touched first.
 * @returns {Promise<boolean>} Whether it sounds: a computer without any sound output may not.
 */
export async function whenAudible(context, signal, onSilenced) {
  const isTouched = navigator.userActivation?.hasBeenActive ?? false;
  if (await starts(context, isTouched ? STARTED_MS : 300)) return true;
  if (isTouched || signal.aborted) return false;
  onSilenced();
  await new Promise((resolve) => {
    for (const touch of TOUCHES) addEventListener(touch, resolve, { signal });
    context.addEventListener("statechange", resolve, { signal });
    signal.addEventListener("abort", resolve);
  });
  return !signal.aborted && starts(context, STARTED_MS);
}

/**
 * @param {AudioContext} context
 * @param {number} limit_ms
 */
async function starts(context, limit_ms) {
  const limit = new Promise((resolve) => setTimeout(resolve, limit_ms));
  await Promise.race([context.resume().catch(() => undefined), limit]);
  return context.state === "running";
}

/** Whether the loudspeaker can be chosen in this browser. */
export function canChooseSpeaker() {
  return typeof AudioContext !== "undefined" && "setSinkId" in AudioContext.prototype;
}

/**
 * Sounds from the chosen loudspeaker; one that is gone gives way to the system's own.
 * @param {AudioContext} context
 * @param {string | null} speaker
 */
export async function useSpeaker(context, speaker) {
  if (!canChooseSpeaker()) return;
  const sink = /** @type {{setSinkId(id: string): Promise<void>}} */ (/** @type {unknown} */ (context));
  await sink.setSinkId(speaker ?? "").catch(() => sink.setSinkId("").catch(() => undefined));
}

/** Voices come late in some browsers: asked for early, they are there when needed. */
export function fetchVoices() {
  if (typeof speechSynthesis !== "undefined") speechSynthesis.getVoices();
}

/**
 * Says a sentence where the browser has a voice for the page's language; elsewhere nothing.
 * @param {string} sentence
 */
export function speak(sentence) {
  if (typeof speechSynthesis === "undefined") return;
  const language = document.documentElement.lang.slice(0, 2).toLowerCase();
  const voice = speechSynthesis.getVoices().find((each) => each.lang.toLowerCase().startsWith(language));
  if (!voice) return;
  const words = new SpeechSynthesisUtterance(sentence);
  words.voice = voice;
  words.lang = voice.lang;
  speechSynthesis.speak(words);
}

export function isSpeaking() {
  return typeof speechSynthesis !== "undefined" && speechSynthesis.speaking;
}

export function hush() {
  if (typeof speechSynthesis !== "undefined") speechSynthesis.cancel();
}
