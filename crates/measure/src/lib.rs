//! Samples in, numbers out: clock offset, delay, loss, freezes, concealment, A/V skew; speech scores, echo
//! and the probes that find them.
//!
//! Nothing here judges a number; whoever reads it does. Everything keeps a bounded amount of
//! memory however long the lesson, and is told the time.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod capture;
pub mod chirp;
pub mod clock;
pub mod concealment;
pub mod correlate;
pub mod delay;
pub mod distribution;
pub mod double_talk;
pub mod echo;
pub mod emodel;
pub mod evidence;
pub mod freeze;
pub mod g1070;
pub mod gilbert;
pub mod input;
pub mod jitter;
pub mod lipsync;
pub mod loss;
pub mod marker;
pub mod network;
pub mod others;
pub mod picture;
pub mod room;
pub mod round_trip;
pub mod skew;
pub mod speech;
pub mod variation;
pub mod visqol;
pub mod xr_voip;

pub use capture::CaptureClock;
pub use clock::{ClockEstimate, ClockOffset, ClockSample, SampleVerdict};
pub use concealment::Concealment;
pub use distribution::Distribution;
pub use freeze::FreezeDetector;
pub use input::InputError;
pub use jitter::Jitter;
pub use loss::{LossPattern, LossSummary, Outcome};
pub use skew::AvSkewMeter;
