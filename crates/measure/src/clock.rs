//! The offset between two machines' clocks from two-way probes, with a bound that always holds.
//!
//! A probe gives θ = ½[(T2−T1)+(T3−T4)] and δ = (T4−T1)−(T3−T2) (RFC 5905 §8). The error of θ is at
//! most δ/2 and reaches it when all the delay lies on one way, which two-way probes cannot see; so
//! the probe with the lowest δ is the best one, and δ/2 is said beside it, not a deviation.

use std::collections::VecDeque;
use tongke_protocol::event::ClockReport;

/// The lowest-δ probe of each stretch of this length is kept.
const STRETCH_US: u64 = 10_000_000;
/// Stretches kept, for the skew: ten minutes.
const MAX_STRETCHES: usize = 60;
/// The skew is reckoned once the probes span this long.
const MIN_SKEW_SPAN_US: u64 = 60_000_000;
/// How fast two clocks may part without it being a step, ppm. Crystals stay well within.
const MAX_SKEW_PPM: f64 = 200.0;
/// Answers overtake each other by less than this; a probe that is older yet means that the near clock was set back.
const MAX_OVERTAKING_US: u64 = 10_000_000;

/// The four times of one probe, µs: sent and received back on the near clock (`t1`, `t4`), received
/// and answered on the far clock (`t2`, `t3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSample {
    /// Sent, near clock.
    pub t1_us: u64,
    /// Received, far clock.
    pub t2_us: u64,
    /// Answered, far clock.
    pub t3_us: u64,
    /// Received back, near clock.
    pub t4_us: u64,
}

impl ClockSample {
    /// Far clock minus near clock, µs.
    pub fn theta_us(&self) -> f64 {
        let out = self.t2_us.wrapping_sub(self.t1_us) as i64;
        let back = self.t3_us.wrapping_sub(self.t4_us) as i64;
        (out as f64 + back as f64) / 2.0
    }

    /// Round trip without the far end's processing, µs; negative if the times cannot be right.
    pub fn delta_us(&self) -> i64 {
        (self.t4_us.wrapping_sub(self.t1_us) as i64)
            .saturating_sub(self.t3_us.wrapping_sub(self.t2_us) as i64)
    }
}

/// What became of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleVerdict {
    /// It counts.
    Taken,
    /// Its times contradict themselves; ignored.
    Impossible,
    /// It contradicts the probes before it: a clock was set. They are forgotten, and what was
    /// measured across this moment is void.
    Step,
}

/// Far clock against near clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockEstimate {
    /// Far clock minus near clock, µs: add it to near stamps to get far time.
    pub offset_us: i64,
    /// Hard bound of the error: half the probe's round trip, and what the clocks may have parted since, rounded
    /// up, µs. It says nothing about which side the error is on: an asymmetric path hides from two-way probes.
    pub bound_us: u64,
    /// By how much the far clock is faster, ppm; none until the probes span a minute.
    pub skew_ppm: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    at_us: u64,
    theta_us: f64,
    delta_us: i64,
}

impl Probe {
    /// Hard bound of this probe's offset at a moment, µs: clocks part by [`MAX_SKEW_PPM`] at most.
    fn bound_at_us(&self, near_us: u64) -> f64 {
        self.delta_us as f64 / 2.0 + self.at_us.abs_diff(near_us) as f64 * MAX_SKEW_PPM / 1e6
    }

    fn stretch(&self) -> u64 {
        self.at_us / STRETCH_US
    }
}

/// Collects probes. Memory: one probe per 10 s, for ten minutes.
///
/// Near stamps should come from a clock that nobody sets in mid-run (a monotonic one that was told the wall time
/// once). A step of either clock is found when no offset fits the probes before and after it, which is certain
/// for steps beyond the round trip; a smaller one looks like a change of route, stays within the bound, and is
/// followed with the next quick probe.
#[derive(Debug, Clone, Default)]
pub struct ClockOffset {
    /// The probe whose bound is the least now. It is the least at any later moment too, because all bounds grow
    /// alike: so one probe is enough.
    anchor: Option<Probe>,
    stretches: VecDeque<Probe>,
    last_at_us: u64,
    samples: u64,
    steps: u64,
}

