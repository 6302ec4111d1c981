//! A client for tests: a full ICE agent's checks, `rtc-dtls` as the DTLS client, `rtc-srtp` for media.

use super::srtp::Profile;
use super::stun::{self, Class, Message};
use super::*;
use bytes::BytesMut;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto_provider::{RTCCryptoProvider, SignatureScheme, default_provider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::context::Context as Oracle;
use rtc_srtp::protection_profile::ProtectionProfile;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tongke_protocol::{Now, WallTime};

/// One certificate for all tests: making one takes a while.
pub(super) static RELAY_CERTIFICATE: LazyLock<Arc<Certificate>> =
    LazyLock::new(|| Arc::new(Certificate::generate().unwrap()));
static CLIENT_CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());

const RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);
/// A client sends its last flight again this often, byte for byte, when the library would not.
const RESEND: Duration = Duration::from_millis(300);

pub(super) fn udp(port: u16) -> Path {
    Path::Udp { local: RELAY, remote: SocketAddr::from(([192, 0, 2, 1], port)) }
}

pub(super) fn start() -> Now {
    Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) }
}

pub(super) fn credentials(name: &str) -> IceCredentials {
    IceCredentials { ufrag: format!("{name}-ufrag"), pwd: format!("{name}-password-{:016}", 7) }
}

/// Which certificate the client shows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ClientKey {
    Ecdsa,
    Rsa,
}

fn client_certificate(key: ClientKey, provider: &dyn RTCCryptoProvider) -> rtc_dtls::crypto::Certificate {
    match key {
        ClientKey::Ecdsa => CLIENT_CERTIFICATE.inner_for_tests(),
        ClientKey::Rsa => rtc_dtls::crypto::Certificate::from_signing_key(
            vec![include_bytes!("../../tests/data/rsa-client-cert.der").to_vec().into()],
            provider
                .crypto()
                .import_signing_key(
                    SignatureScheme::RsaPkcs1Sha256,
                    include_bytes!("../../tests/data/rsa-client-key.der"),
                )
                .unwrap(),
        ),
    }
}

fn client_config(key: ClientKey, profiles: &[Profile]) -> (HandshakeConfig, Fingerprint) {
    let provider = default_provider().unwrap();
    let certificate = client_certificate(key, provider.as_ref());
    let fingerprint = Fingerprint::sha256(&certificate.certificate[0]);
    let config = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(
            profiles
                .iter()
                .map(|profile| match profile {
                    Profile::Aes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                    Profile::Aes256Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
                    Profile::Aes128CmSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
                })
                .collect(),
        )
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true)
        .build(true, None)
        .unwrap();
    (config, fingerprint)
}

pub(super) struct Peer {
    pub path: Path,
    pub local: IceCredentials,
    pub remote: IceCredentials,
    pub fingerprint: Fingerprint,
    config: Arc<HandshakeConfig>,
    dtls: Endpoint,
    /// What the client wants sent.
    pub out: Vec<(Path, Vec<u8>)>,
    last_flight: Vec<Vec<u8>>,
    resend_at: Option<Instant>,
    transactions: u64,
    pub checks_answered: u64,
    pub errors_answered: u64,
    pub is_connected: bool,
    pub is_closed: bool,
    pub seal: Option<Oracle>,
    pub open: Option<Oracle>,
}

impl Peer {
    pub fn new(key: ClientKey, profiles: &[Profile]) -> Self {
        let (config, fingerprint) = client_config(key, profiles);
        Peer {
            path: udp(1000),
            local: credentials("client"),
            remote: credentials("relay"),
            fingerprint,
            config: Arc::new(config),
            dtls: Endpoint::new(udp(1).remote(), TransportProtocol::UDP, None),
            out: Vec::new(),
            last_flight: Vec::new(),
            resend_at: None,
            transactions: 0,
            checks_answered: 0,
            errors_answered: 0,
            is_connected: false,
            is_closed: false,
            seal: None,
            open: None,
        }
    }

    /// A session that waits for this peer.
    pub fn session(&self, now: Now) -> Session {
        self.session_with(now, |_| {})
    }

    pub fn session_with(&self, now: Now, change: impl FnOnce(&mut SessionConfig)) -> Session {
        let mut config = SessionConfig::new(
            RELAY_CERTIFICATE.clone(),
            self.remote.clone(),
            self.local.clone(),
            self.fingerprint.clone(),
        );
        change(&mut config);
        Session::new(now, config).unwrap()
    }

    pub fn check(&mut self, nominate: bool) -> Vec<u8> {
        self.check_with_priority(nominate, 100)
    }

    pub fn check_with_priority(&mut self, nominate: bool, priority: u32) -> Vec<u8> {
        self.transactions += 1;
        let mut id = [0; 12];
        id[4..].copy_from_slice(&self.transactions.to_be_bytes());
        let username = format!("{}:{}", self.remote.ufrag, self.local.ufrag);
        stun::binding_request(id, &username, self.remote.pwd.as_bytes(), priority, nominate)
    }

