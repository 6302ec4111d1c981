//! Rooms, participants, tracks, subscriptions and receive slots: one packet in, which packets out.
//!
//! [`Core`] is the relay without sockets, threads or a clock: it is told datagrams and the time and
//! leaves what must be sent in [`Outputs`]. Mutate, drain, sleep until [`Core::poll_timeout`].

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

mod codecs;
mod core;
mod error;
mod outputs;
mod slots;
mod stats;

pub use crate::core::{Core, CoreConfig, Joined, LegInfo, LegKind, Patched};
pub use error::{JoinError, PatchError};
pub use outputs::{AddressedEvent, Audience, ClosedLeg, MAX_ARENA_BYTES, Outputs, QuicTransmit, Transmit};
pub use stats::{CoreStats, Counters, DropReason, LessonStats};

/// One leg of a participant: a WHIP, WHEP or QUIC session. A number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(u64);
