// The lesson as one screen shows it: pictures, sound, controls and panels, and the keys for all.

import { t } from "../text.js";
import { Bar, actsOf, keyActsOf, labelOf } from "./bar.js";
import { captionOf } from "./captions.js";
import { Conduct } from "./conduct.js";
import { Devices } from "./devices.js";
import { showKeys } from "./dialog.js";
import { byId, el, setAttribute, setText } from "./element.js";
import { muteTarget } from "./floor.js";
import { Keyboard } from "./keyboard.js";
import { isWall, nextScreen, screenFor, secondScreen } from "./layouts.js";
import { Notices } from "./notices.js";
import { Panels } from "./panels.js";
import { Sound } from "./sound.js";
import { Wall } from "./wall.js";
import { Watch } from "./watch.js";

/** @import { Link } from "../link/link.js" */
/** @import { Pass } from "../protocol.js" */
/** @import { Store } from "../store.js" */
/** @import { BarState } from "./bar.js" */
/** @import { Choice } from "./conduct.js" */
/** @import { Act, Command } from "./keys.js" */
/** @import { Screen } from "./layouts.js" */

/**
 * @typedef {object} StageOptions
 * @property {Link} link
 * @property {Pass} pass
 * @property {Screen} screen
 * @property {boolean} can_publish whether this window is its room's own: it sends, and it is heard
 * @property {Store} store
 */

export class Stage {
  #root;
  #options;
  #link;
  #me;
  #screen;
  /** @type {string | null} */
  #selected = null;
  /** @type {Set<string>} classes whose hand was up */
  #raised = new Set();
  #devices;
  #notices;
  #sound;
  #wall;
  #bar;
  #panels;
  #conduct;
  #watch;
  #keyboard;

  /**
   * @param {HTMLElement} root
   * @param {StageOptions} options
   */
  constructor(root, options) {
    const { link, pass, store } = options;
    this.#root = root;
    this.#options = options;
    this.#link = link;
    this.#me = { participant: pass.participant, role: pass.role };
    this.#screen = screenFor(pass.role, options.screen);
    this.#notices = new Notices(byId("notice"));
    this.#devices = options.can_publish ? new Devices(link, store.devices) : null;
    this.#sound = new Sound(store.devices.speaker, (is_blocked) => this.#soundBlocked(is_blocked));
    const changed = () => this.#render();
    this.#conduct = new Conduct({ link, pass, notices: this.#notices });
    this.#panels = new Panels({ link, pass, conduct: this.#conduct, changed });
    this.#bar = new Bar(byId("bar"), pass.role, (act) => this.#do(act));
    this.#wall = new Wall({
      root: byId("wall"),
      link,
      ownTrack: (track) => (track === "camera" ? link.camera : link.screen),
      choose: (participant) => this.#select(participant),
      words: (shot, info) =>
        captionOf(shot, info, { link, me: this.#me, screen: this.#screen, choice: this.#choice() }),
    });
    this.#watch = new Watch(link, pass, this.#notices, options.can_publish);
    this.#keyboard = new Keyboard(root, (command) => this.#obey(command));
    link.addEventListener("change", changed);
    link.addEventListener("message", changed);
    document.addEventListener("fullscreenchange", changed);
    this.#changed = changed;
    this.#show(this.#screen);
  }

  #changed;

