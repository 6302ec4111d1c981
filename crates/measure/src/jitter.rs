//! Interarrival jitter, RFC 3550 §6.4.1: a smoothed mean deviation of the packet spacing. For the
//! spread of the delay itself use [`Distribution::variation_ms`](crate::Distribution::variation_ms).

use std::time::Instant;

/// Interarrival jitter of one stream.
#[derive(Debug, Clone)]
pub struct Jitter {
    clock_rate_hz: f64,
    last: Option<(Instant, u32)>,
    jitter_ticks: f64,
}

impl Jitter {
    /// For a stream of this RTP clock rate.
    pub fn new(clock_rate_hz: u32) -> Self {
        Self { clock_rate_hz: f64::from(clock_rate_hz), last: None, jitter_ticks: 0.0 }
    }

    /// A packet came. Repaired packets must be left out: their delay is the repair's.
    pub fn on_packet(&mut self, arrived: Instant, rtp_ts: u32) {
        if let Some((last_arrived, last_ts)) = self.last {
            let spacing_s = match arrived.checked_duration_since(last_arrived) {
                Some(later) => later.as_secs_f64(),
                None => -(last_arrived - arrived).as_secs_f64(),
            };
            let d = spacing_s * self.clock_rate_hz - f64::from(rtp_ts.wrapping_sub(last_ts) as i32);
            self.jitter_ticks += (d.abs() - self.jitter_ticks) / 16.0;
        }
        self.last = Some((arrived, rtp_ts));
    }

    /// The jitter in RTP timestamp units.
    pub fn ticks(&self) -> f64 {
        self.jitter_ticks
    }

    /// The jitter in milliseconds.
    pub fn ms(&self) -> f64 {
        self.jitter_ticks * 1000.0 / self.clock_rate_hz
    }
}

/// The same in whole RTP timestamp units, as receivers put it into reports (RFC 3550 A.8): kept sixteenfold, and
/// rounded on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IntegerJitter {
    last_transit: Option<u32>,
    sixteenfold: u32,
}

impl IntegerJitter {
    /// No packet yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A packet came at `arrived`, a reading in RTP timestamp units of a clock with any origin.
    pub fn on_packet(&mut self, arrived: u32, rtp_ts: u32) {
        let transit = arrived.wrapping_sub(rtp_ts);
        if let Some(last) = self.last_transit.replace(transit) {
            let d = (transit.wrapping_sub(last) as i32).unsigned_abs();
            let decay = self.sixteenfold.saturating_add(8) >> 4;
            self.sixteenfold = self.sixteenfold.saturating_add(d) - decay;
        }
    }

    /// What a report carries.
    pub fn ticks(&self) -> u32 {
        self.sixteenfold >> 4
    }
}
