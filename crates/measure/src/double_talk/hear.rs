//! The talker's sweeps in what a microphone gave, and what the loudspeaker did meanwhile.

use super::{PERIOD_MS, sweep};
use crate::chirp::normalised;
use crate::correlate::{Correlation, Weighting, checked};
use crate::input::{InputError, within};

/// What is as alike as this is a sweep, if its place agrees with others'.
const ALIKE: f64 = 0.25;
/// Sweeps are where the period puts them, up to this, ms: clocks differ by 100 ppm, and blocks jitter.
const OFF_MS: f64 = 3.0;
/// Of so many periods one sweep at least stands out, and so many altogether; else nobody talks.
const ONE_OF: usize = 4;
const LEAST_ANCHORS: usize = 4;
/// A sweep is looked for so near to its place, ms.
const NEAR_MS: f64 = 1.0;
/// The noise is what the filter gives in this stretch before a sweep, ms: after it there is its reverberation.
const NOISE_MS: (f64, f64) = (120.0, 20.0);
/// A sweep's peak is so many times the noise's RMS, or it is not heard.
const HEARD: f64 = 4.0;
/// The loudspeaker's levels are taken over this, ms.
const FRAME_MS: f64 = 20.0;
/// So long before a sweep the loudspeaker is silent when the talker talks alone, ms: echo, reverberation and whatever
/// the canceller does about them are over.
const SILENT_MS: f64 = 400.0;
/// So long before a sweep it sounds already when both talk, ms: the canceller has noticed.
const SOUNDING_MS: f64 = 100.0;
/// Three of ten of those frames may be the closures between syllables.
const CLOSURES: usize = 3;
/// The level of nothing, dB.
const NOTHING_DB: f64 = -200.0;

/// A sweep of the talker's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep {
    /// Its level as it was heard, dB against one at full scale; none: it does not stand out of the noise.
    pub level_db: Option<f64>,
    /// The level that it would have needed for that, dB.
    pub limit_db: f64,
    /// What the loudspeaker exceeded in most of the sweep and of the 100 ms before it, dBFS.
    pub sounding_dbfs: f64,
    /// What the loudspeaker did not exceed in the sweep and the 400 ms before it, dBFS.
    pub silent_dbfs: f64,
}

/// Each sweep that is in `microphone`, or would be if nothing took it away; empty: nobody talks. `loudspeaker` is what
/// was played; both begin at the same moment. Sweeps at the begin, before which too little is known, are left out.
/// `rate_hz`: 8000 to 48000.
pub fn hear(microphone: &[f32], loudspeaker: &[f32], rate_hz: u32) -> Result<Vec<Sweep>, InputError> {
    let per_ms = within("sample rate", f64::from(rate_hz), 8_000.0..=48_000.0, "Hz")? / 1000.0;
    let microphone = checked("the microphone's signal", microphone)?;
    let probe = sweep(rate_hz)?.samples;
    let anchors = anchors(microphone, &probe, per_ms)?;
    let last = microphone.len().saturating_sub(probe.len()) as i64;
    let filtered = Correlation::of(&probe, microphone, 0..=last, Weighting::Matched)?;
    let energy: f64 = probe.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let first = (SILENT_MS * per_ms) as i64;
    Ok(places(&anchors, PERIOD_MS as f64 * per_ms, first..=last)
        .into_iter()
        .filter_map(|place| {
            let far = loudspeaker.get((place - first) as usize..place as usize + probe.len())?;
            let (level_db, limit_db) = level(&filtered, energy, place, per_ms);
            let (sounding_dbfs, silent_dbfs) = far_levels(far, probe.len(), per_ms);
            Some(Sweep { level_db, limit_db, sounding_dbfs, silent_dbfs })
        })
        .collect())
}

