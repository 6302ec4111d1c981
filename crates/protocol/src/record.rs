//! What a relay knows of a lesson and writes down: who was connected when, who led, who counted.
//!
//! One JSON object a line in the lesson's file, appended and never changed. Each fact has an id of
//! its own, so that it can be handed on any number of times.

use crate::conduct::HeadCount;
use crate::id::{LessonId, ParticipantId, Role};
use serde::{Deserialize, Serialize};

/// One fact of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonFact {
    /// Unique for ever: the relay's run and a number in it.
    pub id: String,
    /// The lesson.
    pub lesson: LessonId,
    /// When, µs since the Unix epoch on the relay's clock.
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub what: FactKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum FactKind {
    /// A participant came: its first connection stands.
    Came {
        /// Who.
        participant: ParticipantId,
        /// The name shown.
        name: String,
        /// As what.
        role: Role,
    },
    /// Its last connection ended.
    Went {
        /// Who.
        participant: ParticipantId,
        /// Why, in words.
        reason: String,
    },
    /// Who is there, written each minute: it bounds what a power failure leaves unknown.
    Present {
        /// Everyone connected, and what came from them so far.
        participants: Vec<Presence>,
    },
    /// A class got the floor, or it was taken back.
    Floor {
        /// Who has it now.
        to: Option<ParticipantId>,
    },
    /// A class was muted, or no longer.
    Muted {
        /// Which.
        participant: ParticipantId,
        /// Muted, or no longer.
        muted: bool,
    },
    /// The lesson was locked or opened.
    Locked {
        /// Locked or open.
        locked: bool,
    },
    /// The lesson was ended.
    Ended {
        /// By whom.
        by: ParticipantId,
    },
    /// Its ending was a mistake.
    Reopened {
        /// Says who.
        by: ParticipantId,
    },
    /// A teacher confirmed how many pupils are in the room.
    HeadCount {
        /// Whose room.
        participant: ParticipantId,
        /// How many.
        count: HeadCount,
    },
}

/// One participant's presence, with the relay as witness: packets that came from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub participant: ParticipantId,
    /// Packets of sound since it came.
    pub audio_packets: u64,
    /// Packets of pictures since it came.
    pub video_packets: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_one_flat_line_of_json() {
        let fact = LessonFact {
            id: "r-1".into(),
            lesson: "math".parse().unwrap(),
            at_us: 5,
            what: FactKind::Locked { locked: true },
        };
        let line = serde_json::to_string(&fact).unwrap();
        assert_eq!(line, r#"{"id":"r-1","lesson":"math","at_us":5,"fact":"locked","locked":true}"#);
        assert_eq!(serde_json::from_str::<LessonFact>(&line).unwrap(), fact);
    }
}
