//! What can be set of a relay: [`RelaySettings`] as written (flags, environment, TOML), and
//! [`RelayConfig`] as checked.

use crate::error::RelayError;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use tongke_protocol::GrantKey;

/// Most workers a relay takes.
pub const MAX_WORKERS: u16 = 64;
/// Fastest test of a line that a relay can be told to take, Mbit/s.
const MAX_LOAD_MBPS: u16 = 1000;
/// Fastest test of a line, Mbit/s: faster than a school's line of 100, so that this one is measured (a proposal).
pub const LOAD_MBPS: u16 = 120;
/// Receiving sessions of a lesson on its worker from which on observers are sent to others.
const SPREAD_AFTER: usize = 100;

/// A relay's settings as written. Each key is also a flag, with '-' for '_'.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RelaySettings {
    /// Address of the HTTP interface (WHIP, WHEP, events, metrics). Default `0.0.0.0:8080`.
    pub http: Option<SocketAddr>,
    /// Address of WebRTC media, UDP and ICE-TCP; worker `n` listens on this port + n.
    /// Default `0.0.0.0:5004`.
    pub rtc: Option<SocketAddr>,
    /// Address of QUIC sessions; worker `n` listens on this port + n. Default `0.0.0.0:4433`.
    pub quic: Option<SocketAddr>,
    /// Address (UDP) of the reflector, with which schools test their lines. Default: `rtc`'s, one port below; if
    /// that cannot be had, the relay runs without one.
    pub reflector: Option<SocketAddr>,
    /// Second address (UDP) of the reflector, with which schools test their NATs (RFC 5780): another address and
    /// another port of this machine than `reflector`, which then names its address too; each of both addresses is
    /// used with each of both ports. As schools reach it: behind a NAT of its own a relay tests none. Default: none.
    pub reflector_second: Option<SocketAddr>,
    /// How fast schools may load their lines for a test, in Mbit/s, 1 to 1000; 0: not at all. Choose less than the
    /// relay's own line carries beside its lessons: two tests run at once. Default 120.
    pub load_mbps: Option<u16>,
    /// File with the secret that signs grants, at least 32 bytes. Required.
    pub secret_file: Option<PathBuf>,
    /// Certificate chain (PEM) for HTTPS, also used for QUIC. Without it: plain HTTP and a
    /// self-made certificate for QUIC.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Addresses that clients are told to send media to, where the relay cannot see them itself
    /// (behind NAT, in a container). Default: the address of `rtc`, or this machine's own.
    pub advertise: Option<Vec<IpAddr>>,
    /// Worker threads; a lesson lives on one of them. Default 1.
    pub workers: Option<u16>,
    /// Receiving sessions of a lesson from which on those who only look on (observers, inspectors) are
    /// served by other workers; 0: never. Default 100.
    pub spread_after: Option<usize>,
    /// Keeps each worker on a CPU of its own, where there are as many CPUs as workers. Default true.
    pub pin_workers: Option<bool>,
    /// Directory for the record of lessons (`facts/` in it). Without it nothing is recorded, and a
    /// relay that is started again does not know which lessons were ended or locked.
    pub data: Option<PathBuf>,
}

impl RelaySettings {
    /// These settings with everything that `over` sets replaced.
    pub fn merge(self, over: RelaySettings) -> RelaySettings {
        RelaySettings {
            http: over.http.or(self.http),
            rtc: over.rtc.or(self.rtc),
            quic: over.quic.or(self.quic),
            reflector: over.reflector.or(self.reflector),
            reflector_second: over.reflector_second.or(self.reflector_second),
            load_mbps: over.load_mbps.or(self.load_mbps),
            secret_file: over.secret_file.or(self.secret_file),
            tls_cert: over.tls_cert.or(self.tls_cert),
            tls_key: over.tls_key.or(self.tls_key),
            advertise: over.advertise.or(self.advertise),
            workers: over.workers.or(self.workers),
            spread_after: over.spread_after.or(self.spread_after),
            pin_workers: over.pin_workers.or(self.pin_workers),
            data: over.data.or(self.data),
        }
    }

