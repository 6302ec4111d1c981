// Keys and remotes: what is pressed becomes a command, and arrows move the focus.

import { isDialogOpen } from "./dialog.js";
import { arrowTarget, commandOf } from "./keys.js";

/** @import { Command, Direction } from "./keys.js" */

/** Controls on pupils' screens go away after so long without a key or the pointer, in ms. */
const IDLE_AFTER_MS = 4000;
const FOCUSABLE = "button, input, select, textarea, a[href], [tabindex='0']";

export class Keyboard {
  #root;
  #obey;
  /** @type {number | undefined} */
  #idle;

  /**
   * @param {HTMLElement} root
   * @param {(command: Command) => void} obey
   */
  constructor(root, obey) {
    this.#root = root;
    this.#obey = obey;
    document.addEventListener("keydown", this.#pressed);
    document.addEventListener("pointermove", this.#awake);
    document.addEventListener("pointerdown", this.#awake);
    this.#awake();
  }

  close() {
    clearTimeout(this.#idle);
    delete document.body.dataset.idle;
    document.removeEventListener("keydown", this.#pressed);
    document.removeEventListener("pointermove", this.#awake);
    document.removeEventListener("pointerdown", this.#awake);
  }

  #pressed = (/** @type {KeyboardEvent} */ event) => {
    this.#awake();
    if (event.isComposing || event.defaultPrevented) return;
    const command = commandOf(event, typingIn(document.activeElement));
    if (!command) return;
    if ("move" in command) {
      event.preventDefault();
      move(/** @type {HTMLElement} */ (document.querySelector("dialog[open]") ?? this.#root), command.move);
    } else if (!isDialogOpen()) {
      event.preventDefault();
      this.#obey(command);
    }
  };

  #awake = () => {
    clearTimeout(this.#idle);
    delete document.body.dataset.idle;
    this.#idle = setTimeout(() => (document.body.dataset.idle = ""), IDLE_AFTER_MS);
  };
}

/**
 * What a field needs keys for.
 * @param {Element | null} element
 * @returns {"text" | "list" | "none"}
 */
function typingIn(element) {
  if (element instanceof HTMLTextAreaElement) return "text";
  if (element instanceof HTMLSelectElement) return "list";
  if (element instanceof HTMLInputElement) {
    if (element.type === "checkbox") return "none";
    return element.type === "radio" || element.type === "range" ? "list" : "text";
  }
  return "none";
}

/**
 * Moves the focus.
 * @param {HTMLElement} within
 * @param {Direction} direction
 */
export function move(within, direction) {
  const all = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(FOCUSABLE)]).filter(
    (one) => one.getClientRects().length > 0 && !one.hasAttribute("disabled"),
  );
  const from = all.findIndex((one) => one === document.activeElement);
  all[arrowTarget(all.map((one) => one.getBoundingClientRect()), from, direction)]?.focus();
}
