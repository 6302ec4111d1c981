//! Speech against its reference: ViSQOL's similarity NSIM and the listening quality that it stands for.
//!
//! For the laboratory: it needs what was said and what was heard, eight to ten seconds of each. It is no measure of
//! delay, since it aligns the two by itself.
//!
//! Here is the map from NSIM alone; the comparison of signals is not wired in. Of its crates, visqol-rs 0.4.1 takes
//! samples and links without LAPACK (0.3.1 takes only files), panics on a reference without voice, and maps NSIM by
//! ViSQOL 3.1's older curve: whoever adds it takes its `vnsim` and this map, and checks for voice first.

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
