//! What machines know of a lesson and write down: the relay who was connected when, who led, who
//! counted; each room's node or browser what it sent and played.
//!
//! One JSON object a line in the lesson's file, appended and never changed. Each fact has an id of
//! its own, so that it can be handed on any number of times.

use crate::conduct::HeadCount;
use crate::facts::NodeFacts;
use crate::id::{LessonId, ParticipantId, Role};
use serde::{Deserialize, Serialize};

/// One fact of a lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonFact {
    /// Unique for ever: the machine's run and a number in it.
    pub id: String,
    /// The lesson.
    pub lesson: LessonId,
    /// When, µs since the Unix epoch on the relay's clock; what a room says, as well as it knows that clock.
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub what: FactKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// What a room sent and played in a stretch of time, about a minute, as its own node or browser
    /// says. The relay's [`Presence`] is the other witness.
    Flow {
        /// Whose room.
        participant: ParticipantId,
        /// The machine's stretches in this lesson, from 0: a number that is missing is a stretch nobody
        /// knows of.
        seq: u64,
        /// Begin of the stretch, on the clock of [`LessonFact::at_us`].
        from_us: u64,
        /// Its end, not before its begin.
        until_us: u64,
        /// How much of it sound was sent.
        sent_audio_ms: u64,
        /// How much of it pictures were sent.
        sent_video_ms: u64,
        /// What was played, by whom it came from; who is not named was neither heard nor seen.
        got: Vec<GotFrom>,
    },
    /// What a node measured in the whole lesson, said when it leaves. Counting does without it.
    Quality {
        /// The measurement; its lesson is the fact's.
        measured: Box<NodeFacts>,
    },
}

/// How much of a stretch of time one participant was heard and seen in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GotFrom {
    /// Whom.
    pub participant: ParticipantId,
    /// Heard: its sound was played, invented sound left out.
    pub audio_ms: u64,
    /// Seen: a picture of it stood no longer than half a second before the next came.
    pub video_ms: u64,
}

/// A stretch as a browser tells the relay of it: [`FactKind::Flow`], but for whose room it is, which its grant says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldFlow {
    /// Its number.
    pub seq: u64,
    /// Its begin, µs since the Unix epoch on the relay's clock.
    pub from_us: u64,
    /// Its end.
    pub until_us: u64,
    /// How much of it sound was sent.
    pub sent_audio_ms: u64,
    /// How much of it pictures were sent.
    pub sent_video_ms: u64,
    /// What was played, by whom it came from.
    pub got: Vec<GotFrom>,
}

/// One participant's presence, with the relay as witness: packets that came from it and went to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub participant: ParticipantId,
    /// Packets of sound since it came.
    pub audio_packets: u64,
    /// Packets of pictures since it came.
    pub video_packets: u64,
    /// Packets of others' sound that were sent to it since it came, repeats left out; none: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_packets_out: Option<u64>,
    /// Packets of others' pictures that were sent to it since it came, repeats left out; none: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_packets_out: Option<u64>,
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

    #[test]
    fn a_presence_of_an_earlier_relay_says_nothing_of_what_went_out() {
        let line = concat!(
            r#"{"id":"r-2","lesson":"math","at_us":6,"fact":"present","participants":"#,
            r#"[{"participant":"oak","audio_packets":3000,"video_packets":9000}]}"#
        );
        let fact: LessonFact = serde_json::from_str(line).unwrap();
        let FactKind::Present { participants } = &fact.what else { panic!("{fact:?}") };
        assert_eq!((participants[0].audio_packets_out, participants[0].video_packets_out), (None, None));
        assert_eq!(serde_json::to_string(&fact).unwrap(), line);
    }

    #[test]
    fn a_stretch_that_a_room_tells_of_is_a_flat_line_too() {
        let line = concat!(
            r#"{"id":"n-7","lesson":"math","at_us":60,"fact":"flow","participant":"oak","seq":0,"#,
            r#""from_us":0,"until_us":60,"sent_audio_ms":1,"sent_video_ms":2,"#,
            r#""got":[{"participant":"lake","audio_ms":3,"video_ms":4}]}"#
        );
        let fact: LessonFact = serde_json::from_str(line).unwrap();
        let FactKind::Flow { got, .. } = &fact.what else { panic!("{fact:?}") };
        assert_eq!((got[0].audio_ms, got[0].video_ms), (3, 4));
        assert_eq!(serde_json::to_string(&fact).unwrap(), line);
    }
}
