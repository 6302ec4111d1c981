//! Finding the probe again.

use super::Train;
use crate::correlate::{Correlation, Peak, Weighting, checked};
use crate::input::{InputError, within};
use serde::{Deserialize, Serialize};

/// How often the highest peak must be the second highest one.
const LEAST_RATIO: f64 = 2.0;
/// How far repeated lags may be from their median, ms. What lies this near to a peak is the peak itself.
const AGREEMENT_MS: f64 = 5.0;
/// Sound travels a metre in this time, ms (343 m/s).
const MS_PER_METRE: f64 = 1000.0 / 343.0;

/// What became of a train of probes. Only [`Detection::Found`] is a measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Detection {
    /// At least half of the probes, and two, stand out twofold and agree within ±5 ms.
    Found {
        /// Their median.
        lag_ms: f64,
        /// Largest distance from it.
        spread_ms: f64,
        /// How many stood out.
        found: usize,
        /// How many were played.
        played: usize,
        /// The least ratio of a highest to a second highest peak among them.
        least_ratio: f64,
        /// The least normalised correlation among them, 0 to 1.
        least_correlation: f64,
    },
    /// They stand out and contradict each other: the delay jumps, or something else sounds alike.
    Disagreeing {
        /// The lags.
        lags_ms: Vec<f64>,
    },
    /// Too few stand out.
    NotFound {
        /// How many do.
        found: usize,
        /// How many were played.
        played: usize,
    },
}

/// Looks for each probe of `train` in `recorded`, whose first sample was taken when the train's was played, up to
/// `max_delay_ms` (10 to 2000) after it was played.
pub fn detect(recorded: &[f32], train: &Train, max_delay_ms: f64) -> Result<Detection, InputError> {
    let recorded = checked("the recording", recorded)?;
    let max_delay_ms = within("largest delay", max_delay_ms, 10.0..=2000.0, "ms")?;
    let per_ms = f64::from(train.probe.rate_hz) / 1000.0;
    let reach = (max_delay_ms * per_ms) as usize;
    let length = train.probe.samples.len();
    let hits: Vec<Hit> = train
        .starts
        .iter()
        .filter_map(|start| recorded.get(*start..(*start + reach + length).min(recorded.len())))
        .filter(|window| window.len() > length)
        .map(|window| Hit::strongest(window, &train.probe.samples, (AGREEMENT_MS * per_ms) as i64))
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let hits: Vec<Hit> = hits.into_iter().filter(|hit| hit.ratio >= LEAST_RATIO).collect();
    let (found, played) = (hits.len(), train.starts.len());
    if found < 2 || found * 2 < played {
        return Ok(Detection::NotFound { found, played });
    }
    let mut lags_ms: Vec<f64> = hits.iter().map(|hit| hit.lag as f64 / per_ms).collect();
    lags_ms.sort_by(f64::total_cmp);
    let lag_ms = lags_ms[found / 2];
    let spread_ms = lags_ms.iter().map(|lag| (lag - lag_ms).abs()).fold(0.0, f64::max);
    if spread_ms > AGREEMENT_MS {
        return Ok(Detection::Disagreeing { lags_ms });
    }
    let least = |of: fn(&Hit) -> f64| hits.iter().map(of).fold(f64::INFINITY, f64::min);
    let (least_ratio, least_correlation) = (least(|hit| hit.ratio), least(|hit| hit.correlation));
    Ok(Detection::Found { lag_ms, spread_ms, found, played, least_ratio, least_correlation })
}

/// Where one probe is most likely.
struct Hit {
    lag: i64,
    correlation: f64,
    ratio: f64,
}

impl Hit {
    /// None where there is nothing but digital silence.
    fn strongest(window: &[f32], probe: &[f32], near: i64) -> Result<Option<Self>, InputError> {
        if window.iter().all(|sample| *sample == 0.0) {
            return Ok(None);
        }
        let normalised = normalised(window, probe)?;
        let highest = |counts: &dyn Fn(i64) -> bool| {
            let peaks = normalised.iter().enumerate().map(|(i, rho)| Peak { lag: i as i64, height: *rho });
            peaks.filter(|peak| counts(peak.lag)).max_by(|a, b| a.height.total_cmp(&b.height))
        };
        let Some(first) = highest(&|_| true) else { return Ok(None) };
        let second = highest(&|lag| (lag - first.lag).abs() > near).map_or(0.0, |peak| peak.height);
        let ratio = if second > 0.0 { first.height / second } else { f64::INFINITY };
        Ok(Some(Self { lag: first.lag, correlation: first.height, ratio }))
    }
}

/// |ρ| of the probe with each stretch of the window that is as long: 1 is a scaled copy. Element i is of the stretch
/// that begins at sample i.
pub fn normalised(window: &[f32], probe: &[f32]) -> Result<Vec<f64>, InputError> {
    if window.len() < probe.len() {
        let what = "the recording";
        return Err(InputError::TooShort { what, given: window.len(), needed: probe.len() });
    }
    let lags = 0..=(window.len() - probe.len()) as i64;
    let correlation = Correlation::of(probe, window, lags.clone(), Weighting::Matched)?;
    let square = |sample: &f32| f64::from(*sample).powi(2);
    let own: f64 = probe.iter().map(square).sum();
    let mut sums = vec![0.0; window.len() + 1];
    for (i, sample) in window.iter().enumerate() {
        sums[i + 1] = sums[i] + square(sample);
    }
    // A stretch with hardly anything in it is held against the average: ratios of rounding errors say nothing.
    let floor = sums[window.len()] * probe.len() as f64 / window.len() as f64 * 1e-3;
    let rho = |lag: i64| {
        let local = sums[lag as usize + probe.len()] - sums[lag as usize];
        correlation.at(lag).abs() / (own * local.max(floor)).sqrt()
    };
    Ok(lags.map(rho).collect())
}

/// A delay between two rooms' air, and what of it is air.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MouthToEar {
    /// As measured, from the first loudspeaker to the last microphone.
    pub measured_ms: f64,
    /// What sound needs for both distances.
    pub acoustic_ms: f64,
    /// What is left: microphone to loudspeaker.
    pub without_air_ms: f64,
}

impl MouthToEar {
    /// `source_m` from the playing loudspeaker to the class's microphone, `ear_m` from the far loudspeaker to the
    /// recording microphone; both 0 to 100 m.
    pub fn new(lag_ms: f64, source_m: f64, ear_m: f64) -> Result<Self, InputError> {
        let source_m = within("distance from probe to microphone", source_m, 0.0..=100.0, "m")?;
        let ear_m = within("distance from loudspeaker to recorder", ear_m, 0.0..=100.0, "m")?;
        let acoustic_ms = (source_m + ear_m) * MS_PER_METRE;
        let measured_ms = within("measured delay", lag_ms, acoustic_ms..=10_000.0, "ms")?;
        Ok(Self { measured_ms, acoustic_ms, without_air_ms: measured_ms - acoustic_ms })
    }
}
