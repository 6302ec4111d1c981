// What the controls do to the lesson.

import { Problem } from "../api.js";
import { t } from "../text.js";
import { chooseCourseware } from "./courseware.js";
import { confirm } from "./dialog.js";
import { muteTarget, nextTurn } from "./floor.js";

/** @import { Link } from "../link/link.js" */
/** @import { LessonAction, ParticipantInfo, Pass } from "../protocol.js" */
/** @import { Turn } from "./floor.js" */
/** @import { Notices } from "./notices.js" */

/** @typedef {{ classes: ParticipantInfo[], selected: string | null }} Choice */

/**
 * @typedef {object} ConductOptions
 * @property {Link} link
 * @property {Pass} pass
 * @property {Notices} notices
 */

export class Conduct {
  #say;
  #link;
  #me;

  /** @param {ConductOptions} options */
  constructor(options) {
    const { link, pass, notices } = options;
    this.#say = notices.flash.bind(notices);
    this.#link = link;
    this.#me = pass.participant;
  }

  /** @param {Choice} choice */
  async floor(choice) {
    const turn = nextTurn({ ...choice, floor: this.#link.room.state.floor });
    await this.#turn(turn, (to) => ({ action: "floor", to }));
  }

  /** @param {Choice} choice */
  async mute(choice) {
    const { muted } = this.#link.room.state;
    await this.#turn(muteTarget(choice), (to) =>
      to === null ? null : { action: "mute", participant: to, muted: !muted.includes(to) },
    );
  }

  async microphone() {
    await this.ask({ action: "microphone", open: this.#link.room.state.microphones_off.includes(this.#me) });
  }

  async hand() {
    await this.ask({ action: "hand", raised: !this.#link.room.participants.get(this.#me)?.hand_raised });
  }

  async lock() {
    await this.ask({ action: "lock", locked: !this.#link.room.state.locked });
  }

  async end() {
    const words = { title: t("js-end-title"), text: t("js-end-text"), yes: t("js-end-yes") };
    if (await confirm(words)) await this.ask({ action: "end" });
  }

  async share() {
    const shared = this.#link.screen;
    if (shared) return this.#stopSharing(shared);
    const chosen = await chooseCourseware();
    if ("refused" in chosen) {
      if (chosen.refused === "impossible") this.#say("share", "bad", t("js-notice-share-impossible"));
      return;
    }
    // The browser's own "stop sharing".
    chosen.track.addEventListener("ended", () => void this.#stopSharing(chosen.track));
    const problem = await this.#link.setScreen(chosen.track);
    if (!problem) return;
    this.tell(problem);
    await this.#stopSharing(chosen.track);
  }

  /**
   * Asks the relay, and says what it refused.
   * @param {LessonAction} action
   * @returns {Promise<boolean>} whether it is done
   */
  async ask(action) {
    const problem = await this.#link.act(action);
    if (problem) this.tell(problem);
    return problem === null;
  }

  /** @param {Problem} problem */
  tell(problem) {
    this.#say("refused", "bad", wordsOf(problem));
  }

  /** @param {MediaStreamTrack} track */
  async #stopSharing(track) {
    if (this.#link.screen !== track) return;
    track.stop();
    const problem = await this.#link.setScreen(null);
    if (problem) this.tell(problem);
  }

  /**
   * @param {Turn} turn
   * @param {(to: string | null) => LessonAction | null} actionOf
   */
  async #turn(turn, actionOf) {
    if ("refused" in turn) {
      const text = turn.refused === "no_class" ? t("js-notice-no-class") : t("js-notice-choose-class");
      this.#say("choose", "warn", text);
      return;
    }
    const action = actionOf(turn.to);
    if (action) await this.ask(action);
  }
}

/** @param {Problem} problem */
function wordsOf({ code }) {
  switch (code) {
    case "role_may_not":
      return t("js-refused-role");
    case "not_in_lesson":
      return t("js-refused-not-in-lesson");
    case "participant_unknown":
      return t("js-refused-unknown");
    case "lesson_ended":
      return t("js-refused-ended");
    case "not_kept":
      return t("js-refused-not-kept");
    case "network":
    case "timeout":
      return t("js-refused-network");
    default:
      return t("js-refused-other");
  }
}
