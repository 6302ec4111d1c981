//! Samples in, numbers out: clock offset, delay, loss, freezes, concealment, A/V skew.
//!
//! Nothing here judges a number; whoever reads it does. Everything keeps a bounded amount of
//! memory however long the lesson, and is told the time.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod capture;
pub mod clock;
pub mod concealment;
pub mod delay;
pub mod distribution;
pub mod evidence;
pub mod freeze;
pub mod gilbert;
pub mod jitter;
pub mod loss;
pub mod marker;
pub mod network;
pub mod picture;
pub mod round_trip;
pub mod skew;
pub mod variation;
pub mod xr_voip;

pub use capture::CaptureClock;
pub use clock::{ClockEstimate, ClockOffset, ClockSample, SampleVerdict};
pub use concealment::Concealment;
pub use distribution::Distribution;
pub use freeze::FreezeDetector;
pub use jitter::Jitter;
pub use loss::{LossPattern, LossSummary, Outcome};
pub use skew::AvSkewMeter;
