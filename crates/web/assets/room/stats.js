// A connection's own counters as plain samples.

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
 * @property {number} frames_ms sum of the times between shown frames
 * @property {number} buffer_ms sum of the jitter buffer delays
 * @property {number} buffer_n what that sum is over
 * @property {number} energy total sound energy
 * @property {number} duration_s of all sound
 * @property {number} concealed samples, invented silence left out
 * @property {number} samples
 */

/**
 * One sent encoding at one moment.
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
 * The microphone before it is encoded.
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
 * @property {string} dtls_state
 */

/**
 * @typedef {object} Sample
 * @property {number} at_ms
 * @property {ReceivedSample[]} received
 * @property {SentSample[]} sent
 * @property {SourceSample | null} microphone
 * @property {PathSample | null} path
 */

/**
 * Reads a report.
 * @param {Iterable<any>} _report the values of an RTCStatsReport
 * @param {number} at_ms
 * @returns {Sample}
 */
export function readReport(_report, at_ms) {
  return { at_ms, received: [], sent: [], microphone: null, path: null };
}
