//! A WebRTC client: ICE checks, `rtc-dtls` as the DTLS client, SRTP.

use super::CERTIFICATE;
use bytes::BytesMut;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use tongke_protocol::Now;
use tongke_sfu::Joined;
use tongke_transport::rtp::rtcp::{self, Rtcp, write_nack, write_pli, write_receiver_report};
use tongke_transport::rtp::{ExtensionKind, ExtensionMap, RtpPacket};
use tongke_transport::webrtc::srtp::{Context, KeyPair, Profile};
use tongke_transport::webrtc::stun::{self, Message};
use tongke_transport::webrtc::{DatagramKind, Fingerprint, IceCredentials, Path, classify};

const RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);
/// Payload types of the offers below; not those of QUIC legs.
pub const H264: u8 = 102;
pub const H264_RTX: u8 = 103;
pub const OPUS: u8 = 109;
pub const RED: u8 = 63;

struct Keys {
    seal: Context,
    open: Context,
}

pub struct Browser {
    pub path: Path,
    pub offer: String,
    pub joined: Option<Joined>,
    pub out: Vec<Vec<u8>>,
    pub received: Vec<RtpPacket>,
    pub padded: usize,
    pub rtcp: Vec<Vec<u8>>,
    pub is_closed: bool,
    /// Own number of the first packet of each source.
    next_sequence: BTreeMap<u32, u16>,
    keys: Option<Keys>,
    dtls: Endpoint,
    config: Arc<HandshakeConfig>,
    local: IceCredentials,
    remote: Option<IceCredentials>,
    transactions: u8,
}

/// Ids of the offers below; not those of QUIC legs.
pub fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::default();
    map.set(7, ExtensionKind::AbsCaptureTime);
    map.set(5, ExtensionKind::TransportCc);
    map.set(9, ExtensionKind::Mid);
    map.set(3, ExtensionKind::AudioLevel);
    map.set(10, ExtensionKind::Rid);
    map.set(11, ExtensionKind::RepairedRid);
    map
}

impl Browser {
    /// A WHEP client with so many slots.
    pub fn watching(port: u16, video: usize, audio: usize) -> Self {
        let kinds = std::iter::repeat_n("video", video).chain(std::iter::repeat_n("audio", audio));
        Self::new(port, &kinds.collect::<Vec<_>>(), "recvonly")
    }

    /// A WHIP client with a camera (source 11, retransmissions 12) and a microphone (source 13).
    pub fn publishing(port: u16) -> Self {
        Self::new(port, &["video", "audio"], "sendonly")
    }

    /// A WHIP client whose camera is a simulcast of h, m and l, with a microphone (source 13).
    pub fn publishing_layers(port: u16) -> Self {
        Self::new(port, &["layers", "audio"], "sendonly")
    }

    fn new(port: u16, kinds: &[&str], direction: &str) -> Self {
        let (config, fingerprint) = client_config();
        let local = IceCredentials { ufrag: format!("browser{port}"), pwd: "p".repeat(24) };
        Self {
            path: Path::Udp { local: RELAY, remote: SocketAddr::from(([192, 0, 2, 1], port)) },
            offer: offer(kinds, direction, &local, &fingerprint),
            joined: None,
            out: Vec::new(),
            received: Vec::new(),
            padded: 0,
            rtcp: Vec::new(),
            is_closed: false,
            next_sequence: BTreeMap::new(),
            keys: None,
            dtls: Endpoint::new(SocketAddr::from(([192, 0, 2, 1], port)), TransportProtocol::UDP, None),
            config: Arc::new(config),
            local,
            remote: None,
            transactions: 0,
        }
    }

    /// Takes the answer, checks the way and begins the handshake.
    pub fn connect(&mut self, now: Now, joined: Joined) {
        let attribute = |name: &str| {
            let line = joined.answer.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.to_owned()
        };
        self.remote = Some(IceCredentials { ufrag: attribute("a=ice-ufrag:"), pwd: attribute("a=ice-pwd:") });
        self.joined = Some(joined);
        self.check();
        self.dtls.connect(now.instant, RELAY, self.config.clone(), None).unwrap();
        self.collect();
    }

