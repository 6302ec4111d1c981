//! How much may be under way to a QUIC client: a window for live media.
//!
//! QUIC's usual controllers halve their window for each lost packet, so that a radio link that
//! loses 5 % at random would be left a fraction of a lesson's rate. Here a loss matters by its
//! share, as in the loss-based half of Google Congestion Control (draft-ietf-rmcat-gcc-02 §6): up
//! to 2 % the window may grow, up to 10 % it stays, above it shrinks by half the share. A queue
//! that builds up on the way (round trips far above their minimum) counts as congestion too, since
//! pictures that wait there come too late.

use quinn::congestion::{Controller, ControllerFactory};
use quinn_proto::RttEstimator;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Enough for the keyframes of a few cameras at once on a path that nothing is known of.
const INITIAL: u64 = 256 * 1024;
/// Half a second at 1 Mbit/s: below it no lesson goes on anyway.
const SMALLEST: u64 = 64 * 1024;
/// A whole lesson's burst, 100 Mbit/s at 320 ms.
const LARGEST: u64 = 4 << 20;
/// Shortest time that a share of losses is taken over.
const SHORTEST_ROUND: Duration = Duration::from_millis(200);
/// Queueing on the way that counts as congestion.
const LONG_QUEUE: Duration = Duration::from_millis(250);
const LOSS_TO_GROW: f64 = 0.02;
const LOSS_TO_SHRINK: f64 = 0.10;

/// The window of one connection.
#[derive(Debug, Clone)]
pub(super) struct MediaWindow {
    window: u64,
    /// When the current round began.
    round_start: Option<Instant>,
    acknowledged: u64,
    lost: u64,
    /// Whether the application had more to send than the window let through.
    filled: bool,
}

impl MediaWindow {
    fn new() -> Self {
        Self { window: INITIAL, round_start: None, acknowledged: 0, lost: 0, filled: false }
    }

    /// Judges the round that ends, if it lasted long enough.
    fn end_round(&mut self, now: Instant, rtt: Duration, shortest_rtt: Duration) {
        let start = *self.round_start.get_or_insert(now);
        if now.saturating_duration_since(start) < rtt.max(SHORTEST_ROUND) {
            return;
        }
        let share = self.lost as f64 / (self.lost + self.acknowledged).max(1) as f64;
        let factor = if share > LOSS_TO_SHRINK {
            1.0 - share / 2.0
        } else if rtt.saturating_sub(shortest_rtt) > LONG_QUEUE {
            0.85
        } else if share < LOSS_TO_GROW && self.filled {
            1.25
        } else {
            1.0
        };
        self.window = ((self.window as f64 * factor) as u64).clamp(SMALLEST, LARGEST);
        *self = Self { window: self.window, round_start: Some(now), ..Self::new() };
    }
}

impl Controller for MediaWindow {
    fn on_ack(&mut self, now: Instant, _sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.acknowledged += bytes;
        self.filled |= !app_limited;
        self.end_round(now, rtt.get(), rtt.min());
    }

    fn on_congestion_event(&mut self, _now: Instant, _sent: Instant, persistent: bool, lost_bytes: u64) {
        self.lost += lost_bytes;
        if persistent {
            self.window = SMALLEST;
        }
    }

    fn on_mtu_update(&mut self, _new_mtu: u16) {}

    fn window(&self) -> u64 {
        self.window
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        INITIAL
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Gives each connection its own window.
pub(super) struct MediaWindows;

impl ControllerFactory for MediaWindows {
    fn build(self: Arc<Self>, _now: Instant, _current_mtu: u16) -> Box<dyn Controller> {
        Box::new(MediaWindow::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(80);

    /// Rounds of 250 ms, each with 100 kB acknowledged and what `lost` says.
    fn after_rounds(rounds: u32, lost: u64, rtt: Duration, filled: bool) -> u64 {
        let origin = Instant::now();
        let mut window = MediaWindow::new();
        for round in 0..=rounds {
            window.acknowledged += 100_000;
            window.filled = filled;
            window.on_congestion_event(origin, origin, false, lost);
            window.end_round(origin + Duration::from_millis(250) * round, rtt, RTT);
        }
        window.window()
    }

    #[test]
    fn random_loss_of_5_percent_does_not_shrink_the_window() {
        assert_eq!(after_rounds(100, 5_300, RTT, true), INITIAL);
    }

    #[test]
    fn heavy_loss_shrinks_it_down_to_what_speech_needs() {
        assert!(after_rounds(2, 30_000, RTT, true) < INITIAL);
        assert_eq!(after_rounds(100, 30_000, RTT, true), SMALLEST);
    }

    #[test]
    fn a_queue_on_the_way_shrinks_it_without_any_loss() {
        assert!(after_rounds(3, 0, RTT + Duration::from_millis(300), true) < INITIAL);
    }

    #[test]
    fn it_grows_only_when_it_was_the_limit() {
        assert_eq!(after_rounds(100, 0, RTT, false), INITIAL);
        assert_eq!(after_rounds(100, 0, RTT, true), LARGEST);
    }
}
