//! Rooms, participants, tracks, subscriptions and receive slots: one packet in, which packets out.
//!
//! [`Core`] is the relay without sockets, threads or a clock: it is told datagrams and the time and
//! leaves what must be sent in [`Outputs`]. Mutate, drain, sleep until [`Core::poll_timeout`].
//!
//! A packet's way: `core` finds its session and room, `media` its track and the track's `encoding`,
//! whose `ring` keeps it, `forward` takes it to each receiver, `subscription` gives it the receiver's numbers, `runs`
//! says which packets leave together, `wire` seals them. `cascade` takes lessons over several cores.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

mod act;
mod cascade;
mod clock;
mod codecs;
mod conduct;
mod config;
mod core;
mod encoding;
mod entry;
mod error;
mod feedback;
mod forward;
mod gates;
mod handshakes;
mod hold;
mod incoming;
mod join;
mod keyframes;
mod layers;
mod leg;
mod mapping;
mod media;
mod outputs;
mod participant;
mod policing;
mod presence;
mod record;
mod reports;
mod ring;
mod room;
mod runs;
mod slab;
mod slots;
mod stats;
mod subscription;
mod switching;
mod telling;
mod told;
mod track;
mod wakes;
mod wire;

pub use crate::core::Core;
pub use act::Acted;
pub use cascade::{Site, TrunkBatch, TrunkId};
pub use conduct::Attendance;
pub use config::{CoreConfig, Seed};
pub use error::{ActionError, FlowError, JoinError, PatchError};
pub use join::{Joined, Patched};
pub use leg::{LegInfo, LegKind, SessionPlace};
pub use outputs::{
    AddressedEvent, Audience, Carrier, ClosedLeg, MAX_ARENA_BYTES, Outputs, QuicTransmit, Transmit,
};
pub use policing::IngressLimits;
pub use stats::{CoreStats, Counters, DropReason, LessonStats};

/// One leg of a participant: a WHIP, WHEP or QUIC session. A number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(u64);
