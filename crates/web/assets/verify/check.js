// Asks the registry whether a file was altered.

/**
 * @typedef {"excellent" | "good" | "pass" | "fail" | "undecided"} Verdict
 * @typedef {{name: string, version: string}} Edition Of criteria.
 *
 * @typedef {object} Checked What the registry says of a file (crates/registry/src/http/checks.rs).
 * @property {"intact" | "unknown_key" | "altered" | "not_signed"} state
 * @property {string} [machine] What the signer calls itself.
 * @property {string} [key]
 * @property {number} [revoked_us] Since when its key may sign no more, µs since the Unix epoch.
 * @property {string} [why] How it shows that it was altered.
 * @property {string} [id]
 * @property {number} [began_us] µs since the Unix epoch.
 * @property {Verdict} [verdict] Of the whole.
 * @property {Edition} [judged_by] By which criteria the registry came to the verdict.
 *
 * @typedef {"empty" | "too_long" | "too_often" | "no_registry" | "unreachable" | "failed"} Problem
 * @typedef {{checked: Checked, criteria: Edition | null} | {problem: Problem}} Outcome
 * `criteria`: by which the report was judged when it was signed, as the file itself says.
 */

const ADDRESS = "/api/v1/reports/check";
/** The longest report, in bytes: the registry takes no longer one. */
const FILE_MAX = 8 * 1024 * 1024;

/**
 * @param {Blob} file
 * @param {typeof fetch} ask
 * @returns {Promise<Outcome>}
 */
export async function check(file, ask = fetch) {
  if (file.size === 0) return { problem: "empty" };
  if (file.size > FILE_MAX) return { problem: "too_long" };
  const headers = { "content-type": "application/octet-stream" };
  try {
    const answer = await ask(ADDRESS, { method: "POST", headers, body: file });
    if (answer.ok) return { checked: await answer.json(), criteria: criteriaOf(await file.text()) };
    return { problem: problemOf(answer.status) };
  } catch {
    return { problem: "unreachable" };
  }
}

/**
 * @param {string} file
 * @returns {Edition | null} null: the file is no report
 */
function criteriaOf(file) {
  try {
    const { name, version } = JSON.parse(file).report.criteria;
    return { name: String(name), version: String(version) };
  } catch {
    return null;
  }
}

/**
 * @param {number} status
 * @returns {Problem}
 */
function problemOf(status) {
  switch (status) {
    case 404:
    case 405:
      return "no_registry";
    case 413:
      return "too_long";
    case 429:
      return "too_often";
    default:
      return "failed";
  }
}
