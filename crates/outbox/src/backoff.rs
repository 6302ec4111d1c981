//! The time between attempts: longer each time, and not the same for all machines of a county.

use std::time::Duration;

/// How long to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After the first failure, at most.
    pub first: Duration,
    /// After many, at most.
    pub longest: Duration,
}

impl Default for Pace {
    /// From a second to five minutes: a registry that was away for a week is not run over on its return.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300) }
    }
}

/// Waits between attempts of one owner: each twice as long as the one before, and by chance a bit shorter.
#[derive(Debug)]
pub struct Backoff {
    pace: Pace,
    failures: u32,
}

impl Backoff {
    /// Waits of this pace.
    pub fn new(pace: Pace) -> Self {
        Self { pace, failures: 0 }
    }

    /// An attempt went well: the next failure is a new story.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure: the upper half of the time that doubles, by chance (0 to 1).
    pub fn wait(&mut self, chance: f64) -> Duration {
        let whole = self.pace.first.saturating_mul(1 << self.failures.min(20)).min(self.pace.longest);
        self.failures = self.failures.saturating_add(1);
        whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Pace::default());
        let waits: Vec<u64> = (0..10).map(|_| backoff.wait(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(backoff.wait(0.0), Duration::from_secs(150));
        (0..100).for_each(|_| assert!(backoff.wait(1.0) <= Pace::default().longest));
        assert_eq!(backoff.wait(1.0), Duration::from_secs(300));
        backoff.reset();
        assert_eq!(backoff.wait(0.5), Duration::from_millis(750));
    }
}
