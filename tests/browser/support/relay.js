// The real binary as `tongke serve` on an empty directory.

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import http from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { eventually } from "./eventually.js";
import { Running, TONGKE, tongke } from "./process.js";

export const LESSON = "math";

/** A relay with its pages; it can be killed and started again at the same addresses. */
export class Relay {
  /**
   * @param {string} folder for its data and its log
   * @param {{ ip?: string, rtc_ip?: string, namespace?: string | null, https?: boolean }} options
   *   `https`: with its self-made certificate
   */
  static async start(folder, { ip = "127.0.0.1", rtc_ip = ip, namespace = null, https = false } = {}) {
    const relay = new Relay();
    relay.folder = folder;
    relay.namespace = namespace;
    const ports = namespace ? [8443, 5004, 4433] : await freePorts(3);
    [relay.http, relay.rtc, relay.quic] = [ip, rtc_ip, ip].map((address, n) => `${address}:${ports[n]}`);
    relay.url = `${https ? "https" : "http"}://${relay.http}`;
    relay.is_https = https;
    await relay.#start();
    return relay;
  }

  /** Starts it again; returns when it listens. */
  async restart() {
    await this.#start();
  }

  /** SIGKILL: nobody is told. */
  async kill() {
    await this.process.kill();
  }

  async close() {
    await this.process.terminate();
  }

  /** A grant. */
  token(participant, role, { ttl = "2h", name = participant, lesson = LESSON } = {}) {
    return tongke("token", ...this.#grant(participant, role, { ttl, name, lesson }));
  }

  /** The link of a lesson's page with a grant. */
  link(participant, role, { ttl = "2h", name = participant, lesson = LESSON } = {}) {
    return tongke("token", ...this.#grant(participant, role, { ttl, name, lesson }), "--url", this.url);
  }

  /** Asks the relay; the answer's status and JSON. */
  async ask(method, address, token, body) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${this.url}${address}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** Does something to the lesson as somebody. */
  async act(participant, role, action) {
    const answer = await this.ask("POST", `/lessons/${LESSON}/actions`, this.token(participant, role), action);
    if (answer.status !== 204) throw new Error(`${JSON.stringify(action)}: ${JSON.stringify(answer)}`);
  }

  #grant(participant, role, { ttl, name, lesson }) {
    const who = ["--participant", participant, "--role", role, "--name", name];
    return ["--data", this.folder, "--lesson", lesson, "--ttl", ttl, ...who];
  }

  async #start() {
    const args = ["serve", "--data", this.folder, "--listen", this.http, "--rtc", this.rtc, "--quic", this.quic];
    if (!this.is_https) args.push("--http");
    const log = path.join(this.folder, "relay.log");
    this.process = new Running(TONGKE, args, { log, namespace: this.namespace });
    await eventually("the relay listens", 10_000, () => {
      if (this.process.hasEnded) throw new Error(this.process.log());
      return this.namespace ? accepts(this.namespace, this.http) : isReady(this.http);
    });
  }
}

/** Whether a relay answers; a redirect to HTTPS will do. */
function isReady(address) {
  return new Promise((resolve) => {
    const asked = http.get(`http://${address}/readyz`, (answer) => {
      answer.resume();
      resolve(answer.statusCode < 400);
    });
    asked.on("error", () => resolve(false));
  });
}

/** Whether somebody accepts connections in another network namespace. */
function accepts(namespace, address) {
  const [ip, port] = address.split(":");
  const connect = ["bash", "-c", `exec 3<>/dev/tcp/${ip}/${port}`];
  return spawnSync("ip", ["netns", "exec", namespace, ...connect], { stdio: "ignore" }).status === 0;
}

/** Ports on loopback that are free for TCP and UDP. */
async function freePorts(count) {
  const ports = [];
  while (ports.length < count) {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    if (await isFreeForUdp(port)) ports.push({ port, server });
    else server.close();
  }
  return Promise.all(ports.map(({ port, server }) => new Promise((resolve) => server.close(() => resolve(port)))));
}

function isFreeForUdp(port) {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
