//! How many processors this program uses while it tests.

use super::findings::here;
use crate::facts::cpu_seconds;
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Finding, Measured, Method};

/// Shorter stretches say nothing: processor time is counted by hundredths of a second.
const SHORTEST: Duration = Duration::from_millis(900);

/// The processor time of this program since the test began, and in the busiest stretch of it.
pub(super) struct Processor {
    began: (Instant, Option<f64>),
    last: (Instant, Option<f64>),
    busiest: Option<f64>,
    looks: u64,
}

impl Processor {
    pub(super) fn new() -> Self {
        let now = (Instant::now(), cpu_seconds());
        Self { began: now, last: now, busiest: None, looks: 0 }
    }

    /// Looks again; to be called about once a second.
    pub(super) fn look(&mut self) {
        let now = (Instant::now(), cpu_seconds());
        if now.0.duration_since(self.last.0) < SHORTEST {
            return;
        }
        let used = used(self.last, now);
        self.busiest = used.map(|used| self.busiest.map_or(used, |busiest| busiest.max(used)));
        self.looks += 1;
        self.last = now;
    }

    /// Processors in use, in the mean and at most; none where the system does not tell, or of a test that was over at
    /// once.
    pub(super) fn finding(&self) -> Option<Finding> {
        let value = used(self.began, (Instant::now(), cpu_seconds()))?;
        let max = self.busiest?;
        let measured = Measured {
            value: Some(value),
            max: Some(max),
            ..Measured::new(self.looks, Method::DeviceProbe, "node")
        };
        Some(Finding::measured(Quantity::Cpu, here(), measured))
    }
}

/// Processors in use between two looks.
fn used(from: (Instant, Option<f64>), to: (Instant, Option<f64>)) -> Option<f64> {
    let seconds = to.0.duration_since(from.0).as_secs_f64();
    (seconds > 0.0).then_some(((to.1? - from.1?) / seconds).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_second_on_one_processor_is_one() {
        let begin = Instant::now();
        let after = |s| begin + Duration::from_secs(s);
        assert_eq!(used((begin, Some(1.0)), (after(2), Some(3.0))), Some(1.0));
        assert_eq!(used((begin, None), (after(2), Some(3.0))), None);
        assert_eq!(used((begin, Some(1.0)), (begin, Some(1.0))), None);
    }
}
