//! One-way delay: a value, how far it may be off, and between what it was measured. The three never part.
//!
//! A figure is rounded to what its bound allows when it is made, so nobody can print more than is known; and a
//! run that must not be judged ends as another variant, not as a number with a remark.

use crate::marker::MarkerStatistics;
use crate::{ClockEstimate, Distribution, evidence};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The greatest clock bound at which a delay between two clocks is still judged, ms.
pub const MAX_CLOCK_BOUND_MS: f64 = 10.0;
/// Half a bucket of [`Distribution`]: no figure is better than that.
const RESOLUTION_MS: f64 = 0.05;

/// Between what a delay was measured, and on how many clocks. Printed beside every number; figures of different
/// scopes are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A: stamped just before the encoder, read just after the decoder, on two machines' clocks. Leaves out the
    /// camera with its processing, and the display.
    SoftwareStamps,
    /// B: from a screen or loudspeaker to a camera or microphone, on two machines' clocks. Leaves out nothing.
    Optical,
    /// C: one clock saw it leave and come back. The round trip is exact; half of it is one way by symmetry only.
    OneClockLoop,
}

impl Scope {
    /// The letter that stands for it in reports.
    pub fn letter(self) -> char {
        match self {
            Scope::SoftwareStamps => 'A',
            Scope::Optical => 'B',
            Scope::OneClockLoop => 'C',
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::SoftwareStamps => "scope A, software stamps",
            Scope::Optical => "scope B, optical or acoustic",
            Scope::OneClockLoop => "scope C, one clock, halved by symmetry",
        })
    }
}

/// A delay and its hard bound, in ms. The value is rounded to the bound's leading digit and the bound, to two
/// digits, upwards by as much: the true delay still lies within. Written as `60 ± 51 ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    value_ms: f64,
    bound_ms: f64,
    scope: Scope,
}

impl Delay {
    /// Rounds at once; none if a number is not finite or the bound is negative.
    pub fn new(value_ms: f64, bound_ms: f64, scope: Scope) -> Option<Delay> {
        if !(value_ms.is_finite() && bound_ms.is_finite() && bound_ms >= 0.0) {
            return None;
        }
        let mut bound = round_up(bound_ms.max(RESOLUTION_MS));
        loop {
            let rounded = round_to(value_ms, decade(bound));
            let wider = round_up(bound_ms.max(RESOLUTION_MS) + (value_ms - rounded).abs());
            if decade(wider) == decade(bound) {
                return Some(Delay { value_ms: rounded, bound_ms: wider, scope });
            }
            bound = wider;
        }
    }

    /// The value, as far as it is known.
    pub fn value_ms(&self) -> f64 {
        self.value_ms
    }

    /// How far the truth may lie from it, to either side.
    pub fn bound_ms(&self) -> f64 {
        self.bound_ms
    }

    /// Between what it was measured.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Least and greatest delay that the measurement allows; what is judged is the greatest.
    pub fn interval_ms(&self) -> (f64, f64) {
        ((self.value_ms - self.bound_ms).max(0.0), (self.value_ms + self.bound_ms).max(0.0))
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = (-decade(self.bound_ms)).max(0) as usize;
        let finer = (1 - decade(self.bound_ms)).max(0) as usize;
        // Minus zero would read as a sign of something.
        let (value, bound) = (self.value_ms + 0.0, self.bound_ms);
        write!(f, "{value:.decimals$} ± {bound:.finer$} ms")
    }
}

/// The power of ten of a number's leading digit.
fn decade(number: f64) -> i32 {
    // Tenths and hundredths have no exact form: what is meant as 0.1 must not count as 0.0999….
    (number * (1.0 + 1e-12)).log10().floor() as i32
}

fn round_to(value: f64, decade: i32) -> f64 {
    if decade < 0 {
        let parts = 10f64.powi(-decade);
        (value * parts).round() / parts
    } else {
        let step = 10f64.powi(decade);
        (value / step).round() * step
    }
}

