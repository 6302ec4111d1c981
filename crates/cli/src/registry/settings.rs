//! What can be set of `tongke registry`, as written.

use crate::failure::Failure;
use crate::serve::default_folder;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// HTTPS, for the whole network.
const HTTPS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8444);
/// Plain HTTP, for this machine: what goes through it can be read on the way, tokens too.
const HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

/// The settings of `tongke registry`. Each key is also a flag, with '-' for '_'.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrySettings {
    /// The folder that everything is kept in. Default: [`default_folder`].
    pub data: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. Default: `registry.db` in the folder.
    pub database: Option<String>,
    /// The file of the secret. Default: `secret` in the folder.
    pub secret_file: Option<PathBuf>,
    /// The folder of one's own rule sets. Default: `rules` in the folder.
    pub rules: Option<PathBuf>,
    /// The folder of policies. Default: `policies` in the folder.
    pub policies: Option<PathBuf>,
    /// Address of the interface. Default [`HTTPS`]; with `http`, [`HTTP`].
    pub listen: Option<SocketAddr>,
    /// Certificate chain (PEM). Without it, one that is made and kept in the folder.
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Plain HTTP. Default false.
    pub http: Option<bool>,
    /// Addresses that people reach this machine at, where it cannot see them itself.
    pub advertise: Option<Vec<IpAddr>>,
    /// Where nodes find the relay: told with each grant.
    pub relay_url: Option<String>,
}

impl RegistrySettings {
    /// These settings with everything that `over` sets replaced.
    pub fn merge(self, over: RegistrySettings) -> RegistrySettings {
        RegistrySettings {
            data: over.data.or(self.data),
            database: over.database.or(self.database),
            secret_file: over.secret_file.or(self.secret_file),
            rules: over.rules.or(self.rules),
            policies: over.policies.or(self.policies),
            listen: over.listen.or(self.listen),
            tls_cert: over.tls_cert.or(self.tls_cert),
            tls_key: over.tls_key.or(self.tls_key),
            http: over.http.or(self.http),
            advertise: over.advertise.or(self.advertise),
            relay_url: over.relay_url.or(self.relay_url),
        }
    }

    /// The folder that was set, or the default one.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        self.data.clone().map_or_else(default_folder, Ok)
    }

    /// The address of the interface.
    pub fn address(&self) -> SocketAddr {
        let default = if self.http.unwrap_or(false) { HTTP } else { HTTPS };
        self.listen.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_settings_the_network_gets_https_and_plain_http_stays_on_this_machine() {
        assert_eq!(RegistrySettings::default().address().to_string(), "0.0.0.0:8444");
        let plain = RegistrySettings { http: Some(true), ..Default::default() };
        assert_eq!(plain.address().to_string(), "127.0.0.1:8081");
    }

    #[test]
    fn the_later_settings_win_and_leave_the_rest() {
        let file = RegistrySettings {
            database: Some("sqlite:a".into()),
            data: Some("a".into()),
            ..Default::default()
        };
        let flags = RegistrySettings { database: Some("sqlite:b".into()), ..Default::default() };
        let merged = file.merge(flags);
        assert_eq!((merged.database.as_deref(), merged.data), (Some("sqlite:b"), Some("a".into())));
    }
}