impl ClockOffset {
    /// No probe yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a probe.
    pub fn add(&mut self, sample: ClockSample) -> SampleVerdict {
        let delta_us = sample.delta_us();
        if delta_us < 0 || sample.t4_us < sample.t1_us || sample.t3_us < sample.t2_us {
            return SampleVerdict::Impossible;
        }
        let at_us = sample.t1_us + (sample.t4_us - sample.t1_us) / 2;
        let probe = Probe { at_us, theta_us: sample.theta_us(), delta_us };
        let set_back = at_us.saturating_add(MAX_OVERTAKING_US) < self.last_at_us;
        let step = set_back || self.anchor.is_some_and(|anchor| contradict(&anchor, &probe));
        if step {
            self.anchor = None;
            self.stretches.clear();
            self.last_at_us = 0;
            self.steps += 1;
        }
        self.samples += 1;
        self.last_at_us = self.last_at_us.max(at_us);
        let better =
            |anchor: Probe| probe.bound_at_us(self.last_at_us) <= anchor.bound_at_us(self.last_at_us);
        if self.anchor.is_none_or(better) {
            self.anchor = Some(probe);
        }
        self.keep_for_skew(probe);
        if step { SampleVerdict::Step } else { SampleVerdict::Taken }
    }

    fn keep_for_skew(&mut self, probe: Probe) {
        match self.stretches.back_mut() {
            Some(last) if last.stretch() > probe.stretch() => {}
            Some(last) if last.stretch() == probe.stretch() => {
                if probe.delta_us <= last.delta_us {
                    *last = probe;
                }
            }
            _ => self.stretches.push_back(probe),
        }
        if self.stretches.len() > MAX_STRETCHES {
            self.stretches.pop_front();
        }
    }

    /// The offset at the moment of the last probe.
    pub fn estimate(&self) -> Option<ClockEstimate> {
        self.estimate_at(self.last_at_us)
    }

    /// The offset at a moment of the near clock: the best probe's, drawn on with the skew once that is known.
    pub fn estimate_at(&self, near_us: u64) -> Option<ClockEstimate> {
        let anchor = self.anchor?;
        let skew_ppm = self.skew_ppm();
        let age_us = near_us.wrapping_sub(anchor.at_us) as i64 as f64;
        let drawn_on_us = age_us * skew_ppm.unwrap_or(0.0) / 1e6;
        Some(ClockEstimate {
            offset_us: (anchor.theta_us + drawn_on_us).round() as i64,
            // The true offset lies around the probe's; whoever moves away from it comes no nearer for certain.
            bound_us: (anchor.bound_at_us(near_us) + drawn_on_us.abs()).ceil() as u64,
            skew_ppm,
        })
    }

    /// The same as a report for the other participants.
    pub fn report(&self) -> Option<ClockReport> {
        self.estimate().map(|e| ClockReport { offset_us: e.offset_us, bound_us: e.bound_us })
    }

    fn skew_ppm(&self) -> Option<f64> {
        let first = self.stretches.front()?.at_us;
        if self.stretches.back()?.at_us - first < MIN_SKEW_SPAN_US {
            return None;
        }
        let points = self.stretches.iter().map(|probe| ((probe.at_us - first) as f64, probe.theta_us));
        let skew_ppm = least_squares(points)?.slope * 1e6;
        Some(skew_ppm.clamp(-MAX_SKEW_PPM, MAX_SKEW_PPM))
    }

    /// Probes taken.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Steps seen; anything but 0 voids the run: see [`DelayRun::clock_steps`](crate::delay::DelayRun::clock_steps).
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

/// Whether no offset, drifting at most [`MAX_SKEW_PPM`], lies within both probes' bounds.
fn contradict(a: &Probe, b: &Probe) -> bool {
    let apart_us = (a.theta_us - b.theta_us).abs();
    // One µs for the resolution of the stamps.
    apart_us > a.bound_at_us(b.at_us) + b.bound_at_us(b.at_us) + 1.0
}

/// A straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Rise per unit.
    pub slope: f64,
    /// Value at zero.
    pub intercept: f64,
}

