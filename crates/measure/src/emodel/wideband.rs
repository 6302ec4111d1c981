//! The wideband E-model, ITU-T G.107.1 (06/2019) as corrected by Cor. 1 (01/2020).

use super::{DelaySensitivity, Equipment, Estimate, Loss, Rating, Wideband, delay_impairment};
use crate::input::{InputError, within};
use serde::Serialize;

/// A wideband connection. Noise, sidetone and echo have no terms here, and only the default delay sensitivity
/// is known for this scale.
#[derive(Debug, Clone, PartialEq)]
pub struct WidebandInput {
    /// Absolute one-way delay mouth to ear, ms, 0 to 500.
    pub ta_ms: f64,
    /// The codec, on the wideband scale.
    pub equipment: Equipment<Wideband>,
    /// What was lost.
    pub loss: Loss,
}

/// What R is made of, in points of R on the wideband scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WidebandTerms {
    /// Absolute delay.
    pub idd: f64,
    /// Codec and loss.
    pub ie_eff: f64,
}

impl WidebandInput {
    /// This codec without loss and delay.
    pub fn of(equipment: Equipment<Wideband>) -> Self {
        Self { ta_ms: 0.0, equipment, loss: Loss::default() }
    }

    /// R = 129 − Idd − Ie,eff.
    pub fn estimate(&self) -> Result<Estimate<Wideband>, InputError> {
        let ta_ms = within("absolute delay Ta", self.ta_ms, 0.0..=500.0, "ms")?;
        let idd = delay_impairment(ta_ms, DelaySensitivity::Default)?;
        let ie_eff = self.equipment.effective(self.loss)?;
        let rating = Rating::new(129.0 - idd - ie_eff);
        let (mos, terms) = (rating.mos(), WidebandTerms { idd, ie_eff });
        Ok(Estimate { rating, mos, terms, impairment: self.equipment.source.clone() })
    }
}
