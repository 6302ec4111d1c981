//! What is known of one session, by machines and by people: the ground on which
//! [`credit::decide`](crate::credit::decide) stands.

mod relay;
mod rooms;
mod sight;

pub(crate) use sight::Sight;

use crate::entry::{Dispute, Entry, HeadCount, Ruling, Says};
use crate::id::SchoolId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tongke_protocol::record::LessonFact;
use tongke_protocol::{ParticipantId, Role, WallTime};
use utoipa::ToSchema;

/// A stretch of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Begin, µs since the Unix epoch.
    #[schema(value_type = u64)]
    pub from_us: WallTime,
    /// End.
    #[schema(value_type = u64)]
    pub until_us: WallTime,
}

impl Interval {
    /// Whether it holds no moment.
    pub fn is_empty(&self) -> bool {
        self.until_us <= self.from_us
    }

    /// Whether the moment is in it.
    pub fn holds(&self, at: WallTime) -> bool {
        self.from_us <= at && at < self.until_us
    }

    /// How long it is; 0 if it ends before it begins.
    pub fn length_us(&self) -> u64 {
        self.until_us.0.saturating_sub(self.from_us.0)
    }
}

/// Who saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The relay, by what it got and what it forwarded.
    Relay,
    /// The room's node or browser, by what it sent and played.
    Room,
}

/// Whether sound and pictures flowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Sound did.
    pub sound: bool,
    /// Pictures did.
    pub picture: bool,
}

impl Media {
    /// Sound and pictures.
    pub const BOTH: Media = Media { sound: true, picture: true };
    /// Neither.
    pub const NONE: Media = Media { sound: false, picture: false };
}

/// What came to a room from the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Got {
    /// This witness cannot tell.
    Unknown,
    /// From all others together: the relay does not count them apart.
    Together(Media),
    /// From each school that is named; from others nothing.
    #[schema(value_type = Object)]
    From(BTreeMap<SchoolId, Media>),
}

/// What one witness says of one room in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Who says it.
    pub witness: Witness,
    /// Whose room.
    pub school: SchoolId,
    /// Which of its rooms, as a participant of the lesson.
    #[schema(value_type = String)]
    pub room: ParticipantId,
    /// When.
    pub during: Interval,
    /// What came from the room.
    pub sent: Media,
    /// What came to it.
    pub got: Got,
}

/// When a room was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomPresence {
    /// The room, as a participant of the lesson.
    #[schema(value_type = String)]
    pub room: ParticipantId,
    /// Its school, if its name is one of a school.
    pub school: Option<SchoolId>,
    /// As what; none: only the room itself spoke.
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// Connected, as the relay says.
    pub connected: Vec<Interval>,
    /// In the lesson, as its own node or browser says.
    pub running: Vec<Interval>,
}

/// Facts that do not fit: they count for nothing, and are shown, because they may mean something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    /// What is wrong with them.
    pub why: Misfit,
    /// How many.
    pub facts: u32,
    /// The first of them by their own clock, µs since the Unix epoch.
    #[schema(value_type = u64)]
    pub first_us: WallTime,
}

/// What is wrong with a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// It tells of a time after the one at which it came: its clock goes wrong.
    Future,
    /// Its stretch ends before it begins, or is longer than the policy lets one be.
    Malformed,
}

/// A machine's fact, and when it came to the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The fact.
    pub fact: LessonFact,
    /// When it came, by the registry's clock.
    pub received_us: WallTime,
}

/// A person's word that stands above the machines'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What.
    pub says: Verdict,
}

/// What a person says of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is disputed.
    Disputed(Dispute),
    /// It is decided.
    Ruled(Ruling),
}

impl Word {
    /// The word of an entry, if it is a dispute or a ruling. Of several about a lesson the one of the
    /// greatest [rank](Entry::rank) stands.
    pub fn of(entry: &Entry) -> Option<Word> {
        let (says, reason) = match &entry.says {
            Says::Dispute(dispute) => (Verdict::Disputed(dispute.clone()), &dispute.why),
            Says::Ruling(ruling) => (Verdict::Ruled(ruling.clone()), &entry.reason),
            _ => return None,
        };
        Some(Word { author: entry.author.clone(), reason: reason.clone(), says })
    }
}

/// All that is known of one session. No order, no number of repetitions of anything in it changes what
/// follows from it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// What machines said of it.
    pub told: Vec<Told>,
    /// Head counts that were entered by people and stand: one of a school. Of several the largest is taken.
    pub head_counts: Vec<HeadCount>,
    /// The dispute or ruling that stands.
    pub word: Option<Word>,
    /// Schools that are closed, and the last day of each.
    pub closed: Vec<(SchoolId, Date)>,
    /// When the relay is known to have reported, be it of other lessons: of whom it said nothing then, nobody
    /// was there. Empty: not known.
    pub relay_reported: Vec<Interval>,
}