    /// Checks the settings and reads the secret file.
    pub fn validate(self) -> Result<RelayConfig, RelayError> {
        let any = |port: u16| SocketAddr::from(([0, 0, 0, 0], port));
        let secret_file = self
            .secret_file
            .ok_or_else(|| setting("secret_file", "is required; name the file that holds the secret"))?;
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) => return Err(setting("tls_key", "is required when tls_cert is set")),
            (None, Some(_)) => return Err(setting("tls_cert", "is required when tls_key is set")),
        };
        let advertise = self.advertise.unwrap_or_default();
        if advertise.iter().any(IpAddr::is_unspecified) {
            return Err(setting(
                "advertise",
                "must name addresses that clients can reach, not 0.0.0.0 or ::",
            ));
        }
        let workers = self.workers.unwrap_or(1);
        if !(1..=MAX_WORKERS).contains(&workers) {
            return Err(setting("workers", &format!("must be 1 to {MAX_WORKERS}, not {workers}")));
        }
        check_second(self.reflector, self.reflector_second)?;
        let load_mbps = self.load_mbps.unwrap_or(LOAD_MBPS);
        if load_mbps > MAX_LOAD_MBPS {
            return Err(setting("load_mbps", &format!("must be 0 to {MAX_LOAD_MBPS}, not {load_mbps}")));
        }
        let config = RelayConfig {
            http: self.http.unwrap_or_else(|| any(8080)),
            rtc: self.rtc.unwrap_or_else(|| any(5004)),
            quic: self.quic.unwrap_or_else(|| any(4433)),
            reflector: self.reflector,
            reflector_second: self.reflector_second,
            load_mbps,
            key: read_secret(&secret_file)?,
            tls,
            advertise,
            workers,
            spread_after: self.spread_after.unwrap_or(SPREAD_AFTER),
            pin_workers: self.pin_workers.unwrap_or(true),
            data: self.data,
        };
        check_ports("rtc", config.rtc, workers)?;
        check_ports("quic", config.quic, workers)?;
        Ok(config)
    }
}

impl TryFrom<RelaySettings> for RelayConfig {
    type Error = RelayError;
    fn try_from(settings: RelaySettings) -> Result<Self, RelayError> {
        settings.validate()
    }
}

/// A relay's configuration, checked.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Address of the HTTP interface.
    pub http: SocketAddr,
    /// Address of the first worker's WebRTC media; port 0: any free port for each worker.
    pub rtc: SocketAddr,
    /// Address of the first worker's QUIC endpoint; port 0: any free port for each worker.
    pub quic: SocketAddr,
    /// Address of the reflector; none: beside `rtc`, if that is free.
    pub reflector: Option<SocketAddr>,
    /// Its second address, if it has one.
    pub reflector_second: Option<SocketAddr>,
    /// How fast lines may be loaded for a test, in Mbit/s; 0: not at all.
    pub load_mbps: u16,
    /// The secret that signs grants.
    pub key: GrantKey,
    /// HTTPS, if any.
    pub tls: Option<TlsFiles>,
    /// Addresses told to clients; empty: found by the relay.
    pub advertise: Vec<IpAddr>,
    /// Worker threads, 1 to [`MAX_WORKERS`].
    pub workers: u16,
    /// Receiving sessions of a lesson on one worker before it is spread over others; 0: never.
    pub spread_after: usize,
    /// Whether each worker stays on a CPU of its own, where there are enough.
    pub pin_workers: bool,
    /// Where lessons are recorded, if they are.
    pub data: Option<PathBuf>,
}

/// The files of a TLS certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// The address of worker `index`, given the address of the first; port 0 stays 0.
pub(crate) fn worker_address(first: SocketAddr, index: usize) -> SocketAddr {
    let mut address = first;
    if first.port() != 0 {
        // Checked at validation: the last worker's port still fits.
        address.set_port(first.port().saturating_add(index as u16));
    }
    address
}

fn setting(key: &'static str, why: &str) -> RelayError {
    RelayError::Setting { key, why: why.to_owned() }
}

fn check_ports(key: &'static str, first: SocketAddr, workers: u16) -> Result<(), RelayError> {
    match first.port().checked_add(workers - 1) {
        Some(_) => Ok(()),
        None => Err(setting(key, &format!("port {} + {workers} workers exceeds 65535", first.port()))),
    }
}

