//! The relay's end of a DTLS-SRTP handshake (RFC 5764): always the server, always with a client
//! certificate whose hash the offer named.
//!
//! The handshake itself is `rtc-dtls`'. Three things are done here because it does not do them: the
//! relay's order decides the SRTP profile, a lost flight is sent again by a timer that survives a
//! partly received answer, and the peer's records are rationed.

mod certificate;
mod established;
mod pace;

pub use certificate::{Certificate, Fingerprint};

use super::srtp::{KeyPair, Profile};
use established::Established;
use pace::{Ration, Resend};
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error as RtcError;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Instant;

/// The association outlives changes of path, so the library is told one address for ever.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
/// RFC 5764 §4.2.
const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";
/// Datagrams of a first flight kept in case it must be read again with another profile.
const MAX_FIRST_FLIGHT: usize = 8;

/// Datagrams read after a handshake's end, until its keys are used: the library keeps fragments of messages, and
/// whoever writes the peer's address on a datagram can send such.
const MAX_REPEATS: u32 = 128;

/// Why DTLS failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DtlsError {
    /// No certificate could be made, or the handshake not be set up.
    #[error("cannot set up DTLS: {0}")]
    Setup(String),
    /// The handshake ended with an alert.
    #[error("the DTLS handshake failed: {0}")]
    Handshake(String),
    /// The client's certificate is not the one whose fingerprint its offer gave.
    #[error("the client's DTLS certificate does not match the fingerprint of its offer")]
    WrongCertificate,
    /// The client offered none of our SRTP profiles.
    #[error("the client offered no SRTP profile that this relay has")]
    NoCommonProfile,
}

/// What a DTLS datagram led to.
pub(super) enum DtlsEvent {
    /// The peer is the one of the offer; these are the keys.
    Connected { profile: Profile, keys: Box<KeyPair> },
    /// The peer closed the association.
    Closed,
}

/// The server's end of one association.
pub(super) struct DtlsServer {
    certificate: Arc<Certificate>,
    stage: Stage,
    transmits: VecDeque<Vec<u8>>,
    ration: Ration,
}

/// How far an association is.
enum Stage {
    /// It may still have to repeat a flight.
    Handshake(Box<Handshake>),
    Established(Established),
}

/// All that a handshake needs.
struct Handshake {
    peer: Fingerprint,
    /// Profiles not tried yet, the preferred last.
    untried: Vec<Profile>,
    endpoint: Endpoint,
    /// What has come before the first answer.
    first_flight: Vec<Vec<u8>>,
    resend: Resend,
    is_complete: bool,
    /// Datagrams that are still read after the end, for the peer may have to repeat its last flight.
    repeats_left: u32,
}

impl DtlsServer {
    /// Waits for the client whose certificate has the fingerprint `peer`; of the profiles that it
    /// offers, takes the first of `profiles`.
    pub fn new(
        now: Instant,
        certificate: Arc<Certificate>,
        peer: Fingerprint,
        profiles: &[Profile],
    ) -> Result<Self, DtlsError> {
        let mut untried: Vec<Profile> = profiles.iter().rev().copied().collect();
        let first = untried.pop().ok_or(DtlsError::NoCommonProfile)?;
        let endpoint = endpoint(&certificate, &peer, first)?;
        let handshake = Handshake {
            peer,
            untried,
            endpoint,
            first_flight: Vec::new(),
            resend: Resend::default(),
            is_complete: false,
            repeats_left: MAX_REPEATS,
        };
        Ok(DtlsServer {
            certificate,
            stage: Stage::Handshake(Box::new(handshake)),
            transmits: VecDeque::new(),
            ration: Ration::new(now),
        })
    }

    /// Takes a datagram of DTLS records. Damaged ones are ignored, as RFC 6347 §4.1.2.7 says.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<Option<DtlsEvent>, DtlsError> {
        if !self.ration.take(now) {
            return Ok(None);
        }
        match &mut self.stage {
            Stage::Handshake(handshake) if handshake.is_complete && handshake.repeats_left == 0 => Ok(None),
            Stage::Handshake(handshake) => {
                handshake.repeats_left -= u32::from(handshake.is_complete);
                handshake.read(now, datagram, &self.certificate, &mut self.transmits)
            }
            Stage::Established(established) if established.is_end(now, datagram) => {
                self.transmits.extend(established.take_goodbye());
                Ok(Some(DtlsEvent::Closed))
            }
            Stage::Established(_) => Ok(None),
        }
    }

    /// The peer has used the keys, so it has our last flight: nothing of the handshake will be asked
    /// for again, and it is forgotten.
    pub fn on_keys_used(&mut self, now: Instant) {
        if let Stage::Handshake(handshake) = &mut self.stage
            && handshake.is_complete
            && let Some(kept) = Established::keep(now, &mut handshake.endpoint, &self.certificate)
        {
            self.stage = Stage::Established(kept);
            self.transmits = VecDeque::new();
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmits.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Handshake(handshake) => handshake.resend.due,
            Stage::Established(_) => None,
        }
    }

    /// Sends the last flight again if its answer is overdue.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Stage::Handshake(handshake) = &mut self.stage
            && handshake.resend.due.is_some_and(|due| due <= now)
        {
            self.transmits.extend(handshake.resend.flight.iter().cloned());
            handshake.resend.sent(now);
        }
    }

    /// Says goodbye to the peer, if it has been met.
    pub fn close(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Handshake(handshake) => handshake.close(now, &mut self.transmits),
            Stage::Established(established) => self.transmits.extend(established.take_goodbye()),
        }
    }
}

