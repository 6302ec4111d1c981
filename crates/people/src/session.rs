//! How long somebody stays signed in (OWASP ASVS 5.0 §7.3; the lengths are ours, and stand in docs/security.md).

use std::time::Duration;
use tongke_protocol::WallTime;

/// Longest time from signing in to signing in again: a school day.
pub const LONGEST: Duration = Duration::from_hours(12);
/// Longest time without asking for anything. Two lessons and the break between them: whoever teaches looks at the
/// lesson, not at these pages.
pub const IDLE: Duration = Duration::from_mins(120);

/// When somebody signed in, and when they last asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Signed in.
    pub began: WallTime,
    /// Last heard of.
    pub seen: WallTime,
}

impl Lifetime {
    /// Begins now.
    pub fn begin(now: WallTime) -> Lifetime {
        Lifetime { began: now, seen: now }
    }

    /// When it ends, if nobody asks for anything.
    pub fn ends(self) -> WallTime {
        let after = |from: WallTime, time: Duration| WallTime(from.0.saturating_add(time.as_micros() as u64));
        after(self.began, LONGEST).min(after(self.seen, IDLE))
    }

    /// Whether it still lasts. A clock that was set back ends it: nobody knows how long it has lasted.
    pub fn lasts(self, now: WallTime) -> bool {
        self.began <= now && now < self.ends()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000;

    #[test]
    fn it_ends_when_nothing_is_asked_for_and_after_a_day_whatever_is_asked_for() {
        let begin = WallTime(100 * HOUR);
        let quiet = Lifetime::begin(begin);
        assert!(quiet.lasts(WallTime(102 * HOUR - 1)) && !quiet.lasts(WallTime(102 * HOUR)));
        let busy = Lifetime { seen: WallTime(112 * HOUR - 1), ..quiet };
        assert!(busy.lasts(WallTime(112 * HOUR - 1)) && !busy.lasts(WallTime(112 * HOUR)));
    }

    #[test]
    fn a_clock_that_is_set_back_ends_it() {
        assert!(!Lifetime::begin(WallTime(100 * HOUR)).lasts(WallTime(99 * HOUR)));
    }
}
