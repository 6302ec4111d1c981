//! What receivers saw: delays and gaps.

use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::{Now, NtpTime, WallTime};

/// One origin for both kinds of time.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Now);

impl Clock {
    /// Reads the system's clocks once.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Now { instant: Instant::now(), wall: WallTime(unix.as_micros() as u64) })
    }

    /// This moment.
    pub fn now(self) -> Now {
        let instant = Instant::now();
        Now { instant, wall: self.0.wall_of(instant) }
    }
}

/// First, last and number of the packets of one source.
#[derive(Debug, Clone, Copy)]
struct Seen {
    first: u64,
    last: u64,
    packets: u64,
}

/// What came.
#[derive(Debug, Default)]
pub struct Tally {
    delays_us: Vec<u32>,
    sources: HashMap<u64, Seen>,
    lost: u64,
}

impl Tally {
    /// Counts a packet of `source` with its extended number; `capture` is on our own clock.
    pub fn count(&mut self, now: Now, source: u64, number: u64, capture: Option<NtpTime>) {
        if let Some(capture) = capture {
            self.delays_us.push(now.wall.micros_since(WallTime::from(capture)).max(0) as u32);
        }
        let seen = self.sources.entry(source).or_insert(Seen { first: number, last: number, packets: 0 });
        seen.first = seen.first.min(number);
        seen.last = seen.last.max(number);
        seen.packets += 1;
    }

    /// Adds another receiver's.
    pub fn add(&mut self, other: Tally) {
        self.lost += other.lost();
        self.delays_us.extend(other.delays_us);
    }

    /// Numbers that never came.
    pub fn lost(&self) -> u64 {
        let missing = |seen: &Seen| (seen.last - seen.first + 1).saturating_sub(seen.packets);
        self.lost + self.sources.values().map(missing).sum::<u64>()
    }

    /// The delay that this share of packets did not exceed: from capture to here.
    pub fn delay_ms(&self, share: f64) -> f64 {
        let mut sorted = self.delays_us.clone();
        sorted.sort_unstable();
        let at = (share * sorted.len().saturating_sub(1) as f64) as usize;
        sorted.get(at).map_or(f64::NAN, |us| f64::from(*us) / 1e3)
    }
}
