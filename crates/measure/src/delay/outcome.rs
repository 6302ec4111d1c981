//! What a run of delays comes to: figures, or why there are none to be judged.

use super::{Delay, MAX_CLOCK_BOUND_MS};
use crate::marker::MarkerStatistics;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The delays of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DelaySummary {
    /// Samples.
    pub n: u64,
    /// The smallest.
    pub min: Delay,
    /// Median.
    pub p50: Delay,
    /// 95th percentile of the samples.
    pub p95: Delay,
    /// The largest.
    pub max: Delay,
    /// What the 95th percentile of all the run's pictures or sounds does not exceed, with 95 % confidence: the
    /// largest of enough samples, none with fewer.
    pub p95_at_most: Option<Delay>,
}

/// What a run of delays comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneWay {
    /// It may be judged.
    Valid(DelaySummary),
    /// It must not be judged. Where the figures still say something they are there to be printed with the reason.
    Invalid {
        /// Why not.
        reason: Invalid,
        /// What was measured all the same; none where it means nothing.
        summary: Option<DelaySummary>,
    },
}

impl OneWay {
    /// The figures, if they may be judged.
    pub fn judgeable(&self) -> Option<&DelaySummary> {
        match self {
            OneWay::Valid(summary) => Some(summary),
            OneWay::Invalid { .. } => None,
        }
    }
}

impl fmt::Display for OneWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OneWay::Valid(summary) => write!(f, "{} ({})", summary.p50, summary.p50.scope()),
            OneWay::Invalid { reason, summary: Some(summary) } => {
                write!(f, "{} ({}); not to be judged: {reason}", summary.p50, summary.p50.scope())
            }
            OneWay::Invalid { reason, summary: None } => write!(f, "no figure: {reason}"),
        }
    }
}

/// Why a run of delays must not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invalid {
    /// Nothing was measured.
    NoSamples,
    /// A clock was set in mid-run.
    ClockSet {
        /// How often.
        steps: u64,
    },
    /// The two clocks are not known well enough to each other.
    ClockBound {
        /// The bound, ms.
        bound_ms: f64,
    },
    /// Too few markers could be read.
    MarkersUnread {
        /// Share that could.
        decode_rate: f64,
    },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::NoSamples => f.write_str("nothing was measured"),
            Invalid::ClockSet { steps } => {
                write!(f, "a clock was set {steps} time(s) in mid-run; measure again")
            }
            Invalid::ClockBound { bound_ms } => write!(
                f,
                "the clocks are known to ±{bound_ms:.0} ms, and ±{MAX_CLOCK_BOUND_MS:.0} ms is the most; measure \
                 over one clock (scope C)"
            ),
            Invalid::MarkersUnread { decode_rate } => write!(
                f,
                "{:.1} % of the pictures' markers could be read, and {:.0} % is the least; show the marker larger \
                 or raise the bit rate",
                decode_rate * 100.0,
                MarkerStatistics::MIN_DECODE_RATE * 100.0
            ),
        }
    }
}
