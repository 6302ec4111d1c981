// One picture on the wall, with its words. A picture that stops stays, grey and with its age, until
// the next one is there.

import { t } from "../text.js";
import { el, setAttribute, setText } from "./element.js";

/** @import { Health } from "../room/health.js" */
/** @import { Shot } from "./layouts.js" */
/** @import { Rect } from "./place.js" */

/** A picture without a new frame for so long has stopped, in ms. Courseware that nobody touches has few. */
const STOPPED_AFTER_MS = { camera: 1500, screen: 8000 };

/**
 * What is written on a picture.
 * @typedef {object} TileWords
 * @property {string} name
 * @property {number | null} number the digit that chooses it
 * @property {boolean} is_selected
 * @property {boolean} is_hand_up
 * @property {boolean} is_muted
 * @property {Health | null} health null: not known yet
 * @property {boolean} has_health whether this picture has a line about it
 */

export class Tile {
  /** Frames shown so far, and when the last one came. */
  #frames = 0;
  #last_frame_ms = 0;
  #has_picture = false;
  /** @type {Health | null} */
  #known_health = null;
  #video = el("video", { autoplay: true, playsinline: true, tabindex: "-1", disablepictureinpicture: true });
  /** The last picture of a track that is gone. */
  #still = el("canvas", { hidden: true, "aria-hidden": "true" });
  #picture = el("div", { class: "picture" });
  #name = el("span", { class: "name" });
  #digit = el("span", { class: "digit", "aria-hidden": "true" });
  #marks = el("span", { class: "marks" });
  #hand = el("p", { class: "hand", hidden: true }, t("js-mark-hand"));
  #age = el("p", { class: "age", hidden: true });
  #health = el("figcaption", { class: "health", hidden: true });
  #choose = el("button", { type: "button", class: "choose", hidden: true });