/// Where sweeps stand out and agree on the period: of each period's most alike stretch those whose places fit most
/// others'. Empty: too few do.
fn anchors(microphone: &[f32], probe: &[f32], per_ms: f64) -> Result<Vec<i64>, InputError> {
    if microphone.len() < probe.len() {
        return Ok(Vec::new());
    }
    let alike = normalised(microphone, probe)?;
    let period = f64::from(PERIOD_MS) * per_ms;
    let windows = alike.chunks(period as usize).enumerate();
    let candidates: Vec<i64> = windows
        .filter_map(|(n, window)| {
            let (at, rho) = window.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
            (*rho >= ALIKE).then_some((n * period as usize + at) as i64)
        })
        .collect();
    let off = |a: i64, b: i64| {
        let periods = (a - b) as f64 / period;
        (periods - periods.round()).abs() * period
    };
    let agreeing = |with: i64| candidates.iter().copied().filter(move |it| off(*it, with) <= OFF_MS * per_ms);
    let Some(best) = candidates.iter().copied().max_by_key(|it| agreeing(*it).count()) else {
        return Ok(Vec::new());
    };
    let anchors: Vec<i64> = agreeing(best).collect();
    let needed = (alike.len() / period as usize / ONE_OF).max(LEAST_ANCHORS);
    Ok(if anchors.len() < needed { Vec::new() } else { anchors })
}

/// The place of each sweep in a range, counted from the anchor that is nearest to it.
fn places(anchors: &[i64], period: f64, range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    let Some(origin) = anchors.first().copied() else { return Vec::new() };
    let number = |place: i64| ((place - origin) as f64 / period).round() as i64;
    (number(*range.start()) - 1..=number(*range.end()) + 1)
        .filter_map(|n| {
            let nearest = anchors.iter().copied().min_by_key(|anchor| (number(*anchor) - n).abs())?;
            Some(nearest + ((n - number(nearest)) as f64 * period).round() as i64)
        })
        .filter(|place| range.contains(place))
        .collect()
}

/// The level of the sweep at a place, and the one that would have been heard.
fn level(filtered: &Correlation, energy: f64, place: i64, per_ms: f64) -> (Option<f64>, f64) {
    let samples = |ms: f64| (ms * per_ms) as i64;
    let quiet = place - samples(NOISE_MS.0)..=place - samples(NOISE_MS.1);
    let count = (quiet.end() - quiet.start() + 1) as f64;
    let noise = (filtered.energy(quiet) / count).sqrt() / energy;
    let near = place - samples(NEAR_MS)..=place + samples(NEAR_MS);
    let peak = filtered.peak(near, |_| true).map_or(0.0, |peak| interpolated(filtered, peak.lag)) / energy;
    let db = |amplitude: f64| if amplitude > 0.0 { 20.0 * amplitude.log10() } else { NOTHING_DB };
    let limit = HEARD * noise;
    let heard = peak > limit && db(peak) > NOTHING_DB;
    (heard.then(|| db((peak * peak - noise * noise).sqrt())), db(limit))
}

/// The height of a peak between its samples, by a parabola through three of them.
fn interpolated(filtered: &Correlation, lag: i64) -> f64 {
    let [before, at, after] = [lag - 1, lag, lag + 1].map(|lag| filtered.at(lag));
    let curvature = before - 2.0 * at + after;
    let slope = (after - before) / 2.0;
    let rise = if curvature == 0.0 { 0.0 } else { slope * slope / (2.0 * curvature) };
    (at - rise).abs()
}

/// What the loudspeaker exceeded in most of a sweep's time, and what it did not exceed, of a stretch that ends with the
/// sweep.
fn far_levels(far: &[f32], sweep: usize, per_ms: f64) -> (f64, f64) {
    let frame = (FRAME_MS * per_ms) as usize;
    let level = |samples: &[f32]| {
        let power =
            samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
        if power > 0.0 { (10.0 * power.log10()).max(NOTHING_DB) } else { NOTHING_DB }
    };
    let levels: Vec<f64> = far.chunks(frame).map(level).collect();
    let under = (sweep + (SOUNDING_MS * per_ms) as usize) / frame;
    let mut latest = levels[levels.len().saturating_sub(under)..].to_vec();
    latest.sort_by(f64::total_cmp);
    let sounding = latest.get(CLOSURES).copied().unwrap_or(NOTHING_DB);
    (sounding, levels.iter().copied().fold(NOTHING_DB, f64::max))
}
