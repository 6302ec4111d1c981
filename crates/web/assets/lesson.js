// A lesson's page, from the link to the last bell: grant, check, lesson, end.

import { Problem, act, readPass } from "./api.js";
import { runCheck } from "./check/check.js";
import { openDevices } from "./check/devices.js";
import { Claim } from "./claim.js";
import { enter } from "./grant.js";
import { Link } from "./link/link.js";
import { showProblem } from "./problem.js";
import { keepAwake } from "./stage/awake.js";
import { byId } from "./stage/element.js";
import { mayPublish, screenFor, screensOf, secondScreen } from "./stage/layouts.js";
import { Stage } from "./stage/stage.js";
import { t } from "./text.js";

/** @import { Entry } from "./grant.js" */
/** @import { Choice } from "./problem.js" */
/** @import { Pass } from "./protocol.js" */
/** @import { Screen } from "./stage/layouts.js" */

/** How often an unreachable relay, or an ended lesson, is asked again, in ms. */
const ASK_AGAIN_MS = 2000;
/** Receive slots of a room's window, of one that only watches, and of observers. */
const SLOTS = {
  room: { video: 6, audio: 4 },
  silent: { video: 6, audio: 0 },
  observer: { video: 8, audio: 6 },
};
/** What may be otherwise the next time, without anybody's doing here. */
const MAY_PASS = new Set(["relay_unreachable", "lesson_locked", "lesson_full", "relay_full"]);
/** Refusals that the page says instead of the lesson. */
const FATAL = new Set([
  "grant_missing", "grant_malformed", "grant_signature", "grant_expired", "grant_other_lesson",
  "lesson_locked", "lesson_full",
]);

class Page {
  #entry;
  #claim;
  /** @type {Pass | null} */
  #pass = null;
  /** @type {Link | null} */
  #link = null;
  /** @type {Stage | null} */
  #stage = null;
  /** @type {MediaStream | null} */
  #media = null;
  /** @type {(() => void) | null} */
  #closeCheck = null;
  /** What this window was opened for; the layout may be another. @type {Screen} */
  #screen = "desk";

  /** @param {Entry} entry */
  constructor(entry) {
    this.#entry = entry;
    this.#claim = new Claim(entry.lesson, entry.participant, () => this.#replaced());
  }

  /** Asks who this is, and goes on from there. */
  async open() {
    const { lesson, grant, store } = this.#entry;
    const pass = await readPass(lesson, grant);
    if (pass instanceof Problem) return this.#refused(pass);
    this.#pass = pass;
    const asked = new URL(location.href).searchParams.get("screen");
    this.#screen = screenFor(pass.role, asked);
    if (pass.state.ended) return this.#ended();
    if (!mayPublish(pass.role, this.#screen)) return this.#watch(pass);
    const is_free = await this.#claim.take({ by_force: false });
    // Sent from elsewhere, not by a session that this browser has just left behind.
    if (!is_free || (pass.is_publishing && !store.started)) return this.#secondWindow(pass);
    await this.#teach(pass);
  }

  /** This window is its room's own. @param {Pass} pass */
  async #teach(pass) {
    const { store } = this.#entry;
    if (store.started) {
      this.#media = (await openDevices(store.devices)).stream;
    } else {
      this.#media = (await this.#check(pass)).stream;
      store.started = true;
    }
    this.#begin(pass, true);
  }

  /** Observers, and a room's further screens. @param {Pass} pass */
  async #watch(pass) {
    const { store } = this.#entry;
    if (this.#screen === "observer" && !store.started) {
      await this.#check(pass);
      store.started = true;
    }
    this.#begin(pass, false);
  }

  /** @param {Pass} pass */
  #check(pass) {
    const { lesson, grant } = this.#entry;
    setPhase("check");
    const { ready, close } = runCheck(byId("check"), { lesson, grant, pass });
    this.#closeCheck = close;
    return ready.finally(() => (this.#closeCheck = null));
  }

  /**
   * @param {Pass} pass
   * @param {boolean} publish
   */
  #begin(pass, publish) {
    const { lesson, grant, participant, store } = this.#entry;
    const slots = publish ? SLOTS.room : this.#screen === "observer" ? SLOTS.observer : SLOTS.silent;
    const media = this.#media;
    const link = new Link({ lesson, grant, participant, role: pass.role, publish, slots, media });
    this.#link = link;
    setPhase("lesson");
    const kept = publish ? store.screen : new URL(location.href).searchParams.get("layout");
    const screen = screensOf(pass.role).find((one) => one === kept) ?? this.#screen;
    this.#stage = new Stage(byId("lesson"), { link, pass, screen, can_publish: publish, store });
    link.addEventListener("change", () => this.#linkChanged(link));
    expose(link);
    link.start();
  }

  /** @param {Link} link */
  #linkChanged(link) {
    if (link !== this.#link) return;
    const { phase, problem } = link.state;
    if (phase === "ended") this.#ended();
    else if (phase === "replaced") this.#replacedElsewhere();
    else if (phase !== "live" && problem && FATAL.has(problem.code)) this.#refused(problem);
  }

  /** The lesson is over; whoever was in it comes back by itself should it be reopened. */
  #ended() {
    this.#leave();
    setPhase("ended");
    const leads = this.#pass?.role === "supporting" && mayPublish("supporting", this.#screen);
    const reopen = byId("reopen");
    reopen.hidden = !leads;
    reopen.onclick = () => void this.#reopen();
    if (leads) reopen.focus();
    this.#askAgain(() => this.#isOn());
  }

