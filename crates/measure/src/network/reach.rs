//! Which ways to the relay are open: facts, one per way.

use serde::{Deserialize, Serialize};

/// What an attempt to reach the relay came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// The relay answered.
    Answered {
        /// After so long: for UDP the round trip, for TCP the handshake, for TLS its own handshake.
        after_ms: f64,
    },
    /// Somebody on the way, or the relay's machine, said no.
    Refused,
    /// No answer came.
    Silent {
        /// Attempts made.
        attempts: u32,
    },
    /// TCP was there and TLS was not: something on the way speaks in the relay's place, or the clock is wrong.
    BadCertificate,
    /// The relay's name has no address.
    NoAddress,
    /// Nobody tried, or a way that this one needs was closed.
    NotTried,
}

impl Attempt {
    /// Whether this way is open; none if nobody knows.
    pub fn open(&self) -> Option<bool> {
        match self {
            Attempt::Answered { .. } => Some(true),
            Attempt::NotTried => None,
            _ => Some(false),
        }
    }
}

/// The ways to a relay over one family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reachability {
    /// Datagrams to the media port.
    pub udp: Attempt,
    /// TCP to the port of the pages.
    pub tcp: Attempt,
    /// TLS over that.
    pub tls: Attempt,
}

/// How media can travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaPath {
    /// Over UDP, as it should.
    Udp,
    /// Over TCP only: UDP is blocked. Lost packets then delay all that follow.
    TcpOnly,
    /// Not at all.
    None,
    /// Not enough was tried to say.
    Unknown,
}

impl Reachability {
    /// Nothing tried yet.
    pub fn untried() -> Self {
        Self { udp: Attempt::NotTried, tcp: Attempt::NotTried, tls: Attempt::NotTried }
    }

    /// How media can travel.
    pub fn media_path(&self) -> MediaPath {
        match (self.udp.open(), self.tcp.open()) {
            (Some(true), _) => MediaPath::Udp,
            (Some(false), Some(true)) => MediaPath::TcpOnly,
            (Some(false), Some(false)) => MediaPath::None,
            _ => MediaPath::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_is_not_closed() {
        let answered = Attempt::Answered { after_ms: 12.0 };
        let silent = Attempt::Silent { attempts: 3 };
        let path = |udp, tcp| Reachability { udp, tcp, ..Reachability::untried() }.media_path();
        assert_eq!(path(answered, Attempt::NotTried), MediaPath::Udp);
        assert_eq!(path(silent, answered), MediaPath::TcpOnly);
        assert_eq!(path(silent, Attempt::Refused), MediaPath::None);
        assert_eq!(path(silent, Attempt::NotTried), MediaPath::Unknown);
        assert_eq!(path(Attempt::NotTried, answered), MediaPath::Unknown);
    }
}
