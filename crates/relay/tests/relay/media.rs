//! Media from a QUIC node to a WebRTC receiver, the `webrtc` crate's, over UDP and over TCP.

use crate::support::*;
use reqwest::{Method, StatusCode};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::ice::network_type::NetworkType;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tongke_protocol::control::{Codec, PublishTrack};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Role, TrackKind};
use tongke_relay::Relay;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceCandidateInit, RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription,
    SettingEngineBuilder,
};

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };

struct Handler {
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
    tracks: mpsc::Sender<Arc<dyn TrackRemote>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.try_send(track);
    }
}

/// A WHEP receiver with one slot for pictures.
pub struct Receiver {
    pub connection: Arc<dyn PeerConnection>,
    tracks: mpsc::Receiver<Arc<dyn TrackRemote>>,
    pub session: String,
    _state: watch::Receiver<RTCPeerConnectionState>,
}

impl Receiver {
    pub async fn join(http: &Http, over_tcp: bool) -> Self {
        let (gathered, mut is_gathered) = watch::channel(false);
        let (state, mut is_state) = watch::channel(RTCPeerConnectionState::New);
        let (tracks_in, tracks) = mpsc::channel(8);
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (udp, tcp) = if over_tcp { (vec![], vec![address]) } else { (vec![address], vec![]) };
        let network = if over_tcp { NetworkType::Tcp4 } else { NetworkType::Udp4 };
        let settings = SettingEngineBuilder::new()
            .with_network_types(vec![network])
            .with_include_loopback_candidate(true)
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_connection_attempts(Some(Duration::from_millis(20)), Some(200))
            .build();
        let mut engine = MediaEngine::default();
        engine.register_default_codecs().unwrap();
        let building = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_setting_engine(settings)
            .with_media_engine(engine)
            .with_handler(Arc::new(Handler { gathered, state, tracks: tracks_in }))
            .with_udp_addrs(udp)
            .with_tcp_addrs(tcp)
            .build();
        let connection: Arc<dyn PeerConnection> = Arc::new(Box::pin(building).await.unwrap());
        let receive =
            RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
        connection.add_transceiver_from_kind(RtpCodecKind::Video, Some(receive)).await.unwrap();
        let offer = connection.create_offer(None).await.unwrap();
        connection.set_local_description(offer).await.unwrap();
        within("candidates", is_gathered.wait_for(|done| *done)).await.unwrap();
        let offer = connection.local_description().await.unwrap();

        let response = http.offer("/whep/math", &offer.sdp).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let session = header(&response, "location").rsplit('/').next().unwrap().to_owned();
        let answer = response.text().await.unwrap();
        let candidates: Vec<String> = answer
            .lines()
            .filter_map(|line| line.strip_prefix("a=candidate").map(|rest| format!("candidate{rest}")))
            .collect();
        connection.set_remote_description(RTCSessionDescription::answer(answer).unwrap()).await.unwrap();
        for candidate in candidates.into_iter().filter(|candidate| over_tcp == candidate.contains(" tcp ")) {
            let init = RTCIceCandidateInit { candidate, sdp_mid: Some("0".into()), ..Default::default() };
            connection.add_ice_candidate(init).await.unwrap();
        }
        let connected = is_state.wait_for(|state| *state == RTCPeerConnectionState::Connected);
        within("the connection", connected).await.unwrap();
        Self { connection, tracks, session, _state: is_state }
    }

    /// The first picture packet.
    pub async fn packet(&mut self) -> (bool, Vec<u8>) {
        let track = within("a track", self.tracks.recv()).await.unwrap();
        loop {
            match within("a packet", track.poll()).await.unwrap() {
                TrackRemoteEvent::OnRtpPacket(packet) if !packet.payload.is_empty() => {
                    return (packet.header.marker, packet.payload.to_vec());
                }
                _ => {}
            }
        }
    }
}

async fn from_quic_to_whep(over_tcp: bool) {
    let relay = relay();
    let publishing = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 0, 0);
    let (sender, _) = Node::join(&relay, publishing).await;
    tokio::spawn(film(sender.connection.clone()));
    let http = Http::new(&relay, token("math", "school-2", Role::Receiving));
    let mut receiver = Receiver::join(&http, over_tcp).await;
    assert_eq!(receiver.packet().await, (true, keyframe()));
    assert_eq!(carried_over_tcp(&relay).await, over_tcp);

    let mut events = EventStream::open(&http, "math").await;
    let event = events.until(|event| matches!(event, LessonEvent::Slot { .. })).await;
    let LessonEvent::Slot { session, slot: 0, source: Some(source), .. } = event else { panic!("{event:?}") };
    assert_eq!((session, source.participant.as_str()), (receiver.session.clone(), "school-1"));

    let path = format!("/whep/math/{}", receiver.session);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
    receiver.connection.close().await.unwrap();
}

/// A camera of 20 pictures a second, each a keyframe: the `webrtc` crate drops what arrives in the
/// moment between the end of its DTLS handshake and its taking over the keys.
pub async fn film(connection: quinn::Connection) {
    let mut beat = tokio::time::interval(Duration::from_millis(50));
    for sequence in 500.. {
        beat.tick().await;
        let timestamp = 4_500 * u32::from(sequence);
        let packet = rtp(CAMERA.ssrc, sequence, timestamp, true, &keyframe());
        if connection.send_datagram([&[1][..], &packet].concat().into()).is_err() {
            return;
        }
    }
}

async fn carried_over_tcp(relay: &Relay) -> bool {
    let http = Http::new(relay, String::new());
    http.metric_reaches("tongke_packets_forwarded_total", 1.0).await;
    http.metric("tongke_tcp_connections").await > 0.0
}

#[tokio::test]
async fn a_node_over_quic_is_seen_over_webrtc() {
    from_quic_to_whep(false).await;
}

#[tokio::test]
async fn and_by_one_whose_network_lets_only_tcp_through() {
    from_quic_to_whep(true).await;
}
