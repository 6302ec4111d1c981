//! A whole WebRTC client in memory, `rtc`'s peer connection as our nodes use it, publishes to and
//! receives from the relay's side: offer, answer, ICE, DTLS, SRTP, and a packet each way.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test, which takes one Instant as its origin"
)]

use bytes::BytesMut;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MediaEngine};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;
use rtc::rtp_transceiver::RTCRtpTransceiverInit;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tongke_protocol::control::Codec;
use tongke_protocol::{Now, WallTime};
use tongke_transport::webrtc::sdp::{self, AnswerParams, Candidate, Leg, NegotiatedMedia, Offer, SendStream};
use tongke_transport::webrtc::srtp::Profile;
use tongke_transport::webrtc::{
    Certificate, IceCredentials, Path, Received, Session, SessionConfig, stun_local_ufrag,
};

const CLIENT: ([u8; 4], u16) = ([192, 0, 2, 1], 40_000);
const RELAY: ([u8; 4], u16) = ([192, 0, 2, 2], 3_478);
const SSRC: u32 = 77;

/// Client and relay, and the virtual time between them.
struct Wire {
    now: Now,
    client: RTCPeerConnection,
    session: Session,
    media: Vec<NegotiatedMedia>,
    /// Plain RTP that the relay opened.
    at_relay: Vec<Vec<u8>>,
    /// Plain payloads that the client opened.
    at_client: Vec<Vec<u8>>,
}

fn peer_connection(now: Instant) -> RTCPeerConnection {
    let mut engine = MediaEngine::default();
    engine.register_default_codecs().unwrap();
    let registry = register_default_interceptors(rtc::interceptor::Registry::new(), &mut engine).unwrap();
    RTCPeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_media_engine(engine)
        .with_interceptor_registry(registry)
        .build(now)
        .unwrap()
}

fn host_candidate() -> rtc::peer_connection::transport::RTCIceCandidateInit {
    let address = SocketAddr::from(CLIENT);
    let candidate = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..Default::default()
        },
        ..Default::default()
    }
    .new_candidate_host()
    .unwrap();
    RTCIceCandidate::from(&candidate).to_json().unwrap()
}

impl Wire {
    /// Lets the client offer what `prepare` adds, and the relay answer.
    fn new(leg: Leg, prepare: impl FnOnce(&mut RTCPeerConnection)) -> Self {
        let now = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
        let mut client = peer_connection(now.instant);
        prepare(&mut client);
        client.add_local_candidate(host_candidate()).unwrap();
        let offer = client.create_offer(None).unwrap();
        client.set_local_description(now.instant, offer).unwrap();
        let offer = Offer::parse(&client.local_description().unwrap().sdp).unwrap();

        let certificate = Arc::new(Certificate::generate().unwrap());
        let ice = IceCredentials::from_random(&[9; IceCredentials::RANDOM_LEN]);
        let streams = [SendStream { ssrc: SSRC, rtx_ssrc: SSRC + 1, stream_id: "slot0".into() }];
        let params = AnswerParams {
            leg,
            ice: &ice,
            fingerprint: &certificate.fingerprint_sha256(),
            candidates: &[Candidate::Udp(SocketAddr::from(RELAY))],
            streams: &streams,
            cname: "relay",
            session_id: 1,
        };
        let (answer, media) = sdp::answer(&offer, &params).unwrap();
        client.set_remote_description(now.instant, RTCSessionDescription::answer(answer).unwrap()).unwrap();
        let config = SessionConfig::new(certificate, ice, offer.ice, offer.fingerprint);
        let session = Session::new(now, config).unwrap();
        Wire { now, client, session, media, at_relay: Vec::new(), at_client: Vec::new() }
    }

