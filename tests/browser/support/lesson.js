// A lesson under test: a relay with its pages, browsers, native nodes, all gone when the test ends.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { folder } from "./artefacts.js";
import { inpage, launch } from "./chromium.js";
import { Native } from "./native.js";
import { NarrowLink } from "./netns.js";
import { LessonPage } from "./page.js";
import { Relay } from "./relay.js";

export const DESK = { width: 1366, height: 768 };

export class Lesson {
  pages = [];
  #closers = [];

  /**
   * @param {import("node:test").TestContext} t
   * @param {{ narrow?: { seed: number, loss?: number, delay_ms?: number }, https?: boolean, rtc_ip?: string }} options
   *   `narrow`: browsers are behind such a link from the relay; `rtc_ip`: where it takes media
   */
  static async start(t, { narrow, https = false, rtc_ip } = {}) {
    const lesson = new Lesson();
    lesson.t = t;
    lesson.folder = mkdtempSync(path.join(tmpdir(), "tongke-browser-"));
    lesson.#closers.push(() => rmSync(lesson.folder, { recursive: true, force: true }));
    t.after(() => lesson.#close());
    if (narrow) {
      lesson.link = await lesson.#keep(NarrowLink.start(lesson.folder, narrow));
      const { far_ip: ip, far: namespace } = lesson.link;
      lesson.relay = await lesson.#keep(Relay.start(lesson.folder, { ip, namespace, https: true }));
    } else {
      lesson.relay = await lesson.#keep(Relay.start(lesson.folder, { https, rtc_ip }));
    }
    return lesson;
  }

  /** A browser; by default one for all pages, which are apart by their contexts. */
  async browser(options = {}) {
    const executable = this.link?.wrapper("/usr/bin/chromium");
    return this.#keep(launch({ executable, ...options }));
  }

  /** A context in the browser: the profile of one PC. */
  async context({ browser, scripts = [], viewport = DESK, ...more } = {}) {
    this.shared ??= browser ?? (await this.browser());
    const context = await (browser ?? this.shared).newContext({
      viewport,
      locale: "zh-CN",
      ignoreHTTPSErrors: true,
      ...more,
    });
    context.setDefaultTimeout(10_000);
    for (const script of [inpage("marker"), inpage("peers"), ...scripts]) {
      await context.addInitScript({ content: script });
    }
    return context;
  }

  /** Opens somebody's page by its link. */
  async open(participant, role, { context, query = "", grant = {}, ...options } = {}) {
    const page = await (context ?? (await this.context(options))).newPage();
    const shown = this.adopt(page, participant, role);
    await page.goto(this.relay.link(participant, role, grant) + query);
    return shown;
  }

  /** Takes a page that opened by itself under the test's care. */
  adopt(page, participant, role) {
    const shown = new LessonPage(page, participant, role);
    this.pages.push(shown);
    return shown;
  }

  /** Opens somebody's page and goes into the lesson. */
  async join(participant, role, options = {}) {
    const shown = await this.open(participant, role, options);
    await shown.start();
    return shown;
  }

  /** A native node in the lesson. */
  node(name, role, flags, grant) {
    const node = Native.start(this.relay, name, role, flags, grant);
    this.#closers.push(() => node.close());
    return node;
  }

  async #keep(starting) {
    const started = await starting;
    this.#closers.push(() => started.close());
    return started;
  }

  /** What a failed test is understood by: the last picture and the log of every page, and the relay's. */
  async #leave() {
    const into = folder("tests", this.t.name);
    for (const [n, shown] of this.pages.entries()) {
      const name = `${n}-${shown.participant}`;
      writeFileSync(path.join(into, `${name}.log`), `${shown.log.join("\n")}\n`);
      if (!shown.page.isClosed()) {
        await shown.page.screenshot({ path: path.join(into, `${name}.png`), timeout: 5_000 }).catch(() => {});
      }
    }
    if (this.relay) writeFileSync(path.join(into, "relay.log"), this.relay.process.log());
  }

  async #close() {
    await this.#leave();
    for (const close of this.#closers.reverse()) await close();
  }
}
