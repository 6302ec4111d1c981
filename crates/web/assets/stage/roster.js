// A class list as a teacher pastes it. Pure.

/** Longest list. */
const MAX_PUPILS = 200;

/**
 * The names of a pasted list: one a line, or with commas between; numbers before names go. Two of
 * the same name are two pupils.
 * @param {string} text
 * @returns {string[]}
 */
export function namesOf(text) {
  return text
    .split(/[\r\n\t,，、;；]+/)
    .map((name) => name.replace(/^[\s\d.．、)）-]+/, "").trim())
    .filter((name) => name !== "")
    .slice(0, MAX_PUPILS);
}
