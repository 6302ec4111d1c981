// The grant: who may do what in which lesson. It comes with the link, leaves the address bar at once
// and is kept for this room.

import { Store, keptParticipants } from "./store.js";

/**
 * What a grant says; the relay checks it, the page only reads it.
 * @typedef {object} Claims
 * @property {string} lesson `*`: any
 * @property {string} sub the participant
 * @property {string} name
 * @property {import("./protocol.js").Role} role
 * @property {number} exp s since the Unix epoch
 */

/**
 * @typedef {object} Entry how somebody came to this page
 * @property {string} lesson
 * @property {string} grant
 * @property {string} participant
 * @property {Claims} claims
 * @property {Store} store
 */

/**
 * The claims of a token, unchecked; null: it is none.
 * @param {string} token
 * @returns {Claims | null}
 */
export function readClaims(token) {
  const part = token.split(".")[1];
  if (!part) return null;
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims?.sub === "string" && typeof claims?.lesson === "string" ? claims : null;
  } catch {
    return null;
  }
}

/**
 * The lesson of a page's path `/lessons/{lesson}`.
 * @param {string} path
 * @returns {string}
 */
export function lessonOfPath(path) {
  return decodeURIComponent(path.split("/")[2] ?? "");
}

/**
 * Takes the grant out of the address into the store, or finds the one kept there before. The
 * address then names the participant, so that a reload or a second window finds it again.
 * @param {URL} url
 * @param {(address: string) => void} replaceAddress
 * @param {import("./store.js").Storages} [storages]
 * @returns {Entry | null} null: there is no grant, neither in the address nor kept
 */
export function enter(url, replaceAddress, storages) {
  const lesson = lessonOfPath(url.pathname);
  const token = url.searchParams.get("grant");
  if (token !== null) {
    const claims = readClaims(token);
    const participant = claims?.sub ?? "";
    const address = new URL(url);
    address.searchParams.delete("grant");
    if (claims) address.searchParams.set("as", participant);
    replaceAddress(address.pathname + address.search);
    if (!claims) return null;
    const store = new Store(lesson, participant, storages);
    store.grant = token;
    return { lesson, grant: token, participant, claims, store };
  }
  const named = url.searchParams.get("as");
  const kept = named === null ? keptParticipants(lesson, storages) : [named];
  const [participant] = kept;
  if (participant === undefined || kept.length > 1) return null;
  const store = new Store(lesson, participant, storages);
  const claims = store.grant === null ? null : readClaims(store.grant);
  if (!claims || store.grant === null) return null;
  return { lesson, grant: store.grant, participant, claims, store };
}
