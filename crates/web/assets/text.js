// The page's texts. The server writes those that modules use into the page, in the page's language;
// no text stands in code.

/** @type {Record<string, string> | null} */
let messages = null;

/**
 * The text of a key, with its variables filled in. A key without text gives the key itself, so that
 * a mistake is seen and nothing else breaks.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  messages ??= read();
  return fill(messages[key] ?? key, values);
}

/**
 * Whether there is a text for a key.
 * @param {string} key
 */
export function hasText(key) {
  messages ??= read();
  return Object.hasOwn(messages, key);
}

/**
 * Puts values into the `{name}` places of a text; a place without value stays as it is.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function fill(text, values) {
  return text.replace(/\{\s*\$?([a-z][a-z0-9_-]*)\s*\}/gi, (place, /** @type {string} */ name) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  );
}

/** @returns {Record<string, string>} */
function read() {
  const block = document.getElementById("texts");
  return block?.textContent ? JSON.parse(block.textContent) : {};
}