/// Upwards, to two digits.
fn round_up(bound: f64) -> f64 {
    let decade = decade(bound) - 1;
    let near = round_to(bound, decade);
    if near >= bound * (1.0 - 1e-9) { near } else { round_to(near + 10f64.powi(decade), decade) }
}

/// How long a screen shows one picture and a camera takes for one: what optical measurement cannot see between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Refresh {
    /// One picture of the camera, ms: 33.3 at 30 per second.
    pub camera_period_ms: f64,
    /// One refresh of the display, ms: 16.7 at 60 Hz.
    pub display_period_ms: f64,
}

impl Refresh {
    /// Standard deviation of the quantisation, ms: T/√12 of each, in quadrature.
    pub fn deviation_ms(&self) -> f64 {
        (self.camera_period_ms.powi(2) + self.display_period_ms.powi(2)).sqrt() / 12f64.sqrt()
    }

    /// By how much values are too high on average, ms: half a period of each. To be said, not to be subtracted.
    pub fn bias_ms(&self) -> f64 {
        (self.camera_period_ms + self.display_period_ms) / 2.0
    }
}

/// Collects one direction's delays over one run.
#[derive(Debug, Clone)]
pub struct DelayRun {
    scope: Scope,
    delays: Distribution,
    clock_bound_ms: f64,
    refresh: Option<Refresh>,
    clock_steps: u64,
    markers: Option<MarkerStatistics>,
}

impl DelayRun {
    /// Scope A: stamps in software on two clocks.
    pub fn software() -> Self {
        Self::of(Scope::SoftwareStamps, None)
    }

    /// Scope B: a camera films a screen; a sound (no refresh) is recorded.
    pub fn optical(refresh: Option<Refresh>) -> Self {
        Self::of(Scope::Optical, refresh)
    }

    /// Scope C: one clock sees what comes back.
    pub fn one_clock_loop(refresh: Option<Refresh>) -> Self {
        Self::of(Scope::OneClockLoop, refresh)
    }

    fn of(scope: Scope, refresh: Option<Refresh>) -> Self {
        let delays = Distribution::new();
        Self { scope, delays, clock_bound_ms: 0.0, refresh, clock_steps: 0, markers: None }
    }

    /// Stamped at `stamp_us` on the far clock, read at `read_us` on the near one; `far` is the far clock against
    /// the near one at that moment. The run's bound is the worst sample's.
    pub fn record_stamped(&mut self, stamp_us: u64, read_us: u64, far: &ClockEstimate) {
        let passed_us = read_us.wrapping_sub(stamp_us) as i64;
        self.delays.record_us(passed_us.saturating_add(far.offset_us));
        self.clock_bound_ms = self.clock_bound_ms.max(far.bound_us as f64 / 1000.0);
    }

    /// One clock saw it go out and come back after `round_trip_ms`; half of that is one sample of the run.
    pub fn record_loop(&mut self, round_trip_ms: f64) {
        self.delays.record_ms(round_trip_ms / 2.0);
    }

    /// How often a clock was set while the run went on, on either side ([`ClockOffset::steps`](crate::ClockOffset)).
    pub fn clock_steps(&mut self, steps: u64) {
        self.clock_steps += steps;
    }

    /// How well the markers could be read that the delays come from.
    pub fn markers(&mut self, markers: MarkerStatistics) {
        self.markers = Some(markers);
    }

    /// What the run says, or why it says nothing.
    pub fn outcome(&self) -> OneWay {
        if self.scope != Scope::OneClockLoop && self.clock_steps > 0 {
            return OneWay::Invalid { reason: Invalid::ClockSet { steps: self.clock_steps }, summary: None };
        }
        let Some(summary) = self.summary() else {
            return OneWay::Invalid { reason: Invalid::NoSamples, summary: None };
        };
        match self.objection() {
            Some(reason) => OneWay::Invalid { reason, summary: Some(summary) },
            None => OneWay::Valid(summary),
        }
    }

