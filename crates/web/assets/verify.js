// The page that tells whether a report was altered. The file goes to the registry behind this server, which checks
// the signature and keeps nothing.

import { byId, el, setText } from "./stage/element.js";
import { t } from "./text.js";
import { check } from "./verify/check.js";

/** @import { Checked, Edition, Outcome, Verdict } from "./verify/check.js" */

/** Files that are looked at one after the other: an answer that comes late is of a file that was put away. */
let latest = 0;

/** @param {File} file */
async function look(file) {
  const mine = (latest += 1);
  show("busy", { title: t("js-verify-busy-title"), next: "" }, [[t("js-verify-file"), file.name]]);
  const outcome = await check(file);
  if (mine === latest) tell(file, outcome);
}

/**
 * @param {File} file
 * @param {Outcome} outcome
 */
function tell(file, outcome) {
  const named = /** @type {[string, string][]} */ ([[t("js-verify-file"), file.name]]);
  if ("problem" in outcome) return show("problem", wordsOf(outcome.problem), named);
  const { checked, criteria } = outcome;
  const is_revoked = checked.state === "intact" && checked.revoked_us !== undefined;
  show(is_revoked ? "revoked" : checked.state, wordsOf(is_revoked ? "revoked" : checked.state), [...named, ...rowsOf(checked, criteria)]);
}

/**
 * What the file says is shown only as far as its signature holds.
 * @param {Checked} checked
 * @param {Edition | null} criteria
 * @returns {[string, string][]}
 */
function rowsOf({ state, machine, key, began_us, revoked_us, id, verdict, judged_by, why }, criteria) {
  /** @type {[string, string | undefined][]} */
  const rows = state === "intact" || state === "unknown_key"
    ? [
        [state === "intact" ? t("js-verify-signer") : t("js-verify-signer-claimed"), machine],
        [t("js-verify-revoked"), revoked_us === undefined ? undefined : dateOf(revoked_us)],
        [t("js-verify-began"), began_us === undefined ? undefined : dateOf(began_us)],
        [t("js-verify-verdict"), verdict && verdictOf(verdict)],
        [t("js-verify-judged-by"), judged_by && editionOf(judged_by)],
        [t("js-verify-criteria"), criteria ? editionOf(criteria) : undefined],
        [t("js-verify-id"), id],
        [t("js-verify-key"), key],
      ]
    : [[t("js-verify-why"), why]];
  return /** @type {[string, string][]} */ (rows.filter(([, value]) => value !== undefined));
}

/**
 * @param {"busy" | "problem" | "revoked" | Checked["state"]} state
 * @param {{title: string, next: string}} words
 * @param {[string, string][]} rows
 */
function show(state, { title, next }, rows) {
  const result = byId("result");
  result.hidden = false;
  result.dataset.state = state;
  setText(byId("result-title"), title);
  setText(byId("result-next"), next);
  byId("result-rows").replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** @param {string} code */
function wordsOf(code) {
  const words = (/** @type {string} */ title, /** @type {string} */ next) => ({ title, next });
  switch (code) {
    case "intact":
      return words(t("js-verify-intact-title"), t("js-verify-intact-next"));
    case "revoked":
      return words(t("js-verify-revoked-title"), t("js-verify-revoked-next"));
    case "unknown_key":
      return words(t("js-verify-unknown-title"), t("js-verify-unknown-next"));
    case "altered":
      return words(t("js-verify-altered-title"), t("js-verify-altered-next"));
    case "not_signed":
      return words(t("js-verify-unsigned-title"), t("js-verify-unsigned-next"));
    case "empty":
      return words(t("js-verify-empty-title"), t("js-verify-empty-next"));
    case "too_long":
      return words(t("js-verify-long-title"), t("js-verify-long-next"));
    case "too_often":
      return words(t("js-verify-often-title"), t("js-verify-often-next"));
    case "no_registry":
      return words(t("js-verify-nowhere-title"), t("js-verify-nowhere-next"));
    case "unreachable":
      return words(t("js-problem-relay-unreachable-title"), t("js-verify-unreachable-next"));
    default:
      return words(t("js-verify-failed-title"), t("js-verify-failed-next"));
  }
}

/** @param {Verdict} verdict */
function verdictOf(verdict) {
  switch (verdict) {
    case "excellent":
      return t("js-verify-verdict-excellent");
    case "good":
      return t("js-verify-verdict-good");
    case "pass":
      return t("js-verify-verdict-pass");
    case "fail":
      return t("js-verify-verdict-fail");
    default:
      return t("js-verify-verdict-undecided");
  }
}

/** @param {Edition} criteria */
function editionOf({ name, version }) {
  return t("js-verify-edition", { name, version });
}

/** @param {number} at_us since the Unix epoch */
function dateOf(at_us) {
  const language = document.documentElement.lang;
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(at_us / 1000);
}

function start() {
  const input = /** @type {HTMLInputElement} */ (byId("file"));
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) void look(file);
    // The same file, changed meanwhile, is looked at again.
    input.value = "";
  };
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void look(file);
  });
}

start();