/// Four sockets are to be had: two addresses with two ports each.
fn check_second(first: Option<SocketAddr>, second: Option<SocketAddr>) -> Result<(), RelayError> {
    let wrong = |why| Err(setting("reflector_second", why));
    let Some(second) = second else { return Ok(()) };
    let Some(first) = first else {
        return wrong("needs 'reflector' too: the first address, with its port");
    };
    if first.ip().is_unspecified() || second.ip().is_unspecified() {
        return wrong("must name an address, and 'reflector' another one; not 0.0.0.0 or ::");
    }
    if first.ip() == second.ip() || first.port() == second.port() {
        return wrong("must have another address and another port than 'reflector'");
    }
    if first.is_ipv4() != second.is_ipv4() {
        return wrong("must be of the same family as 'reflector', IPv4 or IPv6");
    }
    Ok(())
}

fn read_secret(path: &Path) -> Result<GrantKey, RelayError> {
    let fail = |why: String| RelayError::Secret { path: path.to_owned(), why };
    let contents = std::fs::read(path).map_err(|error| fail(format!("cannot be read ({error})")))?;
    GrantKey::from_secret_file(&contents)
        .ok_or_else(|| fail(format!("holds only {} bytes", contents.trim_ascii().len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(settings: RelaySettings) -> String {
        settings.validate().unwrap_err().to_string()
    }

    #[test]
    fn what_is_missing_or_contradictory_is_named_by_its_key() {
        assert!(message(RelaySettings::default()).starts_with("setting 'secret_file': is required"));
        let half_tls = RelaySettings {
            secret_file: Some("s".into()),
            tls_cert: Some("c.pem".into()),
            ..RelaySettings::default()
        };
        assert_eq!(message(half_tls), "setting 'tls_key': is required when tls_cert is set");
        let none =
            RelaySettings { secret_file: Some("s".into()), workers: Some(0), ..RelaySettings::default() };
        assert_eq!(message(none), "setting 'workers': must be 1 to 64, not 0");
        let second = |first: Option<&str>, second: &str| {
            let reflector = first.map(|first| first.parse().unwrap());
            let reflector_second = Some(second.parse().unwrap());
            let secret_file = Some("s".into());
            message(RelaySettings { secret_file, reflector, reflector_second, ..RelaySettings::default() })
        };
        assert!(second(None, "192.0.2.2:5103").contains("needs 'reflector' too"));
        for first in ["0.0.0.0:5003", "192.0.2.2:5003", "192.0.2.1:5103", "[2001:db8::1]:5003"] {
            assert!(second(Some(first), "192.0.2.2:5103").starts_with("setting 'reflector_second': must"));
        }
        let fast = RelaySettings {
            secret_file: Some("s".into()),
            load_mbps: Some(1001),
            ..RelaySettings::default()
        };
        assert_eq!(message(fast), "setting 'load_mbps': must be 0 to 1000, not 1001");
    }

    #[test]
    fn a_missing_or_short_secret_file_says_how_to_make_one() {
        let missing = RelaySettings { secret_file: Some("/nowhere/secret".into()), ..Default::default() };
        let text = message(missing);
        assert!(text.contains("/nowhere/secret: cannot be read") && text.contains("/dev/urandom"), "{text}");
        let path = std::env::temp_dir().join(format!("tongke-short-secret-{}", std::process::id()));
        std::fs::write(&path, "short\n").unwrap();
        let text = message(RelaySettings { secret_file: Some(path.clone()), ..Default::default() });
        std::fs::remove_file(path).unwrap();
        assert!(text.contains("holds only 5 bytes"), "{text}");
    }

    #[test]
    fn the_later_settings_win_and_leave_the_rest() {
        let file = RelaySettings { workers: Some(2), tls_cert: Some("a".into()), ..Default::default() };
        let flags = RelaySettings { workers: Some(3), ..Default::default() };
        let merged = file.merge(flags);
        assert_eq!((merged.workers, merged.tls_cert), (Some(3), Some("a".into())));
    }

    #[test]
    fn workers_take_consecutive_ports_and_port_0_stays_free() {
        let first: SocketAddr = "10.0.0.1:5004".parse().unwrap();
        assert_eq!(worker_address(first, 3).port(), 5007);
        assert_eq!(worker_address("10.0.0.1:0".parse().unwrap(), 3).port(), 0);
        assert!(check_ports("rtc", "10.0.0.1:65535".parse().unwrap(), 2).is_err());
    }
}
