//! The words of an inspection: what an inspector asks of the nodes of two schools, and what they answer. Both travel
//! as bodies of dispatches (`POST /lessons/{lesson}/dispatches`), as JSON.
//!
//! Nothing is taken for delivered. An inspector asks again, with the same [`Ask::id`], until it has the whole answer;
//! a node that is at work on it says how far it is, and one that is done says its answer again.

use crate::dispatch::MAX_DISPATCH_LEN;
use crate::event::ClockReport;
use crate::facts::NodeFacts;
use crate::id::ParticipantId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest body, in bytes: what a dispatch carries.
pub const MAX_BODY_LEN: usize = MAX_DISPATCH_LEN;
/// Longest hold of a call, in seconds: a lesson and its break.
pub const MAX_CALL_S: u32 = 3_600;
/// Longest time that an idle line is watched, in seconds.
pub const MAX_IDLE_S: u16 = 60;
/// Fastest row of a capacity test, in Mbit/s.
pub const MAX_MBPS: u16 = 1_000;
/// Most parts that an answer comes in.
pub const MAX_PARTS: u16 = 64;
/// A node at work says how far it is at least this often, in seconds.
pub const HEARTBEAT_S: u32 = 1;

/// What an inspector asks of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Its number, the same when it is asked again. The first one of an inspection is drawn by lot, so that nobody
    /// is answered with what another one asked.
    pub id: u32,
    /// What is to be done.
    pub what: Task,
}

/// What a node may be asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Say what was measured so far: every node in any lesson does. Changes nothing.
    Facts,
    /// Say that you are there. Of use in a test lesson only, as all that follows.
    Here,
    /// Look at your own cameras, microphones and loudspeakers.
    Devices,
    /// Measure your line to the relay.
    Line(LinePlan),
    /// Call the other school, and measure what comes from there.
    Call(CallPlan),
    /// Stop whatever you do for me.
    Stop,
}

/// Which measurements of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePlan {
    /// In this order.
    pub steps: Vec<LineStep>,
    /// How long the idle line is watched, in seconds.
    pub idle_s: u16,
    /// The fastest that a capacity test may send, in Mbit/s.
    pub most_mbps: u16,
    /// Whether what is sent costs money: a capacity test then sends no more than it must.
    #[serde(default)]
    pub metered: bool,
}

/// One measurement of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStep {
    /// UDP, TCP, TLS.
    Reach,
    /// How the NAT maps and filters.
    Nat,
    /// Delay, loss and delay variation while nothing else is sent.
    Idle,
    /// What becomes of DSCP.
    Marks,
    /// Path MTU.
    Mtu,
    /// How much the line carries each way.
    Capacity,
    /// Delay beside load.
    Loaded,
}

/// How one end of a call behaves. Both ends are asked for the same but for `with` and `end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallPlan {
    /// The other end.
    pub with: ParticipantId,
    /// Which end this is.
    pub end: CallEnd,
    /// How long the call is held, in seconds, once both see each other.
    pub seconds: u32,
    /// Between which points delays are measured.
    #[serde(default)]
    pub sight: Sight,
}

/// Which end of a call a node is: test signals of the two differ, and they sound alone in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// Place a.
    A,
    /// Place b.
    B,
}

/// What a call's cameras look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// Nothing: pictures are drawn with their marker, and read before they are shown (scope A).
    #[default]
    Software,
    /// The screen of their own room, which shows the other end's picture (scopes B and C).
    Screen,
}

/// What a node answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// To which [`Ask`].
    pub id: u32,
    /// What is said.
    pub says: Answer,
}

/// An answer, or the news that it is still being worked out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// At work.
    Progress(Progress),
    /// A part of what was measured.
    Part(Part),
    /// To [`Task::Facts`].
    Facts(Box<NodeFacts>),
    /// To [`Task::Here`] and [`Task::Stop`]: yes.
    Yes(Presence),
    /// It is not done.
    Refused(Refused),
}

/// How far a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// What it does.
    pub doing: Doing,
    /// How long that and what follows it still take, in seconds, as far as it is known.
    pub left_s: u32,
}

