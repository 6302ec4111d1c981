//! A worker's sockets: bound before its thread runs, so that a port in use is told to whoever starts
//! the relay, and kept beside it, so that a worker that replaces it listens where it did.

use super::{tcp, udp};
use crate::config::{RelayConfig, worker_address};
use crate::error::RelayError;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// How often a free port is tried that is free for UDP and TCP alike.
const PORT_TRIES: usize = 16;

/// The bound sockets. A worker works on copies of them.
pub(crate) struct Sockets {
    /// WebRTC media.
    pub(super) udp: UdpSocket,
    /// ICE-TCP, on the same port.
    pub(super) tcp: TcpListener,
    /// QUIC.
    pub(super) quic: UdpSocket,
}

impl Sockets {
    /// Those of worker `index`.
    pub(super) fn bind(config: &RelayConfig, index: usize) -> Result<Self, RelayError> {
        let (udp, tcp) = bind_rtc(worker_address(config.rtc, index))?;
        let quic = udp::bind("QUIC", "quic", worker_address(config.quic, index))?;
        Ok(Self { udp, tcp, quic })
    }

    /// The same sockets for another thread.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self { udp: self.udp.try_clone()?, tcp: self.tcp.try_clone()?, quic: self.quic.try_clone()? })
    }
}

/// Binds UDP and TCP on the same port; with port 0 on one that is free for both.
fn bind_rtc(address: SocketAddr) -> Result<(UdpSocket, TcpListener), RelayError> {
    let mut tries = PORT_TRIES;
    loop {
        let udp = udp::bind("WebRTC media (UDP)", "rtc", address)?;
        let bound = udp.local_addr().map_err(|source| bind_error(address, source))?;
        match tcp::bind(bound) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(_) if address.port() == 0 && tries > 0 => tries -= 1,
            Err(source) => return Err(bind_error(bound, source)),
        }
    }
}

fn bind_error(address: SocketAddr, source: io::Error) -> RelayError {
    RelayError::Bind { what: "WebRTC media (TCP)", address, flag: "rtc", source }
}