    pub fn send_check(&mut self, nominate: bool) {
        let check = self.check(nominate);
        self.out.push((self.path, check));
    }

    pub fn start_dtls(&mut self, now: Now) {
        self.dtls.connect(now.instant, RELAY, self.config.clone(), None).unwrap();
        self.collect(now);
    }

    pub fn close(&mut self, now: Now) {
        self.dtls.stop(now.instant, RELAY);
        self.collect(now);
    }

    fn collect(&mut self, now: Now) {
        let flight: Vec<Vec<u8>> = std::iter::from_fn(|| self.dtls.poll_transmit())
            .map(|transmit| transmit.message.to_vec())
            .collect();
        if !flight.is_empty() {
            self.out.extend(flight.iter().map(|datagram| (self.path, datagram.clone())));
            self.last_flight = flight;
            self.resend_at = Some(now.instant + RESEND);
        }
    }

    pub fn handle_timeout(&mut self, now: Now) {
        if !self.is_connected && self.resend_at.is_some_and(|at| at <= now.instant) {
            if self.dtls.poll_timeout(&RELAY).is_some_and(|at| at <= now.instant) {
                let _ = self.dtls.handle_timeout(RELAY, now.instant);
                self.collect(now);
            } else {
                self.out.extend(self.last_flight.iter().map(|datagram| (self.path, datagram.clone())));
            }
            self.resend_at = Some(now.instant + RESEND);
        }
    }

    pub fn handle_datagram(&mut self, now: Now, datagram: &[u8]) {
        match classify(datagram[0]) {
            DatagramKind::Stun => {
                let message = Message::parse(datagram).unwrap();
                assert!(message.is_authentic(self.remote.pwd.as_bytes()), "an answer must be signed");
                match message.class() {
                    Class::Success => self.checks_answered += 1,
                    _ => self.errors_answered += 1,
                }
            }
            DatagramKind::Dtls => {
                let events =
                    self.dtls.read(now.instant, RELAY, None, BytesMut::from(datagram)).unwrap_or_default();
                for event in events {
                    match event {
                        EndpointEvent::HandshakeComplete => self.finish(),
                        EndpointEvent::PeerClosed => self.is_closed = true,
                        _ => {}
                    }
                }
                self.collect(now);
            }
            kind => panic!("the relay sent {kind:?}"),
        }
    }

    fn finish(&mut self) {
        self.is_connected = true;
        let state = self.dtls.get_connection_state(RELAY).unwrap();
        assert!(RELAY_CERTIFICATE.fingerprint().matches(&state.peer_certificates[0]));
        let (profile, theirs) = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => {
                (Profile::Aes128Gcm, ProtectionProfile::AeadAes128Gcm)
            }
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => {
                (Profile::Aes256Gcm, ProtectionProfile::AeadAes256Gcm)
            }
            _ => (Profile::Aes128CmSha1_80, ProtectionProfile::Aes128CmHmacSha1_80),
        };
        let material =
            state.export_keying_material("EXTRACTOR-dtls_srtp", &[], profile.keying_material_len()).unwrap();
        let (keys, salts) = material.as_ref().split_at(2 * profile.key_len());
        let provider = default_provider().unwrap();
        let context = |which: usize| {
            let key = &keys[which * profile.key_len()..][..profile.key_len()];
            let salt = &salts[which * profile.salt_len()..][..profile.salt_len()];
            Oracle::new(key, salt, theirs, None, None, provider.crypto()).unwrap()
        };
        self.seal = Some(context(0));
        self.open = Some(context(1));
    }
}

/// Passes datagrams between peer and session, each way under `lost`, until neither has more.
pub(super) fn exchange(now: Now, peer: &mut Peer, session: &mut Session, mut lost: impl FnMut() -> bool) {
    for _ in 0..64 {
        let to_session = std::mem::take(&mut peer.out);
        let is_quiet = to_session.is_empty();
        for (path, mut datagram) in to_session {
            if !lost() {
                session.handle_datagram(now, path, &mut datagram);
            }
        }
        let mut answered = false;
        while let Some((_, datagram)) = session.poll_transmit() {
            answered = true;
            if !lost() {
                peer.handle_datagram(now, &datagram);
            }
        }
        if is_quiet && !answered {
            return;
        }
    }
    panic!("peer and session talk without end");
}

/// A peer and a session that have met.
pub(super) fn connected(now: Now, key: ClientKey, profiles: &[Profile]) -> (Peer, Session) {
    let mut peer = Peer::new(key, profiles);
    let mut session = peer.session(now);
    peer.send_check(true);
    peer.start_dtls(now);
    exchange(now, &mut peer, &mut session, || false);
    assert!(peer.is_connected && session.is_connected());
    (peer, session)
}

pub(super) fn events(session: &mut Session) -> Vec<SessionEvent> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

/// A small RTP packet.
pub(super) fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 9]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(b"payload");
    packet
}

/// A receiver report without blocks.
pub(super) fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet
}
