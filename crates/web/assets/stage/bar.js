// The controls, below the pictures: each button says what it does now and which key does the same.

import { t } from "../text.js";
import { el, setAttribute, setText } from "./element.js";
import { KEY_OF } from "./keys.js";

/** @import { Role } from "../protocol.js" */
/** @import { Act } from "./keys.js" */
/** @import { Screen } from "./layouts.js" */

/** @type {Act[]} */
const SUPPORTING = ["floor", "mute", "share", "microphone", "headcount", "messages", "second", "layout", "lock", "details", "full", "help", "end"];
/** @type {Act[]} */
const RECEIVING = ["hand", "microphone", "share", "headcount", "messages", "second", "layout", "details", "full", "help"];
/** @type {Act[]} */
const WALL = ["layout", "full", "details", "help"];
/** @type {Act[]} */
const OBSERVER = ["details", "full", "help"];

/**
 * The buttons of a screen. A window that does not send has no courseware and opens no further one.
 * @param {Role} role
 * @param {Screen} screen
 * @param {boolean} publishes
 * @returns {Act[]}
 */
export function actsOf(role, screen, publishes) {
  if (screen === "observer") return OBSERVER;
  if (screen === "rear" || screen === "side") return WALL;
  const all = role === "supporting" ? SUPPORTING : RECEIVING;
  return publishes ? all : all.filter((act) => act !== "share" && act !== "second");
}

/**
 * What the keys do on a screen: besides its buttons, on the rear and side screen what needs no other
 * picture, for the teacher's keys may go to that window.
 * @param {Role} role
 * @param {Screen} screen
 * @param {boolean} publishes
 * @returns {Act[]}
 */
export function keyActsOf(role, screen, publishes) {
  const acts = actsOf(role, screen, publishes);
  if (screen === "rear") return [...acts, "floor", "mute", "microphone"];
  return screen === "side" ? [...acts, "hand", "microphone"] : acts;
}

/**
 * How the controls stand.
 * @typedef {object} BarState
 * @property {boolean} is_floor_given
 * @property {boolean} is_class_muted whether the class that the mute key means is muted
 * @property {boolean} is_microphone_open
 * @property {boolean} is_sharing
 * @property {boolean} is_hand_up
 * @property {boolean} is_locked
 * @property {boolean} is_full
 * @property {number} unread
 * @property {Set<Act>} open panels that are open
 */

/**
 * What a button does now, in words.
 * @param {Act} act
 * @param {BarState} state
 * @param {Role} role
 */
export function labelOf(act, state, role) {
  switch (act) {
    case "floor":
      return state.is_floor_given ? t("js-bar-floor-take") : t("js-bar-floor-give");
    case "mute":
      return state.is_class_muted ? t("js-bar-unmute") : t("js-bar-mute");
    case "microphone":
      return state.is_microphone_open ? t("js-bar-microphone-close") : t("js-bar-microphone-open");
    case "share":
      return state.is_sharing ? t("js-bar-share-stop") : t("js-bar-share");
    case "hand":
      return state.is_hand_up ? t("js-bar-hand-down") : t("js-bar-hand-up");
    case "layout":
      return t("js-bar-layout");
    case "second":
      return role === "supporting" ? t("js-bar-second-rear") : t("js-bar-second-side");
    case "headcount":
      return t("js-bar-headcount");
    case "messages":
      return t("js-bar-messages");
    case "details":
      return t("js-bar-details");
    case "lock":
      return state.is_locked ? t("js-bar-unlock") : t("js-bar-lock");
    case "end":
      return t("js-bar-end");
    case "full":
      return state.is_full ? t("js-bar-full-leave") : t("js-bar-full");
    case "help":
      return t("js-bar-help");
  }
}

/** Buttons that open a panel. */
const PANELS = new Set(["headcount", "messages", "details"]);

export class Bar {
  /** @type {Map<Act, HTMLButtonElement>} */
  #buttons = new Map();
  #root;
  #role;
  #press;

  /**
   * @param {HTMLElement} root
   * @param {Role} role
   * @param {(act: Act) => void} press
   */
  constructor(root, role, press) {
    this.#root = root;
    this.#role = role;
    this.#press = press;
  }

  /** @param {Act[]} acts */
  show(acts) {
    const focused = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    this.#buttons = new Map(acts.map((act) => [act, this.#buttons.get(act) ?? this.#make(act)]));
    this.#root.replaceChildren(...this.#buttons.values());
    if (focused) this.#buttons.get(focused)?.focus();
  }

  /** @param {BarState} state */
  update(state) {
    for (const [act, button] of this.#buttons) {
      const [word, , badge] = /** @type {HTMLCollectionOf<HTMLElement>} */ (button.children);
      if (word) setText(word, labelOf(act, state, this.#role));
      if (PANELS.has(act)) setAttribute(button, "aria-expanded", String(state.open.has(act)));
      setAttribute(button, "data-on", isOn(act, state));
      if (badge) {
        const unread = act === "messages" ? state.unread : 0;
        badge.hidden = unread === 0;
        setText(badge, unread === 0 ? "" : t("js-bar-unread", { count: unread }));
      }
    }
  }

  /** @param {Act} act */
  focus(act) {
    this.#buttons.get(act)?.focus();
  }

  /** @param {Act} act */
  #make(act) {
    const button = el(
      "button",
      { type: "button", "data-act": act, "aria-keyshortcuts": KEY_OF[act] },
      el("span", { class: "word" }),
      el("kbd", { "aria-hidden": "true" }, KEY_OF[act]),
      el("span", { class: "badge", hidden: true }),
    );
    button.addEventListener("click", () => this.#press(act));
    return button;
  }
}

/**
 * Whether a button is lit: something is so because it was pressed.
 * @param {Act} act
 * @param {BarState} state
 */
function isOn(act, state) {
  switch (act) {
    case "floor":
      return state.is_floor_given;
    case "mute":
      return state.is_class_muted;
    case "microphone":
      return !state.is_microphone_open;
    case "share":
      return state.is_sharing;
    case "hand":
      return state.is_hand_up;
    case "lock":
      return state.is_locked;
    default:
      return state.open.has(act);
  }
}
