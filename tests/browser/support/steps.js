// How soon a step taken on one page is seen on the others.

import { figure } from "./artefacts.js";

/** What is asked of every step, in ms. */
const LIMIT_MS = 500;
const DEADLINE_MS = 10_000;

/**
 * Takes a step and waits until each of the others shows it.
 * @param {import("node:test").TestContext} t
 * @param {string} name
 * @param {import("./page.js").LessonPage} on
 * @param {() => Promise<unknown>} take presses a key or a button on `on`
 * @param {[import("./page.js").LessonPage, string, boolean?][]} seen on which pages, by which selector; false: gone again
 */
export async function step(t, name, on, take, seen) {
  await noteKeys(on);
  const arrivals = seen.map(([shown, selector, there = true]) => arrival_ms(shown.page, selector, there));
  await take();
  await report(t, name, on, seen, arrivals);
}

/**
 * The same for a key that opens a window, on which something is then seen.
 * @param {import("node:test").TestContext} t
 * @param {string} name
 * @param {import("./page.js").LessonPage} on
 * @param {() => Promise<import("./page.js").LessonPage>} open presses the key and gives the new page
 * @param {string[]} selectors what is seen there
 */
export async function stepInto(t, name, on, open, selectors) {
  await noteKeys(on);
  const opened = await open();
  const arrivals = selectors.map((selector) => arrival_ms(opened.page, selector, true));
  await report(t, name, on, selectors.map((selector) => [opened, selector]), arrivals);
  return opened;
}

/** Notes on a page when the next key or button is pressed. */
function noteKeys(on) {
  return on.page.evaluate(() => {
    const pressed = () => (globalThis.tongkePressed_ms ??= performance.timeOrigin + performance.now());
    globalThis.tongkePressed_ms = undefined;
    for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, pressed, { capture: true, once: true });
  });
}

async function report(t, name, on, seen, arrivals) {
  const pressed_ms = await on.page.evaluate(() => globalThis.tongkePressed_ms);
  const arrived_ms = await Promise.all(arrivals);
  for (const [n, at_ms] of arrived_ms.entries()) {
    if (at_ms === null) throw new Error(`${name}: not seen by ${seen[n][0].participant}: ${seen[n][1]}`);
  }
  figure(t, name, Math.max(...arrived_ms) - pressed_ms, { limit: LIMIT_MS });
}

/** When something is there, or gone, on a page, as wall clock; null: not before the deadline. */
function arrival_ms(page, selector, there) {
  return page.evaluate(
    ({ selector, there, deadline_ms }) =>
      new Promise((resolve) => {
        const begun_ms = performance.now();
        const look = () => {
          const found = [...document.querySelectorAll(selector)].some((one) => one.checkVisibility());
          if (found === there) return resolve(performance.timeOrigin + performance.now());
          if (performance.now() - begun_ms > deadline_ms) return resolve(null);
          requestAnimationFrame(look);
        };
        look();
      }),
    { selector, there, deadline_ms: DEADLINE_MS },
  );
}
