import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "../../../crates/web/assets/link/session.js";

const LOST = { code: "network", message: "", status: 0 };

/** A link without a browser: it notes what the machine wants done and moves its clock. */
class World {
  now_ms = 0;
  done = [];
  attempts = { whip: 0, whep: 0 };

  constructor({ publish = true, random = () => 0 } = {}) {
    this.session = new Session({ publish, random });
  }

  tell(input) {
    const commands = this.session.handle(this.now_ms, input);
    for (const command of commands) {
      if (command.do === "join") this.attempts[command.leg] = command.attempt;
      this.done.push({ at_ms: this.now_ms, ...command });
    }
    return this;
  }

  /** Lets time pass, stopping wherever the machine asked to be woken. */
  pass(ms) {
    const end_ms = this.now_ms + ms;
    while (this.session.deadline_ms <= end_ms) {
      assert.ok(this.session.deadline_ms >= this.now_ms, "a deadline in the past would never end");
      this.now_ms = this.session.deadline_ms;
      this.tell({ is: "time" });
    }
    this.now_ms = end_ms;
    return this;
  }

  leg(leg, input) {
    return this.tell({ leg, attempt: this.attempts[leg], ...input });
  }

  joined(leg) {
    return this.leg(leg, { is: "joined", session: `${leg}-${this.attempts[leg]}` });
  }

  connection(leg, state) {
    return this.leg(leg, { is: "connection", state });
  }

  up(leg) {
    return this.joined(leg).connection(leg, "connected");
  }

  snapshot(relay = "run-1", ended = false) {
    return this.tell({ is: "listening" }).tell({ is: "snapshot", relay, ended });
  }

  live() {
    this.tell({ is: "start" }).snapshot().up("whip").up("whep").pass(10_000);
    this.done = [];
    return this;
  }

  did(what, leg) {
    return this.done.filter((command) => command.do === what && (!leg || command.leg === leg));
  }
}

test("a start opens the stream and both sessions at once, and is live when both are connected", () => {
  const world = new World().tell({ is: "start" });
  assert.deepEqual(world.done.map((command) => [command.do, command.leg]), [
    ["listen", undefined],
    ["join", "whip"],
    ["join", "whep"],
  ]);
  assert.equal(world.session.phase, "connecting");
  world.snapshot().up("whip");
  assert.equal(world.session.phase, "connecting");
  world.up("whep");
  assert.equal(world.session.phase, "live");
  assert.equal(world.session.deadline_ms, Infinity);
});

test("a window that does not publish has a receiving session only", () => {
  const world = new World({ publish: false }).tell({ is: "start" }).snapshot().up("whep");
  assert.equal(world.did("join", "whip").length, 0);
  assert.equal(world.session.phase, "live");
});

test("a lost event stream leaves the media alone and is opened again within two seconds, for ever", () => {
  const world = new World().live();
  for (let n = 0; n < 50; n++) {
    world.tell({ is: "unlistened", problem: LOST });
    const before_ms = world.now_ms;
    world.pass(2000);
    assert.equal(world.did("listen").length, n + 1);
    assert.ok(world.done.at(-1).at_ms - before_ms >= (n === 0 ? 250 : 400));
  }
  assert.equal(world.session.phase, "live");
  assert.equal(world.did("join").length + world.did("restart").length, 0);
});

test("a restarted relay is found by its name, and both sessions are made anew at once", () => {
  const world = new World().live();
  world.tell({ is: "unlistened", problem: LOST }).pass(250);
  // Killed: the browser still says connected.
  world.snapshot("run-2");
  assert.equal(world.did("join", "whip").length, 1);
  assert.equal(world.did("join", "whep").length, 1);
  assert.equal(world.did("drop").length, 2);
  assert.equal(world.session.phase, "waiting");
  world.up("whip").up("whep");
  assert.equal(world.session.phase, "live");
});

test("the same relay heard again changes nothing", () => {
  const world = new World().live();
  world.tell({ is: "unlistened", problem: LOST }).pass(250).snapshot("run-1");
  assert.equal(world.did("join").length, 0);
});

