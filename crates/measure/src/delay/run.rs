//! Collecting the delays of one run.

use super::{Delay, DelaySummary, Invalid, MAX_CLOCK_BOUND_MS, OneWay, RESOLUTION_MS, Scope};
use crate::marker::MarkerStatistics;
use crate::{ClockEstimate, Distribution, evidence};
use serde::{Deserialize, Serialize};

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