    fn objection(&self) -> Option<Invalid> {
        if let Some(markers) = self.markers.filter(|markers| !markers.enough_decoded()) {
            return Some(Invalid::MarkersUnread { decode_rate: markers.decode_rate().unwrap_or(0.0) });
        }
        let bound_ms = self.clock_bound_ms;
        (bound_ms > MAX_CLOCK_BOUND_MS).then_some(Invalid::ClockBound { bound_ms })
    }

    fn summary(&self) -> Option<DelaySummary> {
        let quantisation_ms = self.refresh.map_or(0.0, |refresh| refresh.deviation_ms());
        let halved = if self.scope == Scope::OneClockLoop { 2.0 } else { 1.0 };
        let bound_ms = (self.clock_bound_ms + quantisation_ms) / halved + RESOLUTION_MS;
        let figure = |value_ms: Option<f64>| Delay::new(value_ms?, bound_ms, self.scope);
        let max = figure(self.delays.max_ms())?;
        Some(DelaySummary {
            n: self.delays.n(),
            min: figure(self.delays.min_ms())?,
            p50: figure(self.delays.quantile_ms(0.5))?,
            p95: figure(self.delays.quantile_ms(0.95))?,
            max,
            p95_at_most: evidence::max_bounds_p95(self.delays.n()).then_some(max),
        })
    }
}

/// The delays of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DelaySummary {
    /// Samples.
    pub n: u64,
    /// The smallest.
    pub min: Delay,
    /// Median.
    pub p50: Delay,
    /// 95th percentile of the samples.
    pub p95: Delay,
    /// The largest.
    pub max: Delay,
    /// What the 95th percentile of all the run's pictures or sounds does not exceed, with 95 % confidence: the
    /// largest of enough samples, none with fewer.
    pub p95_at_most: Option<Delay>,
}

/// What a run of delays comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneWay {
    /// It may be judged.
    Valid(DelaySummary),
    /// It must not be judged. Where the figures still say something they are there to be printed with the reason.
    Invalid {
        /// Why not.
        reason: Invalid,
        /// What was measured all the same; none where it means nothing.
        summary: Option<DelaySummary>,
    },
}

impl OneWay {
    /// The figures, if they may be judged.
    pub fn judgeable(&self) -> Option<&DelaySummary> {
        match self {
            OneWay::Valid(summary) => Some(summary),
            OneWay::Invalid { .. } => None,
        }
    }
}

impl fmt::Display for OneWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OneWay::Valid(summary) => write!(f, "{} ({})", summary.p50, summary.p50.scope()),
            OneWay::Invalid { reason, summary: Some(summary) } => {
                write!(f, "{} ({}); not to be judged: {reason}", summary.p50, summary.p50.scope())
            }
            OneWay::Invalid { reason, summary: None } => write!(f, "no figure: {reason}"),
        }
    }
}

