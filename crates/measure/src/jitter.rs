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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn the_vector_of_48_khz_sound_is_reproduced() {
        let arrivals = [0u32, 960, 2400, 3120, 3840, 4800, 7200, 8160, 7680, 8640];
        let expected =
            [0.0, 0.0, 30.0, 43.125, 55.429688, 51.965332, 138.717499, 130.047655, 211.919677, 198.674697];
        let origin = origin();
        let mut jitter = Jitter::new(48_000);
        for (i, (arrival, expected)) in arrivals.into_iter().zip(expected).enumerate() {
            let arrived = origin + Duration::from_nanos(u64::from(arrival) * 1_000_000_000 / 48_000);
            jitter.on_packet(arrived, 4_294_967_000u32.wrapping_add(i as u32 * 960));
            assert!((jitter.ticks() - expected).abs() < 1e-3, "{i}: {} {expected}", jitter.ticks());
        }
        assert!((jitter.ms() - 198.674697 / 48.0).abs() < 1e-4);
    }
}
