// What is written on a picture: whose it is, and how that class stands. Pupils' screens have the names
// and who speaks, nothing more.

import { isHeard } from "../room/room.js";
import { t } from "../text.js";
import { isWall } from "./layouts.js";

/** @import { Link } from "../link/link.js" */
/** @import { ParticipantInfo, Role } from "../protocol.js" */
/** @import { Choice } from "./conduct.js" */
/** @import { Screen, Shot } from "./layouts.js" */
/** @import { TileWords } from "./tile.js" */

/**
 * @param {Shot} shot
 * @param {ParticipantInfo | undefined} info
 * @param {{ link: Link, me: { participant: string, role: Role }, screen: Screen, choice: Choice }} stage
 * @returns {TileWords}
 */
export function captionOf(shot, info, { link, me, screen, choice }) {
  const on_wall = isWall(screen);
  const is_class = shot.track === "camera" && !shot.own;
  const digit = choice.classes.findIndex(({ id }) => id === shot.participant) + 1;
  const can_choose = is_class && me.role === "supporting" && screen === "desk" && digit > 0;
  return {
    name: nameOf(shot, info?.name ?? shot.participant, on_wall),
    number: can_choose ? digit : null,
    is_selected: can_choose && choice.selected === shot.participant,
    is_hand_up: is_class && !on_wall && (info?.hand_raised ?? false),
    is_muted: shot.track === "camera" && !on_wall && !isHeard(link.room.state, shot.participant),
    health: link.health.get(shot.participant) ?? null,
    has_health: is_class && !on_wall,
  };
}

/**
 * @param {Shot} shot
 * @param {string} name
 * @param {boolean} on_wall
 */
function nameOf(shot, name, on_wall) {
  // Courseware needs no name before pupils, where it would cover a headline.
  if (shot.track === "screen" && on_wall) return "";
  if (shot.own) return shot.track === "screen" ? t("js-tile-own-courseware") : t("js-tile-own");
  return shot.track === "screen" ? t("js-tile-courseware", { name }) : name;
}
