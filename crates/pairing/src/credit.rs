//! Whether a session counts, and for whom. docs/crediting.md says the same for people who count.

mod decide;
mod link;
mod people;
mod schools;
#[cfg(test)]
mod tests;

pub use decide::decide;
pub use people::{CountedBy, People};

use crate::evidence::{Flow, Interval, RoomPresence, SetAside};
use crate::id::SchoolId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tongke_protocol::{LessonId, WallTime};
use utoipa::ToSchema;

/// What a session is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Planned, and its time has not come.
    Planned,
    /// It runs.
    Live,
    /// Took place, for every school that was to take part.
    Held,
    /// Took place for some of the schools.
    PartlyHeld,
    /// Did not take place, or for too short a time.
    NotHeld,
    /// The evidence does not suffice to say.
    Undecided,
    /// Somebody disputes it and nobody has ruled yet.
    Disputed,
    /// Called off before it began.
    Cancelled,
    /// A test or an inspection: it never counts, whether or not it took place.
    NeverCounts,
}

/// Why. The texts are the pages' matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Its time has not come.
    NotYet,
    /// It is on.
    Running,
    /// It was called off.
    CalledOff,
    /// A test or an inspection.
    NoHelp,
    /// Sound and pictures flowed as the policy asks, for long enough.
    MediaFlowed,
    /// It was noted by hand.
    NotedByHand,
    /// Somebody ruled.
    Ruled,
    /// Somebody disputes it.
    Contested,
    /// It took place for some schools; theirs and the others' reasons stand with them.
    SomeSchools,
    /// Sound and pictures flowed for too short a time.
    TooShort,
    /// The school's room was not there.
    Absent,
    /// The room at the other end was not there.
    OtherEndAbsent,
    /// It took place at fewer receiving schools than the policy asks for.
    TooFewReceiving,
    /// No receiving school was to take part.
    NoReceivingSchool,
    /// Less time was planned than a session needs in order to count.
    PlannedTooShort,
    /// Nothing is known.
    NoEvidence,
    /// For some of the time nothing is known, and it matters.
    Gaps,
    /// The relay and a room contradict each other, and it matters.
    WitnessesDisagree,
    /// Facts came whose clock cannot be right, and they matter.
    ClockOff,
    /// It seems to have taken place at another time than planned.
    OtherTime,
    /// It was called off, and seems to have taken place.
    CalledOffButHeld,
    /// The school was closed, and seems to have taken part.
    ClosedButHeld,
    /// The school was closed.
    Closed,
}

/// Why, with the numbers that belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    pub code: Code,
    /// Minutes for which it is proven that sound and pictures flowed as the policy asks.
    #[serde(default)]
    pub minutes: Option<f64>,
    /// Minutes for which they may have flowed, as far as anybody knows.
    #[serde(default)]
    pub possible_minutes: Option<f64>,
    /// Minutes that the policy asks for.
    #[serde(default)]
    pub needed_minutes: Option<f64>,
    /// Who ruled, disputed or noted it.
    #[serde(default)]
    pub author: Option<String>,
    /// In which words; where it is written down.
    #[serde(default)]
    pub detail: Option<String>,
}

impl Reason {
    /// A reason without numbers.
    pub fn bare(code: Code) -> Reason {
        Reason {
            code,
            minutes: None,
            possible_minutes: None,
            needed_minutes: None,
            author: None,
            detail: None,
        }
    }
}

/// What one session is worth to one school.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolCredit {
    /// Which.
    pub school: SchoolId,
    /// Whether it was the supporting one.
    pub supporting: bool,
    /// Its own status; it is credited if this is [`Status::Held`], and never partly.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// What the policy alone says, without a person's dispute or ruling.
    pub by_policy: Status,
    /// When a room of it was there, by any witness.
    pub present: Vec<Interval>,
    /// People in its rooms; none: not counted.
    pub people: Option<People>,
}

/// What a session is worth, by which policy, and on what ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Which session.
    #[schema(value_type = String)]
    pub lesson: LessonId,
    /// The day that it counts for: the one on which it was to begin.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// What it is worth.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// To each school that was to take part, the supporting one first.
    pub schools: Vec<SchoolCredit>,
    /// The policy's name and version.
    pub policy: String,
    /// When it changes by time alone and has to be made anew; none: only by new facts or words.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    pub changes_at_us: Option<WallTime>,
    /// Who was there when.
    pub rooms: Vec<RoomPresence>,
    /// What was seen, by whom.
    pub evidence: Vec<Flow>,
    /// Facts that count for nothing.
    pub set_aside: Vec<SetAside>,
}

impl Decision {
    /// Whether it counts as a lesson: once, for however many schools.
    pub fn counts(&self) -> bool {
        matches!(self.status, Status::Held | Status::PartlyHeld)
    }

    /// The schools that it is credited to.
    pub fn credited(&self) -> impl Iterator<Item = &SchoolCredit> {
        self.schools.iter().filter(|school| school.status == Status::Held)
    }
}
