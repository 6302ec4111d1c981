//! What a self-test or an inspection measured: one JSON document. Numbers, and what is missing and why;
//! no verdict.

pub(crate) mod check;
mod finding;
mod make;
mod remark;

pub use check::FactsError;
pub use finding::{
    Bin, Event, EventKind, Finding, Histogram, Measured, Method, Missing, OneSided, Outcome, Point, Scope,
    Statistic, Way,
};
pub use remark::{Coded, Remark, RemarkCode};

use crate::quantity::Step;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the document that is written, and the only one read.
pub const VERSION: u32 = 1;
/// Longest document read, in bytes: an inspection over a whole lesson takes a tenth of it.
pub const MAX_LEN: usize = 8 * 1024 * 1024;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`VERSION`].
    pub version: u32,
    /// Its name, unique for ever.
    pub id: String,
    /// What it was.
    pub kind: Kind,
    /// Who asked for it.
    pub asked_by: String,
    /// Where.
    pub places: Places,
    /// When.
    pub time: Time,
    /// The program that measured.
    pub software: String,
    /// What was done and what was not.
    pub steps: Vec<StepRecord>,
    /// The quantities, each at most once for each way and scope.
    pub findings: Vec<Finding>,
    /// What else a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Remark>,
}

/// What kind of measurement it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One school with the relay, by itself.
    SelfTest,
    /// Two schools through the relay.
    Inspection,
    /// Two schools while they have a lesson, without disturbing it.
    BesideLesson,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::SelfTest, Kind::Inspection, Kind::BesideLesson];

    /// Its name in facts and criteria.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::SelfTest => "self_test",
            Kind::Inspection => "inspection",
            Kind::BesideLesson => "beside_lesson",
        }
    }
}

/// Where it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// The school that the test began from.
    pub a: Place,
    /// The other school; none in a self-test, where the relay stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<Place>,
    /// The relay's address.
    pub relay: String,
}

/// A room of a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The school's name.
    pub school: String,
    /// The room; empty: not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// The node, as the registry knows it.
    pub node: String,
}

/// When it was measured, and by which clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Begin.
    pub began: Timestamp,
    /// End, not before the begin.
    pub ended: Timestamp,
    /// The places' civil time, in minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// The clocks that were compared with the relay's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<Clock>,
}

/// A place's clock against the relay's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Whose.
    pub at: Way,
    /// How far it is ahead, in ms.
    pub offset_ms: f64,
    /// Hard bound of the offset's error, in ms: half the quickest round trip.
    pub bound_ms: f64,
    /// Whether it jumped during the test: what two clocks measured is void then.
    #[serde(default)]
    pub stepped: bool,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Which.
    pub step: Step,
    /// Why it was not run; none: it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_run: Option<Cause>,
}

/// Why something was not measured, or cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nobody asked for it.
    NotAsked,
    /// A lesson was live on the line.
    LessonLive,
    /// Another test was running on the line.
    LineBusy,
    /// The relay has no second address, which NAT tests need.
    NoSecondAddress,
    /// The test was ended before.
    EndedEarly,
    /// There is no such device.
    NoDevice,
    /// The device is there and cannot be used: another program has it, or it gives nothing.
    DeviceFailed,
    /// The microphone was muted.
    MicrophoneMuted,
    /// The microphone heard nothing.
    MicrophoneSilent,
    /// The camera's picture was black.
    CameraBlack,
    /// The camera's picture stood still.
    CameraFrozen,
    /// The relay's address is plain HTTP, so there is no TLS to test.
    PlainHttp,
    /// No packet came.
    NoPackets,
    /// The far node answered nothing: its machine sleeps or is off.
    FarSideAsleep,
    /// A node disappeared during the test.
    NodeDisappeared,
    /// A node was there and could not do what it was asked.
    TaskFailed,
    /// A clock jumped during the test.
    ClockStepped,
    /// The test signal did not come through: markers or chirps could not be read.
    SignalUnreadable,
    /// There is no published value that the calculation needs, e.g. for Opus below 14 kbit/s.
    NoPublishedValue,
    /// Nobody sounded the test talker in the room.
    NoTalker,
    /// The test talker was heard too seldom, or too weakly, to be measured.
    TalkerUnclear,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 21] = [
        Cause::NotAsked,
        Cause::LessonLive,
        Cause::LineBusy,
        Cause::NoSecondAddress,
        Cause::EndedEarly,
        Cause::NoDevice,
        Cause::DeviceFailed,
        Cause::MicrophoneMuted,
        Cause::MicrophoneSilent,
        Cause::CameraBlack,
        Cause::CameraFrozen,
        Cause::PlainHttp,
        Cause::NoPackets,
        Cause::FarSideAsleep,
        Cause::NodeDisappeared,
        Cause::TaskFailed,
        Cause::ClockStepped,
        Cause::SignalUnreadable,
        Cause::NoPublishedValue,
        Cause::NoTalker,
        Cause::TalkerUnclear,
    ];

    /// Whether nothing was tried, rather than tried in vain.
    pub const fn is_not_tested(self) -> bool {
        matches!(
            self,
            Cause::NotAsked
                | Cause::LessonLive
                | Cause::LineBusy
                | Cause::NoSecondAddress
                | Cause::PlainHttp
                | Cause::EndedEarly
                | Cause::NoTalker
        )
    }
}

impl Facts {
    /// The facts of a JSON document.
    pub fn parse(json: &[u8]) -> Result<Facts, FactsError> {
        if json.len() > MAX_LEN {
            return Err(FactsError::TooLong(json.len()));
        }
        let facts: Facts = serde_json::from_slice(json)?;
        facts.check()?;
        Ok(facts)
    }

    /// The document: the same facts give the same bytes.
    pub fn to_json(&self) -> Result<Vec<u8>, FactsError> {
        self.check()?;
        Ok(serde_json::to_vec(self)?)
    }

    /// The finding of a quantity.
    pub fn find(&self, quantity: crate::Quantity, way: Option<Way>) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.quantity == quantity && finding.way == way)
    }

    /// What became of a step; none: nothing is written of it.
    pub fn step(&self, step: Step) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.step == step)
    }

    /// Whether a clock jumped during the test.
    pub fn clock_stepped(&self) -> bool {
        self.time.clocks.iter().any(|clock| clock.stepped)
    }
}
