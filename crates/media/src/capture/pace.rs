//! Keeping time for sources that have no clock of their own: drawn pictures, generated sound, files.

use std::thread;
use std::time::{Duration, Instant};

/// Ticks at a steady rate.
#[derive(Debug)]
pub(crate) struct Pace {
    start: Instant,
    per_1000_s: u64,
    next: u64,
    skipped: u64,
    /// How far a tick may be late and still be given; later ones are skipped.
    patience: Duration,
}

impl Pace {
    /// Ticks `per_second`, the first one now.
    pub(crate) fn new(per_second: u32, patience: Duration) -> Self {
        Self::per_1000_s(per_second * 1000, patience)
    }

    /// As [`new`](Self::new), for rates that are no whole number.
    pub(crate) fn per_1000_s(per_1000_s: u32, patience: Duration) -> Self {
        Self { start: Instant::now(), per_1000_s: per_1000_s.into(), next: 0, skipped: 0, patience }
    }

    /// Waits for the next tick and gives the instant it was due.
    pub(crate) fn wait(&mut self) -> Instant {
        let now = Instant::now();
        while self.due(self.next) + self.patience < now {
            self.next += 1;
            self.skipped += 1;
        }
        let due = self.due(self.next);
        self.next += 1;
        thread::sleep(due.saturating_duration_since(now));
        due
    }

    /// Ticks nobody waited for in time.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn due(&self, tick: u64) -> Instant {
        self.start + Duration::from_micros(tick * 1_000_000_000 / self.per_1000_s)
    }
}
