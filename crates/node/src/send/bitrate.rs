//! The encoder's bitrate from loss reports: additive increase, multiplicative decrease.

use crate::config::BitrateBounds;
use std::time::{Duration, Instant};

/// Loss above this makes the bitrate fall.
const TOO_MUCH: f32 = 0.10;
/// Loss below this lets it rise. Between the two it stays: repair copes.
const LITTLE: f32 = 0.02;
/// Least time between two falls: the effect of one must show before the next.
const FALL_INTERVAL: Duration = Duration::from_millis(1000);
/// Rise per second, as a share of the bounds' width.
const RISE_SHARE_PER_S: f64 = 0.05;
/// No rise for this long after a fall.
const RISE_AFTER: Duration = Duration::from_secs(3);

/// Steers one track's bitrate within its bounds.
#[derive(Debug, Clone)]
pub struct BitrateSteering {
    bounds: BitrateBounds,
    bps: f64,
    last_report: Option<Instant>,
    last_fall: Option<Instant>,
}

impl BitrateSteering {
    /// Begins where the bounds say.
    pub fn new(bounds: BitrateBounds) -> Self {
        Self { bounds, bps: f64::from(bounds.start_bps), last_report: None, last_fall: None }
    }

    /// The bitrate now, bit/s.
    pub fn bps(&self) -> u32 {
        self.bps as u32
    }

    /// The relay reported the share of packets lost since its last report. Returns the new bitrate.
    pub fn on_report(&mut self, now: Instant, fraction_lost: f32) -> u32 {
        let since = |earlier: Option<Instant>| earlier.map(|at| now.saturating_duration_since(at));
        let elapsed = since(self.last_report).unwrap_or_default().min(Duration::from_secs(5));
        self.last_report = Some(now);
        let since_fall = since(self.last_fall);
        if fraction_lost > TOO_MUCH {
            if since_fall.is_none_or(|since| since >= FALL_INTERVAL) {
                self.bps *= 1.0 - 0.5 * f64::from(fraction_lost);
                self.last_fall = Some(now);
            }
        } else if fraction_lost < LITTLE && since_fall.is_none_or(|since| since >= RISE_AFTER) {
            let width = f64::from(self.bounds.max_bps - self.bounds.min_bps);
            self.bps += width * RISE_SHARE_PER_S * elapsed.as_secs_f64();
        }
        self.bps = self.bps.clamp(f64::from(self.bounds.min_bps), f64::from(self.bounds.max_bps));
        self.bps()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: BitrateBounds =
        BitrateBounds { min_bps: 300_000, start_bps: 2_000_000, max_bps: 3_000_000 };

    /// One report a second with this loss.
    fn after(steering: &mut BitrateSteering, start: Instant, seconds: u64, loss: f32) -> u32 {
        (0..seconds).map(|s| steering.on_report(start + Duration::from_secs(s), loss)).last().unwrap()
    }

    #[test]
    fn without_loss_it_rises_to_the_upper_bound_and_no_further() {
        let mut steering = BitrateSteering::new(BOUNDS);
        let start = Instant::now();
        assert_eq!(after(&mut steering, start, 3, 0.0), 2_000_000 + 2 * 135_000);
        assert_eq!(after(&mut steering, start + Duration::from_secs(3), 60, 0.0), 3_000_000);
    }

    #[test]
    fn heavy_loss_halves_it_in_steps_down_to_the_lower_bound() {
        let mut steering = BitrateSteering::new(BOUNDS);
        let start = Instant::now();
        assert_eq!(steering.on_report(start, 0.5), 1_500_000);
        let soon = start + Duration::from_millis(300);
        assert_eq!(steering.on_report(soon, 0.5), 1_500_000, "the first fall has not shown yet");
        assert_eq!(after(&mut steering, start + Duration::from_secs(1), 60, 0.4), 300_000);
    }

    #[test]
    fn loss_that_repair_copes_with_changes_nothing() {
        let mut steering = BitrateSteering::new(BOUNDS);
        assert_eq!(after(&mut steering, Instant::now(), 30, 0.05), 2_000_000);
    }

    #[test]
    fn after_a_fall_it_waits_before_it_rises() {
        let mut steering = BitrateSteering::new(BOUNDS);
        let start = Instant::now();
        let fallen = steering.on_report(start, 0.2);
        assert_eq!(steering.on_report(start + Duration::from_secs(2), 0.0), fallen);
        assert!(steering.on_report(start + Duration::from_secs(4), 0.0) > fallen);
    }
}
