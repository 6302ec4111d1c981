//! One-way delay: a value, how far it may be off, and between what it was measured. The three never part.
//!
//! A figure is rounded to what its bound allows when it is made, so nobody can print more than is known; and a
//! run that must not be judged ends as another variant, not as a number with a remark.

mod outcome;
mod run;
#[cfg(test)]
mod tests;
mod value;

pub use outcome::{DelaySummary, Invalid, OneWay};
pub use run::{DelayRun, Refresh};
pub use value::{Delay, Scope};

/// The greatest clock bound at which a delay between two clocks is still judged, ms.
pub const MAX_CLOCK_BOUND_MS: f64 = 10.0;
/// Half a bucket of [`Distribution`](crate::Distribution): no figure is better than that.
const RESOLUTION_MS: f64 = 0.05;
