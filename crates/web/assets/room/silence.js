// Whether this room's own microphone gives nothing: told levels and time. Pure.

/** So long nothing, and somebody is told. */
export const SILENT_AFTER_MS = 20_000;
/** Mean square level: −70 dB of full scale. A quiet classroom is above it, a dead microphone is not. */
const SILENT_ENERGY = 1e-7;

/** Watches one microphone. */
export class Silence {
  /** @type {number | null} */
  #since_ms = null;

  /**
   * @param {number} now_ms
   * @param {number | null} energy_per_s mean square level since the last time, 1 being full scale; null:
   *   it is switched off or there is none, which is no silence
   * @returns {boolean} whether it has been silent for so long that somebody must be told
   */
  push(now_ms, energy_per_s) {
    if (energy_per_s === null || energy_per_s >= SILENT_ENERGY) {
      this.#since_ms = null;
      return false;
    }
    this.#since_ms ??= now_ms;
    return now_ms - this.#since_ms >= SILENT_AFTER_MS;
  }
}
