//! What a codec and lost packets do to speech: Ie,eff (G.107 clause 7.5), and whose word the codec's values are.

use super::Scale;
use crate::input::{InputError, within};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::marker::PhantomData;

/// Where an impairment value comes from. A report prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A table of an ITU-T recommendation. Those of G.113 are provisional planning values themselves.
    ItuT {
        /// Which.
        table: Cow<'static, str>,
    },
    /// Somebody else's measurement, published.
    ThirdParty {
        /// Which.
        work: Cow<'static, str>,
        /// What is assumed by using it on this scale.
        assumption: Cow<'static, str>,
    },
    /// Nobody's: a value taken for want of another.
    Assumption {
        /// What is assumed.
        what: Cow<'static, str>,
    },
}

/// A codec's robustness against loss, Bpl.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bpl {
    /// None is known: only a connection without loss can be rated.
    Unknown,
    /// Under random loss: how bursty the loss really was, BurstR says.
    Random(f64),
    /// Measured under bursts: BurstR must be 1, or they would count twice.
    Bursty(f64),
}

/// A codec's impairment on the scale `S`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Equipment<S: Scale> {
    /// Its name and mode.
    pub codec: Cow<'static, str>,
    /// Ie without loss, in points of R on this scale.
    pub ie: f64,
    /// Bpl.
    pub bpl: Bpl,
    /// Whose values these are.
    pub source: Source,
    #[serde(skip)]
    scale: PhantomData<S>,
}

/// What was lost of the sound, after every repair: concealed packets, not packets missing on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Ppl, percent of packets, 0 to 20 (G.107 Table 2).
    pub ppl_percent: f64,
    /// Mean length of the runs of lost packets over what it would be under random loss. G.107 Table 2 has 1 to 8;
    /// losses that avoid each other come out at 1 − Ppl, so that 0.8 is possible and taken.
    pub burst_r: f64,
}

impl Default for Loss {
    /// None, at random.
    fn default() -> Self {
        Self { ppl_percent: 0.0, burst_r: 1.0 }
    }
}

impl Loss {
    /// Random loss of this many percent.
    pub fn random(ppl_percent: f64) -> Self {
        Self { ppl_percent, burst_r: 1.0 }
    }
}

impl<S: Scale> Equipment<S> {
    /// A codec's values with their source.
    pub fn new(codec: impl Into<Cow<'static, str>>, ie: f64, bpl: Bpl, source: Source) -> Self {
        Self { codec: codec.into(), ie, bpl, source, scale: PhantomData }
    }

    /// Ie,eff = Ie + (limit − Ie)·Ppl/(Ppl/BurstR + Bpl), Ppl in percent (G.107 clause 7.5).
    pub fn effective(&self, loss: Loss) -> Result<f64, InputError> {
        let ie = within("equipment impairment Ie", self.ie, 0.0..=S::IE_LIMIT, "points of R")?;
        let ppl = within("packet loss Ppl", loss.ppl_percent, 0.0..=20.0, "%")?;
        let burst_r = within("burst ratio BurstR", loss.burst_r, 0.8..=8.0, "times random")?;
        let bpl = match self.bpl {
            Bpl::Unknown if ppl == 0.0 => return Ok(ie),
            Bpl::Unknown => return Err(InputError::NoLossRobustness { codec: self.codec.to_string() }),
            Bpl::Bursty(_) if burst_r != 1.0 => {
                return Err(InputError::BurstsTwice { codec: self.codec.to_string() });
            }
            Bpl::Random(bpl) | Bpl::Bursty(bpl) => within("loss robustness Bpl", bpl, 1.0..=100.0, "%")?,
        };
        Ok(ie + (S::IE_LIMIT - ie) * ppl / (ppl / burst_r + bpl))
    }
}
