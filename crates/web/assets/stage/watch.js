// What is not as it should be, in words and at once: the network, this room's devices, the other
// rooms' sound; and what the teacher on the other side has just done to this class.

import { isHeard } from "../room/room.js";
import { t } from "../text.js";
import { isClassroom } from "./layouts.js";

/** @import { Link } from "../link/link.js" */
/** @import { ParticipantInfo, Pass } from "../protocol.js" */
/** @import { Screen } from "./layouts.js" */
/** @import { Notices } from "./notices.js" */

/** How long the other side's sound must be missing before it is said, in ms: it begins with a gap. */
const SOUND_MISSING_AFTER_MS = 4000;
/** Also without news, for things get old, in ms. */
const LOOK_EVERY_MS = 500;
/** How long the network must be gone before it is said, in ms: a stream that is opened anew is back sooner. */
const GONE_AFTER_MS = 700;
/** How long coming in may take before it is said, in ms. */
const SLOW_AFTER_MS = 2500;

export class Watch {
  #link;
  #pass;
  #notices;
  #sends;
  #ticking;
  #was_gone = false;
  /** @type {number | null} since when the network is gone */
  #gone_ms = null;
  /** @type {ReadonlyMap<string, ParticipantInfo> | null} */
  #before = null;
  /** @type {Map<string, number>} since when a room is not heard */
  #unheard = new Map();

  /**
   * @param {Link} link
   * @param {Pass} pass
   * @param {Notices} notices
   * @param {boolean} sends whether this window has the room's camera and microphone
   */
  constructor(link, pass, notices, sends) {
    this.#sends = sends;
    this.#link = link;
    this.#pass = pass;
    this.#notices = notices;
    /** @type {Screen} */
    this.screen = "desk";
    this.#ticking = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  close() {
    clearInterval(this.#ticking);
  }

  look() {
    this.#network();
    // Pupils look at the rear and side screen: there the pictures say what is wrong.
    if (this.screen === "rear" || this.screen === "side") return;
    this.#devices();
    this.#missing();
    this.#sounds();
    this.#lesson();
    this.#comings();
  }

  #network() {
    const { phase, since_ms, problem, is_told } = this.#link.state;
    const now_ms = performance.now();
    // The event stream breaks at once where media only fade; both come back by themselves.
    const is_well = phase !== "waiting" && (is_told || phase !== "live");
    if (is_well) this.#gone_ms = null;
    else this.#gone_ms ??= phase === "waiting" ? since_ms : now_ms;
    const gone_ms = this.#gone_ms === null ? 0 : now_ms - this.#gone_ms;
    const is_gone = gone_ms >= GONE_AFTER_MS;
    const seconds = Math.round((is_well ? now_ms - since_ms : gone_ms) / 1000);
    if (is_gone) this.#notices.set("network_gone", "bad", t("js-notice-network-gone", { seconds }));
    else if (is_well) this.#notices.clear("network_gone");
    if (this.#was_gone && is_well && phase === "live") {
      this.#notices.flash("network_back", "good", t("js-notice-network-back"));
    }
    this.#was_gone = is_gone || (this.#was_gone && !(is_well && phase === "live"));
    if (phase !== "connecting" || seconds * 1000 < SLOW_AFTER_MS) this.#notices.clear("connecting");
    else if (problem) this.#notices.set("connecting", "bad", t("js-notice-cannot-connect", { seconds }));
    else this.#notices.set("connecting", "warn", t("js-notice-connecting", { seconds }));
  }

  #devices() {
    const words = {
      camera_lost: t("js-notice-camera-lost"),
      microphone_lost: t("js-notice-microphone-lost"),
      microphone_silent: t("js-notice-microphone-silent"),
      h264_missing: t("js-notice-h264-missing"),
    };
    const is_off = this.#link.room.state.microphones_off.includes(this.#pass.participant);
    for (const [code, text] of Object.entries(words)) {
      const warning = /** @type {keyof typeof words} */ (code);
      // A microphone that was switched off on purpose is silent.
      const is_so = this.#link.warnings.has(warning) && !(warning === "microphone_silent" && is_off);
      if (is_so) this.#notices.set(code, warning === "h264_missing" ? "warn" : "bad", text);
      else this.#notices.clear(code);
    }
  }

  /** What this room did not have from the beginning. */
  #missing() {
    const lacks = (/** @type {"camera" | "microphone"} */ kind) => this.#sends && this.#link[kind] === null;
    this.#hold("camera_missing", lacks("camera"), "warn", () => t("js-notice-camera-missing"));
    this.#hold("microphone_missing", lacks("microphone"), "warn", () => t("js-notice-microphone-missing"));
  }

  #sounds() {
    const { participants, state } = this.#link.room;
    const now_ms = performance.now();
    const missing = [...participants.values()].filter((one) => {
      const is_so =
        this.#link.state.phase === "live" &&
        one.id !== this.#pass.participant &&
        isClassroom(one.role) &&
        isHeard(state, one.id) &&
        this.#link.health.get(one.id)?.sound === "none";
      if (!is_so) this.#unheard.delete(one.id);
      else if (!this.#unheard.has(one.id)) this.#unheard.set(one.id, now_ms);
      return is_so && now_ms - (this.#unheard.get(one.id) ?? now_ms) >= SOUND_MISSING_AFTER_MS;
    });
    const names = missing.map(({ name }) => name).join(t("js-list-and"));
    if (missing.length === 0) this.#notices.clear("far_sound_missing");
    else this.#notices.set("far_sound_missing", "bad", t("js-notice-far-sound-missing", { names }));
  }

  #lesson() {
    const { participants, state } = this.#link.room;
    const me = this.#pass.participant;
    this.#hold("floor_ours", state.floor === me, "good", () => t("js-notice-floor-ours"));
    const is_muted = state.muted.includes(me) && state.floor !== me;
    this.#hold("muted", is_muted, "warn", () => t("js-notice-muted"));
    if (this.#pass.role !== "supporting") return;
    const raised = [...participants.values()].filter((one) => one.hand_raised && one.id !== state.floor);
    const names = raised.map(({ name }) => name).join(t("js-list-and"));
    this.#hold("hand", raised.length > 0, "warn", () => {
      if (state.floor !== null) return t("js-notice-hand-waits", { names });
      return raised.length === 1 ? t("js-notice-hand", { names }) : t("js-notice-hands", { names });
    });
  }

  /** Who came and who went, on teachers' screens. */
  #comings() {
    const now = this.#link.room.participants;
    const before = this.#before;
    this.#before = now;
    if (before === null || before === now || this.#link.state.phase !== "live") return;
    for (const one of now.values()) {
      if (!before.has(one.id) && isClassroom(one.role) && one.id !== this.#pass.participant) {
        this.#notices.clear("left");
        this.#notices.flash("joined", "good", t("js-notice-joined", { name: one.name }));
      }
    }
    for (const one of before.values()) {
      if (!now.has(one.id) && isClassroom(one.role) && one.id !== this.#pass.participant) {
        this.#notices.flash("left", "warn", t("js-notice-left", { name: one.name }));
      }
    }
  }

  /**
   * @param {string} code
   * @param {boolean} is_so
   * @param {"good" | "warn"} level
   * @param {() => string} text
   */
  #hold(code, is_so, level, text) {
    if (is_so) this.#notices.set(code, level, text());
    else this.#notices.clear(code);
  }
}
