// What a run leaves behind to be looked at: screenshots, logs, measured figures.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

export const TOP = fileURLToPath(new URL("../../../", import.meta.url));
export const ARTEFACTS = path.join(TOP, "target/browser-artefacts");
const FIGURES = path.join(ARTEFACTS, "figures.json");

/**
 * On a machine with two cores that carries relay, nodes and browsers at once, and others beside it, a
 * figure can be several times what it is in a school. The figure itself is reported; a test fails only
 * at this multiple of what is asked for, where something is broken and not just slow.
 */
const TOLERANCE = 4;

/** A folder of the artefacts. */
export function folder(...parts) {
  const safe = parts.map((part) => part.replace(/[^\p{L}\p{N}_.-]+/gu, "-"));
  const made = path.join(ARTEFACTS, ...safe);
  mkdirSync(made, { recursive: true });
  return made;
}

/**
 * Reports a measured figure, and fails beyond `tolerance` times the limit.
 * @param {import("node:test").TestContext} t
 * @param {{ limit: number, unit?: string, tolerance?: number }} asked
 */
export function figure(t, name, value, { limit, unit = "ms", tolerance = TOLERANCE }) {
  const rounded = Math.round(value * 10) / 10;
  t.diagnostic(`${name}: ${rounded} ${unit} (asked for: ${limit})`);
  const figures = known();
  figures[name] = { value: rounded, unit, limit, within: value <= limit };
  folder();
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
  if (!(value <= limit * tolerance)) {
    throw new Error(`${name}: ${rounded} ${unit}, more than ${tolerance} times the ${limit} ${unit} asked for`);
  }
}

function known() {
  try {
    return JSON.parse(readFileSync(FIGURES, "utf8"));
  } catch {
    return {};
  }
}

/** The value below which a share of the values lies. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
