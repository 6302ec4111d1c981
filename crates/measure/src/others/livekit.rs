//! LiveKit's `connectionquality`: a packet score of every five seconds.
//!
//! Delay is half the RTT plus twice the jitter, so that capture, coding and playout are not in it, and echo is nowhere:
//! a call with 400 ms mouth to ear over a quick line is excellent.

use super::{ToolScore, polynomial};

/// How much a percent of loss weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LossWeight {
    /// Opus, 8.
    Opus,
    /// Opus with in-band FEC, 8/1.5.
    OpusFec,
    /// RED, 4.
    Red,
    /// Pictures, 10.
    Video,
}

impl LossWeight {
    fn points_per_percent(self) -> f64 {
        match self {
            LossWeight::Opus => 8.0,
            LossWeight::OpusFec => 8.0 / 1.5,
            LossWeight::Red => 4.0,
            LossWeight::Video => 10.0,
        }
    }
}

/// What it makes of a window: the packet score without its factor for few packets, and the MOS it shows.
/// `total` is the number of packets expected.
pub fn packet_score(rtt_ms: f64, jitter_us: f64, lost: u32, total: u32, weight: LossWeight) -> ToolScore {
    let effective_ms = rtt_ms / 2.0 + 2.0 * jitter_us / 1000.0;
    let delay = if effective_ms <= 160.0 { effective_ms / 40.0 } else { (effective_ms - 120.0) / 10.0 };
    let loss_percent = if total == 0 { 0.0 } else { 100.0 * f64::from(lost) / f64::from(total) };
    let r = (100.0 - delay - loss_percent * weight.points_per_percent()).max(0.0);
    ToolScore { tool: "LiveKit", r, mos: polynomial(r) }
}
