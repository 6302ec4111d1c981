//! A certificate and what goes with it; any number of clients may share one.

use crate::LoadError;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::sync::Arc;
use tongke_transport::webrtc::Fingerprint;

/// A certificate of clients.
#[derive(Clone)]
pub struct Identity {
    pub(super) config: Arc<HandshakeConfig>,
    pub(super) fingerprint: Fingerprint,
}

impl Identity {
    /// A new one. Only `AEAD_AES_128_GCM` is offered, so that all targets pay the same for SRTP.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> Result<Self, LoadError> {
        let provider = default_provider().map_err(failed)?;
        let certificate = Certificate::generate_self_signed(vec!["load".to_owned()], provider.crypto());
        let certificate = certificate.map_err(failed)?;
        let fingerprint = Fingerprint::sha256(&certificate.certificate[0]);
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_insecure_skip_verify(true)
            .build(true, None)
            .map_err(failed)?;
        Ok(Self { config: Arc::new(config), fingerprint })
    }
}

fn failed(error: impl std::fmt::Display) -> LoadError {
    LoadError::Dtls(error.to_string())
}
