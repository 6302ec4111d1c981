//! How regularly pictures are shown: the rate, and how uneven it is (W3C webrtc-stats `totalInterFrameDelay`,
//! `totalSquaredInterFrameDelay`).

use std::time::{Duration, Instant};

/// Takes the moments at which pictures are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct FramePacing {
    last: Option<Instant>,
    n: u64,
    total_s: f64,
    total_squared_s2: f64,
}

impl FramePacing {
    /// No picture yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A picture is shown.
    pub fn on_frame(&mut self, shown: Instant) {
        if let Some(last) = self.last.replace(shown) {
            let delay_s = shown.saturating_duration_since(last).as_secs_f64();
            self.n += 1;
            self.total_s += delay_s;
            self.total_squared_s2 += delay_s * delay_s;
        }
    }

    /// The source was stopped and started on purpose: the time between counts for nothing.
    pub fn on_pause(&mut self) {
        self.last = None;
    }

    /// Pictures per second; none before the second picture.
    pub fn fps(&self) -> Option<f64> {
        (self.total_s > 0.0).then(|| self.n as f64 / self.total_s)
    }

    /// Span over Σd²: the rate as it is felt, since long waits weigh more. Equal to [`FramePacing::fps`] when all
    /// waits are equal, lower otherwise.
    pub fn harmonic_fps(&self) -> Option<f64> {
        (self.total_squared_s2 > 0.0).then(|| self.total_s / self.total_squared_s2)
    }

    /// Standard deviation of the time between pictures, ms: √((Σd² − (Σd)²/n)/n).
    pub fn deviation_ms(&self) -> Option<f64> {
        let n = self.n as f64;
        let variance = (self.total_squared_s2 - self.total_s * self.total_s / n) / n;
        (self.n > 0).then(|| variance.max(0.0).sqrt() * 1000.0)
    }

    /// Time since the last picture: what no counter shows until there is a next one.
    pub fn since_last(&self, now: Instant) -> Option<Duration> {
        self.last.map(|last| now.saturating_duration_since(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_pictures_have_one_rate_and_uneven_ones_feel_slower() {
        let origin = Instant::now();
        let mut pacing = FramePacing::new();
        assert_eq!((pacing.fps(), pacing.deviation_ms()), (None, None));
        (0..=100u64).for_each(|i| pacing.on_frame(origin + Duration::from_millis(40 * i)));
        assert!((pacing.fps().unwrap() - 25.0).abs() < 1e-9);
        assert!((pacing.harmonic_fps().unwrap() - 25.0).abs() < 1e-9);
        assert!(pacing.deviation_ms().unwrap() < 1e-3);

        let mut uneven = FramePacing::new();
        // Waits of 20 and 60 ms in turn: mean 40, deviation 20, Σd/Σd² = 80/(400+3600)·1000.
        for i in 0..=100u64 {
            uneven.on_frame(origin + Duration::from_millis(40 * i + (i % 2) * 20));
        }
        assert!((uneven.fps().unwrap() - 25.0).abs() < 1e-9);
        assert!((uneven.harmonic_fps().unwrap() - 20.0).abs() < 1e-9);
        assert!((uneven.deviation_ms().unwrap() - 20.0).abs() < 1e-6);
    }

    #[test]
    fn a_pause_is_no_wait_and_the_last_picture_ages() {
        let origin = Instant::now();
        let mut pacing = FramePacing::new();
        pacing.on_frame(origin);
        pacing.on_pause();
        pacing.on_frame(origin + Duration::from_secs(60));
        assert_eq!(pacing.fps(), None);
        let later = origin + Duration::from_secs(67);
        assert_eq!(pacing.since_last(later), Some(Duration::from_secs(7)));
    }
}
