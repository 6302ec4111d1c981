//! What a lesson tells its participants: the event stream of the HTTP interface
//! (`GET /lessons/{lesson}/events`) and of a QUIC session's control stream, in the same words.

use crate::conduct::{LessonState, Message};
use crate::control::Codec;
use crate::id::{LessonId, MediaKind, ParticipantId, Role, TrackKind};
use serde::{Deserialize, Serialize};

/// A participant as the others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantInfo {
    /// Who.
    pub id: ParticipantId,
    /// The name shown, e.g. of the school.
    pub name: String,
    /// What it is to the lesson.
    pub role: Role,
    /// What it publishes now.
    pub tracks: Vec<TrackInfo>,
    /// Whether its class has its hand up.
    pub hand_raised: bool,
    /// Its clock against the relay's, once it has measured that.
    pub clock: Option<ClockReport>,
}

/// A published track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInfo {
    /// Camera, screen or microphone.
    pub kind: TrackKind,
    /// How it is encoded.
    pub codec: Codec,
}

/// A participant's clock against the relay's, as the participant measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReport {
    /// Relay clock minus participant clock, µs: add it to the participant's stamps to get relay time.
    pub offset_us: i64,
    /// The hard bound of the error, δ_min/2, in µs.
    pub bound_us: u64,
}

/// What a receive slot shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSource {
    /// Whose track.
    pub participant: ParticipantId,
    /// Which of its tracks.
    pub track: TrackKind,
    /// How it is encoded.
    pub codec: Codec,
}

/// One thing that happened in a lesson. JSON: `{"event":"joined", …}`; over server-sent events the
/// same word is the event's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LessonEvent {
    /// The state when the stream begins; later events change it.
    Snapshot {
        /// The lesson.
        lesson: LessonId,
        /// The relay's run: another one than before means that it was restarted, and that all
        /// sessions of the run before are gone.
        relay: String,
        /// Everyone visible, the receiver itself included.
        participants: Vec<ParticipantInfo>,
        /// How the lesson is conducted.
        state: LessonState,
    },
    /// The lesson is conducted otherwise now.
    State {
        /// The whole state.
        state: LessonState,
    },
    /// A teacher wrote to the others. Only the event streams of classrooms are told.
    Message {
        /// The message.
        message: Message,
    },
    /// Somebody sent the hearer a [`Dispatch`](crate::dispatch::Dispatch): one of the two is an inspector. Nobody else is
    /// told.
    Dispatch {
        /// Who.
        from: ParticipantId,
        /// What.
        body: String,
    },
    /// The relay ended one of the hearer's own sessions.
    SessionEnded {
        /// The WHIP or WHEP session.
        session: String,
        /// Whether a newer session of the same participant took its place.
        replaced: bool,
        /// Why, in words.
        reason: String,
    },
    /// Somebody came.
    Joined {
        /// Who.
        participant: ParticipantInfo,
    },
    /// Somebody went.
    Left {
        /// Who.
        participant: ParticipantId,
        /// Why, in words.
        reason: String,
    },
    /// A track began.
    TrackStarted {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        track: TrackInfo,
    },
    /// A track ended.
    TrackEnded {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        track: TrackKind,
    },
    /// A receive slot of the hearer's own session `session` got another source.
    Slot {
        /// The receiving session: the last segment of the WHEP resource's path, or the QUIC session.
        session: String,
        /// The slot: the index of its m-line in the WHEP offer, or in the QUIC welcome.
        slot: u8,
        /// Sound or picture.
        media: MediaKind,
        /// What it carries now; none: nothing.
        source: Option<SlotSource>,
    },
    /// A class put its hand up or down.
    Hand {
        /// Whose.
        participant: ParticipantId,
        /// Up or down.
        raised: bool,
    },
    /// A participant measured its clock against the relay's.
    Clock {
        /// Whose.
        participant: ParticipantId,
        /// The measurement.
        clock: ClockReport,
    },
    /// The relay ends this session.
    Ending {
        /// Why, in words.
        reason: String,
        /// Whether to come back: true when the relay restarts, false when the lesson is over.
        reconnect: bool,
    },
}

impl LessonEvent {
    /// The event's name, the same word as in its JSON.
    pub fn name(&self) -> &'static str {
        match self {
            LessonEvent::Snapshot { .. } => "snapshot",
            LessonEvent::State { .. } => "state",
            LessonEvent::Message { .. } => "message",
            LessonEvent::Dispatch { .. } => "dispatch",
            LessonEvent::SessionEnded { .. } => "session_ended",
            LessonEvent::Joined { .. } => "joined",
            LessonEvent::Left { .. } => "left",
            LessonEvent::TrackStarted { .. } => "track_started",
            LessonEvent::TrackEnded { .. } => "track_ended",
            LessonEvent::Slot { .. } => "slot",
            LessonEvent::Hand { .. } => "hand",
            LessonEvent::Clock { .. } => "clock",
            LessonEvent::Ending { .. } => "ending",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_an_event_is_named_as_its_stream_event() {
        let event = LessonEvent::Hand { participant: "a".parse().unwrap(), raised: true };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json, serde_json::json!({"event": event.name(), "participant": "a", "raised": true}));
    }
}
