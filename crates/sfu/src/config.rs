//! What a core is told before its first leg.

use crate::policing::IngressLimits;
use std::net::SocketAddr;
use std::sync::Arc;
use tongke_transport::webrtc::Certificate;

/// What a core must know before its first leg.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// The process's DTLS certificate.
    pub certificate: Arc<Certificate>,
    /// Addresses of the UDP port as clients reach it: the host candidates of every answer.
    pub udp_addresses: Vec<SocketAddr>,
    /// Addresses of the ICE-TCP port as clients reach it (passive candidates).
    pub tcp_addresses: Vec<SocketAddr>,
    /// Most legs of all lessons together; a join beyond it is refused.
    pub max_legs: usize,
    /// Most legs of one lesson; a join beyond it is refused.
    pub max_legs_per_lesson: usize,
    /// Receiving legs of one lesson from which on those who only look on are sent to branches; 0: never.
    pub spread_after: usize,
    /// What one leg may send; more is dropped as `policed`.
    pub ingress: IngressLimits,
}

impl CoreConfig {
    /// A configuration with default limits and no addresses.
    pub fn new(certificate: Arc<Certificate>) -> Self {
        Self {
            certificate,
            udp_addresses: Vec::new(),
            tcp_addresses: Vec::new(),
            max_legs: 4096,
            max_legs_per_lesson: 1024,
            spread_after: 0,
            ingress: IngressLimits::default(),
        }
    }
}

/// What a core's random numbers begin with: ICE passwords and session names come of it.
pub struct Seed(pub(crate) [u8; 32]);

/// For simulations and tests only: 64 bits are few for a secret.
impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Self(bytes)
    }
}

/// For a relay: from the operating system.
impl From<[u8; 32]> for Seed {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}
