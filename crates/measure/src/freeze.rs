//! Freezes of a picture, by the rule of W3C webrtc-stats (`freezeCount`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Durations in the running average.
const HISTORY: usize = 30;
/// How much longer than the average a frame stands, at least, to be a freeze.
const EXCESS: Duration = Duration::from_millis(150);

/// Counts freezes of one video track from the moments at which its pictures are shown.
///
/// A picture froze if it stood for at least max(3·avg, avg + 150 ms), avg being the mean of the
/// 30 durations before it; with fewer nothing is counted. A freeze that no picture ends is not
/// counted either: [`FreezeDetector::since_last`] shows it.
#[derive(Debug, Clone, Default)]
pub struct FreezeDetector {
    last: Option<Instant>,
    history: VecDeque<Duration>,
    history_sum: Duration,
    frames: u64,
    freezes: u64,
    total: Duration,
    longest: Duration,
    longest_gap: Duration,
}

impl FreezeDetector {
    /// No picture yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A picture is shown. Returns its predecessor's duration if that was a freeze.
    pub fn on_frame(&mut self, shown: Instant) -> Option<Duration> {
        self.frames += 1;
        let duration = shown.saturating_duration_since(self.last.replace(shown)?);
        self.longest_gap = self.longest_gap.max(duration);
        let frozen = self.threshold().is_some_and(|threshold| duration >= threshold);
        self.history.push_back(duration);
        self.history_sum += duration;
        if self.history.len() > HISTORY {
            self.history_sum -= self.history.pop_front().unwrap_or_default();
        }
        if !frozen {
            return None;
        }
        self.freezes += 1;
        self.total += duration;
        self.longest = self.longest.max(duration);
        Some(duration)
    }

    /// How long a picture may stand now without being a freeze.
    fn threshold(&self) -> Option<Duration> {
        if self.history.len() < HISTORY {
            return None;
        }
        let average = self.history_sum / HISTORY as u32;
        Some((average * 3).max(average + EXCESS))
    }

    /// The source was stopped and started on purpose: the time between counts for nothing.
    pub fn on_pause(&mut self) {
        self.last = None;
    }

    /// Pictures shown.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Freezes so far.
    pub fn freezes(&self) -> u64 {
        self.freezes
    }

    /// The frozen pictures' whole durations together.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// The longest freeze.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The longest time between two pictures, whether or not the rule calls it a freeze.
    pub fn longest_gap(&self) -> Duration {
        self.longest_gap
    }

    /// Time since the last picture: the freeze that the counter cannot see yet.
    pub fn since_last(&self, now: Instant) -> Option<Duration> {
        self.last.map(|last| now.saturating_duration_since(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
    fn origin() -> Instant {
        Instant::now()
    }

    /// 120 frames at 25 per second.
    fn shown() -> FreezeDetector {
        let origin = origin();
        let mut detector = FreezeDetector::new();
        for i in 0..120 {
            detector.on_frame(origin + Duration::from_millis(40) * i);
        }
        detector
    }

    #[test]
    fn a_freeze_that_nothing_ends_shows_as_time_since_the_last_picture() {
        let detector = shown();
        let last = detector.last.unwrap();
        assert_eq!(detector.freezes(), 0);
        assert_eq!(detector.since_last(last + Duration::from_secs(4)), Some(Duration::from_secs(4)));
    }

    #[test]
    fn a_pause_is_no_freeze() {
        let mut detector = shown();
        let last = detector.last.unwrap();
        detector.on_pause();
        assert_eq!(detector.on_frame(last + Duration::from_secs(60)), None);
        assert_eq!(detector.freezes(), 0);
    }
}
