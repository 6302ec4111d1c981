//! Whether the relay can be reached, over TCP and TLS, and whether it tests lines.

use super::SelfTestError;
use crate::link::{LinkError, RelayHttp, RelayUrl};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tongke_protocol::control::ReflectorSession;

/// Time for a TCP handshake: five times the slowest line there is.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found.
pub(super) struct Reached {
    /// The relay's address that took TCP; none: none did.
    pub address: Option<SocketAddr>,
    /// None: the relay's address says plain HTTP.
    pub tls: Option<bool>,
    /// Whether a datagram was answered; none: nobody could try.
    pub udp: Option<bool>,
    /// What the relay offers for tests; none: it was not reached.
    pub session: Option<ReflectorSession>,
}

pub(super) async fn reach(relay: &RelayUrl, http: &RelayHttp) -> Result<Reached, SelfTestError> {
    let (host, port) = relay.host_and_port();
    let nowhere = || SelfTestError::NoAddress(host.clone());
    let addresses: Vec<SocketAddr> =
        lookup_host((host.as_str(), port)).await.map_err(|_| nowhere())?.collect();
    if addresses.is_empty() {
        return Err(nowhere());
    }
    let mut reached = Reached { address: None, tls: None, udp: None, session: None };
    for address in addresses {
        if matches!(timeout(PATIENCE, TcpStream::connect(address)).await, Ok(Ok(_))) {
            reached.address = Some(address);
            break;
        }
    }
    if reached.address.is_none() {
        return Ok(reached);
    }
    match http.reflector().await {
        Ok(session) => reached.session = Some(session),
        // TCP was there, so it is TLS that is not: something on the way answers in the relay's place.
        Err(LinkError::Http(_)) if relay.is_https() => {}
        Err(error) => return Err(SelfTestError::Refused(error)),
    }
    reached.tls = relay.is_https().then_some(reached.session.is_some());
    Ok(reached)
}
