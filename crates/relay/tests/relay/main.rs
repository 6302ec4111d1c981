//! A real relay on loopback, asked over HTTP, QUIC and WebRTC.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]

mod conduct;
mod dispatches;
mod handing_on;
mod http;
mod journal;
mod load;
mod loopback;
mod media;
mod pages;
mod placement;
mod quic;
mod rate;
mod slow;
mod sockets;
mod spread;
mod spread_survival;
mod start;
mod support;
mod survival;
mod weather;
mod witness;
