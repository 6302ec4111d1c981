//! Delays of one kind: the run that says whether they may be judged, and the samples for figures and plots.

use super::findings::{Told, missing};
use super::series::Series;
use super::times::Times;
use std::time::Instant;
use tongke_inspection::facts::{Cause, Measured, Method, Missing};
use tongke_measure::ClockEstimate;
use tongke_measure::delay::{DelayRun, Invalid, OneWay};

/// Collects delays that were stamped on one clock and read on another.
#[derive(Debug)]
pub(super) struct Delays {
    run: DelayRun,
    series: Series,
    clock_bound_us: u64,
}

impl Default for Delays {
    fn default() -> Self {
        Self { run: DelayRun::software(), series: Series::default(), clock_bound_us: 0 }
    }
}

impl Delays {
    /// Stamped so long before `read`; the clocks are known to ± `bound_us`.
    pub(super) fn push(&mut self, times: &Times, read: Instant, delay_us: i64, bound_us: u64) {
        let far = ClockEstimate { offset_us: delay_us, bound_us, skew_ppm: None };
        self.run.record_stamped(0, 0, &far);
        self.clock_bound_us = self.clock_bound_us.max(bound_us);
        self.series.push(times.at_s(read), delay_us as f64 / 1000.0);
    }

    pub(super) fn clock_bound_ms(&self) -> f64 {
        self.clock_bound_us as f64 / 1000.0
    }

    pub(super) fn median_ms(&self) -> Option<f64> {
        self.series.median()
    }

    /// The figures. `coarse_ms` is how coarse the stamps are, `clock_steps` how often a clock was set meanwhile.
    /// Whether enough markers were read and the clocks are known well enough is for whoever judges: the share and
    /// the bound are told.
    pub(super) fn measured(
        &self,
        method: Method,
        coarse_ms: f64,
        clock_steps: u64,
        told: &Told,
        why_none: Missing,
    ) -> Result<Measured, Missing> {
        let mut run = self.run.clone();
        run.clock_steps(clock_steps);
        match run.outcome() {
            OneWay::Invalid { reason: Invalid::ClockSet { .. }, .. } => {
                return Err(missing(Cause::ClockStepped));
            }
            OneWay::Invalid { summary: None, .. } => return Err(why_none),
            OneWay::Valid(_) | OneWay::Invalid { .. } => {}
        }
        let clock_bound_ms = self.clock_bound_ms();
        let measured = self.series.measured(method, &told.by).ok_or(why_none)?;
        Ok(Measured {
            bound: Some(clock_bound_ms + coarse_ms),
            clock_bound_ms: (!told.one_clock).then_some(clock_bound_ms),
            ..measured
        })
    }
}
