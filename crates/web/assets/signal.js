// The page of signals: a screen to be filmed, or a camera that films screens. Once loaded it needs no network.

import { Film } from "./signal/film.js";
import { ENOUGH, Readings } from "./signal/readings.js";
import { Show } from "./signal/show.js";
import { beep, chirp, latencyOf, talk } from "./signal/sounds.js";
import { troubleName } from "./check/devices.js";
import { keepAwake } from "./stage/awake.js";
import { byId, setText } from "./stage/element.js";
import { t } from "./text.js";

/** @typedef {"show" | "read"} Mode */

class Page {
  #show = new Show(byId("show"), byId("marker"), crypto.getRandomValues(new Uint16Array(1))[0]);
  #film = new Film(byId("film"), byId("frames"), (found) => this.#read(found.map(({ stamp }) => stamp)));
  #readings = new Readings();
  /** @type {AudioContext | null} */
  #audio = null;
  #is_flashing = false;
  /** @type {(() => void) | null} Ends the test talker. */
  #hush = null;

  open() {
    for (const mode of /** @type {Mode[]} */ (["show", "read"])) byId(`to-${mode}`).onclick = () => void this.#go(mode);
    byId("flash").onclick = () => void this.#toggleFlash();
    byId("chirp").onclick = () => void this.#chirp();
    byId("talk").onclick = () => void this.#toggleTalk();
    byId("anew").onclick = () => this.#anew();
    const hold = /** @type {HTMLSelectElement} */ (byId("hold"));
    hold.onchange = () => (this.#show.hold = Number(hold.value));
    this.#show.hold = Number(hold.value);
    void this.#go("show");
  }

  /** @param {Mode} mode */
  async #go(mode) {
    document.body.dataset.mode = mode;
    for (const each of ["show", "read"]) {
      byId(each).hidden = each !== mode;
      byId(`to-${each}`).setAttribute("aria-pressed", String(each === mode));
    }
    if (mode === "show") {
      this.#film.stop();
      this.#show.start();
      return;
    }
    this.#show.stop();
    this.#anew();
    await this.#openCamera();
  }

  async #openCamera() {
    if (!navigator.mediaDevices) return this.#say(t("js-signal-camera-insecure"));
    this.#say(t("js-signal-camera-opening"));
    try {
      await this.#film.start();
    } catch (error) {
      const trouble = troubleName(/** @type {DOMException} */ (error), false);
      this.#say(trouble === "missing" ? t("js-signal-camera-missing")
        : trouble === "taken" || trouble === "failed" ? t("js-signal-camera-taken")
        : t("js-signal-camera-denied"));
    }
  }

  /** The page may sound only after it was touched: called from a press. */
  async #sound() {
    this.#audio ??= new AudioContext({ latencyHint: "interactive" });
    await this.#audio.resume();
    const latency_s = latencyOf(this.#audio);
    setText(byId("latency"), latency_s === null
      ? t("js-signal-latency-unknown")
      : t("js-signal-latency", { latency_ms: Math.round(latency_s * 1000) }));
    return this.#audio;
  }

  async #toggleFlash() {
    this.#is_flashing = !this.#is_flashing;
    byId("flash").setAttribute("aria-pressed", String(this.#is_flashing));
    if (!this.#is_flashing) return this.#show.flash(null);
    const audio = await this.#sound();
    if (!this.#is_flashing) return;
    this.#show.flash((at_ms) => {
      const is_heard = beep(audio, at_ms);
      setText(byId("sync"), is_heard
        ? t("js-signal-sync", { half_ms: Math.ceil(this.#show.period_ms / 2) })
        : t("js-signal-sync-late"));
      return is_heard;
    });
  }

  async #chirp() {
    chirp(await this.#sound());
  }

  async #toggleTalk() {
    const audio = await this.#sound();
    if (this.#hush) this.#hush();
    this.#hush = this.#hush ? null : talk(audio);
    byId("talk").setAttribute("aria-pressed", String(this.#hush !== null));
    byId("talk-how").hidden = this.#hush === null;
    byId("show-how").hidden = this.#hush !== null;
  }

  #anew() {
    this.#readings = new Readings();
    this.#tell();
  }

  /** @param {import("./signal/marker.js").Stamp[]} stamps */
  #read(stamps) {
    this.#readings.add(stamps);
    this.#tell();
  }

  #tell() {
    const { pictures, readable, latest, delay, has_strangers } = this.#readings.summary();
    const percent = pictures > 0 ? Math.floor((100 * readable) / pictures) : 0;
    byId("read").dataset.readable = String(readable);
    setText(byId("share"), t("js-signal-share", { percent, readable, pictures }));
    setText(byId("source"), latest ? t("js-signal-source", { session: latest.session, frame: latest.frame }) : "");
    setText(byId("delay"), delay ? t("js-signal-delay", { median_ms: delay.median_ms }) : "");
    setText(byId("spread"), delay ? spreadOf(delay) : "");
    this.#say(has_strangers ? t("js-signal-strangers")
      : delay ? t("js-signal-both")
      : latest ? t("js-signal-one")
      : pictures > 0 ? t("js-signal-none")
      : t("js-signal-camera-opening"));
  }

  /** @param {string} words */
  #say(words) {
    setText(byId("say"), words);
  }
}

/** @param {import("./signal/readings.js").Delay} delay */
function spreadOf({ n, least_ms, most_ms, step_ms }) {
  const values = { n, least_ms, most_ms, step_ms: Math.round(step_ms) };
  return n < ENOUGH ? t("js-signal-spread-few", { ...values, missing: ENOUGH - n }) : t("js-signal-spread", values);
}

keepAwake();
new Page().open();
