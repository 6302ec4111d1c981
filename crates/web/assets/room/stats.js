// A connection's own counters (W3C webrtc-stats) as plain samples. Pure.

/**
 * One receive slot at one moment. Counters are cumulative.
 * @typedef {object} ReceivedSample
 * @property {number} at_ms
 * @property {string} mid
 * @property {"video" | "audio"} kind
 * @property {string | null} codec
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost after repair
 * @property {number} nacks
 * @property {number} repaired packets that came as a repeat (RTX)
 * @property {number} frames decoded
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {number} freezes by the rule of W3C webrtc-stats
 * @property {number} freeze_ms
 * @property {number} buffer_ms sum of the jitter buffer's delays
 * @property {number} buffer_n what that sum is over
 * @property {number} energy total sound energy
 * @property {number} duration_s of all sound
 * @property {number} concealed samples, invented silence left out
 * @property {number} invented samples, silence too: what did not come from the sender
 * @property {number} samples of all sound
 */

/**
 * One sent encoding at one moment. Counters are cumulative.
 * @typedef {object} SentSample
 * @property {number} at_ms
 * @property {string} mid
 * @property {"video" | "audio"} kind
 * @property {string | null} rid
 * @property {string | null} codec
 * @property {number} bytes
 * @property {number} packets
 * @property {number} resent
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {string | null} limited_by cpu, bandwidth, other
 * @property {number | null} lost_ratio as the relay reports it
 * @property {number | null} rtt_ms
 */

/**
 * The microphone before it is encoded. Counters are cumulative.
 * @typedef {{ at_ms: number, energy: number, duration_s: number }} SourceSample
 */

/**
 * The way to the relay.
 * @typedef {object} PathSample
 * @property {number} at_ms
 * @property {"udp" | "tcp" | null} protocol
 * @property {number | null} rtt_ms
 * @property {number | null} available_bps what the estimate leaves for sending
 * @property {string | null} srtp_cipher
 * @property {string | null} dtls_state
 */

/**
 * @typedef {object} Sample
 * @property {number} at_ms
 * @property {ReceivedSample[]} received
 * @property {SentSample[]} sent
 * @property {SourceSample | null} microphone
 * @property {PathSample | null} path
 */

/** @typedef {Record<string, any>} Stat */

/**
 * Reads a report.
 * @param {{ values(): Iterable<Stat> }} report an RTCStatsReport
 * @param {number} at_ms
 * @returns {Sample}
 */
export function readReport(report, at_ms) {
  const stats = [...report.values()];
  const byId = new Map(stats.map((stat) => [stat.id, stat]));
  /** @param {string} type */
  const of = (type) => stats.filter((stat) => stat.type === type);
  const microphone = of("media-source").find(({ kind }) => kind === "audio");
  return {
    at_ms,
    received: of("inbound-rtp").map((stat) => received(stat, byId, at_ms)),
    sent: of("outbound-rtp").map((stat) => sent(stat, byId, at_ms)),
    microphone: microphone
      ? { at_ms, energy: number(microphone.totalAudioEnergy), duration_s: number(microphone.totalSamplesDuration) }
      : null,
    path: path(of("transport")[0], stats, byId, at_ms),
  };
}

/**
 * @param {Stat} stat
 * @param {Map<string, Stat>} byId
 * @param {number} at_ms
 * @returns {ReceivedSample}
 */
function received(stat, byId, at_ms) {
  return {
    at_ms,
    mid: stat.mid ?? "",
    kind: stat.kind,
    codec: codecOf(stat, byId),
    bytes: number(stat.bytesReceived),
    packets: number(stat.packetsReceived),
    lost: number(stat.packetsLost),
    nacks: number(stat.nackCount),
    repaired: number(stat.retransmittedPacketsReceived),
    frames: number(stat.framesDecoded),
    width: number(stat.frameWidth),
    height: number(stat.frameHeight),
    fps: number(stat.framesPerSecond),
    freezes: number(stat.freezeCount),
    freeze_ms: number(stat.totalFreezesDuration) * 1000,
    buffer_ms: number(stat.jitterBufferDelay) * 1000,
    buffer_n: number(stat.jitterBufferEmittedCount),
    energy: number(stat.totalAudioEnergy),
    duration_s: number(stat.totalSamplesDuration),
    concealed: number(stat.concealedSamples) - number(stat.silentConcealedSamples),
    invented: number(stat.concealedSamples),
    samples: number(stat.totalSamplesReceived),
  };
}

