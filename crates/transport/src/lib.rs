//! One peer connection as input and output: RTP ([`rtp`]), the relay's side of WebRTC ([`webrtc`])
//! and RTP over QUIC ([`quic`]).
//!
//! Pure: told the time, given bytes, gives bytes. No sockets, no threads, no clock reads.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin"))]

pub mod quic;
pub mod rtp;
pub mod webrtc;
