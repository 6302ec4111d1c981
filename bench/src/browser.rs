//! The least WHEP client: one picture and one sound, ICE checks, `rtc-dtls` as the DTLS client,
//! SRTP, transport-wide feedback. It takes any certificate and repairs nothing.

use bytes::BytesMut;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use std::error::Error;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tongke_transport::rtp::rtcp::write_receiver_report;
use tongke_transport::rtp::twcc::ArrivalRecorder;
use tongke_transport::rtp::{ExtensionKind, ExtensionMap, Extensions, RtpView, is_rtcp};
use tongke_transport::webrtc::srtp::{Context, KeyPair, Profile};
use tongke_transport::webrtc::{DatagramKind, Fingerprint, IceCredentials, classify, stun};

/// Who speaks in our RTCP.
const OWN_SSRC: u32 = 1;

/// One receiver over WebRTC: bytes in, bytes out.
pub struct Browser {
    /// The offer for `POST /whep/{lesson}`.
    pub offer: String,
    /// Datagrams for the relay.
    pub out: Vec<Vec<u8>>,
    dtls: Endpoint,
    config: Arc<rtc_dtls::config::HandshakeConfig>,
    local: IceCredentials,
    remote: IceCredentials,
    relay: SocketAddr,
    checks: u64,
    keys: Option<(Context, Context)>,
    arrivals: ArrivalRecorder,
}

/// The header extensions offered.
pub fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::default();
    let offered = [
        (3, ExtensionKind::AudioLevel),
        (5, ExtensionKind::TransportCc),
        (7, ExtensionKind::AbsCaptureTime),
        (9, ExtensionKind::Mid),
    ];
    offered.into_iter().for_each(|(id, kind)| map.set(id, kind));
    map
}

impl Browser {
    /// A client that has not joined; `name` tells its ICE user from others'.
    ///
    /// # Errors
    /// If no certificate can be made.
    pub fn new(name: &str) -> Result<Self, Box<dyn Error>> {
        let provider = default_provider()?;
        let certificate =
            rtc_dtls::crypto::Certificate::generate_self_signed(vec!["bench".to_owned()], provider.crypto())?;
        let local = IceCredentials { ufrag: name.to_owned(), pwd: "p".repeat(24) };
        let offer = offer(&local, &Fingerprint::sha256(&certificate.certificate[0]));
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_insecure_skip_verify(true)
            .build(true, None)?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        Ok(Self {
            offer,
            out: Vec::new(),
            dtls: Endpoint::new(nowhere, TransportProtocol::UDP, None),
            config: Arc::new(config),
            remote: local.clone(),
            local,
            relay: nowhere,
            checks: 0,
            keys: None,
            arrivals: ArrivalRecorder::new(),
        })
    }

    /// Takes the answer and begins to connect; says where the relay is.
    ///
    /// # Errors
    /// If the answer names no way to the relay.
    pub fn connect(&mut self, now: Instant, answer: &str) -> Result<SocketAddr, Box<dyn Error>> {
        let attribute = |name| answer.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        self.remote = IceCredentials {
            ufrag: attribute("a=ice-ufrag:").to_owned(),
            pwd: attribute("a=ice-pwd:").to_owned(),
        };
        let candidate: Vec<&str> = attribute("a=candidate:").split(' ').collect();
        let [_, _, "udp" | "UDP", _, ip, port, ..] = candidate[..] else {
            return Err("the answer has no UDP candidate".into());
        };
        self.relay = SocketAddr::new(ip.parse()?, port.parse()?);
        self.check();
        self.dtls.connect(now, self.relay, self.config.clone(), None)?;
        self.flush_dtls();
        Ok(self.relay)
    }

    /// Whether media can come.
    pub fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// An ICE check, which keeps the session alive too.
    pub fn check(&mut self) {
        self.checks += 1;
        let mut id = [0; 12];
        id[4..].copy_from_slice(&self.checks.to_be_bytes());
        let username = format!("{}:{}", self.remote.ufrag, self.local.ufrag);
        self.out.push(stun::binding_request(id, &username, self.remote.pwd.as_bytes(), 100, true));
    }

    /// Transport-wide feedback on what came, as browsers send it ten to twenty times a second.
    pub fn send_feedback(&mut self) {
        let Some((seal, _)) = &mut self.keys else { return };
        let mut bytes = Vec::new();
        write_receiver_report(&mut bytes, OWN_SSRC, &[]);
        if self.arrivals.write_feedback(&mut bytes, OWN_SSRC, 0) && seal.seal_rtcp(&mut bytes, 0) {
            self.out.push(bytes);
        }
    }

    fn flush_dtls(&mut self) {
        while let Some(transmit) = self.dtls.poll_transmit() {
            self.out.push(transmit.message.to_vec());
        }
    }

    /// Takes a datagram of the relay; gives the plain packet if it is RTP.
    pub fn handle_datagram<'d>(&mut self, now: Instant, datagram: &'d mut [u8]) -> Option<&'d [u8]> {
        match classify(*datagram.first()?) {
            DatagramKind::Media if !is_rtcp(datagram) => self.open(now, datagram),
            DatagramKind::Dtls => {
                let events = self.dtls.read(now, self.relay, None, BytesMut::from(&*datagram));
                let events = events.unwrap_or_default();
                if events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
                    self.keys = self.take_keys();
                }
                self.flush_dtls();
                None
            }
            _ => None,
        }
    }

    fn open<'d>(&mut self, now: Instant, datagram: &'d mut [u8]) -> Option<&'d [u8]> {
        let len = self.keys.as_mut()?.1.open_rtp(datagram).ok()?;
        let plain = &datagram[..len];
        let extensions = Extensions::read(&RtpView::parse(plain).ok()?, &extensions());
        if let Some(number) = extensions.transport_cc {
            self.arrivals.on_packet(now, number);
        }
        Some(plain)
    }

    /// Contexts to seal and to open with.
    fn take_keys(&self) -> Option<(Context, Context)> {
        let profile = Profile::Aes128Gcm;
        let state = self.dtls.get_connection_state(self.relay)?;
        let len = profile.keying_material_len();
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], len).ok()?;
        let keys = KeyPair::from_exported(profile, material.as_ref())?;
        Some((Context::new(profile, &keys.client), Context::new(profile, &keys.server)))
    }
}

fn offer(local: &IceCredentials, fingerprint: &Fingerprint) -> String {
    let mut text = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n".to_owned();
    let sections = [
        (
            "video 9 UDP/TLS/RTP/SAVPF 102 103",
            "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 transport-cc\r\na=rtcp-fb:102 nack\r\n\
             a=rtcp-fb:102 nack pli\r\n\
             a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
             a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n",
        ),
        (
            "audio 9 UDP/TLS/RTP/SAVPF 109",
            "a=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 transport-cc\r\na=fmtp:109 useinbandfec=1\r\n",
        ),
    ];
    for (mid, (line, formats)) in sections.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "m={line}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n{formats}",
            local.ufrag, local.pwd
        );
        for kind in ExtensionKind::ALL {
            if let Some(id) = extensions().get(kind) {
                let _ = write!(text, "a=extmap:{id} {}\r\n", kind.uri());
            }
        }
    }
    text
}
