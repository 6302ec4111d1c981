//! Samples in, numbers out: clock offset, delay, loss, freezes, concealment, A/V skew.
//!
//! Nothing here judges a number; whoever reads it does. Everything keeps a bounded amount of
//! memory however long the lesson, and is told the time.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod capture;
pub mod clock;
pub mod concealment;
pub mod distribution;
pub mod freeze;
pub mod jitter;
pub mod loss;
pub mod skew;

pub use capture::CaptureClock;
pub use clock::{ClockEstimate, ClockOffset, ClockSample, SampleVerdict};
pub use concealment::Concealment;
pub use distribution::Distribution;
pub use freeze::FreezeDetector;
pub use jitter::Jitter;
pub use loss::{LossPattern, LossSummary, Outcome};
pub use skew::AvSkewMeter;