    /// Lets 10 ms pass.
    fn step(&mut self) {
        self.now = self.now.plus(Duration::from_millis(10));
        let instant = self.now.instant;
        if self.client.poll_timeout().is_some_and(|at| at <= instant) {
            self.client.handle_timeout(instant).unwrap();
        }
        self.session.handle_timeout(self.now);
        let path = Path::Udp { local: RELAY.into(), remote: CLIENT.into() };
        while let Some(transmit) = self.client.poll_write() {
            let mut datagram = transmit.message.to_vec();
            if !self.session.is_connected() {
                assert!(stun_local_ufrag(&datagram).is_none_or(|ufrag| ufrag.len() == 8));
            }
            if let Received::Rtp(plain) = self.session.handle_datagram(self.now, path, &mut datagram) {
                self.at_relay.push(plain.to_vec());
            }
        }
        while let Some((_, datagram)) = self.session.poll_transmit() {
            self.deliver(&datagram);
        }
        while let Some(message) = self.client.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = message.message {
                self.at_client.push(packet.payload.to_vec());
            }
        }
        while self.client.poll_event().is_some() {}
    }

    fn deliver(&mut self, datagram: &[u8]) {
        self.client
            .handle_read(TaggedBytesMut {
                now: self.now.instant,
                transport: TransportContext {
                    local_addr: CLIENT.into(),
                    peer_addr: RELAY.into(),
                    ecn: None,
                    transport_protocol: TransportProtocol::UDP,
                },
                message: BytesMut::from(datagram),
            })
            .unwrap();
    }

    fn connect(&mut self) {
        for _ in 0..500 {
            self.step();
            if self.session.is_connected() {
                // The client finishes one flight later.
                (0..5).for_each(|_| self.step());
                return;
            }
        }
        panic!("not connected after 5 s: {:?}", self.session);
    }
}

#[test]
fn a_client_of_the_rtc_crate_publishes() {
    let mut sender = None;
    let mut wire = Wire::new(Leg::Publish, |client| {
        let codec = RTCRtpCodec {
            mime_type: MIME_TYPE_H264.to_owned(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".into(),
            rtcp_feedback: vec![],
        };
        let track = MediaStreamTrack::new(
            "stream".into(),
            "camera".into(),
            "camera".into(),
            RtpCodecKind::Video,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() },
                codec,
                ..Default::default()
            }],
        );
        sender = Some(client.add_track(track).unwrap());
    });
    assert_eq!(wire.media[0].codecs[0].codec, Codec::H264);
    assert_eq!(wire.media[0].ssrc, Some(SSRC));
    wire.connect();
    assert_eq!(wire.session.profile(), Some(Profile::Aes128Gcm));
    let mut packet = rtc::rtp::Packet::default();
    packet.header.version = 2;
    packet.header.ssrc = SSRC;
    packet.header.payload_type = wire.media[0].codecs[0].payload_type;
    packet.header.sequence_number = 5;
    packet.payload = bytes::Bytes::from_static(b"a picture");
    let now = wire.now.instant;
    wire.client.rtp_sender(sender.unwrap()).unwrap().write_rtp(now, packet).unwrap();
    (0..5).for_each(|_| wire.step());
    assert_eq!(wire.at_relay.len(), 1);
    assert!(wire.at_relay[0].ends_with(b"a picture"));
}

#[test]
fn a_client_of_the_rtc_crate_receives() {
    let mut wire = Wire::new(Leg::Subscribe, |client| {
        let init =
            RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
        client.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).unwrap();
    });
    assert_eq!(wire.media[0].ssrc, Some(SSRC));
    wire.connect();
    for sequence in 0..3u8 {
        let mut packet = vec![0x80, 0x80 | wire.media[0].codecs[0].payload_type, 0, sequence, 0, 0, 0, 0];
        packet.extend_from_slice(&SSRC.to_be_bytes());
        packet.extend_from_slice(b"another picture");
        assert!(wire.session.seal_rtp(&mut packet, 0));
        wire.deliver(&packet);
        wire.step();
    }
    assert!(!wire.at_client.is_empty());
    assert!(wire.at_client.iter().all(|payload| payload == b"another picture"));
}
