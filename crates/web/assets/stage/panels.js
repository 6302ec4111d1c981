// Messages, head count and details, beside the pictures.

import { isWall } from "./layouts.js";
import { byId } from "./element.js";
import { Details } from "./details.js";
import { HeadCounts } from "./headcount.js";
import { Messages } from "./messages.js";

/** @import { Link } from "../link/link.js" */
/** @import { HeadCount, Pass, Role } from "../protocol.js" */
/** @import { Conduct } from "./conduct.js" */
/** @import { Act } from "./keys.js" */
/** @import { Screen } from "./layouts.js" */

/** @typedef {"messages" | "headcount" | "details"} PanelName */

/**
 * @typedef {object} PanelsOptions
 * @property {Link} link
 * @property {Pass} pass
 * @property {Conduct} conduct
 * @property {() => void} changed
 */

export class Panels {
  /** Messages that were not read yet. */
  unread = 0;
  #link;
  #me;
  #panels;
  #ticking;

  /** @param {PanelsOptions} options */
  constructor({ link, pass, conduct, changed }) {
    this.#link = link;
    this.#me = pass.participant;
    const say = (/** @type {string} */ text) => conduct.ask({ action: "say", text });
    const count = (/** @type {HeadCount} */ counted) => conduct.ask({ action: "head_count", ...counted });
    this.#panels = {
      messages: new Messages(byId("messages"), pass.participant, say, readMark(pass.participant)),
      headcount: new HeadCounts(byId("headcount"), pass.participant, count),
      details: new Details(byId("details"), link),
    };
    this.#ticking = setInterval(() => this.#panels.details.update(), 1000);
    this.#changed = changed;
  }

  #changed;

  close() {
    clearInterval(this.#ticking);
    for (const { root } of Object.values(this.#panels)) root.replaceChildren();
  }

  /**
   * A receiving teacher's own desk has messages and head count open; elsewhere pictures come first.
   * @param {Screen} screen
   * @param {Role} role
   */
  show(screen, role) {
    const is_desk = role === "receiving" && screen === "desk";
    this.#panels.messages.root.hidden = !is_desk;
    this.#panels.headcount.root.hidden = !is_desk;
    this.#panels.details.root.hidden = true;
    if (isWall(screen)) this.#panels.messages.root.hidden = true;
  }

  update() {
    this.unread = this.#panels.messages.update(this.#link.room.messages);
    const counts = this.#link.room.state.head_counts;
    this.#panels.headcount.update(counts.find(({ participant }) => participant === this.#me)?.count ?? null);
    this.#panels.details.update();
  }

  /** The panels that are open. @returns {Set<Act>} */
  get open() {
    const open = Object.entries(this.#panels).filter(([, { root }]) => !root.hidden);
    return new Set(open.map(([name]) => /** @type {PanelName} */ (name)));
  }

  /** @param {PanelName} name */
  toggle(name) {
    const panel = this.#panels[name];
    panel.root.hidden = !panel.root.hidden;
    if (panel.root.hidden) return;
    this.update();
    panel.focus();
  }

  /** Closes the panel that has the focus, or any that is open. @returns {PanelName | null} which */
  closeOpen() {
    const open = /** @type {PanelName[]} */ ([...this.open]);
    const name = open.find((one) => this.#panels[one].root.contains(document.activeElement)) ?? open[0];
    if (!name) return null;
    this.#panels[name].root.hidden = true;
    this.#changed();
    return name;
  }
}

/**
 * The last message that was read, kept in this window: after a reload the relay repeats them all.
 * @param {string} participant
 */
function readMark(participant) {
  const key = `tongke-read:${location.pathname}:${participant}`;
  return {
    get last() {
      try {
        return Number(sessionStorage.getItem(key) ?? 0);
      } catch {
        return 0;
      }
    },
    set last(id) {
      try {
        sessionStorage.setItem(key, String(id));
      } catch {
        // A browser that keeps nothing tells of them again.
      }
    },
  };
}
