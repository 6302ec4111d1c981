//! A publisher's clock seen from the relay's.
//!
//! Sender reports downstream tell the relay's clock for every publisher, so that a receiver may
//! relate any two streams of its leg (RFC 3550 §6.4.4). All tracks of one publisher are moved by
//! the same amount, so their relation, the lip sync, stays exactly what the publisher said.
//! abs-capture-time is another matter: it travels on the publisher's clock, untouched.

use std::time::{Duration, Instant};
use tongke_protocol::{Now, NtpTime, WallTime};

/// Half of the time over which the smallest offset counts: two clocks drift apart by about 1 ms in it.
const WINDOW: Duration = Duration::from_secs(30);
/// A change beyond this is a clock that was set, not a way that got longer.
const STEP_US: i64 = 2_000_000;

/// Relay clock minus publisher clock, from the arrival of sender reports. The report that was
/// quickest on its way tells it best, so the smallest difference counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct PublisherClock {
    /// Smallest offset of this window and of the one before, in µs.
    smallest: Option<i64>,
    before: Option<i64>,
    since: Option<Instant>,
}

impl PublisherClock {
    /// Notes a report's clock at its arrival.
    pub fn note(&mut self, now: Now, ntp: NtpTime) {
        let offset_us = now.wall.micros_since(WallTime::from(ntp));
        let is_step = self.offset_us().is_some_and(|known| (known - offset_us).abs() > STEP_US);
        if is_step {
            *self = Self::default();
        }
        let since = *self.since.get_or_insert(now.instant);
        if now.instant.saturating_duration_since(since) >= WINDOW {
            self.before = self.smallest.take();
            self.since = Some(now.instant);
        }
        self.smallest = Some(self.smallest.map_or(offset_us, |smallest| smallest.min(offset_us)));
    }

    /// A moment of the publisher's clock on the relay's.
    pub fn to_relay(&self, ntp: NtpTime) -> Option<WallTime> {
        Some(WallTime(WallTime::from(ntp).0.wrapping_add_signed(self.offset_us()?)))
    }

    fn offset_us(&self) -> Option<i64> {
        [self.smallest, self.before].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> impl Fn(Instant) -> Now {
        move |origin| Now { instant: origin, wall: WallTime(5_000_000_000) }.plus(Duration::from_millis(ms))
    }

    #[test]
    fn the_quickest_report_tells_the_offset_and_a_step_is_followed() {
        let origin = Instant::now();
        let mut clock = PublisherClock::default();
        assert_eq!(clock.to_relay(NtpTime::from(WallTime(1))), None);
        // The publisher is 1000 s behind; reports take 80, 20 and 50 ms.
        for (sent_ms, way_ms) in [(0, 80), (1000, 20), (2000, 50)] {
            let sent = WallTime(4_000_000_000 + sent_ms * 1000);
            clock.note(at(sent_ms + way_ms)(origin), NtpTime::from(sent));
        }
        let moment = NtpTime::from(WallTime(4_001_000_000));
        assert_eq!(clock.to_relay(moment), Some(WallTime(5_001_020_000)));
        clock.note(at(3000)(origin), NtpTime::from(WallTime(4_990_000_000)));
        assert_eq!(clock.to_relay(NtpTime::from(WallTime(4_990_000_000))), Some(WallTime(5_003_000_000)));
    }

    #[test]
    fn an_old_minimum_is_forgotten_so_that_drift_is_followed() {
        let origin = Instant::now();
        let mut clock = PublisherClock::default();
        for second in 0..120_u64 {
            // A fast way of 1 ms at first, 40 ms later on.
            let way_ms = if second < 5 { 1 } else { 40 };
            let sent = WallTime(5_000_000_000 + second * 1_000_000);
            clock.note(at(second * 1000 + way_ms)(origin), NtpTime::from(sent));
        }
        let moment = WallTime(5_119_000_000);
        assert_eq!(clock.to_relay(NtpTime::from(moment)), Some(WallTime(moment.0 + 40_000)));
    }
}
