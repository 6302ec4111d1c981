//! How what is served is protected on its way: by a certificate that was given, or one that is made, or not.

use super::certificate::{self, Kept};
use super::folder::{Folder, unusable};
use crate::failure::Failure;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::SystemTime;

/// What the settings say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Plain HTTP.
    pub http: Option<bool>,
    /// Certificate chain (PEM).
    pub cert: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
}

/// What comes of it.
#[derive(Debug)]
pub enum Tls {
    /// Plain HTTP.
    Plain,
    /// With a certificate that was given.
    Given(Kept),
    /// With one that was made, which nobody knows yet.
    Made(Kept),
}

impl Tls {
    /// Looks the settings through; makes a certificate for this machine at `addresses` if none was given.
    pub fn of(settings: TlsSettings, folder: &Folder, addresses: &[IpAddr]) -> Result<Tls, Failure> {
        let is_plain = settings.http.unwrap_or(false);
        match (is_plain, settings.cert, settings.key) {
            (true, None, None) => Ok(Tls::Plain),
            (true, ..) => Err(Failure::usage(
                "http and tls_cert, tls_key: HTTP has no certificate; leave out one or the other",
            )),
            (false, Some(cert), Some(key)) => Ok(Tls::Given(Kept { cert, key })),
            (false, None, None) => {
                certificate::keep(&folder.tls()?, addresses, SystemTime::now()).map(Tls::Made)
            }
            (false, Some(_), None) => Err(Failure::setting("tls_key", "is required when tls_cert is set")),
            (false, None, Some(_)) => Err(Failure::setting("tls_cert", "is required when tls_key is set")),
        }
    }

    /// Whether it is plain HTTP.
    pub fn is_plain(&self) -> bool {
        matches!(self, Tls::Plain)
    }

    /// The files of the certificate.
    pub fn files(&self) -> Option<&Kept> {
        match self {
            Tls::Plain => None,
            Tls::Given(kept) | Tls::Made(kept) => Some(kept),
        }
    }

    /// The certificate that was made.
    pub fn made(&self) -> Option<PathBuf> {
        match self {
            Tls::Made(kept) => Some(kept.cert.clone()),
            Tls::Plain | Tls::Given(_) => None,
        }
    }

    /// At which address a program on this same machine reaches what listens there, and the certificate (PEM)
    /// that it takes as an authority. None: the certificate that was given does not say.
    pub fn way_from_here(&self, listen: SocketAddr) -> Result<Option<(String, Option<String>)>, Failure> {
        let here = match listen.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        };
        let place = SocketAddr::new(here, listen.port());
        let Some(files) = self.files() else { return Ok(Some((format!("http://{place}"), None))) };
        let pem =
            std::fs::read_to_string(&files.cert).map_err(|error| unusable("read", &files.cert, &error))?;
        let is_made = matches!(self, Tls::Made(_));
        let host = if is_made { Some(place.to_string()) } else { certificate::host_in(&pem, place) };
        Ok(host.map(|host| (format!("https://{host}"), Some(pem))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_with_a_certificate_or_half_of_one_is_refused() {
        let path = std::env::temp_dir().join(format!("tongke-tls-{}", std::process::id()));
        let folder = Folder::take(path.clone()).unwrap();
        let of = |http, cert: Option<&str>, key: Option<&str>| {
            let settings = TlsSettings { http, cert: cert.map(Into::into), key: key.map(Into::into) };
            Tls::of(settings, &folder, &[])
        };
        assert!(of(Some(true), None, None).unwrap().is_plain());
        let refused = of(Some(true), Some("c.pem"), Some("k.pem")).unwrap_err().to_string();
        assert!(refused.contains("leave out one"), "{refused}");
        assert!(of(None, Some("c.pem"), None).unwrap_err().to_string().contains("--tls-key is required"));
        let made = of(None, None, None).unwrap();
        assert!(made.made().is_some() && made.files().is_some());
        let (address, authority) = made.way_from_here("0.0.0.0:8443".parse().unwrap()).unwrap().unwrap();
        assert_eq!(address, "https://127.0.0.1:8443");
        assert!(authority.unwrap().starts_with("-----BEGIN CERTIFICATE"));
        let given = Tls::Given(Kept { cert: made.made().unwrap(), key: "k.pem".into() });
        let (address, _) = given.way_from_here("127.0.0.1:1".parse().unwrap()).unwrap().unwrap();
        assert_eq!(address, "https://127.0.0.1:1");
        let (address, _) = given.way_from_here("203.0.113.5:1".parse().unwrap()).unwrap().unwrap();
        assert!(address.ends_with(":1") && !address.contains("203.0.113.5"), "{address}");
        std::fs::remove_dir_all(path).unwrap();
    }
}
