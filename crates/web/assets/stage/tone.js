// A tone from the loudspeaker, at a moment of the audio clock.

/**
 * @typedef {object} Tone
 * @property {number} hz
 * @property {number} start_s On the audio clock.
 * @property {number} lasting_s
 * @property {number} amplitude Of full scale.
 * @property {number} fade_s It rises and falls for so long, so that it does not click.
 */

/**
 * @param {AudioContext} context
 * @param {Tone} tone
 */
export function soundTone(context, { hz, start_s, lasting_s, amplitude, fade_s }) {
  const end_s = start_s + lasting_s;
  const oscillator = new OscillatorNode(context, { frequency: hz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start_s);
  gain.gain.linearRampToValueAtTime(amplitude, start_s + fade_s);
  gain.gain.setValueAtTime(amplitude, end_s - fade_s);
  gain.gain.linearRampToValueAtTime(0, end_s);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start_s);
  oscillator.stop(end_s);
  oscillator.addEventListener("ended", () => gain.disconnect());
}
