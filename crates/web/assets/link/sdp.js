// The few things that the page changes or reads in session descriptions. Pure.

/**
 * An offer whose section `mid` says what its picture is (RFC 4796), for the relay to know the
 * courseware from the camera.
 * @param {string} offer
 * @param {string} mid
 * @param {string} content
 */
export function withContent(offer, mid, content) {
  return offer.replace(new RegExp(`^a=mid:${escape(mid)}\\r?\\n`, "m"), (line) => `${line}a=content:${content}\r\n`);
}

/**
 * The fragment that asks for an ICE restart (RFC 9725 §4.3.3): the new credentials of the offer's
 * first section, which carries the whole bundle.
 * @param {string} offer
 * @returns {string}
 */
export function restartFragment(offer) {
  const lines = offer.split(/\r?\n/);
  /** @param {string} start */
  const first = (start) => lines.find((line) => line.startsWith(start));
  const media = first("m=") ?? "m=audio 9 UDP/TLS/RTP/SAVPF 0";
  const parts = [first("a=group:BUNDLE"), media, first("a=mid:"), first("a=ice-ufrag:"), first("a=ice-pwd:")];
  return `${parts.filter((line) => line !== undefined).join("\r\n")}\r\n`;
}

/**
 * The answer to an offer that restarts ICE: the old answer with the credentials and candidates of
 * the relay's fragment. Null: the fragment has no credentials.
 * @param {string} answer
 * @param {string} fragment
 * @returns {string | null}
 */
export function answerAfterRestart(answer, fragment) {
  const told = fragment.split(/\r?\n/);
  const ufrag = told.find((line) => line.startsWith("a=ice-ufrag:"));
  const pwd = told.find((line) => line.startsWith("a=ice-pwd:"));
  if (!ufrag || !pwd) return null;
  const candidates = told.filter((line) => line.startsWith("a=candidate:") || line === "a=end-of-candidates");
  let isFirst = true;
  /** @type {string[]} */
  const lines = [];
  for (const line of answer.split(/\r?\n/)) {
    if (line.startsWith("a=candidate:") || line === "a=end-of-candidates") continue;
    if (line.startsWith("a=ice-ufrag:")) lines.push(ufrag);
    else if (line.startsWith("a=ice-pwd:")) lines.push(pwd);
    else lines.push(line);
    // The bundle's candidates are those of its first section.
    if (isFirst && line.startsWith("a=mid:")) {
      lines.push(...candidates);
      isFirst = false;
    }
  }
  return lines.join("\r\n");
}

/**
 * Whether pictures are offered, or answered, as H.264.
 * @param {string} description
 */
export function hasH264(description) {
  return /^a=rtpmap:\d+ H264\/90000\s*$/im.test(description);
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