  close() {
    this.#link.removeEventListener("change", this.#changed);
    this.#link.removeEventListener("message", this.#changed);
    document.removeEventListener("fullscreenchange", this.#changed);
    const parts = [this.#keyboard, this.#watch, this.#wall, this.#panels, this.#sound, this.#devices, this.#notices];
    for (const part of parts) part?.close();
  }

  /** @param {Screen} screen */
  #show(screen) {
    this.#screen = screen;
    document.body.dataset.screen = screen;
    this.#watch.screen = screen;
    this.#bar.show(actsOf(this.#me.role, screen, this.#options.can_publish));
    this.#panels.show(screen, this.#me.role);
    this.#render();
  }

  #render() {
    const { state, participants } = this.#link.room;
    this.#hands();
    this.#wall.render({
      me: this.#me,
      screen: this.#screen,
      participants,
      floor: state.floor,
      shows_own: this.#options.can_publish,
      shares: this.#link.screen !== null,
    });
    if (this.#options.can_publish || this.#screen === "observer") this.#sound.update(this.#link.slots);
    this.#panels.update();
    this.#bar.update(this.#barState());
    this.#watch.look();
    this.#marks();
  }

  /** @returns {BarState} */
  #barState() {
    const { state, participants } = this.#link.room;
    const target = muteTarget(this.#choice());
    return {
      is_floor_given: state.floor !== null,
      is_class_muted: "to" in target && target.to !== null && state.muted.includes(target.to),
      is_microphone_open: !state.microphones_off.includes(this.#me.participant),
      is_sharing: this.#link.screen !== null,
      is_hand_up: participants.get(this.#me.participant)?.hand_raised ?? false,
      is_locked: state.locked,
      is_full: document.fullscreenElement !== null,
      unread: this.#panels.unread,
      open: this.#panels.open,
    };
  }

  /** @returns {Choice} */
  #choice() {
    return { classes: this.#wall.classes(this.#me.participant), selected: this.#selected };
  }

  /** What is so for this whole room, in a corner. */
  #marks() {
    const { state } = this.#link.room;
    const is_own = !isWall(this.#screen) || this.#screen === "main";
    const marks = [
      state.locked && is_own ? el("li", { "data-mark": "locked" }, t("js-mark-locked")) : null,
      state.microphones_off.includes(this.#me.participant) && is_own
        ? el("li", { "data-mark": "microphone" }, t("js-mark-microphone-off"))
        : null,
      this.#panels.unread > 0 && this.#screen === "main"
        ? el("li", { "data-mark": "unread" }, t("js-mark-unread", { count: this.#panels.unread }))
        : null,
    ].filter((mark) => mark !== null);
    const list = byId("marks");
    if (list.textContent !== marks.map((mark) => mark.textContent).join("")) list.replaceChildren(...marks);
    const empty = byId("empty");
    empty.hidden = this.#wall.hasOthers;
    const waits = this.#me.role === "receiving" ? t("js-empty-teacher") : t("js-empty-class");
    setText(empty, this.#me.role === "supporting" || this.#me.role === "receiving" ? waits : t("js-empty-rooms"));
    setAttribute(this.#root, "data-alone", !this.#wall.hasOthers);
  }

  /** A hand that has just gone up is heard at the teacher's desk. */
  #hands() {
    const raised = new Set([...this.#link.room.participants.values()].filter((one) => one.hand_raised).map(({ id }) => id));
    const is_new = [...raised].some((id) => !this.#raised.has(id));
    this.#raised = raised;
    if (!is_new || this.#me.role !== "supporting") return;
    // Whoever was chosen before is not who the key is for now.
    this.#selected = null;
    if (this.#options.can_publish) this.#sound.chime();
  }

  /** @param {string | null} participant pressed again, it is chosen no longer */
  #select(participant) {
    this.#selected = participant === this.#selected ? null : participant;
    this.#render();
  }

  /** @param {boolean} is_blocked */
  #soundBlocked(is_blocked) {
    if (!is_blocked) return this.#notices.clear("sound_blocked");
    const press = () => this.#sound.unblock();
    this.#notices.set("sound_blocked", "bad", t("js-notice-sound-blocked"), { label: t("js-sound-open"), press });
  }

  /** @param {Command} command */
  #obey(command) {
    if ("select" in command) {
      const chosen = this.#choice().classes[command.select - 1];
      if (chosen && this.#me.role === "supporting") this.#select(chosen.id);
    } else if ("close" in command) {
      const closed = this.#panels.closeOpen();
      if (closed) this.#bar.focus(closed);
      else this.#select(null);
    } else if ("act" in command) {
      const acts = keyActsOf(this.#me.role, this.#screen, this.#options.can_publish);
      if (acts.includes(command.act)) this.#do(command.act);
    }
  }

  /** @param {Act} act */
  #do(act) {
    switch (act) {
      case "floor":
        return void this.#giveFloor();
      case "mute":
        return void this.#conduct.mute(this.#choice());
      case "microphone":
      case "share":
      case "hand":
      case "lock":
      case "end":
        return void this.#conduct[act]();
      case "headcount":
      case "messages":
      case "details":
        return this.#panel(act);
      case "layout":
        return this.#nextLayout();
      case "second":
        return this.#openSecond();
      case "full":
        return toggleFull();
      case "help": {
        const acts = keyActsOf(this.#me.role, this.#screen, this.#options.can_publish);
        return showKeys(acts.map((one) => ({ act: one, label: labelOf(one, this.#barState(), this.#me.role) })));
      }
    }
  }

  async #giveFloor() {
    const choice = this.#choice();
    // A class that has spoken is not chosen any longer: the next key is for the next one.
    if (this.#link.room.state.floor !== null) this.#selected = null;
    await this.#conduct.floor(choice);
  }

  /** @param {"headcount" | "messages" | "details"} panel */
  #panel(panel) {
    if (panel === "messages" && isWall(this.#screen)) {
      return this.#notices.flash("messages", "warn", t("js-notice-messages-on-desk"));
    }
    this.#panels.toggle(panel);
    this.#render();
  }

  #nextLayout() {
    const screen = nextScreen(this.#me.role, this.#screen);
    // `screen` in the address is what the window was opened for, and stays: it tells whether it
    // sends. What a second window shows is not the room's own choice.
    if (this.#options.can_publish) {
      this.#options.store.screen = screen;
    } else {
      const address = new URL(location.href);
      address.searchParams.set("layout", screen);
      history.replaceState(null, "", address.pathname + address.search);
    }
    this.#show(screen);
  }

  #openSecond() {
    const address = new URL(location.href);
    const screen = secondScreen(this.#me.role);
    address.searchParams.set("as", this.#me.participant);
    address.searchParams.set("screen", screen);
    address.searchParams.delete("layout");
    const target = `tongke-${screen}-${this.#me.participant}`;
    const opened = window.open(address.pathname + address.search, target, "popup,width=1280,height=720");
    if (!opened) this.#notices.flash("second", "bad", t("js-notice-window-blocked"));
  }
}

function toggleFull() {
  // Refused without a key or click just before: then nothing happens, as for any other button.
  if (document.fullscreenElement) void document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}
