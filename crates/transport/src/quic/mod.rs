//! RTP over QUIC: how packets and control messages are framed ([`framing`], [`control`]), and the
//! client's end of a media session ([`ClientLeg`]). What the bytes mean is told in
//! [`tongke_protocol::control`].

pub mod control;
pub mod framing;
mod leg;

pub use leg::{ClientLeg, ClientLegConfig, LegEvent, LegStats, PublishStats, SlotStats};
