//! A WebRTC client in memory: ICE checks, `rtc-dtls` as the DTLS client, SRTP. It repairs nothing and reads
//! no media, only its transport-wide numbers, which travel in the clear.

use crate::packets::extensions;
use bytes::BytesMut;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use tongke_protocol::Now;
use tongke_transport::rtp::rtcp::{write_nack, write_receiver_report};
use tongke_transport::rtp::twcc::ArrivalRecorder;
use tongke_transport::rtp::{ExtensionKind, Extensions, RtpPacket, RtpView, is_rtcp};
use tongke_transport::webrtc::srtp::{Context, KeyPair, Profile};
use tongke_transport::webrtc::{DatagramKind, Fingerprint, IceCredentials, Path, classify, stun};

/// Source of a publisher's camera.
pub const CAMERA_SSRC: u32 = 11;
/// Source of its retransmissions.
const CAMERA_RTX_SSRC: u32 = 12;
/// Source of a publisher's microphone.
pub const MICROPHONE_SSRC: u32 = 13;
/// Sources of the two encodings of a publisher's simulcast.
pub const LAYER_SSRCS: [u32; 2] = [21, 23];
/// Where the relay's core is told that it is.
pub const RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5_000);
/// Who speaks in a client's RTCP.
const OWN_SSRC: u32 = 1;

/// All clients' certificate: generating and checking one is no part of what is measured.
static CONFIG: LazyLock<(Arc<HandshakeConfig>, Fingerprint)> = LazyLock::new(|| {
    let provider = default_provider().expect("the provider is compiled in");
    let names = vec!["bench".to_owned()];
    let certificate = rtc_dtls::crypto::Certificate::generate_self_signed(names, provider.crypto())
        .expect("a name of letters can be certified");
    let fingerprint = Fingerprint::sha256(&certificate.certificate[0]);
    let config = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true)
        .build(true, None)
        .expect("a certificate and a profile are there");
    (Arc::new(config), fingerprint)
});

/// What a client offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// To receive a picture and a sound.
    Watch,
    /// To send a picture and a sound.
    Publish,
    /// To send a picture in two encodings.
    PublishLayers,
}

/// One client.
pub struct Client {
    /// The offer for the core.
    pub offer: String,
    /// Its way to the relay.
    pub path: Path,
    /// Datagrams for the relay.
    pub out: Vec<Vec<u8>>,
    /// Sequence number of the newest packet of its picture that came.
    pub newest_picture_packet: u16,
    /// What the relay sends its picture as: known from the answer.
    video_ssrc: u32,
    dtls: Endpoint,
    local: IceCredentials,
    remote: IceCredentials,
    checks: u64,
    keys: Option<(Context, Context)>,
    arrivals: ArrivalRecorder,
}

impl Client {
    /// A client that has not joined; its number tells it from others.
    pub fn new(number: u16, offered: Offer) -> Self {
        let local = IceCredentials { ufrag: format!("bench{number}"), pwd: "p".repeat(24) };
        let own = SocketAddr::from(([192, 0, 2, 1], 1_000 + number));
        Self {
            offer: offer(offered, &local, &CONFIG.1),
            path: Path::Udp { local: RELAY, remote: own },
            out: Vec::new(),
            newest_picture_packet: 0,
            video_ssrc: 0,
            dtls: Endpoint::new(own, TransportProtocol::UDP, None),
            remote: local.clone(),
            local,
            checks: 0,
            keys: None,
            arrivals: ArrivalRecorder::new(),
        }
    }

    /// Takes the answer and begins to connect.
    pub fn connect(&mut self, now: Now, answer: &str) {
        let attribute = |name| answer.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        self.remote = IceCredentials {
            ufrag: attribute("a=ice-ufrag:").to_owned(),
            pwd: attribute("a=ice-pwd:").to_owned(),
        };
        let source = attribute("a=ssrc:").split(' ').next();
        self.video_ssrc = source.and_then(|ssrc| ssrc.parse().ok()).unwrap_or(0);
        self.check();
        self.dtls.connect(now.instant, RELAY, CONFIG.0.clone(), None).expect("there is no connection yet");
        self.flush_dtls();
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

    /// Takes a datagram of the relay.
    pub fn handle_datagram(&mut self, now: Now, datagram: &[u8]) {
        match datagram.first().map(|first| classify(*first)) {
            Some(DatagramKind::Media) if !is_rtcp(datagram) => self.note_arrival(now, datagram),
            Some(DatagramKind::Dtls) => {
                let events = self.dtls.read(now.instant, RELAY, None, BytesMut::from(datagram));
                let events = events.unwrap_or_default();
                if events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
                    self.keys = self.take_keys();
                }
                self.flush_dtls();
            }
            _ => {}
        }
    }