    /// Whether the DTLS handshake is done.
    pub fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    pub fn check(&mut self) {
        let remote = self.remote.as_ref().unwrap();
        self.transactions = self.transactions.wrapping_add(1);
        let username = format!("{}:{}", remote.ufrag, self.local.ufrag);
        let id = [self.transactions; 12];
        self.out.push(stun::binding_request(id, &username, remote.pwd.as_bytes(), 100, true));
    }

    /// New credentials on both sides, as after an ICE restart.
    pub fn restart(&mut self, local: IceCredentials, remote: IceCredentials) {
        self.local = local;
        self.remote = Some(remote);
    }

    fn collect(&mut self) {
        while let Some(transmit) = self.dtls.poll_transmit() {
            self.out.push(transmit.message.to_vec());
        }
    }

    pub fn handle_datagram(&mut self, now: Now, datagram: &[u8]) {
        match classify(datagram[0]) {
            DatagramKind::Stun => {
                let message = Message::parse(datagram).unwrap();
                assert!(message.is_authentic(self.remote.as_ref().unwrap().pwd.as_bytes()));
            }
            DatagramKind::Dtls => {
                let bytes = BytesMut::from(datagram);
                for event in self.dtls.read(now.instant, RELAY, None, bytes).unwrap_or_default() {
                    match event {
                        EndpointEvent::HandshakeComplete => self.take_keys(),
                        EndpointEvent::PeerClosed => self.is_closed = true,
                        _ => {}
                    }
                }
                self.collect();
            }
            DatagramKind::Media => self.open(datagram),
            DatagramKind::Other => panic!("the relay sent something odd"),
        }
    }

    fn take_keys(&mut self) {
        let state = self.dtls.get_connection_state(RELAY).unwrap();
        assert!(CERTIFICATE.fingerprint().matches(&state.peer_certificates[0]));
        let profile = Profile::Aes128Gcm;
        let material =
            state.export_keying_material("EXTRACTOR-dtls_srtp", &[], profile.keying_material_len()).unwrap();
        let keys = KeyPair::from_exported(profile, material.as_ref()).unwrap();
        self.keys = Some(Keys {
            seal: Context::new(profile, &keys.client),
            open: Context::new(profile, &keys.server),
        });
    }

    fn open(&mut self, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        let keys = self.keys.as_mut().expect("media comes after the handshake");
        if tongke_transport::rtp::is_rtcp(&datagram) {
            let len = keys.open.open_rtcp(&mut datagram).unwrap();
            datagram.truncate(len);
            return self.rtcp.push(datagram);
        }
        let len = keys.open.open_rtp(&mut datagram).unwrap();
        datagram.truncate(len);
        self.padded += usize::from(datagram[0] & 0x20 != 0);
        self.received.push(RtpPacket::parse(&datagram.into(), &extensions()).unwrap());
    }

    /// Sends a packet as `ssrc`, numbered by itself.
    pub fn send(&mut self, ssrc: u32, payload_type: u8, mut packet: RtpPacket) -> u16 {
        let sequence = self.number(ssrc);
        packet.header.sequence = sequence;
        self.send_raw(ssrc, payload_type, packet);
        sequence
    }

    /// Uses up a number without sending anything: a packet that got lost.
    pub fn number(&mut self, ssrc: u32) -> u16 {
        let next = self.next_sequence.entry(ssrc).or_insert(65_530);
        let sequence = *next;
        *next = next.wrapping_add(1);
        sequence
    }

    pub fn send_raw(&mut self, ssrc: u32, payload_type: u8, mut packet: RtpPacket) {
        packet.header.ssrc = ssrc;
        packet.header.payload_type = payload_type;
        let mut bytes = Vec::new();
        packet.write(&mut bytes, &extensions());
        assert!(self.keys.as_mut().unwrap().seal.seal_rtp(&mut bytes, 0));
        self.out.push(bytes);
    }

