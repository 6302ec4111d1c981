//! Free ports on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

const TRIES: usize = 50;

/// An address on loopback whose port is free for UDP and TCP. Somebody else may take it before it
/// is used; the command that finds it taken says so.
pub fn free_address() -> io::Result<SocketAddr> {
    let mut refused = io::Error::other("no port is free for both UDP and TCP");
    for _ in 0..TRIES {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        match UdpSocket::bind(address) {
            Ok(_) => return Ok(address),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_address_can_be_bound_for_udp_and_tcp() {
        let address = free_address().unwrap();
        assert!(UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok());
    }
}