/// What a node is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// [`Task::Devices`].
    Devices,
    /// [`LineStep::Reach`].
    Reaching,
    /// [`LineStep::Nat`].
    Nat,
    /// [`LineStep::Idle`].
    IdleLine,
    /// [`LineStep::Marks`].
    Marks,
    /// [`LineStep::Mtu`].
    PathMtu,
    /// [`LineStep::Capacity`].
    Capacity,
    /// [`LineStep::Loaded`].
    LoadedLine,
    /// [`Task::Call`], before both see each other.
    Calling,
    /// [`Task::Call`], from then on.
    InCall,
}

/// A part of what was measured; all parts of an answer make the whole, in any order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which, from 0.
    pub number: u16,
    /// Of how many, 1 to [`MAX_PARTS`].
    pub of: u16,
    /// Findings of the crate `inspection`, seen from the node: at a is here, from a to b is from here outwards.
    pub findings: Vec<Value>,
    /// This machine's clock against the relay's, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<TestClock>,
    /// What else is to be known: remarks of the crate `inspection`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Value>,
}

/// A machine's clock during a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestClock {
    /// Against the relay's.
    pub report: ClockReport,
    /// Whether one of the two was set meanwhile.
    pub stepped: bool,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// The school's name; empty: not known.
    pub school: String,
    /// The room; empty: not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// The program, with its version.
    pub software: String,
}

/// Why a node does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// For programs.
    pub code: RefusedCode,
    /// For people.
    pub message: String,
}

/// Why, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedCode {
    /// The lesson is a real one, and this would load its line.
    LessonLive,
    /// The node, or its line, is busy with another test.
    LineBusy,
    /// The task has limits that it does not keep.
    OutOfBounds,
    /// It was tried, and could not be done.
    Failed,
}

/// Why a body is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Longer than [`MAX_BODY_LEN`].
    #[error("a body has {0} bytes; a dispatch carries at most {MAX_BODY_LEN}")]
    TooLong(usize),
    /// No JSON of this form.
    #[error("this is no word of an inspection: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A number that is too large or too small.
    #[error("{0}")]
    OutOfBounds(String),
}

impl Ask {
    /// The ask of a body.
    pub fn parse(body: &str) -> Result<Ask, BodyError> {
        let ask: Ask = read(body)?;
        ask.what.check()?;
        Ok(ask)
    }

    /// The body.
    pub fn to_body(&self) -> Result<String, BodyError> {
        write(self)
    }
}

impl Reply {
    /// The reply of a body.
    pub fn parse(body: &str) -> Result<Reply, BodyError> {
        let reply: Reply = read(body)?;
        if let Answer::Part(Part { number, of, .. }) = &reply.says
            && (*of > MAX_PARTS || number >= of)
        {
            return Err(BodyError::OutOfBounds(format!("there is no part {number} of {of}")));
        }
        Ok(reply)
    }

    /// The body.
    pub fn to_body(&self) -> Result<String, BodyError> {
        write(self)
    }
}

impl Task {
    /// Whether it puts load on the line, so that it belongs into test lessons only.
    pub fn loads(&self) -> bool {
        matches!(self, Task::Devices | Task::Line(_) | Task::Call(_))
    }

    /// Refuses what no node should be made to do.
    fn check(&self) -> Result<(), BodyError> {
        let within = |what: &str, number: u32, least: u32, most: u32| {
            if (least..=most).contains(&number) {
                return Ok(());
            }
            Err(BodyError::OutOfBounds(format!("{what}: {number} is not within {least} to {most}")))
        };
        match self {
            Task::Line(plan) => {
                within("steps", plan.steps.len() as u32, 1, 7)?;
                within("idle_s", plan.idle_s.into(), 1, MAX_IDLE_S.into())?;
                within("most_mbps", plan.most_mbps.into(), 1, MAX_MBPS.into())
            }
            Task::Call(plan) => within("seconds", plan.seconds, 1, MAX_CALL_S),
            Task::Facts | Task::Here | Task::Devices | Task::Stop => Ok(()),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, BodyError> {
    if body.len() > MAX_BODY_LEN {
        return Err(BodyError::TooLong(body.len()));
    }
    Ok(serde_json::from_str(body)?)
}

fn write(word: &impl Serialize) -> Result<String, BodyError> {
    let body = serde_json::to_string(word)?;
    if body.len() > MAX_BODY_LEN {
        return Err(BodyError::TooLong(body.len()));
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
