// The check before a lesson: it begins by itself, everything at once that does not disturb the rest,
// and hands the opened camera and microphone over when the teacher starts.

import { Store } from "../store.js";
import { judgeDelay, measureDelay } from "./delay.js";
import { onAllowed } from "./devices.js";
import { Equipment } from "./equipment.js";
import { Panel } from "./panel.js";
import { judgeRate, measureRate } from "./rate.js";
import { canChooseSpeaker } from "./sound.js";
import { isClassroom, itemsOf, verdictOf } from "./verdict.js";
import { judgeWay, lackOfBrowser, tryWay } from "./way.js";

/**
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {import("./verdict.js").Item} Item
 *
 * @typedef {object} Ready What the check hands over to the lesson.
 * @property {MediaStream} stream
 * @property {MediaStreamTrack | null} camera
 * @property {MediaStreamTrack | null} microphone
 * @property {string | null} speaker The chosen loudspeaker's device id; null: the system's own.
 *
 * @typedef {{lesson: string, grant: string, pass: import("../protocol.js").Pass}} Checked
 */

/** @type {import("./devices.js").Kind[]} */
const KINDS = ["camera", "microphone"];
/** @type {Finding} */
const MEASURING = { state: "busy", code: "measuring", say: "js-check-measuring" };

/**
 * Runs the check in `root` until the teacher starts.
 * @param {HTMLElement} root
 * @param {Checked} checked
 * @returns {{ready: Promise<Ready>, close: () => void}}
 */
export function runCheck(root, checked) {
  const check = new Check(root, checked);
  check.run();
  return { ready: check.ready, close: () => check.close() };
}

class Check {
  #panel;
  #checked;
  #store;
  #equipment;
  #aborter = new AbortController();
  /** @type {Partial<Record<Item, Finding>>} */
  #findings = {};
  #isStarting = false;
  /** @type {(ready: Ready) => void} */
  #handOver = () => undefined;
  /** @type {Promise<Ready>} */
  ready = new Promise((resolve) => {
    this.#handOver = resolve;
  });

  /**
   * @param {HTMLElement} root
   * @param {Checked} checked
   */
  constructor(root, checked) {
    this.#panel = new Panel(root, this.#aborter.signal);
    this.#checked = checked;
    this.#store = new Store(checked.lesson, checked.pass.participant);
    this.#equipment = new Equipment(this.#panel, this.#store, (item, finding) => this.#found(item, finding));
  }

  run() {
    const { pass } = this.#checked;
    this.#panel.open(pass, itemsOf(pass.role), this.#sends);
    this.#panel.onStart(() => void this.#start());
    this.#panel.onRetry((item) => this.#again(item));
    addEventListener("online", () => void this.#checkNetwork(), { signal: this.#aborter.signal });
    void this.#checkNetwork();
    if (this.#sends) this.#checkEquipment();
  }

  /** Ends the check without a lesson. */
  close() {
    this.#equipment.close();
    this.#leave();
  }

  get #sends() {
    return isClassroom(this.#checked.pass.role);
  }

  /** The lesson begins with whatever there is; a second press no longer waits for the browser's question. */
  async #start() {
    const isFirst = !this.#isStarting;
    this.#isStarting = true;
    this.#judge();
    if (isFirst) await this.#equipment.opening;
    if (this.#aborter.signal.aborted) return;
    const { speaker } = this.#store.devices;
    this.#handOver({ ...this.#equipment.handOver(), speaker });
    this.#leave();
  }

  #leave() {
    this.#aborter.abort();
    this.#panel.close();
  }

  #checkEquipment() {
    const { signal } = this.#aborter;
    if (!canChooseSpeaker()) this.#panel.hideChoice("speaker");
    this.#panel.onChoice((kind, id) => this.#equipment.choose(kind, id));
    const changed = () => void this.#equipment.devicesChanged();
    navigator.mediaDevices?.addEventListener("devicechange", changed, { signal });
    for (const kind of KINDS) void onAllowed(kind, signal, () => this.#equipment.allowed(kind));
    void this.#equipment.open(KINDS);
  }

  /** Rate last: a full line would delay everything else. */
  async #checkNetwork() {
    await Promise.all([this.#checkWay(), this.#checkDelay()]);
    await this.#checkRate();
  }

  async #checkWay() {
    const { lesson, grant } = this.#checked;
    this.#found("way", MEASURING);
    const lack = await lackOfBrowser();
    const none = { protocol: null, problem: null };
    const way = lack === "no_webrtc" ? none : await tryWay(lesson, grant, this.#aborter.signal);
    this.#found("way", judgeWay(way, lack));
  }

  async #checkDelay() {
    const { lesson, grant } = this.#checked;
    this.#found("delay", MEASURING);
    this.#found("delay", judgeDelay(await measureDelay(lesson, grant, this.#aborter.signal)));
  }

  async #checkRate() {
    const { lesson, grant } = this.#checked;
    this.#found("rate", MEASURING);
    const rates = await measureRate(lesson, grant, this.#sends, this.#aborter.signal);
    this.#found("rate", judgeRate(rates, this.#sends));
  }

  /** @param {Item} item */
  #again(item) {
    if (this.#findings[item]?.state === "busy") return;
    if (item === "way") void this.#checkNetwork();
    else if (item === "delay") void this.#checkDelay();
    else if (item === "rate") void this.#checkRate();
    else this.#equipment.again(item);
  }

  /**
   * @param {Item} item
   * @param {Finding} finding
   */
  #found(item, finding) {
    if (this.#aborter.signal.aborted) return;
    this.#findings[item] = finding;
    this.#panel.show(item, finding);
    this.#judge();
  }

  #judge() {
    const { role } = this.#checked.pass;
    this.#panel.showVerdict(verdictOf(this.#findings, role, this.#isStarting));
  }
}
