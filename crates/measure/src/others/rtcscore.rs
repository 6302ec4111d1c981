//! rtcscore's score of sound, with the precedence slip of one of its versions: `0.1 * delay - 150` where
//! `0.1 * (delay - 150)` is meant. Above 150 ms it *adds* more than 100 points, so that 5 % loss at 200 ms is perfect.

use super::{ToolScore, polynomial};

/// What it looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audio {
    /// Lost packets, percent.
    pub loss_percent: f64,
    /// Round trip, ms.
    pub rtt_ms: f64,
    /// Delay of the jitter buffer, ms.
    pub buffer_ms: f64,
    /// Whether Opus's in-band FEC is on.
    pub fec: bool,
}

impl Audio {
    /// The score where no bit rate is given (Ie 6).
    pub fn score(&self) -> ToolScore {
        let delay_ms = 20.0 + self.buffer_ms + self.rtt_ms / 2.0;
        let (ie, bpl) = (6.0, if self.fec { 20.0 } else { 10.0 });
        let loss = ie + (100.0 - ie) * self.loss_percent / (self.loss_percent + bpl);
        let delay = 0.03 * delay_ms + if delay_ms > 150.0 { 0.1 * delay_ms - 150.0 } else { 0.0 };
        let r = (100.0 - loss - delay).clamp(0.0, 100.0);
        ToolScore { tool: "rtcscore", r, mos: polynomial(r).clamp(1.0, 5.0) }
    }
}
