// A sender or receiving node, as schools without a browser use it.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { eventually } from "./eventually.js";
import { Running, TONGKE } from "./process.js";

/** Small pictures, so that several ends fit a small machine, yet large enough for the time marker. */
export const SIZE = { width: 640, height: 360 };

/** A node with a drawn camera and a microphone like speech, without window and loudspeaker. */
export class Native {
  /** @param {Record<string, string>} more flags of its own */
  static start(relay, name, role, more = {}, grant = {}) {
    const node = new Native();
    node.name = name;
    node.facts_file = path.join(relay.folder, `${name}.facts.json`);
    const token_file = path.join(relay.folder, `${name}.token`);
    writeFileSync(token_file, relay.token(name, role, grant), { mode: 0o600 });
    const flags = {
      relay: relay.url,
      "token-file": token_file,
      facts: node.facts_file,
      camera: "test",
      microphone: "test",
      ...SIZE,
      fps: 15,
      "video-bitrate-kbps": 600,
      "video-out": "none",
      "sound-out": "none",
      status: false,
      ...more,
    };
    const command = role === "supporting" ? "send" : "receive";
    const args = [command, ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`])];
    const log = path.join(relay.folder, `${name}.log`);
    node.process = new Running(TONGKE, args, { log, namespace: relay.namespace });
    return node;
  }

  /** What it has measured so far; written once a second. Null: nothing yet. */
  facts() {
    try {
      return JSON.parse(readFileSync(this.facts_file, "utf8"));
    } catch {
      return null;
    }
  }

  /** Pictures or sound frames that it has shown of somebody's track. */
  shown(from, track) {
    const received = this.facts()?.received ?? [];
    return received.find((one) => one.from === from && one.track === track)?.frames_decoded ?? 0;
  }

  /** Waits until it has shown more pictures and sound of somebody than now. */
  async seesAndHears(from, within_ms) {
    const before = ["camera", "microphone"].map((track) => this.shown(from, track));
    await eventually(`${this.name} sees and hears ${from}`, within_ms, () => {
      if (this.process.hasEnded) throw new Error(this.process.log());
      return ["camera", "microphone"].every((track, n) => this.shown(from, track) > before[n]);
    });
  }

  async close() {
    await this.process.terminate();
  }
}
