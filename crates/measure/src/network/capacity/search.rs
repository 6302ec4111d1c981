//! The sender's search for the rate that the path carries: RFC 9097 Appendix A, and a hold at its end.
//!
//! Where queues are deep the search swings around the capacity and may not fill a single second of it. So in the
//! test's last seconds the rate is held a little above the best second so far, which shows what the path carries.

use super::Row;
use serde::{Deserialize, Serialize};

/// What the search goes by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchSettings {
    /// Delay variation below which the rate goes up, ms.
    pub low_ms: f64,
    /// Delay variation above which it goes down, ms.
    pub upper_ms: f64,
    /// Sequence errors in one report up to which it may go up: a path that loses a little is not full.
    pub max_seq_errors: u64,
    /// Bad reports in a row of the test after which the rate is cut at once.
    pub slow_after: u32,
    /// Rows taken at once below [`Row::HIGH_SPEED`]; a cut takes three times as many.
    pub high_speed_rows: u16,
    /// The fastest row that is ever tried.
    pub fastest: Row,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            low_ms: 30.0,
            upper_ms: 90.0,
            max_seq_errors: 10,
            slow_after: 3,
            high_speed_rows: 10,
            fastest: Row::LAST,
        }
    }
}

/// By how much the held rate exceeds the best second before it.
const HOLD_ABOVE: f64 = 1.25;

/// Where the search is.
#[derive(Debug, Clone)]
pub struct RateSearch {
    settings: SearchSettings,
    row: u16,
    bad_reports: u32,
    held: bool,
}

impl RateSearch {
    /// At the slowest row.
    pub fn new(settings: SearchSettings) -> Self {
        Self { settings, row: 0, bad_reports: 0, held: false }
    }

    /// The row to send at.
    pub fn row(&self) -> Row {
        Row::new(self.row)
    }

    /// A report came: packets lost, reordered or doubled since the last one, and by how much delay exceeded the
    /// smallest of the test. Returns the row to send at.
    pub fn on_report(&mut self, seq_errors: u64, delay_variation_ms: f64) -> Row {
        if self.held {
            return self.row();
        }
        let clean = seq_errors <= self.settings.max_seq_errors;
        if clean && delay_variation_ms < self.settings.low_ms {
            self.faster();
        } else if !clean || delay_variation_ms > self.settings.upper_ms {
            self.slower();
        }
        self.row()
    }

    /// No report came within [`WATCHDOG`](super::WATCHDOG) (RFC 9097 leaves the rule to the implementation).
    pub fn on_silence(&mut self) -> Row {
        if !self.held {
            self.slower();
        }
        self.row()
    }

    /// From here to the test's end the rate stays, a little above the best second that the receiver saw. Without
    /// such a second the search goes on.
    pub fn hold(&mut self, best_bps: f64) -> Row {
        if best_bps > 0.0 && !self.held {
            self.held = true;
            let above = Row::not_above(best_bps * HOLD_ABOVE).number() + 1;
            self.row = above.min(self.settings.fastest.number());
        }
        self.row()
    }

    fn fast(&self) -> bool {
        self.row < Row::HIGH_SPEED.number()
    }

    fn faster(&mut self) {
        if self.fast() && self.bad_reports < self.settings.slow_after {
            self.row = (self.row + self.settings.high_speed_rows).min(Row::HIGH_SPEED.number());
            self.bad_reports = 0;
        } else {
            self.row += 1;
        }
        self.row = self.row.min(self.settings.fastest.number());
    }

    fn slower(&mut self) {
        self.bad_reports = self.bad_reports.saturating_add(1);
        let rows = if self.fast() && self.bad_reports == self.settings.slow_after {
            self.settings.high_speed_rows * 3
        } else {
            1
        };
        self.row = self.row.saturating_sub(rows);
    }
}
