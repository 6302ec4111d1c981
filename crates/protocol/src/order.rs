//! What the registry has a school's machine do beside lessons, and what the machine says of it. The machine asks
//! (it holds a link to the registry), and signs each time what it asks.
//!
//! An order is for a moment: a machine takes it before it runs it, and the registry lets nobody take one whose time is
//! over. So what was ordered while a machine was away is not done when it comes back.

use crate::id::{LessonId, ParticipantId};
use serde::{Deserialize, Serialize};

/// Longest time that the registry keeps a question for orders open, in seconds.
pub const MAX_WAIT_S: u32 = 25;
/// A machine at work says so at least this often, in seconds.
pub const NEWS_PERIOD_S: u32 = 10;
/// Longest text of [`OrderNews::words`], in characters.
pub const MAX_WORDS_CHARS: usize = 500;

/// What a machine asks, as it signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineAsks {
    /// When, by the machine's clock, µs since the Unix epoch: a question is good for a moment.
    pub at_us: u64,
    /// What.
    pub asks: Question,
}

/// What a machine may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// What is to be done? The answer may wait until there is something.
    Orders {
        /// How long at most, in seconds, up to [`MAX_WAIT_S`].
        wait_s: u32,
    },
    /// When does my school have lessons, today and tomorrow?
    Timetable,
    /// I want to test my line now, as my plan says: what lets me in?
    SelfTest,
    /// This is how an order goes.
    News {
        /// Which.
        order: String,
        /// How.
        news: OrderNews,
    },
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its name.
    pub id: String,
    /// What.
    pub what: OrderKind,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Test your own devices and your line to the relay.
    SelfTest(Door),
    /// Be one end of an inspection.
    JoinInspection(JoinInspection),
}

impl OrderKind {
    /// Its name, for lists.
    pub fn name(&self) -> &'static str {
        match self {
            OrderKind::SelfTest(_) => "self_test",
            OrderKind::JoinInspection(_) => "join_inspection",
        }
    }
}

/// Where a test takes place, and what lets the machine in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// The test lesson.
    pub lesson: LessonId,
    /// The relay: `https://HOST:PORT`.
    pub relay: String,
    /// The grant.
    pub grant: String,
}

/// One end of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinInspection {
    /// Where.
    pub door: Door,
    /// The machine is to lead the inspection too: nobody else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadInspection>,
}

/// What whoever leads an inspection has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadInspection {
    /// The grant of an inspector.
    pub grant: String,
    /// The participant that it begins from.
    pub from: ParticipantId,
    /// The other one.
    pub to: ParticipantId,
    /// How long the call is held, in seconds.
    pub hold_s: u32,
    /// How long idle lines are watched, in seconds.
    pub idle_s: u16,
    /// Whether what is sent costs money.
    pub metered: bool,
    /// Who asked for it, for the record.
    pub asked_by: String,
}

/// How an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderNews {
    /// What became of it so far; never [`OrderState::Given`].
    pub state: OrderState,
    /// What is being done, or why it failed, for people.
    #[serde(default)]
    pub words: String,
    /// The id of the report that it led to, which comes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Nobody has taken it yet.
    Given,
    /// The machine is at work.
    Taken,
    /// Done.
    Done,
    /// It came to nothing.
    Failed,
}

/// A lesson that is to come, as a machine needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedLesson {
    /// Which.
    pub lesson: LessonId,
    /// Planned begin, µs since the Unix epoch, by the registry's clock.
    pub start_us: u64,
    /// Planned end.
    pub end_us: u64,
}
