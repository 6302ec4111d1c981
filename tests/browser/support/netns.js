// The seeded link of tests/netns, and browsers behind it.

import { spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { TOP } from "./artefacts.js";

/** Two network namespaces and the link between them: browsers at the near end, the relay at the far end. */
export class NarrowLink {
  /** Fails, and says what is missing, where namespaces are not allowed. */
  static async start(folder, { seed, loss = 0, delay_ms = 0 }) {
    const link = new NarrowLink();
    const script = path.join(TOP, "tests/netns/emulate.py");
    const flags = ["-B", script, "--seed", `${seed}`, "--loss", `${loss}`, "--delay-ms", `${delay_ms}`];
    link.child = spawn("/usr/bin/python3", flags, { stdio: ["pipe", "pipe", "pipe"] });
    link.folder = folder;
    link.ended = new Promise((resolve) => link.child.on("exit", resolve));
    let said = "";
    link.child.stderr.on("data", (data) => (said += data));
    link.lines = readline.createInterface({ input: link.child.stdout })[Symbol.asyncIterator]();
    const { value } = await link.lines.next();
    if (!value) throw new Error(`the emulated link cannot be set up:\n${said}`);
    Object.assign(link, JSON.parse(value));
    return link;
  }

  /** Changes its conditions, e.g. `{ block: "udp" }`; the counts so far. */
  async change(conditions) {
    this.child.stdin.write(`${JSON.stringify(conditions)}\n`);
    const { value } = await this.lines.next();
    const counts = JSON.parse(value);
    if (counts.error) throw new Error(counts.error);
    return counts;
  }

  /** An executable that is a program inside the near namespace. */
  wrapper(program) {
    const file = path.join(this.folder, `${path.basename(program)}-near`);
    writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${this.near} ${program} "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  }

  async close() {
    this.child.stdin.end();
    await this.ended;
  }
}
