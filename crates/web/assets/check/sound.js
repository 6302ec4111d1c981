// The page's own sound: the context that plays the tones and hears the microphone, and the voice
// that asks the teacher to speak.

/**
 * Waits until the page may sound. Browsers keep a page silent until it is touched, where it was
 * opened from the address bar and not by a press on another page.
 * @param {AudioContext} context
 * @param {AbortSignal} signal
 * @param {() => void} onSilenced Called when the page has to be touched first.
 */
export async function whenAudible(context, signal, onSilenced) {
  if (context.state === "running") return;
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
  // The state may have changed meanwhile, which the type check does not see.
  if (/** @type {string} */ (context.state) === "running" || signal.aborted) return;
  onSilenced();
  await new Promise((resolve) => {
    const touches = ["pointerdown", "keydown"];
    const wake = () => void context.resume().then(() => resolve(undefined));
    for (const touch of touches) addEventListener(touch, wake, { signal });
    context.addEventListener("statechange", () => context.state === "running" && resolve(undefined), { signal });
    signal.addEventListener("abort", () => resolve(undefined));
  });
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
