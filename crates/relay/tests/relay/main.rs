//! A real relay on loopback, asked over HTTP, QUIC and WebRTC.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]

mod conduct;
mod http;
mod journal;
mod media;
mod pages;
mod quic;
mod rate;
mod sockets;
mod start;
mod support;
