// What the page says by itself: one line for each thing that is not as it should be, as long as it
// is so, and short words about what just happened.

import { t } from "../text.js";
import { el, setAttribute, setText } from "./element.js";

/** How long words about something that is over stay, in ms. */
const FLASH_MS = 6000;

/** @typedef {"good" | "warn" | "bad"} Level */
/** @typedef {{ label: string, press: () => void }} NoticeButton */

export class Notices {
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** @type {Map<string, number>} */
  #timers = new Map();
  #list;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /**
   * Says something until it is cleared; said again, only its words change.
   * @param {string} code
   * @param {Level} level
   * @param {string} text
   * @param {NoticeButton} [button]
   */
  set(code, level, text, button) {
    clearTimeout(this.#timers.get(code));
    let item = this.#shown.get(code);
    if (!item) {
      item = el("li", { "data-notice": code }, el("strong", {}), el("span", {}));
      if (button) {
        const press = el("button", { type: "button" }, button.label);
        press.addEventListener("click", button.press);
        item.append(press);
      }
      this.#shown.set(code, item);
      this.#list.append(item);
      // With a remote the button is one Enter away, unless the teacher is busy elsewhere.
      if (document.activeElement === document.body) item.querySelector("button")?.focus();
    }
    setAttribute(item, "data-level", level);
    setText(/** @type {Element} */ (item.firstElementChild), levelWord(level));
    setText(/** @type {Element} */ (item.children[1]), text);
  }

  /** @param {string} code */
  clear(code) {
    clearTimeout(this.#timers.get(code));
    this.#shown.get(code)?.remove();
    this.#shown.delete(code);
  }

  /**
   * Says something for a few seconds.
   * @param {string} code
   * @param {Level} level
   * @param {string} text
   */
  flash(code, level, text) {
    this.set(code, level, text);
    this.#timers.set(code, setTimeout(() => this.clear(code), FLASH_MS));
  }

  /**
   * Keeps exactly these of the codes that begin with a prefix.
   * @param {string} prefix
   * @param {Set<string>} codes
   */
  keepOnly(prefix, codes) {
    for (const code of [...this.#shown.keys()]) {
      if (code.startsWith(prefix) && !codes.has(code)) this.clear(code);
    }
  }

  close() {
    for (const code of [...this.#shown.keys()]) this.clear(code);
  }
}

/**
 * The word before a notice: colour alone must not say how bad it is.
 * @param {Level} level
 */
function levelWord(level) {
  return { good: t("js-level-good"), warn: t("js-level-warn"), bad: t("js-level-bad") }[level];
}
