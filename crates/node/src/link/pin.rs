//! TLS trust for QUIC: the one certificate that the relay named over HTTP, and no other.

use ring::digest::{SHA256, digest};
use rustls::DigitallySignedStruct;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;

/// Accepts the certificate whose DER has this SHA-256, whoever it names and whenever it expires:
/// its holder was vouched for by the HTTP answer that told the hash.
#[derive(Debug)]
pub(super) struct Pinned {
    sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    /// From 64 hex digits.
    pub(super) fn from_hex(hex: &str, provider: Arc<CryptoProvider>) -> Option<Pinned> {
        let mut sha256 = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in sha256.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Pinned { sha256, provider })
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if digest(&SHA256, end_entity).as_ref() == self.sha256 {
            Ok(ServerCertVerified::assertion())
        } else {
            let other = rustls::CertificateError::ApplicationVerificationFailure;
            Err(rustls::Error::InvalidCertificate(other))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(pin: &str, certificate: &[u8]) -> bool {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let pinned = Pinned::from_hex(pin, provider).unwrap();
        let name = ServerName::try_from("relay").unwrap();
        let certificate = CertificateDer::from(certificate.to_vec());
        pinned.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn only_the_pinned_certificate_is_accepted() {
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        let pin = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(verdict(pin, b"abc"));
        assert!(!verdict(pin, b"abd"));
    }

    #[test]
    fn what_is_no_hash_is_no_pin() {
        let provider = || Arc::new(rustls::crypto::ring::default_provider());
        assert!(Pinned::from_hex("", provider()).is_none());
        assert!(Pinned::from_hex(&"zz".repeat(32), provider()).is_none());
        assert!(Pinned::from_hex(&"ä".repeat(32), provider()).is_none());
    }
}
