// What hangs on which wall: which pictures a screen shows, and which of them large. Pure.

/** @import { ParticipantInfo, Role } from "../protocol.js" */

/** @typedef {"desk" | "rear" | "main" | "side" | "observer"} Screen */
/** @typedef {"camera" | "screen"} Picture */
/** @typedef {"large" | "small"} Area */

/**
 * @typedef {object} View
 * @property {{participant: string, role: Role}} me
 * @property {Screen} screen
 * @property {ReadonlyMap<string, ParticipantInfo>} participants everyone visible, this room included
 * @property {string | null} floor who has the floor
 * @property {boolean} shows_own whether this window has this room's camera
 * @property {boolean} shares whether this window shares courseware now
 */

/**
 * One picture on the wall.
 * @typedef {object} Shot
 * @property {string} key
 * @property {string} participant
 * @property {Picture} track
 * @property {Area} area
 * @property {boolean} own taken from this room's devices, not from the relay
 * @property {boolean} has_floor
 */

/** @type {Record<Role, Screen[]>} */
const SCREENS = {
  supporting: ["desk", "rear"],
  receiving: ["main", "side", "desk"],
  observer: ["observer"],
  inspector: ["observer"],
};

/** The screens of a role, the usual one first. @param {Role} role @returns {Screen[]} */
export function screensOf(role) {
  return SCREENS[role];
}

/** A screen asked for, or the role's usual one. @param {Role} role @param {string | null} wanted */
export function screenFor(role, wanted) {
  return SCREENS[role].find((screen) => screen === wanted) ?? SCREENS[role][0];
}

/** The screen after this one. @param {Role} role @param {Screen} screen */
export function nextScreen(role, screen) {
  const all = SCREENS[role];
  return all[(all.indexOf(screen) + 1) % all.length];
}

/** The screen that a second window of a room is for. @param {Role} role @returns {Screen} */
export function secondScreen(role) {
  return role === "supporting" ? "rear" : "side";
}

/** Whether a window on this screen may be the room's own: it sends and is heard. @param {Role} role @param {Screen} screen */
export function mayPublish(role, screen) {
  return isClassroom(role) && screen !== "rear" && screen !== "side";
}

/** @param {Role} role */
export function isClassroom(role) {
  return role === "supporting" || role === "receiving";
}

/** Pupils look at it: nothing but pictures, and no words between teachers. @param {Screen} screen */
export function isWall(screen) {
  return screen === "rear" || screen === "main" || screen === "side";
}

/**
 * The classes a teacher can choose with a digit: all others that receive, in an order that is the
 * same on every screen and does not change when one reconnects.
 * @param {Iterable<ParticipantInfo>} participants @param {string} me
 */
export function classesOf(participants, me) {
  return [...participants]
    .filter((one) => one.role === "receiving" && one.id !== me)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The pictures of a screen in the order in which they hang. @param {View} view @returns {Shot[]} */
export function shotsOf(view) {
  switch (view.screen) {
    case "desk":
      return view.me.role === "supporting" ? supportingDesk(view) : everything(view);
    case "rear":
      return classes(view);
    case "main":
      return receivingMain(view);
    case "side":
      return classes(view);
    case "observer":
      return everything(view);
  }
}

/** @param {View} view */
function supportingDesk(view) {
  return [...classes(view), ...courseware(view, "small"), ...own(view)];
}

/**
 * The other rooms. The one with the floor is large and the rest stand aside.
 * @param {View} view @returns {Shot[]}
 */
function classes(view) {
  const others = rooms(view).filter((one) => one.id !== view.me.participant);
  const one_speaks = others.some((one) => one.id === view.floor);
  return others.map((one) =>
    shot(view, one.id, "camera", !one_speaks || one.id === view.floor ? "large" : "small"),
  );
}

/**
 * Courseware large and the teacher beside it, or the teacher alone; a class with the floor is
 * large too. This room itself is shown when it speaks: small, for one looks at whom one talks to.
 * @param {View} view @returns {Shot[]}
 */
function receivingMain(view) {
  const shared = courseware(view, "large");
  const speaks = view.floor !== null && view.floor !== view.me.participant ? view.participants.get(view.floor) : undefined;
  const teachers = rooms(view).filter((one) => one.role === "supporting");
  const beside = shared.length > 0 || speaks !== undefined;
  return [
    ...shared,
    ...(speaks ? [shot(view, speaks.id, "camera", "large")] : []),
    ...teachers
      .filter((one) => one !== speaks)
      .map((one) => shot(view, one.id, "camera", beside ? "small" : "large")),
    ...(view.floor === view.me.participant ? own(view) : []),
  ];
}

/**
 * Every room and all courseware, as large as they fit; another room with the floor stands out.
 * @param {View} view @returns {Shot[]}
 */
function everything(view) {
  const others = rooms(view).filter((one) => one.id !== view.me.participant);
  /** @type {Area} */
  const area = others.some((one) => one.id === view.floor) ? "small" : "large";
  return [
    ...courseware(view, area),
    ...others.map((one) => shot(view, one.id, "camera", one.id === view.floor ? "large" : area)),
    ...own(view).map((mine) => shot(view, mine.participant, "camera", area)),
  ];
}

/** @param {View} view @param {Area} area @returns {Shot[]} */
function courseware(view, area) {
  return rooms(view)
    .filter((one) =>
      one.id === view.me.participant && view.shows_own
        ? view.shares
        : one.tracks.some((track) => track.kind === "screen"),
    )
    .map((one) => shot(view, one.id, "screen", area));
}

/** @param {View} view @returns {Shot[]} */
function own(view) {
  return view.shows_own ? [shot(view, view.me.participant, "camera", "small")] : [];
}

/**
 * The supporting rooms first, then the classes; this room is in it even before the relay names it.
 * @param {View} view @returns {ParticipantInfo[]}
 */
function rooms(view) {
  const all = [...view.participants.values()].filter((one) => isClassroom(one.role));
  if (view.shows_own && !view.participants.has(view.me.participant)) {
    all.push({ id: view.me.participant, name: "", role: view.me.role, tracks: [], hand_raised: false, clock: null });
  }
  const rank = (/** @type {ParticipantInfo} */ one) => (one.role === "supporting" ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/** @param {View} view @param {string} participant @param {Picture} track @param {Area} area @returns {Shot} */
function shot(view, participant, track, area) {
  return {
    key: `${participant}/${track}`,
    participant,
    track,
    area,
    own: view.shows_own && participant === view.me.participant,
    has_floor: track === "camera" && view.floor === participant,
  };
}
