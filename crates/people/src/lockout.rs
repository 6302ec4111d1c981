//! How long somebody waits who gives wrong passwords. Nobody is shut out for good: whoever guesses would do that to
//! others; each wrong one makes the next cost more, until it is a quarter of an hour.

use std::time::Duration;
use tongke_protocol::WallTime;

/// Wrong passwords that cost nothing: people mistype.
const FREE: u32 = 5;
/// The first wait; each one after it is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After so long without a wrong one, all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// Wrong passwords for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many, since they were last forgotten.
    pub count: u32,
    /// When the last one was.
    pub last: WallTime,
}

impl Failures {
    /// How long is to be waited until the next try; zero: not at all.
    pub fn wait(self, now: WallTime) -> Duration {
        let Some(beyond) = self.count.checked_sub(FREE) else { return Duration::ZERO };
        let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT);
        // A clock that was set back starts the wait anew, and makes it no longer than it was.
        let passed = Duration::from_micros(now.micros_since(self.last).max(0).unsigned_abs());
        wait.saturating_sub(passed)
    }

    /// One wrong password more.
    #[must_use]
    pub fn and_one(self, now: WallTime) -> Failures {
        let passed = Duration::from_micros(now.micros_since(self.last).max(0).unsigned_abs());
        let before = if passed >= FORGOTTEN_AFTER { 0 } else { self.count };
        Failures { count: before.saturating_add(1), last: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_s(s: u64) -> WallTime {
        WallTime(1_000_000_000_000 + s * 1_000_000)
    }

    #[test]
    fn people_may_mistype_and_guessing_gets_slow() {
        let (mut failures, mut now, mut tries) = (Failures::default(), at_s(0), 0);
        let day = at_s(86_400);
        while now < day {
            now = WallTime(now.0 + failures.wait(now).as_micros() as u64);
            failures = failures.and_one(now);
            tries += 1;
        }
        assert!((90..=110).contains(&tries), "{tries} guesses a day");
        assert_eq!(
            (0..4).fold(Failures::default(), |it, _| it.and_one(at_s(0))).wait(at_s(0)),
            Duration::ZERO
        );
    }

    #[test]
    fn the_tenth_wrong_one_costs_minutes_and_an_hour_later_all_is_forgotten() {
        let ten = (0..10).fold(Failures::default(), |it, _| it.and_one(at_s(0)));
        assert_eq!(ten.wait(at_s(0)), Duration::from_secs(480));
        assert_eq!(ten.wait(at_s(479)), Duration::from_secs(1));
        assert_eq!(ten.wait(at_s(480)), Duration::ZERO);
        assert_eq!(ten.and_one(at_s(3_600)).count, 1);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let ten = (0..10).fold(Failures::default(), |it, _| it.and_one(at_s(10_000)));
        assert_eq!(ten.wait(at_s(0)), Duration::from_secs(480));
    }
}
