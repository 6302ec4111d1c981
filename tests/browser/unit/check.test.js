import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../../crates/web/assets/api.js";
import { glimpseOf, judgePicture } from "../../../crates/web/assets/check/camera.js";
import { judgeDelay } from "../../../crates/web/assets/check/delay.js";
import { troubleName } from "../../../crates/web/assets/check/devices.js";
import { judgeRate, megabits, nextBytes, rateOf } from "../../../crates/web/assets/check/rate.js";
import { findingOfTrouble } from "../../../crates/web/assets/check/trouble.js";
import { itemsOf, verdictOf } from "../../../crates/web/assets/check/verdict.js";
import { judgeWay } from "../../../crates/web/assets/check/way.js";

const CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

function findings(states) {
  return Object.fromEntries(Object.entries(states).map(([item, state]) => [item, { state, code: state, say: "" }]));
}

const GOOD = { camera: "ok", microphone: "ok", speaker: "ok", way: "ok", rate: "ok", delay: "ok" };

test("all is well only when all is", () => {
  assert.equal(verdictOf(findings(GOOD), "supporting").say, "js-check-verdict-ok");
  assert.equal(verdictOf({}, "supporting").state, "busy");
  assert.equal(verdictOf(findings({ ...GOOD, rate: "busy" }), "receiving").state, "busy");
});

test("the worst is said first, and what to note is named", () => {
  const say = (states) => verdictOf(findings({ ...GOOD, ...states }), "supporting").say;
  assert.equal(say({ camera: "bad", speaker: "warn" }), "js-check-verdict-bad-camera");
  assert.equal(say({ camera: "bad", microphone: "bad" }), "js-check-verdict-bad-both");
  assert.equal(say({ camera: "bad", way: "bad" }), "js-check-verdict-bad-way");
  assert.equal(say({ microphone: "bad", rate: "busy" }), "js-check-verdict-bad-microphone");
  assert.equal(say({ delay: "bad" }), "js-check-verdict-bad-rate");
  const warned = verdictOf(findings({ ...GOOD, speaker: "warn", rate: "warn" }), "supporting");
  assert.deepEqual(warned, { state: "warn", say: "js-check-verdict-warn", of: ["speaker", "rate"] });
});

test("who watches has no camera and no microphone to check", () => {
  assert.deepEqual(itemsOf("observer"), ["way", "rate", "delay"]);
  const verdict = verdictOf(findings({ way: "ok", rate: "ok", delay: "ok" }), "observer");
  assert.deepEqual([verdict.state, verdict.say], ["ok", "js-check-verdict-ok-watching"]);
});

test("the line asks for what only the teacher can do", () => {
  const listening = { state: "busy", code: "listening", say: "" };
  const touch = { state: "busy", code: "touch", say: "" };
  const asking = { state: "busy", code: "asking", say: "" };
  const rest = findings(GOOD);
  assert.equal(verdictOf({ ...rest, microphone: listening }, "receiving").say, "js-check-verdict-speak");
  assert.equal(verdictOf({ ...rest, microphone: touch, speaker: touch }, "receiving").say, "js-check-touch");
  assert.equal(verdictOf({ ...rest, camera: asking, speaker: touch }, "receiving").say, "js-check-asking");
  assert.equal(verdictOf({ ...rest, camera: asking }, "receiving", true).say, "js-check-verdict-allow");
  assert.equal(verdictOf(findings({ ...GOOD, camera: "bad" }), "receiving", true).say, "js-check-verdict-starting");
});

test("a picture is judged by what came", () => {
  const lively = Array.from({ length: 8 }, (_, print) => ({ mean: 90, spread: 40, print }));
  const watched = { width: 1280, height: 720, frames: 46, span_ms: 1500, glimpses: lively };
  const code = (changes) => judgePicture({ ...watched, ...changes }).code;
  assert.deepEqual(judgePicture(watched).args, { width: 1280, height: 720, fps: 30 });
  assert.equal(code({}), "ok");
  assert.equal(code({ frames: 0, span_ms: 0, glimpses: [] }), "none");
  assert.equal(code({ frames: 3, span_ms: 90, glimpses: lively.slice(0, 1) }), "frozen");
  assert.equal(code({ glimpses: lively.map((glimpse) => ({ ...glimpse, print: 7 })) }), "frozen");
  assert.equal(code({ glimpses: lively.map((glimpse) => ({ ...glimpse, mean: 3, spread: 2 })) }), "dark");
  assert.equal(code({ frames: 9 }), "slow");
  assert.equal(code({ width: 320, height: 240 }), "small");
});

