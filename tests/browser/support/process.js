// Processes that run beside a test and end with it.

import { spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import path from "node:path";
import { TOP } from "./artefacts.js";

/** The binary under test. */
export const TONGKE = path.resolve(TOP, process.env.TONGKE_BIN ?? "target/debug/tongke");

/** The environment without the settings of the binary. */
export function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TONGKE_")));
}

/** Runs the binary to its end; what it printed. */
export function tongke(...args) {
  const done = spawnSync(TONGKE, args, { encoding: "utf8", env: plainEnvironment() });
  if (done.status !== 0) throw new Error(`tongke ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout.trim();
}

/** A process; its output goes to a log. `namespace`: it runs in that network namespace. */
export class Running {
  constructor(program, args, { log, namespace = null }) {
    const inside = namespace ? ["ip", ["netns", "exec", namespace, program, ...args]] : [program, args];
    this.log_file = log;
    const out = openSync(log, "a");
    this.child = spawn(...inside, { stdio: ["ignore", out, out], env: plainEnvironment() });
    this.ended = new Promise((resolve) => {
      this.child.on("exit", resolve);
      this.child.on("error", resolve);
    });
  }

  get hasEnded() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  log() {
    return readFileSync(this.log_file, "utf8");
  }

  /** SIGKILL, and gone. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** SIGTERM, and ended. */
  async terminate() {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}
