// A page instead of the lesson: what is wrong, in plain words, and what to do next.

import { el } from "./stage/element.js";
import { t } from "./text.js";

/** @typedef {{ label: string, id: string, press: () => void }} Choice */

/**
 * Fills the problem page. The first choice is the usual one and has the focus.
 * @param {HTMLElement} root
 * @param {string} code
 * @param {Choice[]} choices
 */
export function showProblem(root, code, choices) {
  const { title, next } = wordsOf(code);
  const buttons = choices.map(({ label, id, press }, index) => {
    const button = el("button", { type: "button", id, class: index === 0 ? "main" : false }, label);
    button.addEventListener("click", press);
    return button;
  });
  root.dataset.code = code;
  root.replaceChildren(el("h1", {}, title), el("p", {}, next), el("div", { class: "choices" }, ...buttons));
  buttons[0]?.focus();
}

/** @param {string} code the relay's word, or the page's own */
function wordsOf(code) {
  const words = (/** @type {string} */ title, /** @type {string} */ next) => ({ title, next });
  switch (code) {
    case "grant_missing":
      return words(t("js-problem-grant-missing-title"), t("js-problem-grant-missing-next"));
    case "grant_malformed":
      return words(t("js-problem-grant-malformed-title"), t("js-problem-grant-malformed-next"));
    case "grant_signature":
      return words(t("js-problem-grant-signature-title"), t("js-problem-grant-signature-next"));
    case "grant_expired":
      return words(t("js-problem-grant-expired-title"), t("js-problem-grant-expired-next"));
    case "grant_other_lesson":
      return words(t("js-problem-grant-other-lesson-title"), t("js-problem-grant-other-lesson-next"));
    case "lesson_ended":
      return words(t("js-problem-lesson-ended-title"), t("js-problem-lesson-ended-next"));
    case "lesson_locked":
      return words(t("js-problem-lesson-locked-title"), t("js-problem-lesson-locked-next"));
    case "relay_unreachable":
      return words(t("js-problem-relay-unreachable-title"), t("js-problem-relay-unreachable-next"));
    case "no_webrtc":
      return words(t("js-problem-no-webrtc-title"), t("js-problem-no-webrtc-next"));
    case "no_h264":
      return words(t("js-problem-no-h264-title"), t("js-problem-no-h264-next"));
    case "insecure_context":
      return words(t("js-problem-insecure-context-title"), t("js-problem-insecure-context-next"));
    case "second_window":
      return words(t("js-problem-second-window-title"), t("js-problem-second-window-next"));
    case "replaced":
      return words(t("js-problem-replaced-title"), t("js-problem-replaced-next"));
    case "relay_full":
      return words(t("js-problem-relay-full-title"), t("js-problem-relay-full-next"));
    case "lesson_full":
      return words(t("js-problem-lesson-full-title"), t("js-problem-lesson-full-next"));
    case "not_kept":
      return words(t("js-problem-not-kept-title"), t("js-problem-not-kept-next"));
    default:
      return words(t("js-problem-unknown-title"), t("js-problem-unknown-next"));
  }
}