    pub fn send_rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        write_receiver_report(&mut bytes, 1, &[]);
        write(&mut bytes);
        assert!(self.keys.as_mut().unwrap().seal.seal_rtcp(&mut bytes, 0));
        self.out.push(bytes);
    }

    pub fn nack(&mut self, ssrc: u32, lost: &[u16]) {
        self.send_rtcp(|out| write_nack(out, 1, ssrc, lost));
    }

    pub fn pli(&mut self, ssrc: u32) {
        self.send_rtcp(|out| write_pli(out, 1, ssrc));
    }

    /// How often a keyframe was asked for.
    pub fn keyframe_requests(&self, ssrc: u32) -> usize {
        let packets = self.rtcp.iter().flat_map(|compound| rtcp::read(compound));
        packets
            .filter(|packet| matches!(packet, Ok(Rtcp::Pli { media_ssrc, .. }) if *media_ssrc == ssrc))
            .count()
    }

    /// Sources of the answer's sections, media and retransmission, in order.
    pub fn sources(&self) -> Vec<u32> {
        let answer = &self.joined.as_ref().unwrap().answer;
        let sources = answer.lines().filter_map(|line| line.strip_prefix("a=ssrc:")?.split_once(' '));
        let mut sources: Vec<u32> = sources.map(|(ssrc, _)| ssrc.parse().unwrap()).collect();
        sources.dedup();
        sources
    }

    pub fn packets_of(&self, ssrc: u32) -> Vec<RtpPacket> {
        self.received.iter().filter(|packet| packet.header.ssrc == ssrc).cloned().collect()
    }
}

fn client_config() -> (HandshakeConfig, Fingerprint) {
    let provider = default_provider().unwrap();
    let certificate =
        rtc_dtls::crypto::Certificate::generate_self_signed(vec!["browser".to_owned()], provider.crypto())
            .unwrap();
    let fingerprint = Fingerprint::sha256(&certificate.certificate[0]);
    let config = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true)
        .build(true, None)
        .unwrap();
    (config, fingerprint)
}

fn offer(kinds: &[&str], direction: &str, local: &IceCredentials, fingerprint: &Fingerprint) -> String {
    let mids: String = (0..kinds.len()).fold(String::new(), |list, mid| format!("{list} {mid}"));
    let mut text = format!("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE{mids}\r\n");
    for (mid, kind) in kinds.iter().enumerate() {
        let (media, types) = if *kind == "audio" { ("audio", "109 63") } else { ("video", "102 103") };
        let _ = write!(
            text,
            "m={media} 9 UDP/TLS/RTP/SAVPF {types}\r\nc=IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{fingerprint}\r\na=setup:actpass\r\n\
             a=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
            local.ufrag, local.pwd
        );
        for kind in ExtensionKind::ALL {
            if let Some(id) = extensions().get(kind) {
                let _ = write!(text, "a=extmap:{id} {}\r\n", kind.uri());
            }
        }
        text.push_str(if media == "video" {
            "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 transport-cc\r\na=rtcp-fb:102 nack\r\n\
             a=rtcp-fb:102 nack pli\r\n\
             a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
             a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
        } else {
            "a=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 transport-cc\r\na=fmtp:109 useinbandfec=1\r\n\
             a=rtpmap:63 red/48000/2\r\na=fmtp:63 109/109\r\n"
        });
        if direction == "sendonly" {
            text.push_str(match *kind {
                "video" => "a=ssrc-group:FID 11 12\r\na=ssrc:11 cname:b\r\na=ssrc:12 cname:b\r\n",
                "layers" => "a=rid:h send\r\na=rid:m send\r\na=rid:l send\r\na=simulcast:send h;m;l\r\n",
                _ => "a=ssrc:13 cname:b\r\n",
            });
        }
    }
    text
}
