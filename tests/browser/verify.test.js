// The page that tells whether a report was altered, against the registry inside `tongke serve`.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { seriousFindings } from "./support/accessible.js";
import { TOP, folder } from "./support/artefacts.js";
import { inpage } from "./support/chromium.js";
import { DESK, Lesson } from "./support/lesson.js";
import { tongke } from "./support/process.js";

const SIZES = { phone: { width: 390, height: 844 }, desk: DESK };
const FACTS = path.join(TOP, "crates/inspection/fixtures/good.json");

/** A report as the machine of a folder signs it; its path. */
function signed(machine, name) {
  const file = path.join(machine, name);
  tongke("report", FACTS, "--signed", file, "--data", machine);
  return file;
}

/** Another file with these words. */
function written(near, name, words) {
  const file = path.join(path.dirname(near), name);
  writeFileSync(file, words);
  return file;
}

/** The page, and a report that a machine which is known there signed. */
async function open(t) {
  const lesson = await Lesson.start(t);
  const browser = await lesson.browser({ devices: "none" });
  const context = await lesson.context({ browser, viewport: SIZES.phone, scripts: [inpage("fit")] });
  const shown = lesson.adopt(await context.newPage(), "verify", "");
  await shown.page.goto(`${lesson.relay.url}/verify`);
  return { lesson, shown, page: shown.page, report: signed(lesson.relay.folder, "report.json") };
}

/** Chooses a file and waits for what is said of it. */
async function choose(page, file, state) {
  await page.locator("#file").setInputFiles(file);
  const rows = page.locator(`#result[data-state=${state}] #result-rows`);
  await rows.filter({ hasText: path.basename(file) }).waitFor();
  return rows.innerText();
}

test("a report that a known machine signed is intact, and who signed it when and by what is told", async (t) => {
  const { shown, page, report } = await open(t);
  const rows = await choose(page, report, "intact");
  for (const word of ["签名的机器\nserve", "总结论\n优", "判定所用标准\ntongke，1 版", "签名时的标准\ntongke，1 版", JSON.parse(readFileSync(report, "utf8")).report.facts.id]) {
    assert.ok(rows.includes(word), `${word} in:\n${rows}`);
  }
  assert.match(await shown.speaksPlainly("#result-title"), /没有改动过/);
  assert.deepEqual(shown.log.filter((line) => /^(error|uncaught)/.test(line)), []);
});

test("one altered byte is told, and nothing of what the file says", async (t) => {
  const { shown, page, report } = await open(t);
  const words = readFileSync(report, "utf8");
  const at = words.search(/\d\.\d/) + 2;
  const altered = words.slice(0, at) + (words[at] === "7" ? "8" : "7") + words.slice(at + 1);
  const rows = await choose(page, written(report, "altered.json", altered), "altered");
  assert.doesNotMatch(rows, /serve|优/);
  await shown.speaksPlainly("#result-title");
  await shown.speaksPlainly("#result-next");
});

test("a key that nobody knows, no signature and no report at all are each told", async (t) => {
  const { lesson, shown, page, report } = await open(t);
  const elsewhere = await Lesson.start(t);
  const rows = await choose(page, signed(elsewhere.relay.folder, "stranger.json"), "unknown_key");
  assert.match(rows, /自称的机器\nserve/);
  await shown.speaksPlainly("#result-next");
  const [unsigned] = readFileSync(report, "utf8").split(',"signature":"');
  await choose(page, written(report, "unsigned.json", `${unsigned}}\n`), "not_signed");
  await choose(page, written(report, "page.json", "<html>"), "altered");
  await choose(page, written(report, "empty.json", ""), "problem");
  // What was found of one file never stands beside another.
  assert.match(await choose(page, report, "intact"), /report\.json/);
  await lesson.relay.kill();
  await choose(page, report, "problem");
  await shown.speaksPlainly("#result-next");
});

test("a file that is dropped on the page is looked at", async (t) => {
  const { page, report } = await open(t);
  const dropped = await page.evaluateHandle((words) => {
    const carried = new DataTransfer();
    carried.items.add(new File([words], "dropped.json"));
    return carried;
  }, readFileSync(report, "utf8"));
  await page.dispatchEvent("main", "drop", { dataTransfer: dropped });
  await page.locator("#result[data-state=intact]", { hasText: "dropped.json" }).waitFor();
});

test("the page reads well on a phone and a desk, light and dark, and is accessible", async (t) => {
  const { page, lesson, report } = await open(t);
  const misfits = [];
  const altered = written(report, "altered.json", readFileSync(report, "utf8").replace("report", "repost"));
  const stranger = signed((await Lesson.start(t)).relay.folder, "stranger.json");
  for (const [file, state] of [[report, "intact"], [altered, "altered"], [stranger, "unknown_key"]]) {
    await choose(page, file, state);
    misfits.push(...(await portray(page, `verify-${state}`)));
  }
  await page.goto(`${lesson.relay.url}/verify?lang=en`);
  await choose(page, report, "intact");
  misfits.push(...(await portray(page, "verify-english")));
  assert.deepEqual(misfits, []);
});

/** Keeps pictures of the page to be looked at; what is cut off, too wide or hard to read. A phone may scroll down. */
async function portray(page, name) {
  const misfits = [];
  for (const [where, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const look = `${name}-${where}-${colorScheme}`;
      await page.screenshot({ path: path.join(folder("screens"), `${look}.png`), fullPage: true });
      const found = await page.evaluate(() => globalThis.tongkeFit.misfits());
      misfits.push(...found.filter((what) => !what.startsWith("outside")).map((what) => `${look}: ${what}`));
      misfits.push(...(await seriousFindings(page, look)));
    }
  }
  return misfits;
}
