//! Opus has no values in ITU-T G.113. These are third-party and peer-reviewed: M. Alahmadi, P. Počta, H. Melvin,
//! ACM TOMM 17(4) article 133 (2021), doi 10.1145/3458751; data: mohaoahmadi/Opus_Codec_Quality_Evaluation.
//!
//! The work does not say on which scale of R its values stand. Taking its super-wideband values on the fullband
//! scale, its wideband values on the wideband one and its narrowband values on the narrowband one is an assumption
//! that travels with every result. There is nothing above 40 kbit/s, and nothing for in-band FEC, RED, stereo or
//! music: feed the loss that is left after repair.

use super::{Bpl, Equipment, Fullband, Narrowband, Scale, Source, Wideband};
use serde::{Deserialize, Serialize};

/// The work, for a report.
pub const WORK: &str = "Alahmadi et al., ACM TOMM 17(4) 133 (2021), doi 10.1145/3458751";
const SCALE_UNSAID: &str = "the work does not name the scale of R for these values";
const BEYOND_TABLE: &str = "bit rate above the table: its highest row is a pessimistic bound";

/// The audio bandwidth that Opus codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bandwidth {
    /// 4 kHz.
    Narrowband,
    /// 8 kHz.
    Wideband,
    /// 12 kHz.
    SuperWideband,
}

/// How Opus keeps its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateControl {
    /// Variable.
    Vbr,
    /// Constant.
    Cbr,
}

/// How packets were lost where Bpl was measured. Bursty values go with BurstR = 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Independent of each other.
    Random,
    /// In bursts.
    Bursty,
}

/// A row of the work's tables.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Bit rate, kbit/s.
    pub kbps: f64,
    /// Ie.
    pub ie: f64,
    /// Bpl under random loss.
    pub bpl_random: f64,
    /// Bpl under bursty loss.
    pub bpl_bursty: f64,
}

/// How the values were got from the rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Reading {
    /// The rate is in the table.
    AtRow {
        /// Which row.
        row: Row,
    },
    /// Linear between two neighbours.
    Between {
        /// The row below.
        lower: Row,
        /// The row above.
        upper: Row,
    },
    /// The rate is above the table: its last row, which can only be worse.
    PessimisticBound {
        /// The last row.
        row: Row,
    },
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoValue {
    /// Below the first row: nobody measured it.
    #[error(
        "Opus {mode} at {kbps} kbit/s is below the table, which begins at {first}: no score can be given"
    )]
    BelowTable {
        /// Bandwidth and rate control.
        mode: String,
        /// What was asked for.
        kbps: f64,
        /// The first row's rate.
        first: f64,
    },
    /// Above the last row of a bandwidth that Opus leaves at such rates.
    #[error("Opus {mode} at {kbps} kbit/s is above the table, which ends at {last}: is the bandwidth right?")]
    AboveTable {
        /// Bandwidth and rate control.
        mode: String,
        /// What was asked for.
        kbps: f64,
        /// The last row's rate.
        last: f64,
    },
}

/// What the work says of one mode and rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpusImpairment {
    /// What Opus codes.
    pub bandwidth: Bandwidth,
    /// How it keeps its rate.
    pub rate_control: RateControl,
    /// The rate, kbit/s.
    pub kbps: f64,
    /// Ie on an unnamed scale.
    pub ie: f64,
    /// Bpl on an unnamed scale.
    pub bpl: Bpl,
    /// From which rows.
    pub reading: Reading,
}

impl OpusImpairment {
    /// The values for Opus at this rate. Below the table there are none; above it the super-wideband ones become
    /// a bound, and the others end: Opus codes more than 8 kHz there.
    pub fn of(
        bandwidth: Bandwidth,
        rate_control: RateControl,
        kbps: f64,
        loss: LossKind,
    ) -> Result<Self, NoValue> {
        let rows = rows(bandwidth, rate_control);
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let mode = || format!("{bandwidth:?} {rate_control:?}");
        let reading = match rows.iter().position(|row| row.kbps >= kbps) {
            Some(at) if rows[at].kbps == kbps => Reading::AtRow { row: rows[at] },
            Some(at) if at > 0 => Reading::Between { lower: rows[at - 1], upper: rows[at] },
            None if kbps > last.kbps && bandwidth == Bandwidth::SuperWideband => {
                Reading::PessimisticBound { row: last }
            }
            None if kbps > last.kbps => {
                return Err(NoValue::AboveTable { mode: mode(), kbps, last: last.kbps });
            }
            _ => return Err(NoValue::BelowTable { mode: mode(), kbps, first: first.kbps }),
        };
        let bpl = match loss {
            LossKind::Random => Bpl::Random(reading.value(kbps, |row| row.bpl_random)),
            LossKind::Bursty => Bpl::Bursty(reading.value(kbps, |row| row.bpl_bursty)),
        };
        let ie = reading.value(kbps, |row| row.ie);
        Ok(Self { bandwidth, rate_control, kbps, ie, bpl, reading })
    }

