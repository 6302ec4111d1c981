//! By how much delay rises while the line is loaded: what a lesson meets when somebody else uploads.

use crate::Distribution;
use serde::{Deserialize, Serialize};

/// Round trips with the line idle and with it loaded.
#[derive(Debug, Clone, Default)]
pub struct DelayUnderLoad {
    idle: Distribution,
    loaded: Distribution,
}

/// The rise, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DelayRise {
    /// Round trips on the idle line.
    pub idle_n: u64,
    /// Round trips on the loaded line.
    pub loaded_n: u64,
    /// Median on the idle line: what the rise is counted from.
    pub idle_p50_ms: f64,
    /// Median of the rise.
    pub rise_p50_ms: f64,
    /// 95th percentile of the rise.
    pub rise_p95_ms: f64,
}

impl DelayUnderLoad {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A round trip on the idle line.
    pub fn on_idle_ms(&mut self, round_trip_ms: f64) {
        self.idle.record_ms(round_trip_ms);
    }

    /// A round trip on the loaded line.
    pub fn on_loaded_ms(&mut self, round_trip_ms: f64) {
        self.loaded.record_ms(round_trip_ms);
    }

    /// The rise; none until both have been measured. Below zero if the line got quicker, which says that the idle
    /// line was not idle.
    pub fn rise(&self) -> Option<DelayRise> {
        let idle_p50_ms = self.idle.quantile_ms(0.5)?;
        Some(DelayRise {
            idle_n: self.idle.n(),
            loaded_n: self.loaded.n(),
            idle_p50_ms,
            rise_p50_ms: self.loaded.quantile_ms(0.5)? - idle_p50_ms,
            rise_p95_ms: self.loaded.quantile_ms(0.95)? - idle_p50_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rise_is_counted_from_the_idle_median() {
        let mut delay = DelayUnderLoad::new();
        (0..100).for_each(|i| delay.on_idle_ms(20.0 + f64::from(i % 3)));
        assert_eq!(delay.rise(), None, "nothing was loaded yet");
        (0..100).for_each(|i| delay.on_loaded_ms(31.0 + f64::from(i)));
        let rise = delay.rise().unwrap();
        assert_eq!((rise.idle_n, rise.loaded_n, rise.idle_p50_ms), (100, 100, 21.0));
        assert_eq!((rise.rise_p50_ms, rise.rise_p95_ms), (59.0, 104.0));
    }
}
