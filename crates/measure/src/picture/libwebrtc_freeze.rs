//! Freezes as libwebrtc counts them, to compare with what a browser's getStats says. A report uses
//! [`FreezeDetector`](crate::FreezeDetector), which follows the text of W3C webrtc-stats.
//!
//! It differs from the text: times are whole milliseconds, a duration is in the average that it is compared
//! with, the average is rounded down, and five durations are enough. At 30 pictures per second a freeze takes
//! 155 ms more than usual, where the text has 150.

use std::collections::VecDeque;

/// Durations in the running average.
const WINDOW: usize = 30;
/// Durations before anything is counted.
const LEAST: usize = 5;
/// How much longer than the average a picture stands, at least, to be a freeze.
const EXCESS_MS: u64 = 150;

/// Counts freezes of one video track from the moments at which its pictures are shown.
#[derive(Debug, Clone, Default)]
pub struct LibwebrtcFreezes {
    last_ms: Option<u64>,
    window: VecDeque<u64>,
    freezes: u64,
    total_ms: u64,
}

impl LibwebrtcFreezes {
    /// No picture yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A picture is shown at this reading of a millisecond clock.
    pub fn on_frame(&mut self, shown_ms: u64) {
        let Some(last_ms) = self.last_ms.replace(shown_ms) else { return };
        let duration_ms = shown_ms.saturating_sub(last_ms);
        self.window.push_back(duration_ms);
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        if self.window.len() < LEAST {
            return;
        }
        let average_ms = self.window.iter().sum::<u64>() / self.window.len() as u64;
        if duration_ms >= (3 * average_ms).max(average_ms + EXCESS_MS) {
            self.freezes += 1;
            self.total_ms += duration_ms;
        }
    }

    /// `freezeCount`.
    pub fn freezes(&self) -> u64 {
        self.freezes
    }

    /// `totalFreezesDuration`, in ms.
    pub fn total_ms(&self) -> u64 {
        self.total_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_durations_are_too_few_and_five_are_enough() {
        let freezes = |shown_ms: &[u64]| {
            let mut counter = LibwebrtcFreezes::new();
            shown_ms.iter().for_each(|ms| counter.on_frame(*ms));
            counter.freezes()
        };
        assert_eq!(freezes(&[0, 33, 66, 99, 999]), 0);
        assert_eq!(freezes(&[0, 33, 66, 99, 132, 1032]), 1);
    }
}
