//! The times of a call: since its begin, on this machine's clock, and on the relay's.

use crate::clock::MachineClock;
use std::time::Instant;
use tongke_media::program::{RelayClock, Schedule, Side};
use tongke_protocol::WallTime;

/// What all parts of a measurement share.
#[derive(Debug, Clone)]
pub(super) struct Times {
    /// When both ends were there.
    pub begin: Instant,
    pub clock: MachineClock,
    pub relay: RelayClock,
    pub schedule: Schedule,
    /// This end.
    pub side: Side,
}

impl Times {
    /// Seconds since the begin.
    pub(super) fn at_s(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.begin).as_secs_f64()
    }

    /// The relay's time; none: not known yet.
    pub(super) fn relay_of(&self, at: Instant) -> Option<WallTime> {
        self.relay.relay_time(self.clock.wall_of(at))
    }

    /// The moment here of a relay's time.
    pub(super) fn instant_of(&self, relay: WallTime) -> Option<Instant> {
        self.clock.instant_of(relay.offset_by_us(-self.relay.ahead_us()?))
    }
}

/// From one moment to another, ms; negative if the other is before it.
pub(super) fn ms_between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(later) => later.as_secs_f64() * 1e3,
        None => -(from - to).as_secs_f64() * 1e3,
    }
}
