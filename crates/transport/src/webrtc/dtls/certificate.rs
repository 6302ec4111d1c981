//! Certificates and the fingerprints that offers and answers give of them.

use super::DtlsError;
use ring::digest;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, default_provider};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A hash of a certificate as SDP writes it (RFC 8122): `sha-256 AB:CD:…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    algorithm: &'static HashAlgorithm,
    hash: Vec<u8>,
}

#[derive(PartialEq, Eq)]
struct HashAlgorithm {
    name: &'static str,
    digest: &'static digest::Algorithm,
}

/// The hashes that RFC 8122 §5 and browsers use, without the broken ones.
static HASH_ALGORITHMS: [HashAlgorithm; 3] = [
    HashAlgorithm { name: "sha-256", digest: &digest::SHA256 },
    HashAlgorithm { name: "sha-384", digest: &digest::SHA384 },
    HashAlgorithm { name: "sha-512", digest: &digest::SHA512 },
];

impl Fingerprint {
    /// SHA-256 of a certificate in DER.
    pub fn sha256(der: &[u8]) -> Self {
        let algorithm = &HASH_ALGORITHMS[0];
        Fingerprint { algorithm, hash: digest::digest(algorithm.digest, der).as_ref().to_vec() }
    }

    /// Whether this is the fingerprint of a certificate in DER.
    pub fn matches(&self, der: &[u8]) -> bool {
        digest::digest(self.algorithm.digest, der).as_ref() == self.hash
    }
}

impl FromStr for Fingerprint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, hash) = text.trim().split_once(' ').ok_or("it must be a hash name and a hash")?;
        let algorithm = HASH_ALGORITHMS
            .iter()
            .find(|algorithm| algorithm.name.eq_ignore_ascii_case(name))
            .ok_or("use sha-256 (sha-384 and sha-512 are taken too)")?;
        let hash = hash
            .trim()
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2))
            .collect::<Option<Vec<u8>>>()
            .ok_or("the hash must be pairs of hexadecimal digits with ':' between")?;
        if hash.len() != algorithm.digest.output_len() {
            return Err(format!(
                "{} has {} bytes, this hash has {}",
                algorithm.name,
                algorithm.digest.output_len(),
                hash.len()
            ));
        }
        Ok(Fingerprint { algorithm, hash })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.algorithm.name)?;
        for (at, byte) in self.hash.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The relay's self-signed ECDSA P-256 certificate; one per process will do.
#[derive(Clone)]
pub struct Certificate {
    pub(super) inner: rtc_dtls::crypto::Certificate,
    pub(super) provider: Arc<dyn RTCCryptoProvider>,
    fingerprint: Fingerprint,
}

impl Certificate {
    /// Makes a key and a certificate, with the operating system's randomness.
    pub fn generate() -> Result<Self, DtlsError> {
        let provider = default_provider().map_err(|error| DtlsError::Setup(error.to_string()))?;
        let inner =
            rtc_dtls::crypto::Certificate::generate_self_signed(vec!["tongke".to_owned()], provider.crypto())
                .map_err(|error| DtlsError::Setup(error.to_string()))?;
        let fingerprint = Fingerprint::sha256(&inner.certificate[0]);
        Ok(Certificate { inner, provider, fingerprint })
    }

    /// The SHA-256 fingerprint, for `a=fingerprint`.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    #[cfg(test)]
    pub(in crate::webrtc) fn inner_for_tests(&self) -> rtc_dtls::crypto::Certificate {
        self.inner.clone()
    }

    /// The fingerprint as SDP writes it, `sha-256 AB:CD:…`.
    pub fn fingerprint_sha256(&self) -> String {
        self.fingerprint.to_string()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.fingerprint).finish()
    }
}