test("a session begun with the new relay before the stream was back is kept", () => {
  const world = new World().live();
  world.tell({ is: "unlistened", problem: LOST });
  world.connection("whip", "failed");
  world.leg("whip", { is: "restarted", problem: { code: "session_unknown", message: "", status: 404 } });
  world.pass(0).up("whip");
  world.done = [];
  world.snapshot("run-2");
  assert.equal(world.did("join", "whip").length, 0);
  assert.equal(world.did("join", "whep").length, 1);
});

test("a short loss of the connection comes back by itself and nobody is told", () => {
  const world = new World().live();
  world.connection("whep", "disconnected").pass(1400);
  assert.equal(world.session.phase, "live");
  world.connection("whep", "connected").pass(10_000);
  assert.equal(world.done.length, 0);
});

test("a lost connection restarts ICE after 1.5 s, and another session begins 4 s later", () => {
  const world = new World().live();
  const lost_ms = world.now_ms;
  world.connection("whep", "disconnected").pass(1500);
  assert.deepEqual(world.did("restart", "whep").map(({ at_ms }) => at_ms - lost_ms), [1500]);
  assert.equal(world.session.phase, "waiting");
  world.leg("whep", { is: "restarted", problem: null }).pass(4000);
  assert.deepEqual(world.did("join", "whep").map(({ at_ms }) => at_ms - lost_ms), [5500]);
});

test("an ICE restart that works keeps the session, and the stream that went the same way is opened anew", () => {
  const world = new World().live();
  world.connection("whip", "disconnected").connection("whep", "disconnected").pass(2000);
  for (const leg of ["whip", "whep"]) world.leg(leg, { is: "restarted", problem: null });
  world.connection("whip", "connected").connection("whep", "connected").pass(20_000);
  assert.equal(world.session.phase, "live");
  assert.equal(world.did("join").length, 0);
  assert.equal(world.did("listen").length, 1);
});

test("a failed connection restarts at once, and a relay that does not know it gets a new session at once", () => {
  const world = new World().live();
  world.connection("whip", "failed");
  assert.equal(world.did("restart", "whip").length, 1);
  world.leg("whip", { is: "restarted", problem: { code: "session_unknown", message: "", status: 404 } }).pass(0);
  assert.equal(world.did("join", "whip").length, 1);
});

test("an ICE restart that the network swallows is tried again until its time is over", () => {
  const world = new World().live();
  world.connection("whep", "failed");
  for (let n = 0; n < 20 && world.did("join").length === 0; n++) {
    world.leg("whep", { is: "restarted", problem: LOST }).pass(500);
  }
  assert.equal(world.did("restart", "whep").length, 8);
  assert.equal(world.did("join", "whep").length, 1);
});

test("without a network it tries every two seconds for as long as it takes", () => {
  const world = new World().live();
  const since_ms = world.now_ms;
  world.tell({ is: "unlistened", problem: LOST }).connection("whip", "failed").connection("whep", "failed");
  for (let n = 0; n < 2000; n++) {
    world.pass(500);
    for (const leg of ["whip", "whep"]) {
      world.leg(leg, { is: "refused", problem: LOST });
      world.leg(leg, { is: "restarted", problem: LOST });
    }
    world.tell({ is: "unlistened", problem: LOST });
  }
  const joins = world.did("join", "whip").map(({ at_ms }) => at_ms);
  const gaps = joins.slice(1).map((at_ms, n) => at_ms - joins[n]);
  assert.ok(Math.max(...gaps) <= 2500, `longest gap ${Math.max(...gaps)}`);
  assert.ok(world.now_ms - joins.at(-1) <= 2500 && world.now_ms - since_ms >= 900_000);
  world.pass(2000).snapshot().up("whip").up("whep");
  assert.equal(world.session.phase, "live");
});

