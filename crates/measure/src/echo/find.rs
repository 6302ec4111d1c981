//! Echo loss and delay from what was sent and what came back.
//!
//! The correlation of the two is the echo path's response, as sharp as the sent signal allows. Where it stands out, the
//! energy around it over that of the sent signal's own peak is the loss, reverberation included. Before the sound was
//! sent nothing can come back: what the same reckoning gives there is noise, and the limit of what can be said.

use super::TelrDb;
use crate::correlate::{Correlation, Weighting, checked};
use crate::input::{InputError, within};
use serde::Serialize;

/// An echo's peak must be this much higher than the noise's and than any other echo's.
const LEAST_RATIO: f64 = 2.0;
/// What counts as one echo, from before its peak to after it, ms.
const BEFORE_MS: f64 = 10.0;
const AFTER_MS: f64 = 100.0;
/// The noise is taken from lags down to here, ms before sending.
const NOISE_FROM_MS: f64 = -500.0;
/// Below this the FFT's rounding is heard: −120 dB.
const ROUNDING: f64 = 1e-12;

/// What came back. Only [`Echo::Found`] is a measured loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Echo {
    /// One echo.
    Found {
        /// How much weaker than what was sent, dB.
        loss_db: f64,
        /// When its strongest part comes, ms after sending.
        delay_ms: f64,
        /// The loss that an echo could have had and still have been found, dB.
        limit_db: f64,
    },
    /// None that stands out of the noise: the loss is unknown, and at least this. Limited by noise.
    NoneAboveNoise {
        /// At least, dB.
        at_least_db: f64,
    },
    /// Several of like strength, as when a room's loudspeaker reaches its own microphone: no one loss.
    Several {
        /// The two strongest, ms after sending.
        delays_ms: [f64; 2],
    },
}

/// Talker echo loudness from an echo, at G.107's default loudness ratings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "result", content = "db", rename_all = "snake_case")]
pub enum Telr {
    /// Measured.
    Measured(TelrDb),
    /// Not less than this.
    AtLeast(TelrDb),
}

impl Echo {
    /// TELR; none where there is no one echo.
    pub fn telr(&self) -> Option<Telr> {
        match self {
            Echo::Found { loss_db, .. } => Some(Telr::Measured(TelrDb::from_echo_loss(*loss_db))),
            Echo::NoneAboveNoise { at_least_db } => Some(Telr::AtLeast(TelrDb::from_echo_loss(*at_least_db))),
            Echo::Several { .. } => None,
        }
    }

    /// Looks for the echo of `sent` in `returned`, both at `rate_hz` and from the same moment on, up to `max_delay_ms`
    /// (20 to 1000). Only the far side may make the echo: nobody talks there.
    ///
    /// A returned signal without a single sample above zero is an error: a muted microphone is no proof that there
    /// is no echo.
    pub fn find(
        sent: &[f32],
        returned: &[f32],
        rate_hz: u32,
        max_delay_ms: f64,
        weighting: Weighting,
    ) -> Result<Self, InputError> {
        let per_ms = within("sample rate", f64::from(rate_hz), 8_000.0..=192_000.0, "Hz")? / 1000.0;
        let max_delay_ms = within("largest echo delay", max_delay_ms, 20.0..=1000.0, "ms")?;
        checked("the sent signal", sent)?;
        let samples = |ms: f64| (ms * per_ms).round() as i64;
        let (before, after) = (samples(BEFORE_MS), samples(AFTER_MS));
        let (first, last) = (samples(NOISE_FROM_MS) - before, samples(max_delay_ms) + after);
        let own = Correlation::of(sent, sent, -before..=after, Weighting::Matched)?.energy(-before..=after);
        let path = Correlation::of(sent, returned, first..=last, Weighting::Matched)?;
        let sharp = match weighting {
            Weighting::Matched => path.clone(),
            Weighting::Phat => Correlation::of(sent, returned, first..=last, Weighting::Phat)?,
        };
        let gain = |lag: i64| path.energy(lag - before..=lag + after) / own;

        let quiet = (0..).map(|i| samples(NOISE_FROM_MS) + i * (before + after)).take_while(|l| *l < -after);
        let noises: Vec<f64> = quiet.map(gain).collect();
        let loudest_noise = noises.iter().copied().fold(ROUNDING, f64::max);
        let limit_db = -10.0 * (LEAST_RATIO * LEAST_RATIO * loudest_noise).log10();

        let delays = 0..=samples(max_delay_ms);
        let none = Echo::NoneAboveNoise { at_least_db: limit_db };
        let Some(peak) = sharp.peak(delays.clone(), |_| true) else { return Ok(none) };
        let noise_peak = sharp.peak(first..=-before, |_| true).map_or(0.0, |peak| peak.height);
        let total = gain(peak.lag);
        if peak.height < LEAST_RATIO * noise_peak || total < LEAST_RATIO * LEAST_RATIO * loudest_noise {
            return Ok(none);
        }
        let apart = |lag: i64| lag < peak.lag - before || lag > peak.lag + after;
        if let Some(second) = sharp.peak(delays, apart).filter(|p| p.height * LEAST_RATIO > peak.height) {
            return Ok(Echo::Several { delays_ms: [peak.lag, second.lag].map(|lag| lag as f64 / per_ms) });
        }
        let noise = noises.iter().sum::<f64>() / noises.len().max(1) as f64;
        let loss_db = -10.0 * (total - noise).log10();
        Ok(Echo::Found { loss_db, delay_ms: peak.lag as f64 / per_ms, limit_db })
    }
}
