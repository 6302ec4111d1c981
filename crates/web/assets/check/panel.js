// What the check shows: a row for each item, the verdict, the devices to choose from.

import { t } from "../text.js";
import { NAMES } from "./verdict.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {import("./verdict.js").Item} Item
 * @typedef {import("./verdict.js").State} State
 * @typedef {"camera" | "microphone" | "speaker"} DeviceKind
 */

/** @type {Record<State, string>} */
const STATE_WORDS = {
  busy: "js-check-state-busy",
  ok: "js-check-state-ok",
  warn: "js-check-state-warn",
  bad: "js-check-state-bad",
};

/** @type {Record<string, string>} */
const ROLE_WORDS = {
  supporting: "js-check-role-supporting",
  receiving: "js-check-role-receiving",
  observer: "js-check-role-observer",
  inspector: "js-check-role-inspector",
};

/** @type {DeviceKind[]} */
export const DEVICE_KINDS = ["camera", "microphone", "speaker"];

/** The check's part of the page. */
export class Panel {
  #root;
  #signal;

  /**
   * @param {HTMLElement} root
   * @param {AbortSignal} signal Ends all listening.
   */
  constructor(root, signal) {
    this.#root = root;
    this.#signal = signal;
  }

  /** @returns {HTMLVideoElement} */
  get preview() {
    return this.#find("video");
  }


  /**
   * @param {{name: string, role: string}} pass
   * @param {Item[]} items
   * @param {boolean} isClassroom
   */
  open(pass, items, isClassroom) {
    this.#find("[data-part=name]").textContent = pass.name;
    this.#find("[data-part=role]").textContent = t(ROLE_WORDS[pass.role] ?? "js-check-role-observer");
    this.#find("[data-part=devices]").hidden = !isClassroom;
    this.#root.dataset.audience = isClassroom ? "classroom" : "watching";
    const start = this.#find("#start");
    start.textContent = t(isClassroom ? "js-check-start" : "js-check-start-watching");
    for (const row of this.#rows()) row.hidden = !items.includes(/** @type {Item} */ (row.dataset.check));
    this.#root.hidden = false;
    start.focus();
  }

  /**
   * @param {Item} item
   * @param {Finding} finding
   */
  show(item, finding) {
    const row = this.#find(`[data-check=${item}]`);
    row.dataset.state = finding.state;
    row.dataset.code = finding.code;
    const fill = (/** @type {string} */ part, /** @type {string} */ text) => {
      const place = /** @type {HTMLElement} */ (row.querySelector(`[data-part=${part}]`));
      if (place.textContent !== text) place.textContent = text;
      place.hidden = text === "";
    };
    fill("state", t(STATE_WORDS[finding.state]));
    fill("say", t(finding.say, finding.args));
    fill("next", finding.next ? t(finding.next, finding.args) : "");
  }

  /** @param {{state: State, say: string, of: Item[]}} verdict */
  showVerdict({ state, say, of }) {
    const line = this.#find("#verdict");
    const items = of.map((item) => t(NAMES[item])).join(t("js-check-list-comma"));
    const text = t(say, { items });
    line.dataset.state = state;
    if (line.textContent !== text) line.textContent = text;
  }

  /** @param {number} level 0 to 1 */
  showLevel(level) {
    const bar = this.#find("[data-part=level]");
    bar.style.transform = `scaleX(${level.toFixed(2)})`;
  }

  /** @param {boolean} hasPicture */
  showPicture(hasPicture) {
    this.preview.hidden = !hasPicture;
    this.#find("[data-part=no-picture]").hidden = hasPicture;
  }

  /**
   * @param {DeviceKind} kind
   * @param {{id: string, name: string}[]} devices
   * @param {string | null} chosen
   */
  showDevices(kind, devices, chosen) {
    const select = this.#select(kind);
    const options = devices.map(({ id, name }) => new Option(name, id, false, id === chosen));
    if (options.length === 0) options.push(new Option(t("js-check-no-choice"), ""));
    select.replaceChildren(...options);
    select.disabled = devices.length === 0;
  }

  /** @param {(kind: DeviceKind, id: string) => void} choose */
  onChoice(choose) {
    for (const kind of DEVICE_KINDS) {
      const select = this.#select(kind);
      select.addEventListener("change", () => choose(kind, select.value), { signal: this.#signal });
    }
  }

  /** @param {() => void} start */
  onStart(start) {
    this.#find("#start").addEventListener("click", start, { signal: this.#signal });
  }

  /** @param {(item: Item) => void} again */
  onRetry(again) {
    for (const row of this.#rows()) {
      const button = /** @type {HTMLButtonElement} */ (row.querySelector("[data-part=retry]"));
      const item = /** @type {Item} */ (row.dataset.check);
      button.addEventListener("click", () => again(item), { signal: this.#signal });
    }
  }

  /** @param {DeviceKind} kind */
  hideChoice(kind) {
    /** @type {HTMLElement} */ (this.#select(kind).closest("label")).hidden = true;
  }

  close() {
    this.preview.srcObject = null;
    this.#root.hidden = true;
  }

  /** @param {DeviceKind} kind */
  #select(kind) {
    return /** @type {HTMLSelectElement} */ (this.#find(`select[data-device=${kind}]`));
  }

  #rows() {
    return /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll("[data-check]"));
  }

  /**
   * @template {HTMLElement} E
   * @param {string} selector Of what the template has.
   * @returns {E}
   */
  #find(selector) {
    return /** @type {E} */ (this.#root.querySelector(selector));
  }
}