test("the network's return is taken at once, even while an attempt hangs", () => {
  const world = new World().live();
  world.tell({ is: "unlistened", problem: LOST }).connection("whip", "failed").connection("whep", "disconnected");
  world.pass(4000);
  world.done = [];
  world.tell({ is: "online" });
  assert.deepEqual(world.did("listen").length, 1);
  assert.equal(world.did("join", "whip").length, 1);
  assert.equal(world.did("restart", "whep").length, 1);
});

test("what gets through for one session hurries the other", () => {
  const world = new World().live();
  world.connection("whep", "disconnected").pass(1000).connection("whip", "disconnected").pass(500);
  assert.equal(world.did("restart", "whip").length, 0);
  world.leg("whep", { is: "restarted", problem: null });
  assert.equal(world.did("restart", "whip").length, 1);
});

test("a network that swallows one session's restart hurries nobody", () => {
  const world = new World().live();
  world.connection("whep", "disconnected").pass(1000).connection("whip", "disconnected").pass(500);
  world.leg("whep", { is: "restarted", problem: LOST });
  assert.equal(world.did("restart", "whip").length, 0);
});

test("after the network's return waits begin short again", () => {
  const world = new World().tell({ is: "start" });
  for (let n = 0; n < 9; n++) world.leg("whip", { is: "refused", problem: LOST }).pass(2000);
  world.tell({ is: "online" }).leg("whip", { is: "refused", problem: LOST });
  world.done = [];
  world.pass(250);
  assert.equal(world.did("join", "whip").length, 1);
});

test("a connection that comes back by itself outlives its restart's failure", () => {
  const world = new World().live();
  world.connection("whep", "disconnected").pass(1500).connection("whep", "connected");
  world.done = [];
  world.leg("whep", { is: "restarted", problem: { code: "etag_mismatch", message: "", status: 412 } }).pass(60_000);
  assert.equal(world.did("drop").length + world.did("join").length + world.did("restart").length, 0);
});

test("a session begun while the stream is opened anew is of the run that speaks then", () => {
  const world = new World().live();
  world.tell({ is: "online" }).tell({ is: "session_ended", session: "whip-1", replaced: false }).pass(0);
  world.up("whip");
  world.done = [];
  world.snapshot("run-2");
  assert.deepEqual(world.did("join").map(({ leg }) => leg), ["whep"]);
});

test("an answer or a state of an older session means nothing", () => {
  const world = new World().live();
  const old = { leg: "whep", attempt: world.attempts.whep };
  world.tell({ is: "session_ended", session: "whep-1", replaced: false }).pass(0);
  world.done = [];
  world.tell({ is: "connection", ...old, state: "failed" });
  world.tell({ is: "joined", ...old, session: "x" });
  world.tell({ is: "refused", ...old, problem: LOST });
  assert.equal(world.done.length, 0);
});

test("a session that the relay ended is made anew at once", () => {
  const world = new World().live();
  world.tell({ is: "session_ended", session: "whip-1", replaced: false }).pass(0);
  assert.equal(world.did("join", "whip").length, 1);
  assert.equal(world.did("join", "whep").length, 0);
});

test("the end of some other session means nothing: this window's old one, or another window's", () => {
  const world = new World().live();
  world.tell({ is: "session_ended", session: "elsewhere", replaced: true });
  assert.equal(world.done.length, 0);
  assert.equal(world.session.phase, "live");
});

test("a room that was taken over stops and comes back only when told to", () => {
  const world = new World().live();
  world.tell({ is: "session_ended", session: "whip-1", replaced: true });
  assert.equal(world.session.phase, "replaced");
  assert.deepEqual(world.did("drop").map(({ leave }) => leave), [true, true]);
  assert.equal(world.did("unlisten").length, 1);
  world.tell({ is: "online" }).tell({ is: "unlistened", problem: LOST }).pass(600_000);
  assert.equal(world.did("join").length, 0);
  world.tell({ is: "start" });
  assert.equal(world.did("join").length, 2);
});

test("a takeover that is told before the answer to the offer counts too", () => {
  const world = new World().tell({ is: "start" }).snapshot();
  world.tell({ is: "session_ended", session: "whip-1", replaced: true });
  world.joined("whip");
  assert.equal(world.session.phase, "replaced");
});

