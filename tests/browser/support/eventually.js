// Waiting for something to be so.

const LOOK_EVERY_MS = 40;

/**
 * Waits until `look` gives something truthy, and gives it; after `within_ms` fails with `what` and
 * the last thing seen. An error thrown by `look` counts as not yet.
 */
export async function eventually(what, within_ms, look) {
  const begun_ms = performance.now();
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() - begun_ms > within_ms) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${within_ms} ms in vain until ${what}; last seen: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
