// The lesson as this page knows it: events in, state out. Pure; every change gives a new object, so
// that whoever shows it sees by identity what changed.

/** @import { LessonEvent, LessonState, Message, ParticipantInfo, SlotSource } from "../protocol.js" */

/**
 * @typedef {object} RoomState
 * @property {string | null} relay the relay's run that told it; null: nothing was told yet
 * @property {ReadonlyMap<string, ParticipantInfo>} participants by id, in the order in which they came
 * @property {ReadonlyMap<string, ReadonlyMap<number, SlotSource | null>>} slots by session, then by slot
 * @property {LessonState} state
 * @property {readonly Message[]} messages by number
 */

/** Messages kept. */
const MAX_MESSAGES = 200;
/** Sessions whose slots are kept: this page's own, the one before it and other windows'. */
const MAX_SESSIONS = 8;

/** @returns {RoomState} */
export function initial() {
  return {
    relay: null,
    participants: new Map(),
    slots: new Map(),
    state: { floor: null, muted: [], microphones_off: [], locked: false, ended: false, head_counts: [] },
    messages: [],
  };
}

/**
 * The room after an event. An event that changes nothing gives the same object.
 * @param {RoomState} room
 * @param {LessonEvent} event
 * @returns {RoomState}
 */
export function apply(room, event) {
  switch (event.event) {
    case "snapshot":
      return {
        ...room,
        relay: event.relay,
        participants: new Map(event.participants.map((participant) => [participant.id, participant])),
        // Sessions do not outlive the relay's run.
        slots: room.relay === event.relay ? room.slots : new Map(),
        state: event.state,
      };
    case "state":
      return { ...room, state: event.state };
    case "message":
      return withMessage(room, event.message);
    case "joined":
      return withParticipant(room, event.participant);
    case "left":
      return without(room, event.participant);
    case "track_started":
      return change(room, event.participant, ({ tracks }) => ({
        tracks: [...tracks.filter(({ kind }) => kind !== event.track.kind), event.track],
      }));
    case "track_ended":
      return change(room, event.participant, ({ tracks }) => ({
        tracks: tracks.filter(({ kind }) => kind !== event.track),
      }));
    case "hand":
      return change(room, event.participant, () => ({ hand_raised: event.raised }));
    case "clock":
      return change(room, event.participant, () => ({ clock: event.clock }));
    case "slot":
      return withSlot(room, event.session, event.slot, event.source);
    case "session_ended":
      return withoutSession(room, event.session);
    default:
      return room;
  }
}

/**
 * Whether a classroom's microphone is forwarded: its own switch is its own; the teacher's muting does
 * not hold while the class has the floor. The same rule as the relay's.
 * @param {LessonState} state
 * @param {string} participant
 */
export function isHeard(state, participant) {
  return (
    !state.microphones_off.includes(participant) &&
    (state.floor === participant || !state.muted.includes(participant))
  );
}

/**
 * @param {RoomState} room
 * @param {Message} message
 */
function withMessage(room, message) {
  // A repeat after a reconnect has the same number.
  if (room.messages.some(({ id }) => id === message.id)) return room;
  const messages = [...room.messages, message].sort((a, b) => a.id - b.id);
  return { ...room, messages: messages.slice(-MAX_MESSAGES) };
}

/**
 * @param {RoomState} room
 * @param {ParticipantInfo} participant
 */
function withParticipant(room, participant) {
  const participants = new Map(room.participants).set(participant.id, participant);
  return { ...room, participants };
}

/**
 * @param {RoomState} room
 * @param {string} id
 */
function without(room, id) {
  if (!room.participants.has(id)) return room;
  const participants = new Map(room.participants);
  participants.delete(id);
  return { ...room, participants };
}

/**
 * @param {RoomState} room
 * @param {string} id
 * @param {(participant: ParticipantInfo) => Partial<ParticipantInfo>} changes
 */
function change(room, id, changes) {
  const participant = room.participants.get(id);
  return participant ? withParticipant(room, { ...participant, ...changes(participant) }) : room;
}

/**
 * @param {RoomState} room
 * @param {string} session
 * @param {number} slot
 * @param {SlotSource | null} source
 */
function withSlot(room, session, slot, source) {
  const of = new Map(room.slots.get(session)).set(slot, source);
  const slots = new Map(room.slots);
  slots.delete(session);
  slots.set(session, of);
  const oldest = slots.keys().next().value;
  if (slots.size > MAX_SESSIONS && oldest !== undefined) slots.delete(oldest);
  return { ...room, slots };
}

/**
 * @param {RoomState} room
 * @param {string} session
 */
function withoutSession(room, session) {
  if (!room.slots.has(session)) return room;
  const slots = new Map(room.slots);
  slots.delete(session);
  return { ...room, slots };
}
