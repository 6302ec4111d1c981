// Words between the teachers. They are on teachers' desks only.

import { t } from "../text.js";
import { el } from "./element.js";

/** @import { Message } from "../protocol.js" */

/** Longest text, in characters, as the relay has it. */
const MAX_CHARS = 500;

export class Messages {
  #list;
  #input;
  #me;
  #send;
  #read;
  /** The last message that was shown. */
  #shown = 0;

  /**
   * @param {HTMLElement} root
   * @param {string} me
   * @param {(text: string) => Promise<boolean>} send whether it was sent
   * @param {{ last: number }} read the last message that was read; kept by the caller
   */
  constructor(root, me, send, read) {
    this.root = root;
    this.#read = read;
    this.#me = me;
    this.#send = send;
    this.#list = el("ol", { class: "said", "aria-live": "polite", tabindex: "0", "aria-label": t("js-messages-list") });
    this.#input = el("input", { id: "message", type: "text", autocomplete: "off", maxlength: String(MAX_CHARS) });
    const form = el(
      "form",
      {},
      el("label", { for: "message" }, t("js-messages-label")),
      this.#input,
      el("button", { type: "submit" }, t("js-messages-send")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    root.replaceChildren(el("h2", {}, t("js-messages-title")), this.#list, form);
  }

  /**
   * @param {readonly Message[]} messages
   * @returns {number} how many were not read yet
   */
  update(messages) {
    const fresh = messages.filter((message) => message.id > this.#shown);
    if (fresh.length > 0) {
      this.#list.append(...fresh.map((message) => this.#item(message)));
      this.#list.scrollTop = this.#list.scrollHeight;
      this.#shown = Math.max(...fresh.map((message) => message.id));
    }
    if (!this.root.hidden) this.#read.last = this.#shown;
    return messages.filter((message) => message.id > this.#read.last && message.from !== this.#me).length;
  }

  focus() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#input.focus();
  }

  async #submit() {
    const text = this.#input.value.trim();
    if (text === "") return;
    this.#input.value = "";
    // What was not sent is not lost.
    if (!(await this.#send(text)) && this.#input.value === "") this.#input.value = text;
  }

  /** @param {Message} message */
  #item(message) {
    const at = new Date(message.at_us / 1000);
    const time = at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    const name = message.from === this.#me ? t("js-messages-me") : message.name;
    return el(
      "li",
      { "data-own": message.from === this.#me },
      el("span", { class: "from" }, name),
      el("time", { datetime: at.toISOString() }, time),
      el("p", {}, message.text),
    );
  }
}
