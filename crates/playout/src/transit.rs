//! How late media arrives. A packet's transit is its arrival minus its media time; only differences
//! of transits mean anything, since the two times have different origins.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Turns RTP timestamps of one stream into microseconds that do not wrap.
#[derive(Debug, Clone)]
pub(crate) struct MediaTime {
    clock_rate_hz: i64,
    last: Option<(u32, i64)>,
}

impl MediaTime {
    pub(crate) fn new(clock_rate_hz: u32) -> Self {
        Self { clock_rate_hz: i64::from(clock_rate_hz), last: None }
    }

    /// The timestamp without wraps, in ticks since the stream's first one. Older ones may be asked for.
    pub(crate) fn extend(&mut self, rtp_ts: u32) -> i64 {
        let ticks = match self.last {
            None => 0,
            Some((last_ts, last)) => last + i64::from(rtp_ts.wrapping_sub(last_ts) as i32),
        };
        if self.last.is_none_or(|(_, last)| ticks > last) {
            self.last = Some((rtp_ts, ticks));
        }
        ticks
    }

    /// The newest timestamp so far, in ticks.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.last.map(|(_, ticks)| ticks)
    }

    pub(crate) fn ticks_to_us(&self, ticks: i64) -> i64 {
        ticks * 1_000_000 / self.clock_rate_hz
    }
}

/// Microseconds from `origin` to `at`; negative before it.
pub(crate) fn us_between(origin: Instant, at: Instant) -> i64 {
    match at.checked_duration_since(origin) {
        Some(later) => later.as_micros() as i64,
        None => -((origin - at).as_micros() as i64),
    }
}

/// The moment `us` after `origin`, or before it.
pub(crate) fn moment(origin: Instant, us: i64) -> Instant {
    let distance = Duration::from_micros(us.unsigned_abs());
    if us >= 0 { origin + distance } else { origin.checked_sub(distance).unwrap_or(origin) }
}

/// The transits of the last packets, bounded in number and in age; the oldest go first.
#[derive(Debug, Clone)]
pub(crate) struct Transits {
    window: Duration,
    capacity: usize,
    samples: VecDeque<(Instant, i64)>,
    scratch: Vec<i64>,
}

impl Transits {
    pub(crate) fn new(window: Duration, capacity: usize) -> Self {
        Self { window, capacity, samples: VecDeque::new(), scratch: Vec::new() }
    }

    pub(crate) fn record(&mut self, at: Instant, transit_us: i64) {
        self.forget(at);
        if self.samples.len() >= self.capacity {
            self.samples.pop_front();
        }
        self.samples.push_back((at, transit_us));
    }

    /// Drops what is older than the window.
    pub(crate) fn forget(&mut self, now: Instant) {
        while self.samples.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > self.window) {
            self.samples.pop_front();
        }
    }

    pub(crate) fn min_us(&self) -> Option<i64> {
        self.samples.iter().map(|(_, transit)| *transit).min()
    }

    /// The `q`-quantile by nearest rank.
    pub(crate) fn quantile_us(&mut self, q: f64) -> Option<i64> {
        let rank = (q * self.samples.len() as f64).ceil() as usize;
        self.ranked_us(rank.clamp(1, self.samples.len().max(1)))
    }

    /// The `rank`-th smallest, counted from 1.
    fn ranked_us(&mut self, rank: usize) -> Option<i64> {
        if rank > self.samples.len() {
            return None;
        }
        self.scratch.clear();
        self.scratch.extend(self.samples.iter().map(|(_, transit)| *transit));
        Some(*self.scratch.select_nth_unstable(rank - 1).1)
    }

    pub(crate) fn clear(&mut self) {
        self.samples.clear();
    }
}

/// Least pace at which a delay shrinks, µs per second.
const SHRINK_US_PER_S: f64 = 20_000.0;
/// Part of what is too much that goes in a second, on top of that.
const SHRINK_PART_PER_S: f64 = 0.2;

/// A delay that follows what is wanted: up at once, down slowly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Follower {
    value: Option<(Instant, f64)>,
}

impl Follower {
    pub(crate) fn follow(&mut self, now: Instant, wanted_us: i64) {
        let wanted = wanted_us as f64;
        let value = match self.value {
            Some((since, value)) if wanted < value => {
                let elapsed_s = now.saturating_duration_since(since).as_secs_f64().min(1.0);
                let pace = SHRINK_US_PER_S + (value - wanted) * SHRINK_PART_PER_S;
                wanted.max(value - pace * elapsed_s)
            }
            _ => wanted,
        };
        self.value = Some((now, value));
    }

    pub(crate) fn get(&self) -> Option<i64> {
        self.value.map(|(_, value)| value as i64)
    }

    pub(crate) fn clear(&mut self) {
        self.value = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn media_time_goes_on_across_the_wrap_and_back_for_older_packets() {
        let mut time = MediaTime::new(90_000);
        assert_eq!(time.extend(u32::MAX - 2_999), 0);
        assert_eq!(time.extend(3_000), 6_000);
        assert_eq!(time.extend(0), 3_000);
        assert_eq!(time.extend(6_000), 9_000);
        assert_eq!(time.ticks_to_us(9_000), 100_000);
    }

    #[test]
    fn quantiles_are_of_the_window_only() {
        let t = origin();
        let mut transits = Transits::new(Duration::from_secs(1), 100);
        for i in 0..50u64 {
            transits.record(t + Duration::from_millis(i), i as i64);
        }
        assert_eq!(transits.quantile_us(0.5), Some(24));
        assert_eq!((transits.quantile_us(1.0), transits.min_us()), (Some(49), Some(0)));
        transits.record(t + Duration::from_millis(1040), 7);
        assert_eq!((transits.samples.len(), transits.min_us()), (11, Some(7)));
    }

    #[test]
    fn a_delay_rises_at_once_and_sinks_slowly() {
        let t = origin();
        let mut delay = Follower::default();
        delay.follow(t, 10_000);
        delay.follow(t, 110_000);
        assert_eq!(delay.get(), Some(110_000));
        let mut after_a_second = None;
        for ms in 1..=10_000 {
            delay.follow(t + Duration::from_millis(ms), 10_000);
            after_a_second = after_a_second.or(delay.get().filter(|_| ms == 1_000));
        }
        assert!((70_000..80_000).contains(&after_a_second.unwrap()), "{after_a_second:?}");
        assert_eq!(delay.get(), Some(10_000));
    }
}
