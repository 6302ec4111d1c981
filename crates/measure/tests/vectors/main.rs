//! Numbers that were computed apart from any code here, from the standards' formulas: tables of inputs and of what
//! must come out, to 1e-4 or exactly.

#![expect(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]

mod bursts;
mod clocks;
mod emodel_fullband;
mod emodel_narrowband;
mod emodel_wideband;
mod freezes;
mod g1070;
mod jitter;
mod network_procedures;
mod other_tools;
mod sound_procedures;

/// Fails unless `got` is `want` to 1e-4.
#[track_caller]
fn close(what: &str, got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-4, "{what}: {got}, not {want}");
}
