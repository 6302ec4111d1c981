// Which codecs are offered first. Pure.

/** @typedef {{ mimeType: string, sdpFmtpLine?: string, clockRate: number, channels?: number }} CodecChoice */

/**
 * Pictures: H.264 with packetization-mode 1, its constrained baseline profile first, as every node
 * has it; then VP8. Repair formats stay, everything else goes.
 * @template {CodecChoice} C
 * @param {readonly C[]} codecs
 * @returns {C[]}
 */
export function pictureCodecs(codecs) {
  const rank = (/** @type {C} */ { mimeType, sdpFmtpLine = "" }) => {
    const name = mimeType.toLowerCase();
    if (name === "video/rtx") return 3;
    if (name === "video/vp8") return 2;
    if (name !== "video/h264" || !/packetization-mode=1/.test(sdpFmtpLine)) return null;
    return /profile-level-id=42[c-f]0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  return ranked(codecs, rank);
}

/**
 * Sound: Opus with redundancy where the browser has it, then Opus.
 * @template {CodecChoice} C
 * @param {readonly C[]} codecs
 * @returns {C[]}
 */
export function soundCodecs(codecs) {
  const rank = (/** @type {C} */ { mimeType, clockRate }) => {
    if (clockRate !== 48_000) return null;
    return { "audio/red": 0, "audio/opus": 1 }[mimeType.toLowerCase()] ?? null;
  };
  return ranked(codecs, rank);
}

/**
 * @template C
 * @param {readonly C[]} codecs
 * @param {(codec: C) => number | null} rank null: left out
 * @returns {C[]}
 */
function ranked(codecs, rank) {
  return codecs
    .map((codec) => ({ codec, place: rank(codec) }))
    .filter(({ place }) => place !== null)
    .sort((a, b) => Number(a.place) - Number(b.place))
    .map(({ codec }) => codec);
}