  async #reopen() {
    const { lesson, grant } = this.#entry;
    const problem = await act(lesson, grant, { action: "reopen" });
    byId("ended-problem").textContent = problem ? t("js-ended-reopen-failed") : "";
  }

  /** Whether the lesson goes on, or something is to be said instead of waiting. */
  async #isOn() {
    const { lesson, grant } = this.#entry;
    const pass = await readPass(lesson, grant);
    return !(pass instanceof Problem) && !pass.state.ended;
  }

  /** @param {Pass} pass */
  #secondWindow(pass) {
    const watched = this.#screen === "desk" && pass.role === "receiving" ? "desk" : secondScreen(pass.role);
    const label = watched === "rear" ? t("js-only-rear") : watched === "side" ? t("js-only-side") : t("js-only-desk");
    const watch = () => {
      this.#claim.release();
      this.#screen = watched;
      const address = new URL(location.href);
      address.searchParams.set("screen", watched);
      history.replaceState(null, "", address.pathname + address.search);
      void this.#watch(pass);
    };
    this.#problem("second_window", [
      { id: "take-over", label: t("js-take-over"), press: () => void this.#takeOver(pass) },
      { id: "only-watch", label, press: watch },
    ]);
  }

  /** @param {Pass} pass */
  async #takeOver(pass) {
    await this.#claim.take({ by_force: true });
    await this.#teach(pass);
  }

  /** Another machine took over: a reload here asks before it takes over in turn. */
  #replacedElsewhere() {
    this.#entry.store.started = false;
    this.#replaced();
  }

  #replaced() {
    const pass = this.#pass;
    if (!pass || (!this.#link && !this.#closeCheck)) return;
    this.#leave();
    const press = () => void this.#takeOver(pass);
    this.#problem("replaced", [{ id: "take-over", label: t("js-take-over"), press }]);
  }

  /** @param {Problem} problem */
  #refused(problem) {
    this.#leave();
    const code = isUnreachable(problem) ? "relay_unreachable" : problem.code;
    this.#problem(code, [{ id: "again", label: t("js-again"), press: () => location.reload() }]);
    if (!MAY_PASS.has(code)) return;
    this.#askAgain(async () => {
      const pass = await readPass(this.#entry.lesson, this.#entry.grant);
      return !(pass instanceof Problem) || (isUnreachable(pass) ? "relay_unreachable" : pass.code) !== code;
    });
  }

  /**
   * @param {string} code
   * @param {Choice[]} choices
   */
  #problem(code, choices) {
    setPhase("problem");
    showProblem(byId("problem"), code, choices);
  }

  /** Asks until it is so, then begins anew. @param {() => Promise<boolean>} isSo */
  #askAgain(isSo) {
    setTimeout(async () => {
      if (await isSo()) await this.open();
      else this.#askAgain(isSo);
    }, ASK_AGAIN_MS);
  }

  /** Lets go of everything that a lesson holds. */
  #leave() {
    const link = this.#link;
    this.#link = null;
    this.#closeCheck?.();
    this.#closeCheck = null;
    this.#stage?.close();
    this.#stage = null;
    link?.close();
    // The link may have opened others than those it began with.
    for (const track of [...(this.#media?.getTracks() ?? []), link?.camera, link?.microphone, link?.screen]) track?.stop();
    this.#media = null;
    this.#claim.release();
  }
}

/** @param {Problem} problem */
function isUnreachable({ code }) {
  return code === "network" || code === "timeout";
}

/** @param {"check" | "lesson" | "ended" | "problem"} phase */
function setPhase(phase) {
  document.body.dataset.phase = phase;
  for (const id of ["check", "lesson", "ended", "problem"]) byId(id).hidden = id !== phase;
}

/** What the tests look at. @param {Link} link */
function expose(link) {
  const view = {
    get room() {
      return link.room;
    },
    link,
    peers: () => link.peers(),
  };
  Object.defineProperty(window, "tongke", { value: Object.freeze(view), configurable: true });
}

/** The other language is chosen for this very page: whose it is and which screen stay. @param {HTMLAnchorElement} link */
function keepPlace(link) {
  const address = new URL(location.href);
  address.searchParams.set("lang", link.lang);
  link.href = address.pathname + address.search;
}

function start() {
  keepAwake();
  const entry = enter(new URL(location.href), (address) => history.replaceState(null, "", address));
  keepPlace(/** @type {HTMLAnchorElement} */ (byId("language")));
  if (entry && "RTCPeerConnection" in window) return void new Page(entry).open();
  setPhase("problem");
  showProblem(byId("problem"), entry ? "no_webrtc" : "grant_missing", []);
}

start();
