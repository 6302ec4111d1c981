// When the page flashes: a beep goes with each flash, and has to be on the audio clock before it.

/**
 * From flash to flash: no whole number of pictures at 15, 25 or 30 a second, so that many flashes fall into all
 * phases of a camera's pictures (crates/measure/src/lipsync.rs).
 */
export const SPACING_MS = 2974.53;
/** Two pictures of a camera that takes 25 a second see all of it. */
export const FLASH_MS = 120;
/** A beep is put on the audio clock so long before; a loudspeaker on Bluetooth is a quarter of a second behind. */
export const LEAD_MS = 600;
/** A flash lasts so many refreshes of the screen at least. */
const REFRESHES_MIN = 2;

export class Flashes {
  #beep;
  #next_ms;
  #has_beeped = false;
  #lit = 0;

  /**
   * @param {number} now_ms
   * @param {(at_ms: number) => boolean} beep Has the beep heard at a moment of the page's clock; false: cannot.
   */
  constructor(now_ms, beep) {
    this.#beep = beep;
    this.#next_ms = now_ms + LEAD_MS;
  }

  /**
   * Whether the screen is lit in the refresh that is seen from `shown_ms` on.
   * @param {number} now_ms
   * @param {number} shown_ms
   * @param {number} period_ms Of the screen's refreshes.
   */
  refresh(now_ms, shown_ms, period_ms) {
    // A page that was out of sight has missed some: none is caught up.
    if (shown_ms > this.#next_ms + FLASH_MS + period_ms && this.#lit === 0) this.#skipTo(now_ms + LEAD_MS);
    if (!this.#has_beeped && now_ms >= this.#next_ms - LEAD_MS) {
      this.#has_beeped = true;
      // A flash without its beep would say that there is no sound.
      if (!this.#beep(this.#next_ms)) this.#skipTo(this.#next_ms + SPACING_MS);
    }
    if (shown_ms < this.#next_ms - period_ms / 2) return false;
    const is_over = shown_ms >= this.#next_ms + FLASH_MS - period_ms / 2;
    if (is_over && this.#lit >= REFRESHES_MIN) {
      this.#skipTo(this.#next_ms + SPACING_MS);
      return false;
    }
    this.#lit += 1;
    return true;
  }

  /** @param {number} next_ms */
  #skipTo(next_ms) {
    this.#next_ms = next_ms;
    this.#has_beeped = false;
    this.#lit = 0;
  }
}
