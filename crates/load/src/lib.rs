//! Publishers and subscribers as a relay meets them, many at once, and what they saw.
//!
//! [`Load`] puts a [`Shape`] of lessons on a [`Target`] over real sessions (WHIP, WHEP, DTLS, SRTP) and
//! tells what was [`Seen`] in a window of time: added latency, loss, joins, what the target's process
//! used, and whether the load itself kept up. One thread makes the load (`engine`): run it on a processor
//! of its own.

pub mod browser;
mod clear;
pub mod cores;
mod engine;
mod error;
pub mod histogram;
mod join;
mod ledger;
mod load;
mod plant;
mod port;
pub mod process;
mod quic;
mod record;
pub mod schedule;
mod seen;
mod shape;
mod signal;
pub mod stamp;
mod stream;
mod tally;

pub use error::LoadError;
pub use histogram::Percentiles;
pub use join::Joining;
pub use load::{Load, LoadConfig, Progress};
pub use plant::Link;
pub use schedule::Pace;
pub use seen::{Generator, JoinTimes, Seen, TargetUse};
pub use shape::Shape;
pub use signal::{Counters, Target};