    fn note_arrival(&mut self, now: Now, sealed: &[u8]) {
        let Ok(view) = RtpView::parse(sealed) else { return };
        if let Some(number) = Extensions::read(&view, &extensions()).transport_cc {
            self.arrivals.on_packet(now.instant, number);
        }
        if view.header.ssrc == self.video_ssrc {
            self.newest_picture_packet = view.header.sequence;
        }
    }

    /// A packet, sealed.
    ///
    /// # Panics
    /// If the client is not connected.
    pub fn seal(&mut self, packet: &RtpPacket) -> Vec<u8> {
        let mut bytes = Vec::new();
        packet.write(&mut bytes, &extensions());
        assert!(self.keys.as_mut().is_some_and(|keys| keys.0.seal_rtp(&mut bytes, 0)), "not connected");
        bytes
    }

    /// A compound that asks for packets of the picture again, sealed.
    pub fn nack(&mut self, lost: &[u16]) -> Vec<u8> {
        let ssrc = self.video_ssrc;
        self.seal_rtcp(|bytes, _| write_nack(bytes, OWN_SSRC, ssrc, lost))
    }

    /// Transport-wide feedback on what came, sealed, as browsers send it ten to twenty times a second.
    pub fn feedback(&mut self) -> Vec<u8> {
        self.seal_rtcp(|bytes, arrivals| {
            arrivals.write_feedback(bytes, OWN_SSRC, 0);
        })
    }

    fn seal_rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>, &mut ArrivalRecorder)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_receiver_report(&mut bytes, OWN_SSRC, &[]);
        write(&mut bytes, &mut self.arrivals);
        assert!(self.keys.as_mut().is_some_and(|keys| keys.0.seal_rtcp(&mut bytes, 0)), "not connected");
        bytes
    }

    fn flush_dtls(&mut self) {
        while let Some(transmit) = self.dtls.poll_transmit() {
            self.out.push(transmit.message.to_vec());
        }
    }

    /// Contexts to seal and to open with.
    fn take_keys(&self) -> Option<(Context, Context)> {
        let profile = Profile::Aes128Gcm;
        let state = self.dtls.get_connection_state(RELAY)?;
        let len = profile.keying_material_len();
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], len).ok()?;
        let keys = KeyPair::from_exported(profile, material.as_ref())?;
        Some((Context::new(profile, &keys.client), Context::new(profile, &keys.server)))
    }
}

const VIDEO: &str = "video 9 UDP/TLS/RTP/SAVPF 102 103";
const VIDEO_FORMATS: &str = "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 transport-cc\r\na=rtcp-fb:102 nack\r\n\
     a=rtcp-fb:102 nack pli\r\n\
     a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
     a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n";
const AUDIO: &str = "audio 9 UDP/TLS/RTP/SAVPF 109";
const AUDIO_FORMATS: &str =
    "a=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 transport-cc\r\na=fmtp:109 useinbandfec=1\r\n";

fn offer(offered: Offer, local: &IceCredentials, fingerprint: &Fingerprint) -> String {
    let mut text = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n".to_owned();
    let (direction, pictures, sounds) = match offered {
        Offer::Watch => ("recvonly", String::new(), String::new()),
        Offer::Publish => (
            "sendonly",
            format!(
                "a=ssrc-group:FID {CAMERA_SSRC} {CAMERA_RTX_SSRC}\r\n\
                 a=ssrc:{CAMERA_SSRC} cname:b\r\na=ssrc:{CAMERA_RTX_SSRC} cname:b\r\n"
            ),
            format!("a=ssrc:{MICROPHONE_SSRC} cname:b\r\n"),
        ),
        Offer::PublishLayers => (
            "sendonly",
            "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n".to_owned(),
            format!("a=ssrc:{MICROPHONE_SSRC} cname:b\r\n"),
        ),
    };
    let sections = [(VIDEO, VIDEO_FORMATS, pictures), (AUDIO, AUDIO_FORMATS, sounds)];
    for (mid, (line, formats, sources)) in sections.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "m={line}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n{formats}{sources}",
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
