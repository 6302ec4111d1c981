// A classroom's page in a test: what is done on it and what is seen.

import assert from "node:assert/strict";
import { eventually } from "./eventually.js";

export class LessonPage {
  constructor(page, participant, role) {
    this.page = page;
    this.participant = participant;
    this.role = role;
    this.log = [];
    this.requests = [];
    page.on("console", (message) => this.log.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.log.push(`uncaught: ${error.stack ?? error}`));
    page.on("request", (request) => this.requests.push(request.url()));
  }

  /** Passes the check and begins. */
  async start() {
    await this.page.locator("#start").click({ timeout: 20_000 });
    await this.inLesson();
  }

  /** Waits until the page shows the lesson. */
  async inLesson(within_ms = 10_000) {
    await this.page.locator("body[data-phase=lesson]").waitFor({ timeout: within_ms, state: "attached" });
  }

  tile(participant, track = "camera") {
    return this.page.locator(`[data-tile][data-participant="${participant}"][data-track=${track}]`);
  }

  button(act) {
    return this.page.locator(`[data-act=${act}]`);
  }

  /** What the browser has received of each source that the page shows. */
  received() {
    return this.page.evaluate(() => globalThis.tongkePeers.received());
  }

  stats(type) {
    return this.page.evaluate((type) => globalThis.tongkePeers.stats(type), type);
  }

  async #counts(participant) {
    const mine = (await this.received()).filter((one) => one.participant === participant);
    const of = (track, field) => mine.find((one) => one.track === track)?.[field] ?? 0;
    return { frames: of("camera", "framesDecoded"), energy: of("microphone", "totalAudioEnergy") };
  }

  /** Waits until pictures and sound energy of each of the others have gone beyond what they are now. */
  async seesAndHears(others, within_ms, { sound = true } = {}) {
    const before = await Promise.all(others.map((other) => this.#counts(other)));
    await eventually(`${this.participant} sees and hears ${others}`, within_ms, async () => {
      const now = await Promise.all(others.map((other) => this.#counts(other)));
      // A new session counts from zero again.
      const grew = (is, was) => is > (is < was ? 0 : was);
      const ok = now.every((is, n) => grew(is.frames, before[n].frames) && (!sound || grew(is.energy, before[n].energy)));
      if (!ok) throw new Error(JSON.stringify({ before, now }));
      return true;
    });
  }

  /** Waits until the tile of somebody's track shows a living picture. */
  async showsLive(participant, track = "camera", within_ms = 10_000) {
    await this.page
      .locator(`[data-tile][data-participant="${participant}"][data-track=${track}][data-state=live]`)
      .first()
      .waitFor({ timeout: within_ms });
  }

  notice(code) {
    return this.page.locator(`#notice [data-notice=${code}]`);
  }

  problem(code) {
    return this.page.locator(`#problem[data-code=${code}]`);
  }

  /** A page in plain words with a next step: there is a heading, more than a code, and something to do. */
  async speaksPlainly(selector) {
    const text = (await this.page.locator(selector).first().innerText()).trim();
    assert.match(text, /\p{Script=Han}{4,}/u, `words for a teacher: ${text}`);
    assert.doesNotMatch(text, /undefined|null|NaN|\{\$?\w+\}|[a-z]+_[a-z]+|Error/, text);
    return text;
  }
}
