//! The fullband E-model, ITU-T G.107.2 (03/2023).

use super::{DelaySensitivity, Equipment, Estimate, Fullband, Loss, Rating, delay_impairment};
use crate::input::{InputError, within};
use serde::Serialize;

/// A fullband connection. The model's formula for room noise was not to be had, so noise cannot be charged on this
/// scale: R starts from 148, and noise is reported beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct FullbandInput {
    /// Absolute one-way delay mouth to ear, ms, 0 to 500.
    pub ta_ms: f64,
    /// Who talks; a verdict uses the default.
    pub sensitivity: DelaySensitivity,
    /// The codec, on the fullband scale.
    pub equipment: Equipment<Fullband>,
    /// What was lost.
    pub loss: Loss,
}

/// What R is made of, in points of R on the fullband scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FullbandTerms {
    /// Absolute delay: 1.48 times that of the narrowband scale.
    pub idd: f64,
    /// Codec and loss.
    pub ie_eff: f64,
}

impl FullbandInput {
    /// This codec without loss and delay.
    pub fn of(equipment: Equipment<Fullband>) -> Self {
        Self { ta_ms: 0.0, sensitivity: DelaySensitivity::Default, equipment, loss: Loss::default() }
    }

    /// R = 148 − 1.48·Idd − Ie,eff; the simultaneous impairment is 0 at default levels.
    pub fn estimate(&self) -> Result<Estimate<Fullband>, InputError> {
        let ta_ms = within("absolute delay Ta", self.ta_ms, 0.0..=500.0, "ms")?;
        let idd = 1.48 * delay_impairment(ta_ms, self.sensitivity)?;
        let ie_eff = self.equipment.effective(self.loss)?;
        let rating = Rating::new(148.0 - idd - ie_eff);
        let (mos, terms) = (rating.mos(), FullbandTerms { idd, ie_eff });
        Ok(Estimate { rating, mos, terms, impairment: self.equipment.source.clone() })
    }
}
