//! When a picture or a sound was captured, for every RTP timestamp, from stamps that come only now
//! and then (abs-capture-time is sent about once a second; RTCP sender reports, every few seconds).

use tongke_protocol::WallTime;

/// A stamp older than this says nothing any more: the source behind the timestamps may have changed.
const MAX_DISTANCE_S: f64 = 30.0;

/// Maps RTP timestamps of one stream to capture time, from the last stamp and the clock rate.
#[derive(Debug, Clone)]
pub struct CaptureClock {
    clock_rate_hz: f64,
    anchor: Option<(u32, WallTime)>,
}

impl CaptureClock {
    /// For a stream of this RTP clock rate.
    pub fn new(clock_rate_hz: u32) -> Self {
        Self { clock_rate_hz: f64::from(clock_rate_hz), anchor: None }
    }

    /// The packet with this timestamp was captured at `capture`.
    pub fn stamp(&mut self, rtp_ts: u32, capture: WallTime) {
        self.anchor = Some((rtp_ts, capture));
    }

    /// The capture time of `rtp_ts`; none without a stamp near enough. Old and new may be asked for.
    pub fn at(&self, rtp_ts: u32) -> Option<WallTime> {
        let (anchor_ts, capture) = self.anchor?;
        let distance_s = f64::from(rtp_ts.wrapping_sub(anchor_ts) as i32) / self.clock_rate_hz;
        (distance_s.abs() <= MAX_DISTANCE_S).then(|| capture.offset_by_us((distance_s * 1e6).round() as i64))
    }

    /// Another source is behind the stream now.
    pub fn reset(&mut self) {
        self.anchor = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_between_stamps_are_reckoned_in_both_directions_and_across_the_wrap() {
        let mut clock = CaptureClock::new(90_000);
        assert_eq!(clock.at(5), None);
        clock.stamp(u32::MAX - 4_499, WallTime(1_000_000));
        assert_eq!(clock.at(4_500), Some(WallTime(1_100_000)));
        assert_eq!(clock.at(u32::MAX - 13_499), Some(WallTime(900_000)));
        assert_eq!(clock.at(90_000 * 40), None, "too far from the stamp");
    }
}
