// Numbers on demand, for whoever is asked "what is wrong with it": what comes in, what goes out, and
// the way between.

import { t } from "../text.js";
import { el } from "./element.js";

/** @import { Link } from "../link/link.js" */
/** @import { TrackKind } from "../protocol.js" */
/** @import { ReceivedSample, Sample, SentSample } from "../room/stats.js" */

export class Details {
  #link;
  #body = el("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": t("js-details-title") });

  /**
   * @param {HTMLElement} root
   * @param {Link} link
   */
  constructor(root, link) {
    this.root = root;
    this.#link = link;
    root.replaceChildren(el("h2", {}, t("js-details-title")), this.#body);
  }

  update() {
    if (this.root.hidden) return;
    const { whip, whep } = this.#link.samples();
    const sections = [...this.#received(whep), ...this.#sent(whip), ...this.#path(whep.at(-1) ?? whip.at(-1))];
    const empty = el("p", {}, t("js-details-none"));
    this.#body.replaceChildren(...(sections.length > 0 ? sections : [empty]));
  }

  focus() {
    this.#body.focus();
  }

  /** @param {Sample[]} samples */
  #received(samples) {
    const [before, now] = lastTwo(samples);
    const shown = (now?.received ?? []).filter(({ mid }) => this.#link.slots.get(Number(mid))?.source);
    return shown.map((sample) => {
      const source = this.#link.slots.get(Number(sample.mid))?.source;
      const earlier = before?.received.find(({ mid }) => mid === sample.mid);
      const name = this.#link.room.participants.get(source?.participant ?? "")?.name ?? source?.participant ?? "";
      const health = this.#link.health.get(source?.participant ?? "");
      return card(t("js-details-received", { name, track: trackWord(source?.track) }), [
        ...picture(sample),
        [t("js-details-rate"), rate(sample, earlier)],
        [t("js-details-loss"), loss(sample, earlier)],
        [t("js-details-repaired"), String(sample.repaired)],
        [t("js-details-buffer"), buffer(sample, earlier)],
        [t("js-details-delay"), milliseconds(health?.delay_ms ?? null, health?.delay_is_measured)],
        [t("js-details-codec"), sample.codec ?? "–"],
      ]);
    });
  }

  /** @param {Sample[]} samples */
  #sent(samples) {
    const [before, now] = lastTwo(samples);
    return (now?.sent ?? []).map((sample) => {
      const earlier = before?.sent.find(({ mid, rid }) => mid === sample.mid && rid === sample.rid);
      const kind = sample.kind === "video" ? t("js-track-picture") : t("js-track-microphone");
      return card(t("js-details-sent", { track: kind, layer: sample.rid ?? "" }), [
        ...picture(sample),
        [t("js-details-rate"), rate(sample, earlier)],
        [t("js-details-loss"), sample.lost_ratio === null ? "–" : percent(sample.lost_ratio)],
        [t("js-details-repaired"), String(sample.resent)],
        [t("js-details-limited"), sample.limited_by ?? "–"],
        [t("js-details-codec"), sample.codec ?? "–"],
      ]);
    });
  }

  /** @param {Sample | undefined} sample */
  #path(sample) {
    const path = sample?.path;
    if (!path) return [];
    return [
      card(t("js-details-path"), [
        [t("js-details-protocol"), path.protocol?.toUpperCase() ?? "–"],
        [t("js-details-rtt"), milliseconds(path.rtt_ms, true)],
        [t("js-details-cipher"), path.srtp_cipher ?? "–"],
      ]),
    ];
  }
}

/**
 * @param {string} title
 * @param {[string, string][]} rows
 */
function card(title, rows) {
  const list = rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  return el("section", {}, el("h3", {}, title), el("dl", {}, ...list));
}

/**
 * @param {ReceivedSample | SentSample} sample
 * @returns {[string, string][]}
 */
function picture(sample) {
  if (sample.kind !== "video") return [];
  return [
    [t("js-details-size"), `${sample.width} × ${sample.height}`],
    [t("js-details-fps"), String(Math.round(sample.fps))],
  ];
}

/** @param {TrackKind | undefined} track */
function trackWord(track) {
  if (track === "screen") return t("js-track-screen");
  return track === "microphone" ? t("js-track-microphone") : t("js-track-camera");
}

/**
 * @param {{ at_ms: number, bytes: number }} now
 * @param {{ at_ms: number, bytes: number } | undefined} before
 */
function rate(now, before) {
  if (!before || now.at_ms <= before.at_ms) return "–";
  const kbps = ((now.bytes - before.bytes) * 8) / (now.at_ms - before.at_ms);
  return t("js-details-kbps", { rate: Math.max(0, Math.round(kbps)) });
}

/**
 * @param {ReceivedSample} now
 * @param {ReceivedSample | undefined} before
 */
function loss(now, before) {
  const lost = now.lost - (before?.lost ?? 0);
  const all = now.packets - (before?.packets ?? 0) + lost;
  return all > 0 ? percent(Math.max(0, lost) / all) : "–";
}

/**
 * The time in the jitter buffer.
 * @param {ReceivedSample} now
 * @param {ReceivedSample | undefined} before
 */
function buffer(now, before) {
  const count = now.buffer_n - (before?.buffer_n ?? 0);
  return milliseconds(count > 0 ? (now.buffer_ms - (before?.buffer_ms ?? 0)) / count : null, true);
}

/** @param {number} ratio */
function percent(ratio) {
  return `${(100 * ratio).toFixed(1)} %`;
}

/**
 * @param {number | null} value
 * @param {boolean} [is_measured] otherwise it is an estimate, and says so
 */
function milliseconds(value, is_measured = false) {
  if (value === null) return "–";
  const text = t("js-details-ms", { value: Math.round(value) });
  return is_measured ? text : t("js-details-about", { value: text });
}

/**
 * @param {Sample[]} samples
 * @returns {[Sample | undefined, Sample | undefined]}
 */
function lastTwo(samples) {
  return [samples.at(-2), samples.at(-1)];
}
