// How many are here: one number, confirmed with Enter. A class list may help to count; it stays in
// this browser, only the number leaves the room.

import { t } from "../text.js";
import { el } from "./element.js";
import { namesOf } from "./roster.js";

/** @import { HeadCount } from "../protocol.js" */

/** Most pupils in a room. */
const MAX_PRESENT = 999;

export class HeadCounts {
  #present;
  #names;
  #paste;
  #list_place;
  #done;
  #confirm;
  #key;
  /** @type {string[]} */
  #roster;
  /** Whether the teacher wrote or ticked; the last count must not overwrite that. */
  #is_touched = false;

  /**
   * @param {HTMLElement} root
   * @param {string} participant
   * @param {(count: HeadCount) => Promise<boolean>} confirm whether it was kept
   */
  constructor(root, participant, confirm) {
    this.root = root;
    this.#confirm = confirm;
    this.#key = `tongke-class:${participant}`;
    this.#roster = this.#read();
    this.#present = el("input", { id: "present", type: "number", inputmode: "numeric", min: "0", max: String(MAX_PRESENT), required: true });
    this.#present.addEventListener("input", () => (this.#is_touched = true));
    this.#done = el("p", { class: "done", role: "status" });
    this.#names = el("fieldset", { class: "names", hidden: true });
    this.#paste = el("textarea", { id: "roster", rows: "6", spellcheck: "false" });
    this.#list_place = el("div", { class: "roster", hidden: true });
    root.replaceChildren(el("h2", {}, t("js-headcount-title")), this.#form(), this.#done, this.#names, ...this.#listParts());
    this.#showNames();
  }

  /** @param {HeadCount | null} last this room's last count */
  update(last) {
    if (last && !this.#is_touched && document.activeElement !== this.#present) {
      this.#present.value = String(last.present);
    }
  }

  focus() {
    this.#done.textContent = "";
    this.#present.focus();
    this.#present.select();
  }

  #form() {
    const form = el(
      "form",
      { class: "count", novalidate: true },
      el("label", { for: "present" }, t("js-headcount-label")),
      this.#present,
      el("button", { type: "submit" }, t("js-headcount-confirm")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    return form;
  }

  async #submit() {
    const present = this.#present.valueAsNumber;
    if (!Number.isInteger(present) || present < 0 || present > MAX_PRESENT) {
      this.#done.textContent = t("js-headcount-wrong");
      return;
    }
    const expected = this.#roster.length > 0 ? { expected: this.#roster.length } : {};
    if (!(await this.#confirm({ present, ...expected }))) return;
    this.#is_touched = false;
    this.#done.textContent = t("js-headcount-done", { present });
  }

  #listParts() {
    const open = el("button", { type: "button", class: "plain" }, t("js-headcount-roster"));
    open.addEventListener("click", () => {
      this.#list_place.hidden = !this.#list_place.hidden;
      this.#paste.value = this.#roster.join("\n");
      if (!this.#list_place.hidden) this.#paste.focus();
    });
    const keep = el("button", { type: "button" }, t("js-headcount-roster-keep"));
    keep.addEventListener("click", () => {
      this.#roster = namesOf(this.#paste.value);
      this.#write();
      this.#list_place.hidden = true;
      this.#showNames();
      open.focus();
    });
    this.#list_place.append(el("label", { for: "roster" }, t("js-headcount-roster-label")), this.#paste, keep);
    return [open, this.#list_place];
  }

  #showNames() {
    const ticks = this.#roster.map((name) => {
      const tick = el("input", { type: "checkbox", checked: true });
      tick.addEventListener("change", () => this.#count());
      return el("label", {}, tick, name);
    });
    this.#names.replaceChildren(el("legend", {}, t("js-headcount-names", { count: ticks.length })), ...ticks);
    this.#names.hidden = ticks.length === 0;
    if (ticks.length > 0) this.#count();
  }

  #count() {
    this.#is_touched = true;
    this.#present.value = String(this.#names.querySelectorAll("input:checked").length);
  }

  #read() {
    try {
      return namesOf(localStorage.getItem(this.#key) ?? "");
    } catch {
      return [];
    }
  }

  #write() {
    try {
      if (this.#roster.length === 0) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, this.#roster.join("\n"));
    } catch {
      // A browser that keeps nothing: the list lasts as long as the page.
    }
  }
}
