//! Cross-correlation of sound through the FFT, plain and whitened (GCC-PHAT).

use crate::input::{InputError, within};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use std::ops::RangeInclusive;

/// Longest signal that is taken: 131 s at 16 kHz, 43 s at 48. Two of them cost 300 MB while they are correlated.
pub const MAX_SAMPLES: usize = 1 << 21;
/// Where the sent spectrum is this much below its highest bin there is nothing but noise to whiten: −40 dB.
const WHITEN_ABOVE: f64 = 0.01;

/// How the spectra are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// Not at all: a matched filter, the best there is for a known sweep.
    Matched,
    /// To magnitude 1 (GCC-PHAT): for speech, whose pitch repeats.
    Phat,
}

/// The correlation of two signals at a range of lags, in samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    first_lag: i64,
    values: Vec<f64>,
}

/// A peak of a correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Samples by which the second signal is later.
    pub lag: i64,
    /// Magnitude.
    pub height: f64,
}

impl Correlation {
    /// Σ sent\[i\]·returned\[i + lag\] at each of `lags`.
    pub fn of(
        sent: &[f32],
        returned: &[f32],
        lags: RangeInclusive<i64>,
        weighting: Weighting,
    ) -> Result<Self, InputError> {
        let (sent, returned) = (checked("the sent signal", sent)?, checked("the returned signal", returned)?);
        let reach = lags.start().unsigned_abs().max(lags.end().unsigned_abs());
        within("the largest lag", reach as f64, 0.0..=MAX_SAMPLES as f64, "samples")?;
        let length = (sent.len() + returned.len() + reach as usize).next_power_of_two();
        let mut planner = RealFftPlanner::<f64>::new();
        let forward = planner.plan_fft_forward(length);
        let mut spectra = [sent, returned].map(|signal| {
            let mut padded = vec![0.0; length];
            for (to, from) in padded.iter_mut().zip(signal) {
                *to = f64::from(*from);
            }
            let mut spectrum = forward.make_output_vec();
            forward.process(&mut padded, &mut spectrum).expect("both vectors are the plan's own length");
            spectrum
        });
        let [sent, returned] = &mut spectra;
        cross(sent, returned, weighting);
        // Rounding leaves a trace of an imaginary part at both ends, where a real signal has none.
        sent[0].im = 0.0;
        if let Some(last) = sent.last_mut() {
            last.im = 0.0;
        }
        let inverse = planner.plan_fft_inverse(length);
        let mut circular = inverse.make_output_vec();
        inverse.process(sent, &mut circular).expect("both vectors are the plan's own length");
        let at = |lag: i64| circular[lag.rem_euclid(length as i64) as usize] / length as f64;
        Ok(Self { first_lag: *lags.start(), values: lags.map(at).collect() })
    }

    /// The value at a lag; 0 outside the range.
    pub fn at(&self, lag: i64) -> f64 {
        usize::try_from(lag - self.first_lag).ok().and_then(|i| self.values.get(i)).copied().unwrap_or(0.0)
    }

    /// The highest magnitude among `lags` for which `counts`.
    pub fn peak(&self, lags: RangeInclusive<i64>, counts: impl Fn(i64) -> bool) -> Option<Peak> {
        lags.filter(|lag| counts(*lag))
            .map(|lag| Peak { lag, height: self.at(lag).abs() })
            .max_by(|a, b| a.height.total_cmp(&b.height))
    }

    /// Energy at `lags`.
    pub fn energy(&self, lags: RangeInclusive<i64>) -> f64 {
        lags.map(|lag| self.at(lag).powi(2)).sum()
    }
}

/// conj(sent)·returned into `sent`, weighted.
fn cross(sent: &mut [Complex<f64>], returned: &[Complex<f64>], weighting: Weighting) {
    let highest = sent.iter().map(|bin| bin.norm()).fold(0.0, f64::max);
    for (a, b) in sent.iter_mut().zip(returned) {
        let product = a.conj() * b;
        let magnitude = product.norm();
        *a = match weighting {
            Weighting::Matched => product,
            Weighting::Phat if a.norm() < WHITEN_ABOVE * highest || magnitude == 0.0 => Complex::default(),
            Weighting::Phat => product / magnitude,
        };
    }
}

/// The signal, if it can be correlated at all.
pub(crate) fn checked<'a>(what: &'static str, signal: &'a [f32]) -> Result<&'a [f32], InputError> {
    if signal.is_empty() {
        return Err(InputError::TooShort { what, given: 0, needed: 1 });
    }
    if signal.len() > MAX_SAMPLES {
        let (value, max) = (signal.len() as f64, MAX_SAMPLES as f64);
        return Err(InputError::OutOfRange { what, value, min: 1.0, max, unit: "samples" });
    }
    if signal.iter().any(|sample| !sample.is_finite()) {
        return Err(InputError::NotFinite { what });
    }
    if signal.iter().all(|sample| *sample == 0.0) {
        return Err(InputError::Silent { what });
    }
    Ok(signal)
}
