//! Whether the relay can be reached, over TCP and TLS, and whether it tests lines.

use super::SelfTestError;
use super::bench::{Bench, Found, Nothing};
use super::findings::here;
use crate::link::{LinkError, RelayUrl};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Outcome};

/// Time for a TCP handshake: five times the slowest line there is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks for the relay. What it refuses ends the test; that it is not there is a finding.
pub(super) async fn reach(bench: &mut Bench<'_>) -> Found {
    let relay = &bench.config.relay;
    bench.relay = answering(relay).await.map_err(Nothing::Refused)?;
    if bench.relay.is_some() {
        match bench.http.reflector().await {
            Ok(session) => bench.session = Some(session),
            // TCP was there, so it is TLS that is not: something on the way answers in the relay's place.
            Err(LinkError::Http(_)) if relay.is_https() => bench.answered = Some(false),
            Err(error) => return Err(Nothing::Refused(SelfTestError::Refused(error))),
        }
    }
    let tls = match (relay.is_https(), bench.relay) {
        (false, _) => Finding::missing(Quantity::Tls, here(), Cause::PlainHttp),
        (true, None) => Finding::missing(Quantity::Tls, here(), Cause::NoPackets),
        (true, Some(_)) => open(Quantity::Tls, bench.session.is_some()),
    };
    Ok(vec![open(Quantity::Tcp, bench.relay.is_some()), tls])
}

/// Whether something lets traffic through.
pub(super) fn open(quantity: Quantity, is_open: bool) -> Finding {
    let word = if is_open { "reachable" } else { "blocked" };
    Finding::new(quantity, here(), Outcome::Found(word.to_owned()))
}

/// The relay's address that takes TCP; none: none does.
async fn answering(relay: &RelayUrl) -> Result<Option<SocketAddr>, SelfTestError> {
    let (host, port) = relay.host_and_port();
    let nowhere = || SelfTestError::NoAddress(host.clone());
    let addresses: Vec<SocketAddr> =
        lookup_host((host.as_str(), port)).await.map_err(|_| nowhere())?.collect();
    if addresses.is_empty() {
        return Err(nowhere());
    }
    for address in addresses {
        if matches!(timeout(PATIENCE, TcpStream::connect(address)).await, Ok(Ok(_))) {
            return Ok(Some(address));
        }
    }
    Ok(None)
}
