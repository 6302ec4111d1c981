// Questions and sheets that stand before everything else.

import { t } from "../text.js";
import { el } from "./element.js";
import { KEY_OF } from "./keys.js";

/** @import { Act } from "./keys.js" */

/**
 * Asks before something that cannot be missed. The focus is on "cancel": an Enter too many, or a
 * remote's button pressed twice, does nothing.
 * @param {{ title: string, text: string, yes: string }} words
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, yes }) {
  const no = el("button", { type: "button", autofocus: true }, t("js-dialog-cancel"));
  const go = el("button", { type: "button", class: "grave" }, yes);
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title", "data-dialog": "confirm" },
    el("h2", { id: "dialog-title" }, title),
    el("p", {}, text),
    el("div", { class: "choices" }, no, go),
  );
  return new Promise((resolve) => {
    no.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    open(dialog);
  });
}

/**
 * Shows which key does what.
 * @param {{ act: Act, label: string }[]} acts
 */
export function showKeys(acts) {
  const row = (/** @type {string} */ key, /** @type {string} */ words) =>
    el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words));
  const close = el("button", { type: "button", autofocus: true }, t("js-dialog-close"));
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title", "data-dialog": "keys" },
    el("h2", { id: "dialog-title" }, t("js-keys-title")),
    el(
      "dl",
      { class: "keys" },
      ...acts.map(({ act, label }) => row(KEY_OF[act], label)),
      row("1–9", t("js-keys-digits")),
      row("← → ↑ ↓", t("js-keys-arrows")),
      row("PageUp PageDown", t("js-keys-pages")),
      row("Enter", t("js-keys-enter")),
      row("Esc", t("js-keys-escape")),
    ),
    el("div", { class: "choices" }, close),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  open(dialog);
}

/** @param {HTMLDialogElement} dialog */
function open(dialog) {
  document.body.append(dialog);
  dialog.showModal();
}

/** Whether one is open. */
export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}
