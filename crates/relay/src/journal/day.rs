//! Wall time as people write it, in UTC.

use std::fmt;
use tongke_protocol::WallTime;

const US_PER_S: u64 = 1_000_000;
const S_PER_DAY: u64 = 24 * 3600;

/// A day of the Gregorian calendar, shown as `2026-11-25`: in this form days sort as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    year: u64,
    month: u64,
    day: u64,
}

impl Day {
    /// The UTC day of a moment.
    pub(super) fn of(moment: WallTime) -> Self {
        // Years are counted from March, so that a leap day is the last of its year; an era is the
        // 400 years after which the calendar repeats. 719468 days lie between 0000-03-01 and 1970.
        let days = moment.as_unix_us() / US_PER_S / S_PER_DAY + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: 400 * era + year_of_era + u64::from(month <= 2),
            month,
            day: of_year - (153 * from_march + 2) / 5 + 1,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A moment to the second, as in RFC 3339.
pub(super) fn to_the_second(moment: WallTime) -> String {
    let second = moment.as_unix_us() / US_PER_S % S_PER_DAY;
    format!("{}T{:02}:{:02}:{:02}Z", Day::of(moment), second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_s: u64) -> String {
        to_the_second(WallTime(unix_s * US_PER_S))
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        // Taken from `date -u -d @…`.
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(at(1_795_613_580), "2026-11-25T13:33:00Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(at(4_102_444_799), "2099-12-31T23:59:59Z");
    }

    #[test]
    fn each_day_sorts_after_the_one_before() {
        let days = (0..200_000).map(|day| Day::of(WallTime(day * S_PER_DAY * US_PER_S)).to_string());
        assert!(days.is_sorted_by(|before, after| before < after));
    }
}
