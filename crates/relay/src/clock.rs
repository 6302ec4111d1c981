//! The relay's time: one monotonic clock, tied to wall time once, at the start.

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::{Now, WallTime};

/// Tells every part of one relay the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Now,
}

impl Clock {
    /// A clock tied to this machine's wall time now.
    pub(crate) fn start() -> Self {
        Self { origin: Now { instant: Instant::now(), wall: machine_wall() } }
    }

    /// The moment, from one clock read.
    pub(crate) fn now(&self) -> Now {
        self.at(Instant::now())
    }

    /// The moment of `instant`, which must not lie before the start.
    pub(crate) fn at(&self, instant: Instant) -> Now {
        Now { instant, wall: self.origin.wall_of(instant) }
    }
}

/// Wall time as the machine has it now, steps included. Only for grants: their expiry was written
/// by another machine, so a clock that NTP has stepped since the relay's start is the right one.
pub(crate) fn machine_wall() -> WallTime {
    WallTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_step_of_the_machines_wall_clock_does_not_move_the_relays_time() {
        // As if the wall clock had been set right, from 1970, after the relay's start.
        let origin = Now { instant: Instant::now(), wall: WallTime(5_000_000) };
        let clock = Clock { origin };
        let minute = Duration::from_secs(60);
        assert_eq!(clock.at(origin.instant + minute).wall, WallTime(65_000_000));
        assert!(
            clock.now().wall < WallTime(3_600_000_000) && machine_wall() > WallTime(1_700_000_000_000_000)
        );
    }
}
