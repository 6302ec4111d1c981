//! Where the reflector listens.

use crate::config::RelayConfig;
use crate::error::RelayError;
use std::net::SocketAddr;
use tongke_probe::Reflector;

/// Starts it on its address. One that nobody chose is worth no lesson: if it cannot be had, there is none.
pub(crate) fn start(config: &RelayConfig) -> Result<Option<Reflector>, RelayError> {
    let chosen = config.reflector;
    let address = chosen.unwrap_or_else(|| beside(config.rtc));
    match Reflector::start(address, config.reflector_second, config.load_mbps) {
        Ok(reflector) => Ok(Some(reflector)),
        Err(source) if chosen.is_some() => {
            Err(RelayError::Bind { what: "tests of lines", address, flag: "reflector", source })
        }
        Err(error) => {
            tracing::warn!(%address, %error, "schools cannot test their lines; choose a port with --reflector");
            Ok(None)
        }
    }
}

/// One port below the first worker's; 0 stays 0.
fn beside(rtc: SocketAddr) -> SocketAddr {
    SocketAddr::new(rtc.ip(), rtc.port().saturating_sub(1))
}