  /**
   * @param {Shot} shot
   * @param {(participant: string) => void} choose
   */
  constructor(shot, choose) {
    this.key = shot.key;
    this.participant = shot.participant;
    this.track = shot.track;
    // Sound has its own elements; a property, for the attribute does not mute what script makes.
    this.#video.muted = true;
    this.#choose.addEventListener("click", () => choose(shot.participant));
    this.#picture.append(this.#still, this.#video, this.#hand, this.#age);
    this.root = el(
      "figure",
      { "data-tile": true, "data-participant": shot.participant, "data-track": shot.track, "data-state": "none" },
      this.#picture,
      el("div", { class: "plate" }, this.#digit, this.#name, this.#marks),
      this.#health,
      this.#choose,
    );
    setAttribute(this.#health, "data-participant", shot.participant);
  }

  /**
   * @param {Shot} shot
   * @param {Rect} rect
   */
  place(shot, rect) {
    setAttribute(this.root, "data-area", shot.area);
    setAttribute(this.root, "data-own", shot.own);
    setAttribute(this.root, "data-floor", shot.has_floor);
    const style = this.root.style;
    style.setProperty("left", `${rect.x}px`);
    style.setProperty("top", `${rect.y}px`);
    style.setProperty("width", `${rect.width}px`);
    style.setProperty("height", `${rect.height}px`);
  }

  /** @param {TileWords} words */
  write(words) {
    setText(this.#name, words.name);
    this.#name.hidden = words.name === "";
    this.#digit.hidden = words.number === null;
    setText(this.#digit, words.number === null ? "" : String(words.number));
    const has_floor = this.root.hasAttribute("data-floor");
    this.#mark("floor", has_floor, t("js-mark-floor"));
    this.#hand.hidden = !words.is_hand_up || has_floor;
    this.#mark("muted", words.is_muted, t("js-mark-muted"));
    setAttribute(this.root, "data-hand", words.is_hand_up && !has_floor);
    setAttribute(this.root, "data-selected", words.is_selected);
    this.#choose.hidden = words.number === null;
    if (words.number !== null) {
      setAttribute(this.#choose, "aria-pressed", String(words.is_selected));
      setAttribute(this.#choose, "aria-label", t("js-tile-choose", { number: words.number, name: words.name }));
    }
    setAttribute(this.#video, "aria-label", words.name);
    // Without a line about its health a desk's picture has its name there.
    setAttribute(this.root, "data-captioned", !words.has_health);
    this.#health.hidden = !words.has_health;
    this.#known_health = words.health;
    this.#tellHealth();
  }

  /**
   * Shows a track; another one than before begins when its first frame is there.
   * @param {MediaStreamTrack | null} track
   */
  show(track) {
    const stream = /** @type {MediaStream | null} */ (this.#video.srcObject);
    if ((stream?.getVideoTracks()[0] ?? null) === track) return;
    this.#keepStill();
    this.#frames = 0;
    this.#video.srcObject = track ? new MediaStream([track]) : null;
    if (!track) return;
    // Muted pictures may always play; one that is exchanged meanwhile rejects, and that is all.
    this.#video.play().catch(() => {});
    // A first frame is shown at once, where the browser tells of it, and not at the next look.
    this.#video.requestVideoFrameCallback?.((now_ms) => {
      this.#seen(now_ms);
      this.#tell(now_ms, null);
    });
  }

  /**
   * Looks whether the picture moves.
   * @param {number} now_ms
   * @param {number | null} old_since_ms the link knows that it has stopped, and since when
   */
  look(now_ms, old_since_ms) {
    const frames = this.#video.getVideoPlaybackQuality().totalVideoFrames;
    if (frames !== this.#frames && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.#frames = frames;
      this.#seen(now_ms);
    }
    this.#tell(now_ms, old_since_ms);
  }

  /** @param {number} now_ms */
  #seen(now_ms) {
    this.#last_frame_ms = now_ms;
    this.#has_picture = true;
    this.#still.hidden = true;
  }

  /**
   * @param {number} now_ms
   * @param {number | null} old_since_ms
   */
  #tell(now_ms, old_since_ms) {
    const quiet_ms = now_ms - this.#last_frame_ms;
    const has_stopped = quiet_ms > STOPPED_AFTER_MS[this.track] || (old_since_ms !== null && quiet_ms > 500);
    const state = !this.#has_picture ? "none" : has_stopped ? "old" : "live";
    setAttribute(this.root, "data-state", state);
    this.#age.hidden = state === "live";
    this.#tellHealth();
    if (state === "none") setText(this.#age, t("js-tile-none"));
    if (state === "old") setText(this.#age, t("js-tile-old", { seconds: Math.round(quiet_ms / 1000) }));
  }

  /** While the page was hidden nothing was shown, and nothing is to be said about it. @param {number} now_ms */
  forgive(now_ms) {
    if (this.root.dataset.state === "live") this.#last_frame_ms = now_ms;
  }

  /** The size of the picture on the screen, in CSS pixels. */
  size() {
    return { width: this.#picture.clientWidth, height: this.#picture.clientHeight };
  }

  close() {
    this.#video.srcObject = null;
    this.root.remove();
  }

  /** What is seen goes before what was measured: the two must not disagree. */
  #tellHealth() {
    if (!this.#known_health) return;
    const { state } = this.root.dataset;
    const { picture } = this.#known_health;
    const moving = picture === "none" || picture === "frozen" ? "poor" : picture;
    /** @type {Health} */
    const health = { ...this.#known_health, picture: state === "old" ? "frozen" : state === "none" ? "none" : moving };
    setText(this.#health, healthWords(health));
    setAttribute(this.#health, "data-health", true);
    setAttribute(this.#health, "data-state", healthLevel(health));
  }

  #keepStill() {
    const { videoWidth, videoHeight } = this.#video;
    if (!this.#has_picture || videoWidth === 0) return;
    this.#still.width = videoWidth;
    this.#still.height = videoHeight;
    this.#still.getContext("2d")?.drawImage(this.#video, 0, 0);
    this.#still.hidden = false;
  }

  /**
   * @param {string} mark
   * @param {boolean} is_on
   * @param {string} text
   */
  #mark(mark, is_on, text) {
    const there = this.#marks.querySelector(`[data-mark=${mark}]`);
    if (is_on && !there) this.#marks.append(el("span", { "data-mark": mark }, text));
    if (!is_on) there?.remove();
  }
}

/** @param {Health} health */
function healthWords(health) {
  const picture = {
    good: t("js-health-picture-good"),
    poor: t("js-health-picture-poor"),
    frozen: t("js-health-picture-frozen"),
    none: t("js-health-picture-none"),
  }[health.picture];
  const sound = {
    good: t("js-health-sound-good"),
    broken: t("js-health-sound-broken"),
    silent: t("js-health-sound-silent"),
    none: t("js-health-sound-none"),
    muted: t("js-health-sound-muted"),
  }[health.sound];
  const delay = {
    low: t("js-health-delay-low"),
    noticeable: t("js-health-delay-noticeable"),
    high: t("js-health-delay-high"),
    unknown: "",
  }[health.delay];
  return [picture, sound, delay].filter((words) => words !== "").join(t("js-health-and"));
}

/**
 * @param {Health} health
 * @returns {"good" | "warn" | "bad"}
 */
function healthLevel({ picture, sound, delay }) {
  if (picture === "frozen" || picture === "none" || sound === "none") return "bad";
  return picture === "poor" || sound === "broken" || delay === "high" ? "warn" : "good";
}
