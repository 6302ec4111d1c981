//! How other tools score a call: to reproduce their numbers for comparison, not to adopt them.
//!
//! Each result is a number of that tool and of nothing else, hence a type of its own; none of them is a MOS of the
//! E-model, whatever its tool calls it.

pub mod livekit;
pub mod rtcscore;
pub mod voipmonitor;

/// What a tool prints as MOS.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ToolScore {
    /// Which tool.
    pub tool: &'static str,
    /// The rating it reckons with.
    pub r: f64,
    /// What it prints.
    pub mos: f64,
}

/// The polynomial of G.107 Annex B, unclamped, as these tools apply it to numbers that are no R.
fn polynomial(r: f64) -> f64 {
    1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6
}
