//! The certificate of HTTPS and QUIC: read from files, or made for QUIC.

use crate::config::TlsFiles;
use crate::error::RelayError;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The name in a self-made certificate; nobody looks at it.
pub(crate) const SELF_MADE_NAME: &str = "tongke-relay";

/// A certificate chain with its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads PEM files.
    pub(crate) fn read(files: &TlsFiles) -> Result<Self, RelayError> {
        let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert)
            .and_then(Iterator::collect)
            .map_err(|error| failure("certificate", "tls-cert", &files.cert, &error))?;
        if chain.is_empty() {
            return Err(failure("certificate", "tls-cert", &files.cert, &"holds no certificate"));
        }
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| failure("private key", "tls-key", &files.key, &error))?;
        let identity = Self { chain, key };
        // Found out now, with the file's name, rather than at the first connection.
        identity
            .server_config(&[b"h2"])
            .map_err(|error| failure("private key", "tls-key", &files.key, &error))?;
        Ok(identity)
    }

    /// Makes a self-signed certificate; clients know it by its fingerprint.
    pub(crate) fn make() -> Result<Self, RelayError> {
        let made = rcgen::generate_simple_self_signed(vec![SELF_MADE_NAME.to_owned()]).map_err(|error| {
            RelayError::System { what: "make a certificate for QUIC", source: std::io::Error::other(error) }
        })?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        Ok(Self { chain: vec![made.cert.der().clone()], key })
    }

    /// The relay's own certificate, the first of the chain.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// SHA-256 of the certificate, lower-case hex.
    pub(crate) fn sha256_hex(&self) -> String {
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, self.certificate());
        digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// A TLS server with this identity and these application protocols, first choice first.
    pub(crate) fn server_config(&self, alpn: &[&[u8]]) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

fn failure(what: &'static str, flag: &'static str, path: &Path, why: &dyn std::fmt::Display) -> RelayError {
    RelayError::Certificate { what, flag, path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_certificate_is_named_with_its_flag() {
        let path = std::env::temp_dir().join(format!("tongke-no-cert-{}.pem", std::process::id()));
        std::fs::write(&path, "nothing").unwrap();
        let files = TlsFiles { cert: path.clone(), key: path.clone() };
        let text = Identity::read(&files).err().unwrap().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(text.contains("holds no certificate") && text.contains("--tls-cert"), "{text}");
    }

    #[test]
    fn a_made_certificate_serves_and_has_a_fingerprint() {
        let identity = Identity::make().unwrap();
        assert!(identity.server_config(&[b"tongke/1"]).is_ok());
        assert_eq!(identity.sha256_hex().len(), 64);
    }
}