/**
 * @param {Stat} stat
 * @param {Map<string, Stat>} byId
 * @param {number} at_ms
 * @returns {SentSample}
 */
function sent(stat, byId, at_ms) {
  const remote = byId.get(stat.remoteId);
  return {
    at_ms,
    mid: stat.mid ?? "",
    kind: stat.kind,
    rid: stat.rid ?? null,
    codec: codecOf(stat, byId),
    bytes: number(stat.bytesSent),
    packets: number(stat.packetsSent),
    resent: number(stat.retransmittedPacketsSent),
    frames: number(stat.framesEncoded),
    width: number(stat.frameWidth),
    height: number(stat.frameHeight),
    fps: number(stat.framesPerSecond),
    limited_by: stat.qualityLimitationReason === "none" ? null : (stat.qualityLimitationReason ?? null),
    lost_ratio: remote?.fractionLost ?? null,
    rtt_ms: milliseconds(remote?.roundTripTime),
  };
}

/**
 * @param {Stat | undefined} transport
 * @param {Stat[]} stats
 * @param {Map<string, Stat>} byId
 * @param {number} at_ms
 * @returns {PathSample | null}
 */
function path(transport, stats, byId, at_ms) {
  // Firefox marks the pair instead of naming it.
  const pair =
    byId.get(transport?.selectedCandidatePairId) ??
    stats.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  if (!pair) return null;
  return {
    at_ms,
    protocol: byId.get(pair.remoteCandidateId)?.protocol ?? null,
    rtt_ms: milliseconds(pair.currentRoundTripTime),
    available_bps: pair.availableOutgoingBitrate ?? null,
    srtp_cipher: transport?.srtpCipher ?? null,
    dtls_state: transport?.dtlsState ?? null,
  };
}

/**
 * @param {Stat} stat
 * @param {Map<string, Stat>} byId
 * @returns {string | null}
 */
function codecOf(stat, byId) {
  return byId.get(stat.codecId)?.mimeType?.split("/")[1] ?? null;
}

/** @param {number | undefined} value */
function number(value) {
  return value ?? 0;
}

/** @param {number | undefined} seconds */
function milliseconds(seconds) {
  return seconds === undefined ? null : seconds * 1000;
}

/**
 * What a slot received between two samples.
 * @typedef {object} Received
 * @property {number} seconds
 * @property {number} bps
 * @property {number} fps
 * @property {number} lost_ratio
 * @property {number} repaired
 * @property {number} freeze_ms
 * @property {number | null} buffer_ms mean delay of the jitter buffer
 * @property {number} concealed_ratio
 * @property {number | null} energy_per_s mean square level, 1 being full scale; null: no sound was played
 */

/**
 * @param {ReceivedSample} from
 * @param {ReceivedSample} to
 * @returns {Received}
 */
export function between(from, to) {
  const seconds = Math.max((to.at_ms - from.at_ms) / 1000, 0.001);
  const packets = to.packets - from.packets;
  const lost = Math.max(to.lost - from.lost, 0);
  const buffered = to.buffer_n - from.buffer_n;
  const samples = to.samples - from.samples;
  const played_s = to.duration_s - from.duration_s;
  return {
    seconds,
    bps: ((to.bytes - from.bytes) * 8) / seconds,
    fps: (to.frames - from.frames) / seconds,
    lost_ratio: lost > 0 ? lost / (packets + lost) : 0,
    repaired: to.repaired - from.repaired,
    freeze_ms: to.freeze_ms - from.freeze_ms,
    buffer_ms: buffered > 0 ? (to.buffer_ms - from.buffer_ms) / buffered : null,
    concealed_ratio: samples > 0 ? Math.max(to.concealed - from.concealed, 0) / samples : 0,
    energy_per_s: played_s > 0 ? (to.energy - from.energy) / played_s : null,
  };
}
