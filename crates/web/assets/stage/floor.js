// Who gets the floor, or loses it, when the teacher presses the one key for it. Pure.

/** @import { ParticipantInfo } from "../protocol.js" */

/** @typedef {{to: string | null} | {refused: "no_class" | "choose_class"}} Turn */

/**
 * The chosen class; else the only one with its hand up; else the only class there is. Whoever has
 * the floor loses it, unless another class is chosen.
 * @param {{classes: ParticipantInfo[], selected: string | null, floor: string | null}} lesson @returns {Turn}
 */
export function nextTurn({ classes, selected, floor }) {
  const chosen = classes.find((one) => one.id === selected);
  if (floor !== null && (!chosen || chosen.id === floor)) return { to: null };
  if (chosen) return { to: chosen.id };
  if (classes.length === 0) return { refused: "no_class" };
  const raised = classes.filter((one) => one.hand_raised);
  if (raised.length === 1) return { to: raised[0].id };
  return classes.length === 1 ? { to: classes[0].id } : { refused: "choose_class" };
}

/**
 * Which class the key for muting means: the chosen one, or the only one.
 * @param {{classes: ParticipantInfo[], selected: string | null}} lesson @returns {Turn}
 */
export function muteTarget({ classes, selected }) {
  const chosen = classes.find((one) => one.id === selected);
  if (chosen) return { to: chosen.id };
  if (classes.length === 0) return { refused: "no_class" };
  return classes.length === 1 ? { to: classes[0].id } : { refused: "choose_class" };
}