impl Handshake {
    fn read(
        &mut self,
        now: Instant,
        datagram: &[u8],
        certificate: &Certificate,
        transmits: &mut VecDeque<Vec<u8>>,
    ) -> Result<Option<DtlsEvent>, DtlsError> {
        let is_first_flight = self.first_flight.len() < MAX_FIRST_FLIGHT && !self.resend.has_answered;
        if is_first_flight {
            self.first_flight.push(datagram.to_vec());
        }
        let mut result = self.endpoint.read(now, PEER, None, datagram.into());
        while let (Err(RtcError::ErrServerNoMatchingSrtpProfile), true) = (&result, is_first_flight) {
            // The library would take the client's first choice; it is shown one of ours at a time.
            let Some(profile) = self.untried.pop() else {
                self.collect_transmits(now, transmits);
                return Err(DtlsError::NoCommonProfile);
            };
            self.endpoint = endpoint(certificate, &self.peer, profile)?;
            for earlier in &self.first_flight {
                result = self.endpoint.read(now, PEER, None, earlier.as_slice().into());
            }
        }
        let alert = self.collect_transmits(now, transmits);
        match result {
            Ok(events) => self.read_events(events),
            Err(error) if alert || matches!(error, RtcError::ErrAlertFatalOrClose) => {
                Err(DtlsError::Handshake(error.to_string()))
            }
            Err(_) => Ok(None),
        }
    }

    /// Takes over what the library wants sent; says whether that is a fatal alert in the clear.
    fn collect_transmits(&mut self, now: Instant, transmits: &mut VecDeque<Vec<u8>>) -> bool {
        let mut flight = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            flight.push(transmit.message.to_vec());
        }
        let alert = flight.iter().any(|datagram| is_fatal_alert(datagram));
        if flight.is_empty() {
            if self.resend.is_due_on_repeat(now) {
                transmits.extend(self.resend.flight.iter().cloned());
                self.resend.sent(now);
            }
        } else {
            self.resend.replace(now, &flight);
            transmits.extend(flight);
        }
        alert
    }

    fn read_events(&mut self, events: Vec<EndpointEvent>) -> Result<Option<DtlsEvent>, DtlsError> {
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => return self.finish().map(Some),
                EndpointEvent::PeerClosed => return Ok(Some(DtlsEvent::Closed)),
                // Data channels are not negotiated; whatever comes is dropped.
                _ => {}
            }
        }
        Ok(None)
    }

    fn finish(&mut self) -> Result<DtlsEvent, DtlsError> {
        self.is_complete = true;
        self.resend.stop();
        let state = self
            .endpoint
            .get_connection_state(PEER)
            .ok_or_else(|| DtlsError::Handshake("the association is gone".into()))?;
        // The library's callback has checked this; the keys depend on it, so it is checked again.
        if !state.peer_certificates.first().is_some_and(|der| self.peer.matches(der)) {
            return Err(DtlsError::WrongCertificate);
        }
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::Aes128Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Profile::Aes256Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Aes128CmSha1_80,
            _ => return Err(DtlsError::NoCommonProfile),
        };
        let material = state
            .export_keying_material(EXPORTER_LABEL, &[], profile.keying_material_len())
            .map_err(|error| DtlsError::Handshake(error.to_string()))?;
        let keys = KeyPair::from_exported(profile, material.as_ref())
            .ok_or_else(|| DtlsError::Handshake("too little keying material".into()))?;
        Ok(DtlsEvent::Connected { profile, keys: Box::new(keys) })
    }

    fn close(&mut self, now: Instant, transmits: &mut VecDeque<Vec<u8>>) {
        self.resend.stop();
        if self.is_complete {
            self.endpoint.stop(now, PEER);
            while let Some(transmit) = self.endpoint.poll_transmit() {
                transmits.push_back(transmit.message.to_vec());
            }
        }
    }
}

fn endpoint(certificate: &Certificate, peer: &Fingerprint, profile: Profile) -> Result<Endpoint, DtlsError> {
    let config =
        handshake_config(certificate, peer, profile).map_err(|error| DtlsError::Setup(error.to_string()))?;
    Ok(Endpoint::new(PEER, TransportProtocol::UDP, Some(Arc::new(config))))
}

fn handshake_config(
    certificate: &Certificate,
    peer: &Fingerprint,
    profile: Profile,
) -> Result<HandshakeConfig, RtcError> {
    let peer = peer.clone();
    ConfigBuilder::default()
        .with_crypto_provider(certificate.provider.clone())
        .with_certificates(vec![certificate.inner.clone()])
        .with_srtp_protection_profiles(vec![match profile {
            Profile::Aes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            Profile::Aes256Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            Profile::Aes128CmSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        }])
        // Binds the keys to the whole handshake (RFC 7627); all WebRTC stacks have it.
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        // Certificates are self-signed: the fingerprint decides, not a chain.
        .with_insecure_skip_verify(true)
        .with_verify_peer_certificate(Some(Arc::new(move |chain, _| {
            if chain.first().is_some_and(|der| peer.matches(der)) {
                Ok(())
            } else {
                Err(RtcError::Other(DtlsError::WrongCertificate.to_string()))
            }
        })))
        .build(false, None)
}

/// A fatal alert in the clear: content type 21 of epoch 0, level 2 (RFC 5246 §7.2).
fn is_fatal_alert(datagram: &[u8]) -> bool {
    datagram.len() >= 14 && datagram[0] == 21 && datagram[3..5] == [0, 0] && datagram[13] == 2
}