/// The line with the least squared distance from the points (x, y); none if they have no width.
pub fn least_squares(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Line> {
    let n = points.clone().count() as f64;
    if n < 2.0 {
        return None;
    }
    let mean_x = points.clone().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.clone().map(|(_, y)| y).sum::<f64>() / n;
    let covariance: f64 = points.clone().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.map(|(x, _)| (x - mean_x).powi(2)).sum();
    (variance > 0.0).then(|| {
        let slope = covariance / variance;
        Line { slope, intercept: mean_y - slope * mean_x }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(t1_us: u64, t2_us: u64, t3_us: u64, t4_us: u64) -> ClockSample {
        ClockSample { t1_us, t2_us, t3_us, t4_us }
    }

    /// A probe at `at_us` over ways of `out_us` and `back_us` to a clock that is `ahead_us` ahead.
    fn probe(at_us: u64, out_us: u64, back_us: u64, ahead_us: i64) -> ClockSample {
        let far = (at_us + out_us).saturating_add_signed(ahead_us);
        sample(at_us, far, far + 1_000, at_us + out_us + 1_000 + back_us)
    }

    #[test]
    fn the_quickest_probe_wins_and_half_its_round_trip_is_the_bound() {
        let mut clock = ClockOffset::new();
        assert_eq!(clock.estimate(), None);
        for (i, queue_us) in [30_000, 400, 9_000, 52_001].into_iter().enumerate() {
            // All of the queueing on one way: the worst case for θ.
            let taken = clock.add(probe(1_000_000 * (i as u64 + 1), 10_000 + queue_us, 10_000, -250_000));
            assert_eq!(taken, SampleVerdict::Taken);
        }
        let estimate = clock.estimate().unwrap();
        // The quickest came 2 s before the last: 200 ppm of that are 0.4 ms.
        assert_eq!(estimate.offset_us, -249_800);
        assert!((10_600..10_610).contains(&estimate.bound_us), "{estimate:?}");
        assert!((estimate.offset_us + 250_000).unsigned_abs() <= estimate.bound_us);
    }

    #[test]
    fn drift_is_followed_and_measured_and_no_step() {
        let mut clock = ClockOffset::new();
        for i in 0..360u64 {
            let ahead_us = 5_000 + (i * 50) as i64;
            let verdict = clock.add(probe(i * 1_000_000, 300 + i * 37 % 900, 300, ahead_us));
            assert_eq!(verdict, SampleVerdict::Taken);
        }
        let estimate = clock.estimate().unwrap();
        assert!((estimate.skew_ppm.unwrap() - 50.0).abs() < 2.0, "{estimate:?}");
        let error_us = (estimate.offset_us - (5_000 + 359 * 50)).unsigned_abs();
        assert!(error_us <= estimate.bound_us, "{estimate:?}");
        assert_eq!((clock.steps(), clock.samples()), (0, 360));
    }

    #[test]
    fn a_set_clock_is_a_step_and_the_past_is_forgotten() {
        let mut clock = ClockOffset::new();
        for i in 0..20 {
            clock.add(probe(i * 500_000, 5_000, 5_000, 0));
        }
        assert_eq!(clock.add(probe(10_500_000, 5_000, 5_000, 1_000_000)), SampleVerdict::Step);
        assert_eq!(clock.estimate().unwrap().offset_us, 1_000_000);
        assert_eq!(clock.add(probe(11_000_000, 5_000, 5_000, 1_000_000)), SampleVerdict::Taken);
        assert_eq!(clock.steps(), 1);
    }

    #[test]
    fn impossible_times_are_not_taken() {
        let mut clock = ClockOffset::new();
        assert_eq!(clock.add(sample(10, 0, 50, 20)), SampleVerdict::Impossible);
        assert_eq!(clock.add(sample(20, 0, 0, 10)), SampleVerdict::Impossible);
        assert_eq!(clock.add(sample(0, u64::MAX, 0, 10)), SampleVerdict::Impossible);
        assert_eq!(clock.estimate(), None);
    }
}
