//! The camera's time on this machine's clock.

use std::time::{Duration, Instant};

/// How much the camera's clock is believed to be off: 200 ppm.
const DRIFT: f64 = 200e-6;
/// A jump beyond this is a new clock, not drift.
const JUMP: Duration = Duration::from_secs(2);

/// Maps the camera's timestamps to local instants: as if every picture had travelled as fast as the
/// fastest did. The camera's own delay (exposure, encoding) and the shortest network delay cannot be
/// seen from here and are not counted.
#[derive(Debug, Default)]
pub(super) struct CameraClock {
    /// The local instant of the camera's time zero, and when it was last corrected.
    zero: Option<(Instant, Instant)>,
}

impl CameraClock {
    /// When the picture with the camera's timestamp `media` was captured, which is here since
    /// `arrived`.
    pub(super) fn captured(&mut self, media: Duration, arrived: Instant) -> Instant {
        let Some(candidate) = arrived.checked_sub(media) else { return arrived };
        let zero = match self.zero {
            None => candidate,
            // A faster one: the others were late by so much.
            Some((zero, _)) if candidate <= zero => candidate,
            Some((zero, _)) if candidate - zero > JUMP => candidate,
            Some((zero, corrected)) => {
                let allowed = arrived.saturating_duration_since(corrected).mul_f64(DRIFT);
                zero + allowed.min(candidate - zero)
            }
        };
        self.zero = Some((zero, arrived));
        (zero + media).min(arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_on_the_way_does_not_move_the_capture_times() {
        let mut clock = CameraClock::default();
        let start = Instant::now() + Duration::from_secs(10);
        let mut times = Vec::new();
        for n in 0..300u32 {
            let media = Duration::from_millis(40) * n;
            let delay = Duration::from_millis(u64::from(n * 7919 % 30));
            times.push(clock.captured(media, start + media + delay));
        }
        for pair in times[50..].windows(2) {
            let step_ms = (pair[1] - pair[0]).as_secs_f64() * 1e3;
            assert!((39.7..40.2).contains(&step_ms), "{step_ms}");
        }
        let late = times[299] - (start + Duration::from_millis(40 * 299));
        assert!(late < Duration::from_millis(2), "{late:?}");
    }

    #[test]
    fn a_slow_camera_clock_is_followed_and_a_jump_is_taken() {
        let mut clock = CameraClock::default();
        let start = Instant::now() + Duration::from_secs(10);
        let mut last = start;
        for n in 0..90_000u32 {
            let real = start + Duration::from_millis(40) * n;
            let media = (Duration::from_millis(40) * n).mul_f64(1.0 - 100e-6);
            last = clock.captured(media, real);
            assert!(real - last < Duration::from_millis(5), "after {n} pictures {:?}", real - last);
        }
        let jumped = last + Duration::from_secs(60);
        assert_eq!(clock.captured(Duration::from_secs(1), jumped), jumped);
    }
}
