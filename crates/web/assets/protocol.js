// The words of the relay's HTTP interface, as crates/protocol writes them in JSON. Types only.

/** @typedef {"supporting" | "receiving" | "observer" | "inspector"} Role */
/** @typedef {"video" | "audio"} MediaKind */
/** @typedef {"camera" | "screen" | "microphone"} TrackKind */
/** @typedef {"h264" | "vp8" | "opus" | "red"} Codec */

/** @typedef {{ kind: TrackKind, codec: Codec }} TrackInfo */
/** @typedef {{ offset_us: number, bound_us: number }} ClockReport relay clock minus participant clock */

/**
 * @typedef {object} ParticipantInfo
 * @property {string} id
 * @property {string} name
 * @property {Role} role
 * @property {TrackInfo[]} tracks
 * @property {boolean} hand_raised
 * @property {ClockReport | null} clock
 */

/** @typedef {{ participant: string, track: TrackKind, codec: Codec }} SlotSource */

/** @typedef {{ present: number, expected?: number }} HeadCount */
/** @typedef {{ participant: string, count: HeadCount, at_us: number }} RoomCount */

/**
 * @typedef {object} LessonState
 * @property {string | null} floor the class that has the floor
 * @property {string[]} muted classes that the supporting teacher muted
 * @property {string[]} microphones_off classrooms that switched their own microphone off
 * @property {boolean} locked
 * @property {boolean} ended
 * @property {RoomCount[]} head_counts
 */

/** @typedef {{ id: number, from: string, name: string, text: string, at_us: number }} Message */

/**
 * `GET /lessons/{lesson}/self`
 * @typedef {object} Pass
 * @property {string} participant
 * @property {string} name
 * @property {Role} role
 * @property {number} expires_unix_s
 * @property {boolean} is_publishing from this or another window
 * @property {LessonState} state
 */

/**
 * The body of `POST /lessons/{lesson}/actions`.
 * @typedef {{ action: "hand", raised: boolean }
 *   | { action: "floor", to: string | null }
 *   | { action: "mute", participant: string, muted: boolean }
 *   | { action: "microphone", open: boolean }
 *   | { action: "share", active: boolean }
 *   | { action: "lock", locked: boolean }
 *   | { action: "end" }
 *   | { action: "reopen" }
 *   | { action: "say", text: string }
 *   | { action: "head_count", present: number, expected?: number }} LessonAction
 */

/** @typedef {{ slot: number, width: number, height: number }} SlotSize in device pixels; 0 × 0: not shown */

/**
 * What the event stream tells.
 * @typedef {{ event: "snapshot", lesson: string, relay: string, participants: ParticipantInfo[], state: LessonState }
 *   | { event: "state", state: LessonState }
 *   | { event: "message", message: Message }
 *   | { event: "session_ended", session: string, replaced: boolean, reason: string }
 *   | { event: "joined", participant: ParticipantInfo }
 *   | { event: "left", participant: string, reason: string }
 *   | { event: "track_started", participant: string, track: TrackInfo }
 *   | { event: "track_ended", participant: string, track: TrackKind }
 *   | { event: "slot", session: string, slot: number, media: MediaKind, source: SlotSource | null }
 *   | { event: "hand", participant: string, raised: boolean }
 *   | { event: "clock", participant: string, clock: ClockReport }
 *   | { event: "ending", reason: string, reconnect: boolean }} LessonEvent
 */

/** @typedef {{ participant: string, audio_ms: number, video_ms: number }} GotFrom */

/**
 * What a room sent and played in a stretch of time, times on the relay's clock.
 * @typedef {object} ToldFlow
 * @property {number} seq from 0; a number that is missing is a stretch nobody knows of
 * @property {number} from_us
 * @property {number} until_us
 * @property {number} sent_audio_ms
 * @property {number} sent_video_ms
 * @property {GotFrom[]} got
 */

/** @typedef {{ t1_us: number, t2_us: number, t3_us: number }} ClockEcho */

/** @typedef {{ code: string, message: string }} Refusal the body of every error */

export {};