/// Why a run of delays must not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invalid {
    /// Nothing was measured.
    NoSamples,
    /// A clock was set in mid-run.
    ClockSet {
        /// How often.
        steps: u64,
    },
    /// The two clocks are not known well enough to each other.
    ClockBound {
        /// The bound, ms.
        bound_ms: f64,
    },
    /// Too few markers could be read.
    MarkersUnread {
        /// Share that could.
        decode_rate: f64,
    },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::NoSamples => f.write_str("nothing was measured"),
            Invalid::ClockSet { steps } => {
                write!(f, "a clock was set {steps} time(s) in mid-run; measure again")
            }
            Invalid::ClockBound { bound_ms } => write!(
                f,
                "the clocks are known to ±{bound_ms:.0} ms, and ±{MAX_CLOCK_BOUND_MS:.0} ms is the most; measure \
                 over one clock (scope C)"
            ),
            Invalid::MarkersUnread { decode_rate } => write!(
                f,
                "{:.1} % of the pictures' markers could be read, and {:.0} % is the least; show the marker larger \
                 or raise the bit rate",
                decode_rate * 100.0,
                MarkerStatistics::MIN_DECODE_RATE * 100.0
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value_ms: f64, bound_ms: f64) -> String {
        Delay::new(value_ms, bound_ms, Scope::SoftwareStamps).unwrap().to_string()
    }

    #[test]
    fn a_delay_is_printed_to_what_its_bound_allows() {
        for (value_ms, bound_ms, expected) in [
            (60.0, 50.0, "60 ± 50 ms"),
            (61.3, 50.0, "60 ± 52 ms"),
            (61.3, 9.9, "60 ± 12 ms"),
            (123.456, 0.3, "123.5 ± 0.35 ms"),
            (123.456, 3.0, "123 ± 3.5 ms"),
            (-0.2, 4.0, "0 ± 4.2 ms"),
            (300.0, 120.0, "300 ± 120 ms"),
            (42.0, 0.0, "42.00 ± 0.050 ms"),
        ] {
            assert_eq!(printed(value_ms, bound_ms), expected, "{value_ms} {bound_ms}");
        }
        assert_eq!(Delay::new(f64::NAN, 1.0, Scope::Optical), None);
        assert_eq!(Delay::new(1.0, -1.0, Scope::Optical), None);
    }

    #[test]
    fn a_wide_bound_makes_another_variant_that_still_prints_its_figure() {
        let mut run = DelayRun::software();
        let far = ClockEstimate { offset_us: 0, bound_us: 50_000, skew_ppm: None };
        (0..100).for_each(|i| run.record_stamped(i * 40_000, i * 40_000 + 60_000, &far));
        let outcome = run.outcome();
        assert_eq!(outcome.judgeable(), None);
        assert_eq!(
            outcome.to_string(),
            "60 ± 51 ms (scope A, software stamps); not to be judged: the clocks are known to ±50 ms, and ±10 ms \
             is the most; measure over one clock (scope C)"
        );
    }

    #[test]
    fn the_largest_of_59_samples_bounds_the_95th_percentile() {
        let mut run = DelayRun::one_clock_loop(None);
        (0..58).for_each(|_| run.record_loop(200.0));
        assert_eq!(run.outcome().judgeable().unwrap().p95_at_most, None);
        run.record_loop(240.0);
        let outcome = run.outcome();
        assert_eq!(outcome.judgeable().unwrap().p95_at_most.unwrap().value_ms(), 120.0);
        assert_eq!(outcome.to_string(), "100.00 ± 0.050 ms (scope C, one clock, halved by symmetry)");
    }

    #[test]
    fn a_set_clock_voids_two_clocks_and_not_one() {
        let mut optical = DelayRun::optical(None);
        optical.record_stamped(0, 90_000, &ClockEstimate { offset_us: 0, bound_us: 100, skew_ppm: None });
        optical.clock_steps(1);
        let void = OneWay::Invalid { reason: Invalid::ClockSet { steps: 1 }, summary: None };
        assert_eq!(optical.outcome(), void);
        let mut one_clock = DelayRun::one_clock_loop(None);
        one_clock.record_loop(90.0);
        one_clock.clock_steps(1);
        assert!(one_clock.outcome().judgeable().is_some());
    }

    #[test]
    fn camera_and_display_add_their_quantisation_in_quadrature() {
        let refresh = Refresh { camera_period_ms: 1000.0 / 30.0, display_period_ms: 1000.0 / 60.0 };
        assert!((refresh.deviation_ms() - (9.6225f64.powi(2) + 4.8113f64.powi(2)).sqrt()).abs() < 1e-3);
        assert!((refresh.bias_ms() - 25.0).abs() < 1e-9);
        let mut run = DelayRun::optical(Some(refresh));
        run.record_stamped(0, 203_000, &ClockEstimate { offset_us: 0, bound_us: 1_000, skew_ppm: None });
        assert_eq!(run.outcome().judgeable().unwrap().p50.to_string(), "200 ± 15 ms");
    }

    #[test]
    fn an_empty_run_has_no_figure() {
        assert_eq!(DelayRun::software().outcome().to_string(), "no figure: nothing was measured");
    }
}