test("an ended lesson ends the sessions, is listened to, and comes back when it is reopened", () => {
  const world = new World().live();
  world.tell({ is: "state", ended: true });
  assert.equal(world.session.phase, "ended");
  assert.equal(world.did("drop").length, 2);
  world.tell({ is: "unlistened", problem: LOST }).pass(4000);
  assert.equal(world.did("listen").length, 1);
  world.snapshot("run-1", false);
  assert.equal(world.did("join").length, 2);
  assert.equal(world.session.phase, "waiting");
});

test("a join refused because the lesson is over counts while nothing is heard, and not against what is heard", () => {
  const ended = { code: "lesson_ended", message: "", status: 410 };
  const deaf = new World().tell({ is: "start" }).leg("whip", { is: "refused", problem: ended });
  assert.equal(deaf.session.phase, "ended");
  const told = new World().tell({ is: "start" }).snapshot().leg("whip", { is: "refused", problem: ended });
  assert.equal(told.session.phase, "connecting");
  told.pass(4000);
  assert.equal(told.did("join", "whip").length, 2);
});

test("a refusal is told, and asked again seldom but for ever", () => {
  for (const [code, status] of [["lesson_locked", 423], ["grant_expired", 401], ["offer_unsupported", 422]]) {
    const problem = { code, message: "", status };
    const world = new World().tell({ is: "start" }).snapshot().up("whep");
    for (let n = 0; n < 100; n++) {
      world.leg("whip", { is: "refused", problem });
      assert.equal(world.session.problem.code, code);
      const before = world.did("join", "whip").length;
      world.pass(3999);
      assert.equal(world.did("join", "whip").length, before);
      world.pass(1);
    }
    assert.equal(world.did("join", "whip").length, 101);
    world.up("whip");
    assert.equal(world.session.phase, "live");
    assert.equal(world.session.problem, null);
  }
});

test("a lesson that is opened again lets in at once whoever waits", () => {
  const locked = { code: "lesson_locked", message: "", status: 423 };
  const world = new World().tell({ is: "start" }).snapshot().leg("whip", { is: "refused", problem: locked });
  world.tell({ is: "state", ended: false });
  assert.equal(world.did("join", "whip").length, 2);
});

test("waits grow from 250 ms to 2 s and chance makes them shorter only", () => {
  for (const chance of [0, 0.5, 1]) {
    const world = new World({ random: () => chance }).tell({ is: "start" }).snapshot();
    const waits = [];
    for (let n = 0; n < 9; n++) {
      const refused_ms = world.now_ms;
      world.leg("whip", { is: "refused", problem: LOST }).pass(2000);
      waits.push(world.did("join", "whip").at(-1).at_ms - refused_ms);
    }
    const least = 1 - 0.2 * chance;
    assert.equal(Math.round(waits[0]), Math.round(250 * least));
    assert.equal(Math.round(waits.at(-1)), Math.round(2000 * least));
  }
});

test("an offer without an answer and a connection that never comes are given up for new ones", () => {
  const world = new World().tell({ is: "start" }).snapshot().pass(4300);
  assert.equal(world.did("join", "whep").length, 2);
  world.pass(3000).joined("whep").pass(3900);
  assert.equal(world.did("join", "whep").length, 2);
  world.pass(600);
  assert.equal(world.did("join", "whep").length, 3);
});

test("a close leaves, and nothing happens afterwards", () => {
  const world = new World().live();
  world.tell({ is: "close" });
  assert.deepEqual(world.done.map((command) => command.do), ["drop", "drop", "unlisten"]);
  world.done = [];
  world.tell({ is: "online" }).connection("whip", "failed").tell({ is: "state", ended: false });
  world.tell({ is: "unlistened", problem: LOST }).pass(60_000);
  assert.equal(world.done.length, 0);
  assert.equal(world.session.phase, "closed");
  assert.equal(world.session.deadline_ms, Infinity);
});
