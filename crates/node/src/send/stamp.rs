//! Capture moments as packets carry them: the RTP timestamp and abs-capture-time.

use crate::clock::MachineClock;
use std::time::Instant;
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, Extensions};

/// Stamps one track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamper {
    clock: MachineClock,
    clock_rate_hz: u64,
    /// Timestamps begin at a random place (RFC 3550 §5.1).
    first: u32,
}

impl Stamper {
    pub(crate) fn new(clock: MachineClock, clock_rate_hz: u32) -> Self {
        Self { clock, clock_rate_hz: u64::from(clock_rate_hz), first: rand::random() }
    }

    /// The RTP timestamp of what was captured at this moment.
    pub(super) fn timestamp(&self, captured: Instant) -> u32 {
        let origin = self.clock.origin().instant;
        let us = captured.saturating_duration_since(origin).as_micros() as u64;
        self.first.wrapping_add((us * self.clock_rate_hz / 1_000_000) as u32)
    }

    /// The capture moment on this machine's clock. On every packet, since any may be the one lost.
    pub(super) fn extensions(&self, captured: Instant) -> Extensions {
        let capture = NtpTime::from(self.clock.wall_of(captured));
        Extensions {
            abs_capture_time: Some(AbsCaptureTime { capture, clock_offset: None }),
            ..Extensions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tongke_protocol::WallTime;

    #[test]
    fn timestamps_follow_the_capture_moment_in_the_tracks_clock() {
        let clock = MachineClock::start();
        let stamper = Stamper::new(clock, 90_000);
        let first = clock.origin().instant;
        let ticks =
            stamper.timestamp(first + Duration::from_millis(100)).wrapping_sub(stamper.timestamp(first));
        assert_eq!(ticks, 9_000);
        let stamp = stamper.extensions(first + Duration::from_millis(100)).abs_capture_time.unwrap();
        assert_eq!(WallTime::from(stamp.capture).micros_since(clock.origin().wall), 100_000);
    }
}
