//! One quantity: what was measured, how well it is known, or why it is missing.

use super::{Cause, Remark};
use crate::quantity::{Quantity, Unit};
use serde::{Deserialize, Serialize};

/// From where to where, or at which place. None of them: for the whole, or there and back on one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From place a to place b, or to the relay.
    AToB,
    /// From place b, or the relay, to place a.
    BToA,
    /// At place a.
    AtA,
    /// At place b.
    AtB,
}

/// Between which points a delay was measured. Delays of different scopes are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Software: stamped before the encoder, read after the decoder, on two clocks. Leaves out camera, display,
    /// microphone and loudspeaker.
    A,
    /// Optical or acoustic: a screen filmed by a camera, a loudspeaker heard by a microphone. Leaves out nothing.
    B,
    /// There and back on one clock. Half of it assumes that both directions take the same time.
    C,
}

/// What is known of a quantity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which quantity.
    pub quantity: Quantity,
    /// Its unit: that of the quantity's definition, so that a document can be read without this program.
    pub unit: Unit,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// For delays from one place to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The result.
    pub outcome: Outcome,
}

/// A result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A number with all that belongs to it.
    Measured(Box<Measured>),
    /// A word or a short text, for quantities without a number.
    Found(String),
    /// Nothing, and why.
    Missing(Missing),
}

/// Why there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The cause by its name.
    pub cause: Cause,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Remark>,
}

/// A number in the quantity's unit, and how well it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Samples.
    pub n: u64,
    /// The figure itself, where there is one only: a share, a ratio, a rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Smallest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// 99.9th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<f64>,
    /// Largest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Bound of the error, ±: hard where the clocks are the reason. None: exact, as counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// The part of the bound that two machines' clocks are the reason of, in ms; none: one clock measured both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_bound_ms: Option<f64>,
    /// Set where only one side of the true value is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_sided: Option<OneSided>,
    /// How it was measured.
    pub method: Method,
    /// Who measured: the place's node, the relay.
    pub by: String,
    /// What the method took from elsewhere and must be said with the number, e.g. where Opus's Ie and Bpl come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference: Vec<Remark>,
    /// How it went over time, for the plot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_time: Vec<Point>,
    /// How the samples are spread, for the plot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// What happened when, for the time line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// Of the true value only one side is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneSided {
    /// It is no smaller: an echo that noise hides is weaker than what could be seen.
    AtLeast,
    /// It is no larger.
    AtMost,
}

/// Which of a finding's numbers is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// [`Measured::value`].
    Value,
    /// [`Measured::min`].
    Min,
    /// [`Measured::median`].
    Median,
    /// [`Measured::p95`].
    P95,
    /// [`Measured::p999`].
    P999,
    /// [`Measured::max`].
    Max,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Statistic; 6] = [
        Statistic::Value,
        Statistic::Min,
        Statistic::Median,
        Statistic::P95,
        Statistic::P999,
        Statistic::Max,
    ];

    /// Its name in criteria.
    pub const fn name(self) -> &'static str {
        match self {
            Statistic::Value => "value",
            Statistic::Min => "min",
            Statistic::Median => "median",
            Statistic::P95 => "p95",
            Statistic::P999 => "p999",
            Statistic::Max => "max",
        }
    }

    /// That number.
    pub const fn of(self, measured: &Measured) -> Option<f64> {
        match self {
            Statistic::Value => measured.value,
            Statistic::Min => measured.min,
            Statistic::Median => measured.median,
            Statistic::P95 => measured.p95,
            Statistic::P999 => measured.p999,
            Statistic::Max => measured.max,
        }
    }
}

/// How a quantity was measured. Reports explain each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A marker with the time in the picture, written before the encoder and read after the decoder.
    MarkerSoftware,
    /// A marker on a screen, filmed by a camera.
    MarkerOptical,
    /// Capture stamps of sound, compared at the loudspeaker.
    StampSoftware,
    /// Chirps, played and recorded, matched by correlation.
    Chirp,
    /// A flash and a beep at the same moment.
    FlashAndBeep,
    /// ITU-T G.107.
    EModelNb,
    /// ITU-T G.107.1.
    EModelWb,
    /// ITU-T G.107.2.
    EModelFb,
    /// What was heard against what was said (ViSQOL's speech mode).
    Visqol,
    /// Counted by the receiver, after repair.
    ReceiverCount,
    /// The freeze rule of W3C webrtc-stats.
    WebrtcStats,
    /// RFC 7294.
    Rfc7294,
    /// Probes with both ends' stamps (RFC 8762).
    Stamp,
    /// RFC 9097.
    Rfc9097,
    /// RFC 8899.
    Rfc8899,
    /// RFC 5780.
    Rfc5780,
    /// Marked packets, and what the other end received (RFC 8837).
    DscpProbe,
    /// Pictures matched by their markers, compared (SSIM).
    MarkerMatchedSsim,
    /// What the device or the machine really did.
    DeviceProbe,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 19] = [
        Method::MarkerSoftware,
        Method::MarkerOptical,
        Method::StampSoftware,
        Method::Chirp,
        Method::FlashAndBeep,
        Method::EModelNb,
        Method::EModelWb,
        Method::EModelFb,
        Method::Visqol,
        Method::ReceiverCount,
        Method::WebrtcStats,
        Method::Rfc7294,
        Method::Stamp,
        Method::Rfc9097,
        Method::Rfc8899,
        Method::Rfc5780,
        Method::DscpProbe,
        Method::MarkerMatchedSsim,
        Method::DeviceProbe,
    ];

    /// Whether it reads markers out of pictures, so that what it says depends on how many could be read.
    pub const fn reads_markers(self) -> bool {
        matches!(self, Method::MarkerSoftware | Method::MarkerOptical)
    }
}

/// A stretch of the test, on its time line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Since the test's begin, in seconds.
    pub at_s: f64,
    /// The stretch's median, or its only value.
    pub value: f64,
    /// Its smallest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Its largest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// How many samples lay where. Bins join without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// Where the first bin begins.
    pub from: f64,
    /// Width of every bin.
    pub width: f64,
    /// Samples in each.
    pub counts: Vec<u64>,
}

/// One bin of a [`Histogram`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Begin.
    pub from: f64,
    /// End, which is the next one's begin.
    pub until: f64,
    /// Samples.
    pub count: u64,
}

impl Histogram {
    /// Its bins, in order.
    pub fn bins(&self) -> impl Iterator<Item = Bin> + '_ {
        let edge = |index: usize| self.from + self.width * index as f64;
        self.counts.iter().enumerate().map(move |(index, count)| Bin {
            from: edge(index),
            until: edge(index + 1),
            count: *count,
        })
    }
}

/// Something that happened at a moment of the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What.
    pub what: EventKind,
    /// Since the test's begin, in seconds.
    pub at_s: f64,
    /// How long, in seconds.
    pub lasting_s: f64,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Packets were missing after repair.
    Loss,
    /// The picture stood still.
    Freeze,
}
