//! Speech against its reference: ViSQOL's similarity NSIM and the listening quality that it stands for.
//!
//! For whoever has both what was said and what was heard: a test call, a laboratory. It is no measure of delay,
//! since it aligns the two by itself. Written from the descriptions of ViSQOL's speech mode (A. Hines, J. Skoglund,
//! A. Kokaram and N. Harte, "ViSQOL: an objective speech quality model", EURASIP J. Audio Speech Music Process. 2015:13;
//! M. Chinen et al., "ViSQOL v3: an open source production ready objective speech and audio metric", QoMEX 2020), not
//! from its code: patches are sought each for itself, within half a second. The similarity differs from that of the
//! crate visqol-rs 0.4.1 by up to 0.035 (`tests`); that crate brings forty others, panics on a silent reference, and maps
//! similarity to quality by ViSQOL 3.1's older curve.

mod compare;
mod gammatone;
mod nsim;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, SAMPLE_RATE_HZ, compare};

use crate::input::{InputError, within};
use serde::Serialize;

/// A listening quality, 1 to 5, that was estimated from signals. Not a MOS of the E-model, which is about
/// conversations, and not comparable with one.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct MosLqo(f64);

impl MosLqo {
    /// Where the map comes from.
    pub const SOURCE: &'static str = "ViSQOL v3 speech mode, exponential map of NSIM (google/visqol)";

    /// MOS-LQO = 1.245063·(a + e^(b(x − x0))), x being the mean NSIM, 0 to 1; 1 becomes 5.
    pub fn from_nsim(nsim: f64) -> Result<Self, InputError> {
        const A: f64 = -262.847_869;
        const B: f64 = 0.015_430_252_5;
        const X0: f64 = -361.063_949;
        const SCALE: f64 = 1.245_063;
        let nsim = within("similarity NSIM", nsim, 0.0..=1.0, "")?;
        Ok(Self((SCALE * (A + (B * (nsim - X0)).exp())).clamp(1.0, 5.0)))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}
