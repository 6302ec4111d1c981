// Debian's Chromium with fake devices.

import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { cameraFile, voiceFile } from "./fixtures.js";

export const CHROMIUM = "/usr/bin/chromium";

/**
 * @param {object} options
 * @param {"files" | "none"} [options.devices] `files`: a camera and a microphone; `none`: a machine without any
 * @param {boolean} [options.asks] whether the browser asks before it gives a device (and nobody answers)
 * @param {string} [options.voice] the microphone's WAV file
 * @param {string} [options.camera] the camera's Y4M file
 * @param {string} [options.executable] another program than Chromium itself, that starts it
 */
export function launch({ devices = "files", asks = false, voice, camera, executable = CHROMIUM } = {}) {
  const args = ["--auto-select-desktop-capture-source=Entire screen"];
  if (!asks) args.push("--use-fake-ui-for-media-stream");
  if (devices === "files") {
    args.push("--use-fake-device-for-media-stream");
    args.push(`--use-file-for-fake-video-capture=${camera ?? cameraFile()}`);
    args.push(`--use-file-for-fake-audio-capture=${voice ?? voiceFile()}`);
  }
  // Tests run as root in CI, where Chromium's sandbox does not start.
  return up({ executablePath: executable, headless: true, chromiumSandbox: false, args });
}

/**
 * Chromium, once it answers. Now and then Debian's dies of a signal while it starts, before any page of ours is
 * there; another is started then, once. A test that has begun is never repeated.
 */
async function up(options) {
  try {
    return await chromium.launch(options);
  } catch (died) {
    const signal = /signal=(SIG[A-Z]+)/.exec(String(died))?.[1];
    if (!signal) throw died;
    console.warn(`Chromium died of ${signal} while it started; another is started`);
    return chromium.launch(options);
  }
}

/** The source of a script that is injected before a page's own. */
export function inpage(name) {
  return readFileSync(new URL(`./inpage/${name}.js`, import.meta.url), "utf8");
}

/** A script for a context that has a camera which draws the time marker. */
export function drawnCamera(camera) {
  return `globalThis.tongkeCamera = ${JSON.stringify(camera)};\n${inpage("camera")}`;
}