test("a glimpse knows light from dark and one pixel's change", () => {
  const white = new Uint8ClampedArray(64).fill(255);
  const changed = white.slice();
  changed[4] = 254;
  assert.ok(glimpseOf(white).mean > 254 && glimpseOf(white).spread < 0.1);
  assert.equal(glimpseOf(new Uint8ClampedArray(64)).mean, 0);
  assert.notEqual(glimpseOf(white).print, glimpseOf(changed).print);
});

test("why a device cannot be had, from the browser's error", () => {
  const name = (error, message = "", blocked = false) => troubleName({ name: error, message }, blocked);
  assert.equal(name("NotFoundError"), "missing");
  assert.equal(name("NotReadableError"), "taken");
  assert.equal(name("NotAllowedError", "Permission dismissed"), "denied");
  assert.equal(name("NotAllowedError", "Permission denied", true), "blocked");
  assert.equal(name("NotAllowedError", "Permission denied by system"), "system");
  assert.equal(name("SomethingElse"), "failed");
});

test("what to do about a refused camera depends on the browser", () => {
  assert.equal(findingOfTrouble("camera", "blocked", CHROME).next, "js-check-camera-blocked-next");
  assert.equal(findingOfTrouble("camera", "blocked", FIREFOX).next, "js-check-blocked-next-firefox");
  assert.equal(findingOfTrouble("microphone", "system", CHROME).next, "js-check-system-next-windows");
  assert.equal(findingOfTrouble("camera", "insecure", CHROME).next, "js-check-insecure-next");
  assert.equal(findingOfTrouble("camera", "taken", CHROME).state, "bad");
});

test("the way is green by UDP, amber by TCP, red by none and by a refusal", () => {
  const way = (protocol, problem = null, lack = null) => judgeWay({ protocol, problem }, lack);
  assert.deepEqual([way("udp").state, way("tcp").state, way(null).state], ["ok", "warn", "bad"]);
  assert.equal(way(null, new Problem("network", "", 0)).code, "relay_unreachable");
  assert.equal(way(null, new Problem("relay_full", "", 503)).code, "relay_full");
  assert.equal(way("udp", null, "no_h264").code, "no_h264");
  assert.equal(way(null, null, "no_webrtc").code, "no_webrtc");
});

/** The transfers over a line of so many kbit/s, with a start-up of so many ms each. */
function transfers(kbps, startup_ms) {
  const done = [];
  for (let bytes = nextBytes(done); bytes !== null; bytes = nextBytes(done)) {
    done.push({ bytes, ms: startup_ms + (bytes * 8) / kbps });
  }
  return done;
}

test("the rate of slow and fast lines is found within 15 %, in bounded time and bytes", () => {
  for (const kbps of [300, 2000, 8000, 50_000, 1_000_000]) {
    const done = transfers(kbps, 5);
    const found = rateOf(done);
    assert.ok(Math.abs(found - kbps) / kbps < 0.15, `${found} of ${kbps}`);
    assert.ok(done.length <= 6 && done.every(({ bytes }) => bytes <= 4 * 1024 * 1024));
    assert.ok(done.reduce((sum, { ms }) => sum + ms, 0) < 3500, `${kbps} kbit/s`);
  }
  assert.equal(rateOf([]), null);
  assert.equal(rateOf([{ bytes: 0, ms: 6000 }]), null);
});

test("rates become words, for who sends and who only watches", () => {
  const state = (down_kbps, up_kbps, sends = true) => judgeRate({ down_kbps, up_kbps }, sends).state;
  assert.deepEqual([state(9000, 9000), state(9000, 2000), state(300, 9000)], ["ok", "warn", "bad"]);
  assert.deepEqual([state(9000, null), state(9000, null, false), state(null, null, false)], ["bad", "ok", "bad"]);
  assert.deepEqual([judgeRate({ down_kbps: "busy", up_kbps: null }, true).code, state("busy", 900)], ["busy", "warn"]);
  assert.deepEqual([820, 9990, 9949, 123_456].map(megabits), [0.8, 10, 9.9, 123]);
});

test("the delay is the median trip", () => {
  assert.equal(judgeDelay([9, 12, 800]).code, "ok");
  assert.equal(judgeDelay([9, 12, 800]).args.ms, 12);
  assert.equal(judgeDelay([150, 160, 170]).code, "noticeable");
  assert.equal(judgeDelay([700]).code, "high");
  assert.equal(judgeDelay([]).code, "unmeasured");
});
