//! What can be set of `tongke serve`, as written.

use super::folder::default_folder;
use crate::failure::Failure;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// HTTPS, for the whole network.
const HTTPS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8443);
/// Plain HTTP, for this machine: what goes through it can be read on the way, grants too.
const HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The settings of `tongke serve`. Each key is also a flag, with '-' for '_'.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSettings {
    /// The folder that everything is kept in. Default: see [`ServeSettings::folder`].
    pub data: Option<PathBuf>,
    /// Address of pages and relay. Default [`HTTPS`]; with `http`, [`HTTP`].
    pub listen: Option<SocketAddr>,
    /// Certificate chain (PEM). Without it, one that is made and kept in the folder.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Plain HTTP. Default false.
    pub http: Option<bool>,
    /// Address of WebRTC media, as for the relay.
    pub rtc: Option<SocketAddr>,
    /// Address of QUIC sessions, as for the relay.
    pub quic: Option<SocketAddr>,
    /// Address of the reflector, as for the relay.
    pub reflector: Option<SocketAddr>,
    /// Its second address, as for the relay.
    pub reflector_second: Option<SocketAddr>,
    /// How fast lines may be loaded for a test, as for the relay.
    pub load_mbps: Option<u16>,
    /// Addresses that clients are told, where this machine cannot see them itself.
    pub advertise: Option<Vec<IpAddr>>,
    /// Worker threads, as for the relay.
    pub workers: Option<u16>,
    /// When a lesson is spread over workers, as for the relay.
    pub spread_after: Option<usize>,
    /// Each worker on a CPU of its own, as for the relay.
    pub pin_workers: Option<bool>,
}

impl ServeSettings {
    /// These settings with everything that `over` sets replaced.
    pub fn merge(self, over: ServeSettings) -> ServeSettings {
        ServeSettings {
            data: over.data.or(self.data),
            listen: over.listen.or(self.listen),
            tls_cert: over.tls_cert.or(self.tls_cert),
            tls_key: over.tls_key.or(self.tls_key),
            http: over.http.or(self.http),
            rtc: over.rtc.or(self.rtc),
            quic: over.quic.or(self.quic),
            reflector: over.reflector.or(self.reflector),
            reflector_second: over.reflector_second.or(self.reflector_second),
            load_mbps: over.load_mbps.or(self.load_mbps),
            advertise: over.advertise.or(self.advertise),
            workers: over.workers.or(self.workers),
            spread_after: over.spread_after.or(self.spread_after),
            pin_workers: over.pin_workers.or(self.pin_workers),
        }
    }

    /// The address of pages and relay.
    pub fn address(&self) -> SocketAddr {
        let default = if self.http.unwrap_or(false) { HTTP } else { HTTPS };
        self.listen.unwrap_or(default)
    }

    /// The folder that was set, or the [`default_folder`].
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        self.data.clone().map_or_else(default_folder, Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_settings_the_network_gets_https_and_plain_http_stays_on_this_machine() {
        assert_eq!(ServeSettings::default().address().to_string(), "0.0.0.0:8443");
        let plain = ServeSettings { http: Some(true), ..Default::default() };
        assert_eq!(plain.address().to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn the_later_settings_win_and_leave_the_rest() {
        let file = ServeSettings { workers: Some(2), data: Some("a".into()), ..Default::default() };
        let flags = ServeSettings { workers: Some(3), ..Default::default() };
        let merged = file.merge(flags);
        assert_eq!((merged.workers, merged.data), (Some(3), Some("a".into())));
    }
}
