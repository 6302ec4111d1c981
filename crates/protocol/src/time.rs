//! Three kinds of time, kept apart: the local [`Instant`] for timers, RTP media time (a `u32` whose
//! unit stands in its name) and [`WallTime`] for what two machines compare.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Seconds between the NTP epoch (1900) and the Unix epoch (1970), RFC 5905 §6.
const NTP_UNIX_OFFSET_S: u64 = 2_208_988_800;

/// A moment told to a pure core: the same moment on the local monotonic clock and on this
/// machine's wall clock. Shells derive both from one clock read, so that a stepped system clock
/// never makes them disagree within a run.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Monotonic, for timers.
    pub instant: Instant,
    /// This machine's idea of wall time, for stamps that travel.
    pub wall: WallTime,
}

impl Now {
    /// The moment `by` later.
    pub fn plus(self, by: Duration) -> Now {
        Now { instant: self.instant + by, wall: WallTime(self.wall.0 + by.as_micros() as u64) }
    }

    /// The wall time of a monotonic instant, seen from this moment.
    pub fn wall_of(self, instant: Instant) -> WallTime {
        match instant.checked_duration_since(self.instant) {
            Some(later) => WallTime(self.wall.0 + later.as_micros() as u64),
            None => WallTime(self.wall.0.saturating_sub((self.instant - instant).as_micros() as u64)),
        }
    }
}

/// Wall time in microseconds since the Unix epoch, on the clock of the machine that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct WallTime(pub u64);

impl WallTime {
    /// Microseconds since the Unix epoch.
    pub fn as_unix_us(self) -> u64 {
        self.0
    }

    /// `self - earlier` in microseconds; negative when `earlier` is later.
    pub fn micros_since(self, earlier: WallTime) -> i64 {
        self.0.wrapping_sub(earlier.0) as i64
    }

    /// The same moment moved by `offset_us`.
    pub fn offset_by_us(self, offset_us: i64) -> WallTime {
        WallTime(self.0.saturating_add_signed(offset_us))
    }
}

/// An NTP timestamp, UQ32.32 seconds since 1900 (RFC 3550 §4): what RTCP sender reports and
/// abs-capture-time carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The middle 32 bits, in units of 1/65536 s (RFC 3550 §6.4.1, LSR).
    pub fn middle_32(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

impl From<WallTime> for NtpTime {
    fn from(wall: WallTime) -> NtpTime {
        let seconds = wall.0 / 1_000_000 + NTP_UNIX_OFFSET_S;
        let fraction = ((wall.0 % 1_000_000) << 32).div_ceil(1_000_000);
        NtpTime((seconds << 32) | fraction)
    }
}

impl From<NtpTime> for WallTime {
    fn from(ntp: NtpTime) -> WallTime {
        let seconds = (ntp.0 >> 32).saturating_sub(NTP_UNIX_OFFSET_S);
        WallTime(seconds * 1_000_000 + (((ntp.0 & 0xffff_ffff) * 1_000_000) >> 32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_survives_the_way_through_ntp() {
        for us in [0, 1, 999_999, 1_000_000, 1_795_000_000_123_457] {
            assert_eq!(WallTime::from(NtpTime::from(WallTime(us))), WallTime(us));
        }
    }

    #[test]
    fn the_middle_of_an_ntp_time_matches_the_example_of_rfc_3550_figure_2() {
        // b44db705:20000000 has the middle b705:2000.
        assert_eq!(NtpTime(0xb44d_b705_2000_0000).middle_32(), 0xb705_2000);
    }

    #[test]
    fn now_relates_instants_to_wall_time_in_both_directions() {
        let now = Now { instant: Instant::now(), wall: WallTime(5_000_000) };
        let later = now.instant + Duration::from_millis(3);
        assert_eq!(now.wall_of(later), WallTime(5_003_000));
        assert_eq!(now.plus(Duration::from_millis(3)).wall_of(now.instant), WallTime(5_000_000));
    }
}
