//! The relay's side of one WebRTC connection: ICE-lite ([`ice`], [`stun`]), DTLS as the server
//! ([`dtls`]), SRTP ([`srtp`]) and the offer/answer text ([`sdp`]), put together by [`Session`].
//!
//! Pure: told the time, bytes in, bytes out. The shell owns the sockets, and for ICE over TCP the
//! framing of RFC 4571. The one thing not told is randomness: DTLS draws its keys from the
//! operating system.

pub mod dtls;
pub mod ice;
pub mod sdp;
pub mod session;
pub mod srtp;
pub mod stun;
#[cfg(test)]
mod test_peer;

pub use dtls::{Certificate, Fingerprint};
pub use ice::IceCredentials;
pub use session::{CloseReason, DropReason, Received, Session, SessionConfig, SessionEvent};

use std::net::SocketAddr;

/// The way a datagram came, and the way to send one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// Between two UDP addresses.
    Udp {
        /// Ours.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// Over a TCP connection of ICE-TCP (RFC 6544), framed by the shell (RFC 4571).
    Tcp {
        /// The shell's number of the connection.
        connection: u64,
        /// The peer's address.
        remote: SocketAddr,
    },
}

impl Path {
    /// The peer's address.
    pub fn remote(&self) -> SocketAddr {
        match self {
            Path::Udp { remote, .. } | Path::Tcp { remote, .. } => *remote,
        }
    }
}

/// What a datagram on a WebRTC port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatagramKind {
    /// An ICE check.
    Stun,
    /// A DTLS record.
    Dtls,
    /// SRTP or SRTCP.
    Media,
    /// Nothing that this relay speaks.
    Other,
}

/// Tells datagrams apart by their first byte (RFC 7983 §7).
pub fn classify(first_byte: u8) -> DatagramKind {
    match first_byte {
        0..=3 => DatagramKind::Stun,
        20..=63 => DatagramKind::Dtls,
        128..=191 => DatagramKind::Media,
        _ => DatagramKind::Other,
    }
}

/// The relay's user fragment in an ICE check, the left half of its USERNAME (RFC 8445 §7.2.2): it
/// finds the session of the first datagram from an address. `None` if this is no binding request.
pub fn stun_local_ufrag(datagram: &[u8]) -> Option<&str> {
    let message = stun::Message::parse(datagram).ok()?;
    if message.class() != stun::Class::Request {
        return None;
    }
    Some(message.username()?.split_once(':')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells_stun_dtls_and_media_apart() {
        assert_eq!(classify(0), DatagramKind::Stun);
        assert_eq!(classify(22), DatagramKind::Dtls);
        assert_eq!(classify(0x80), DatagramKind::Media);
        assert_eq!(classify(0x40), DatagramKind::Other);
        assert_eq!(classify(0xc0), DatagramKind::Other);
    }
}
