//! Echo in decibels: loudness ratings, loss weighted over the telephone band, and what an echo canceller removes.

use crate::input::{InputError, within};
use serde::{Deserialize, Serialize};

/// Talker echo loudness rating, dB: how far below itself a talker hears the own voice come back.
/// TELR = SLR + ERL + ERLE + RLR (RFC 3611 §4.7.4 for ERL + ERLE; loudness ratings of G.107).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct TelrDb(pub f64);

/// SLR of G.107's defaults, dB.
pub const DEFAULT_SLR_DB: f64 = 8.0;
/// RLR of G.107's defaults, dB.
pub const DEFAULT_RLR_DB: f64 = 2.0;

impl TelrDb {
    /// From its parts. `erl_db` is the loss of the echo path at the far end, `erle_db` what a canceller adds (0
    /// where the loss was measured with the canceller at work).
    pub fn from_parts(slr_db: f64, erl_db: f64, erle_db: f64, rlr_db: f64) -> Self {
        Self(slr_db + erl_db + erle_db + rlr_db)
    }

    /// From an echo loss that was measured end to end, canceller included, at G.107's default loudness.
    pub fn from_echo_loss(loss_db: f64) -> Self {
        Self::from_parts(DEFAULT_SLR_DB, loss_db, 0.0, DEFAULT_RLR_DB)
    }
}

/// ERLE = 10·lg(E\[d²\]/E\[e²\]), dB: the microphone before the canceller `desired` over what it leaves `residual`,
/// both while only the far end talks.
pub fn erle_db(desired: &[f32], residual: &[f32]) -> Result<f64, InputError> {
    let before = mean_power("the microphone's signal", desired)?;
    let after = mean_power("the canceller's output", residual)?;
    Ok(10.0 * (before / after).log10())
}

fn mean_power(what: &'static str, samples: &[f32]) -> Result<f64, InputError> {
    if samples.is_empty() {
        return Err(InputError::TooShort { what, given: 0, needed: 1 });
    }
    let power = samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64;
    match power {
        power if !power.is_finite() => Err(InputError::NotFinite { what }),
        0.0 => Err(InputError::Silent { what }),
        power => Ok(power),
    }
}

/// Weighted terminal coupling loss TCLw, dB, from losses (Hz, dB) at rising frequencies from 300 to 3400 Hz:
/// Le = 3.24 − 10·lg Σ (Aᵢ + Aᵢ₋₁)(lg fᵢ − lg fᵢ₋₁), A = 10^(−L/10) (G.122 Annex B.4, trapezoids).
pub fn tclw_db(losses: &[(f64, f64)]) -> Result<f64, InputError> {
    let needed = 2;
    let (Some(first), Some(last)) = (losses.first(), losses.last()) else {
        return Err(InputError::TooShort { what: "the list of echo losses", given: losses.len(), needed });
    };
    within("the lowest frequency", first.0, 300.0..=300.0, "Hz")?;
    within("the highest frequency", last.0, 3400.0..=3400.0, "Hz")?;
    let mut sum = 0.0;
    for pair in losses.windows(2) {
        let [(f0, l0), (f1, l1)] = [pair[0], pair[1]];
        within("a frequency", f1, f0..=3400.0, "Hz")?;
        within("an echo loss", l1, -40.0..=140.0, "dB")?;
        sum += (10f64.powf(-l0 / 10.0) + 10f64.powf(-l1 / 10.0)) * (f1 / f0).log10();
    }
    Ok(3.24 - 10.0 * sum.log10())
}

/// Behaviour of hands-free equipment while both sides talk (ITU-T P.340). The limits are from memory of the
/// recommendation and were not read again: a report says so beside the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubleTalkType {
    /// Full duplex.
    Type1,
    /// Partial duplex.
    Type2a,
    /// Partial duplex.
    Type2b,
    /// Partial duplex.
    Type2c,
    /// No duplex.
    Type3,
}

impl DoubleTalkType {
    /// For a report, beside each class.
    pub const SOURCE: &'static str = "ITU-T P.340, limits from memory: not verified";

    /// From the attenuation that the send side inserts during double talk, dB, 0 or more.
    pub fn from_send_attenuation(attenuation_db: f64) -> Result<Self, InputError> {
        let attenuation_db = within("send attenuation", attenuation_db, 0.0..=120.0, "dB")?;
        Ok(match attenuation_db {
            db if db <= 3.0 => Self::Type1,
            db if db <= 6.0 => Self::Type2a,
            db if db <= 9.0 => Self::Type2b,
            db if db <= 12.0 => Self::Type2c,
            _ => Self::Type3,
        })
    }

    /// The TELR during double talk that the class asks for at least; none for no duplex.
    pub fn least_telr_db(self) -> Option<TelrDb> {
        match self {
            Self::Type1 => Some(TelrDb(37.0)),
            Self::Type2a => Some(TelrDb(33.0)),
            Self::Type2b => Some(TelrDb(27.0)),
            Self::Type2c => Some(TelrDb(21.0)),
            Self::Type3 => None,
        }
    }
}