    /// On the fullband scale, if these are super-wideband values.
    pub fn fullband(&self) -> Option<Equipment<Fullband>> {
        (self.bandwidth == Bandwidth::SuperWideband).then(|| self.equipment())
    }

    /// On the wideband scale, if these are wideband values.
    pub fn wideband(&self) -> Option<Equipment<Wideband>> {
        (self.bandwidth == Bandwidth::Wideband).then(|| self.equipment())
    }

    /// On the narrowband scale, if these are narrowband values.
    pub fn narrowband(&self) -> Option<Equipment<Narrowband>> {
        (self.bandwidth == Bandwidth::Narrowband).then(|| self.equipment())
    }

    fn equipment<S: Scale>(&self) -> Equipment<S> {
        let beyond = matches!(self.reading, Reading::PessimisticBound { .. });
        let assumption =
            if beyond { format!("{SCALE_UNSAID}; {BEYOND_TABLE}") } else { SCALE_UNSAID.to_string() };
        let codec = format!("Opus {:?} {:?} {} kbit/s", self.bandwidth, self.rate_control, self.kbps);
        let source = Source::ThirdParty { work: WORK.into(), assumption: assumption.into() };
        Equipment::new(codec, self.ie, self.bpl, source)
    }
}

impl Reading {
    fn value(&self, kbps: f64, of: impl Fn(&Row) -> f64) -> f64 {
        match self {
            Reading::AtRow { row } | Reading::PessimisticBound { row } => of(row),
            Reading::Between { lower, upper } => {
                let share = (kbps - lower.kbps) / (upper.kbps - lower.kbps);
                of(lower) + share * (of(upper) - of(lower))
            }
        }
    }
}

/// The work's table of one mode, by rising rate.
pub fn rows(bandwidth: Bandwidth, rate_control: RateControl) -> &'static [Row] {
    match (bandwidth, rate_control) {
        (Bandwidth::SuperWideband, RateControl::Vbr) => &SWB_VBR,
        (Bandwidth::SuperWideband, RateControl::Cbr) => &SWB_CBR,
        (Bandwidth::Wideband, RateControl::Vbr) => &WB_VBR,
        (Bandwidth::Wideband, RateControl::Cbr) => &WB_CBR,
        (Bandwidth::Narrowband, RateControl::Vbr) => &NB_VBR,
        (Bandwidth::Narrowband, RateControl::Cbr) => &NB_CBR,
    }
}

const fn row(kbps: f64, ie: f64, bpl_random: f64, bpl_bursty: f64) -> Row {
    Row { kbps, ie, bpl_random, bpl_bursty }
}

const SWB_VBR: [Row; 11] = [
    row(14.0, 38.06, 16.51, 9.13),
    row(15.0, 34.12, 15.0, 7.9),
    row(16.0, 30.16, 11.83, 10.06),
    row(19.0, 23.81, 10.67, 8.92),
    row(22.0, 20.22, 10.47, 8.57),
    row(25.0, 20.21, 11.28, 9.18),
    row(28.0, 18.48, 10.63, 8.91),
    row(31.0, 16.83, 10.44, 8.82),
    row(34.0, 14.76, 10.12, 8.54),
    row(37.0, 12.08, 10.38, 8.3),
    row(40.0, 10.67, 9.79, 8.04),
];

const SWB_CBR: [Row; 9] = [
    row(16.0, 36.88, 13.3, 10.8),
    row(19.0, 29.58, 10.74, 8.93),
    row(22.0, 23.38, 10.01, 8.46),
    row(25.0, 22.64, 10.57, 8.74),
    row(28.0, 23.65, 11.67, 9.98),
    row(31.0, 21.74, 11.51, 9.58),
    row(34.0, 20.62, 11.78, 9.69),
    row(37.0, 16.23, 10.62, 8.99),
    row(40.0, 15.9, 11.35, 9.37),
];

const WB_VBR: [Row; 3] =
    [row(11.0, 28.41, 23.94, 20.12), row(12.0, 23.3, 22.22, 18.9), row(13.0, 19.96, 19.5, 16.92)];

const WB_CBR: [Row; 4] = [
    row(12.0, 29.76, 24.81, 20.78),
    row(13.0, 26.16, 23.0, 19.37),
    row(14.0, 20.77, 17.56, 15.85),
    row(15.0, 18.06, 18.74, 16.1),
];

const NB_VBR: [Row; 4] = [
    row(6.0, 23.0, 24.56, 15.36),
    row(7.0, 21.26, 22.46, 14.43),
    row(8.0, 16.02, 20.26, 13.48),
    row(9.0, 11.74, 18.91, 12.44),
];

const NB_CBR: [Row; 6] = [
    row(6.0, 46.27, 8.94, 5.66),
    row(7.0, 31.73, 18.18, 11.76),
    row(8.0, 19.25, 15.13, 10.13),
    row(9.0, 13.21, 17.24, 11.36),
    row(10.0, 6.2, 15.33, 10.47),
    row(11.0, 2.03, 15.95, 10.73),
];
