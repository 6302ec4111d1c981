//! A real relay on loopback, asked over HTTP, QUIC and WebRTC.

mod http;
mod media;
mod quic;
mod sockets;
mod start;
mod support;
