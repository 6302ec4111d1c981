//! One clock for stamps and timers: the machine's wall clock, as the kernel stamps with it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::{NtpTime, WallTime};

/// The wall clock in ns, and the same moments as [`Instant`]s. A step of the clock spoils a run; latencies
/// that would be negative are counted as such.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    start_ns: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), start_ns: wall_ns() }
    }

    /// This moment.
    pub(crate) fn ns(&self) -> u64 {
        wall_ns()
    }

    /// When the clock was made.
    pub(crate) fn start_ns(&self) -> u64 {
        self.start_ns
    }

    /// The same moment for who counts in instants.
    pub(crate) fn instant(&self, ns: u64) -> Instant {
        self.start + Duration::from_nanos(ns.saturating_sub(self.start_ns))
    }
}

/// Nanoseconds since the Unix epoch.
pub(crate) fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

/// The same as NTP counts.
pub(crate) fn ntp(ns: u64) -> NtpTime {
    NtpTime::from(WallTime(ns / 1_000))
}
