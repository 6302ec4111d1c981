//! The relay's end of a DTLS-SRTP handshake (RFC 5764): always the server, always with a client
//! certificate whose hash the offer named.
//!
//! The handshake itself is `rtc-dtls`'. Three things are done here because it does not do them: the
//! relay's order decides the SRTP profile, a lost flight is sent again by a timer that survives a
//! partly received answer, and the peer's records are rationed.

use super::srtp::{KeyPair, Profile};
use ring::digest;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto_provider::{RTCCryptoProvider, default_provider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error as RtcError;
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The association outlives changes of path, so the library is told one address for ever.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
/// RFC 5764 §4.2.
const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";
/// First wait before a flight is sent again; doubled each time. RFC 6347 §4.2.4.1 suggests a second,
/// and allows less where it matters; a class should not wait a second for one lost packet.
const FIRST_RESEND: Duration = Duration::from_millis(150);
const LAST_RESEND: Duration = Duration::from_secs(2);
/// A peer that repeats itself gets the flight again at most this often.
const RESEND_ON_REPEAT: Duration = Duration::from_millis(50);
/// Records' datagrams a peer may send at once, and how often one more: a handshake takes about
/// eight. Each costs memory or a signature check, and before the end of the handshake none is
/// authenticated.
const DATAGRAM_BURST: u32 = 128;
const DATAGRAM_INTERVAL: Duration = Duration::from_millis(100);
/// Datagrams of a first flight kept in case it must be read again with another profile.
const MAX_FIRST_FLIGHT: usize = 8;

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
    inner: rtc_dtls::crypto::Certificate,
    provider: Arc<dyn RTCCryptoProvider>,
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
    pub(super) fn inner_for_tests(&self) -> rtc_dtls::crypto::Certificate {
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
    peer: Fingerprint,
    /// Profiles not tried yet, the preferred last.
    untried: Vec<Profile>,
    endpoint: Endpoint,
    /// What has come before the first answer.
    first_flight: Vec<Vec<u8>>,
    transmits: VecDeque<Vec<u8>>,
    resend: Resend,
    ration: Ration,
    connected: bool,
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
        Ok(DtlsServer {
            certificate,
            peer,
            untried,
            endpoint,
            first_flight: Vec::new(),
            transmits: VecDeque::new(),
            resend: Resend::default(),
            ration: Ration { left: DATAGRAM_BURST, since: now },
            connected: false,
        })
    }

    /// Takes a datagram of DTLS records. Damaged ones are ignored, as RFC 6347 §4.1.2.7 says.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<Option<DtlsEvent>, DtlsError> {
        if !self.ration.take(now) {
            return Ok(None);
        }
        let is_first_flight = self.first_flight.len() < MAX_FIRST_FLIGHT && !self.resend.has_answered;
        if is_first_flight {
            self.first_flight.push(datagram.to_vec());
        }
        let mut result = self.endpoint.read(now, PEER, None, datagram.into());
        while let (Err(RtcError::ErrServerNoMatchingSrtpProfile), true) = (&result, is_first_flight) {
            // The library would take the client's first choice; it is shown one of ours at a time.
            let Some(profile) = self.untried.pop() else {
                self.collect_transmits(now);
                return Err(DtlsError::NoCommonProfile);
            };
            self.endpoint = endpoint(&self.certificate, &self.peer, profile)?;
            for earlier in &self.first_flight {
                result = self.endpoint.read(now, PEER, None, earlier.as_slice().into());
            }
        }
        let alert = self.collect_transmits(now);
        match result {
            Ok(events) => self.read_events(events),
            Err(error) if alert || matches!(error, RtcError::ErrAlertFatalOrClose) => {
                Err(DtlsError::Handshake(error.to_string()))
            }
            Err(_) => Ok(None),
        }
    }

    /// Takes over what the library wants sent; says whether that is a fatal alert in the clear.
    fn collect_transmits(&mut self, now: Instant) -> bool {
        let mut flight = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            flight.push(transmit.message.to_vec());
        }
        let alert = flight.iter().any(|datagram| is_fatal_alert(datagram));
        if flight.is_empty() {
            if self.resend.is_due_on_repeat(now) {
                self.transmits.extend(self.resend.flight.iter().cloned());
                self.resend.sent(now);
            }
        } else {
            self.resend.replace(now, &flight);
            self.transmits.extend(flight);
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
        self.connected = true;
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

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmits.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.resend.due
    }

    /// Sends the last flight again if its answer is overdue.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.resend.due.is_some_and(|due| due <= now) {
            self.transmits.extend(self.resend.flight.iter().cloned());
            self.resend.sent(now);
        }
    }

    /// Says goodbye to the peer, if it has been met.
    pub fn close(&mut self, now: Instant) {
        self.resend.stop();
        if self.connected {
            self.endpoint.stop(now, PEER);
            while let Some(transmit) = self.endpoint.poll_transmit() {
                self.transmits.push_back(transmit.message.to_vec());
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

/// The last flight, to be sent again byte for byte until the peer answers it. The peer's replay
/// window drops what it has; the library's own timer is not used, since it stops for good when a
/// part of the answer has come, and a flight lost then would never be repeated.
#[derive(Default)]
struct Resend {
    flight: Vec<Vec<u8>>,
    wait: Duration,
    sent_at: Option<Instant>,
    due: Option<Instant>,
    has_answered: bool,
}

impl Resend {
    fn replace(&mut self, now: Instant, flight: &[Vec<u8>]) {
        self.has_answered = true;
        // A HelloVerifyRequest is not repeated unasked (RFC 6347 §4.2.1): handshake type 3.
        if flight.iter().any(|datagram| datagram.first() == Some(&22) && datagram.get(13) == Some(&3)) {
            return;
        }
        self.flight = flight.to_vec();
        self.wait = FIRST_RESEND;
        self.sent_at = Some(now);
        self.due = Some(now + self.wait);
    }

    fn sent(&mut self, now: Instant) {
        self.wait = (self.wait * 2).min(LAST_RESEND);
        self.sent_at = Some(now);
        self.due = Some(now + self.wait);
    }

    fn is_due_on_repeat(&self, now: Instant) -> bool {
        self.due.is_some() && self.sent_at.is_some_and(|at| now.duration_since(at) >= RESEND_ON_REPEAT)
    }

    fn stop(&mut self) {
        self.due = None;
        self.flight.clear();
    }
}

/// How many more datagrams a peer may have read.
struct Ration {
    left: u32,
    since: Instant,
}

impl Ration {
    fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.since).as_millis() / DATAGRAM_INTERVAL.as_millis();
        let earned = u32::try_from(earned).unwrap_or(DATAGRAM_BURST);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(DATAGRAM_BURST);
            self.since = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
