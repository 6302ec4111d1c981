// A small camera picture and a voice for Chromium's fake devices, made when they are missing.

import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TOP } from "./artefacts.js";

const FOLDER = path.join(TOP, "target/browser-fixtures");
const [WIDTH, HEIGHT, FPS, SECONDS] = [640, 360, 15, 2];
const SAMPLES_PER_S = 48_000;

/** Path of a Y4M file that loops: a ball before a still background, so that pictures differ. */
export function cameraFile() {
  return made("camera.y4m", () => {
    const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FPS}:1 Ip A1:1 C420jpeg\n`)];
    for (let frame = 0; frame < FPS * SECONDS; frame++) parts.push(Buffer.from("FRAME\n"), picture(frame));
    return Buffer.concat(parts);
  });
}

/** Path of a WAV file that loops: syllables of a low voice with short pauses. */
export function voiceFile() {
  return made("voice.wav", () => wav(4, (at_s) => {
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3.5 * at_s)) ** 0.5;
    const pause = at_s % 2 < 1.7 ? 1 : 0;
    const pitch_hz = 130 + 20 * Math.sin(2 * Math.PI * 0.6 * at_s);
    const voice = [1, 2, 3, 5, 8].reduce((sum, n) => sum + Math.sin(2 * Math.PI * pitch_hz * n * at_s) / n, 0);
    return 0.25 * syllable * pause * voice;
  }));
}

/** Path of a WAV file of silence: a microphone that is plugged in but switched off. */
export function silenceFile() {
  return made("silence.wav", () => wav(1, () => 0));
}

/**
 * Path of a Y4M file that loops: pictures of these brightnesses, without colour.
 * @param {{ width: number, height: number, pixels: Uint8Array }[]} pictures all of one size
 */
export function filmFile(name, pictures) {
  const [{ width, height }] = pictures;
  const file = path.join(FOLDER, name);
  const chroma = Buffer.alloc((width * height) / 2, 128);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${FPS}:1 Ip A1:1 C420jpeg\n`)];
  for (const { pixels } of pictures) parts.push(Buffer.from("FRAME\n"), Buffer.from(pixels), chroma);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

function made(name, make) {
  const file = path.join(FOLDER, name);
  if (!existsSync(file)) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(`${file}.part`, make());
    renameSync(`${file}.part`, file);
  }
  return file;
}

function picture(frame) {
  const luma = Buffer.alloc(WIDTH * HEIGHT);
  const turn = (2 * Math.PI * frame) / (FPS * SECONDS);
  const [ball_x, ball_y] = [WIDTH / 2 + 200 * Math.cos(turn), HEIGHT / 2 + 100 * Math.sin(turn)];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const inside = (x - ball_x) ** 2 + (y - ball_y) ** 2 < 40 ** 2;
      luma[y * WIDTH + x] = inside ? 220 : 60 + ((x >> 5) + (y >> 5)) % 2 * 40;
    }
  }
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 4);
  return Buffer.concat([luma, chroma.fill(118), Buffer.from(chroma).fill(138)]);
}

function wav(seconds, sample) {
  const count = seconds * SAMPLES_PER_S;
  const data = Buffer.alloc(44 + count * 2);
  data.write("RIFF", 0);
  data.writeUInt32LE(36 + count * 2, 4);
  data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(SAMPLES_PER_S, 24);
  data.writeUInt32LE(SAMPLES_PER_S * 2, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write("data", 36);
  data.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n++) {
    const value = Math.max(-1, Math.min(1, sample(n / SAMPLES_PER_S)));
    data.writeInt16LE(Math.round(value * 32_000), 44 + n * 2);
  }
  return data;
}
