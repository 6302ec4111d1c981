//! Peer connections of the `webrtc` crate, set up our way: H.264 (packetization-mode 1) and Opus
//! only, RTX, NACK, transport-wide feedback, abs-capture-time, no mDNS, one local address.

use super::runtime::PromptRuntime;
use super::tap::{Heard, Tap};
use rtc::interceptor::{
    NackResponderBuilder, ReceiverReportBuilder, Registry, SenderReportBuilder, Slot, TwccReceiverBuilder,
    TwccSenderBuilder,
};
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tongke_protocol::control::Codec;
use webrtc::error::Result;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceGatheringState, RTCPeerConnectionState, SettingEngineBuilder,
};

/// `a=extmap` URIs that we offer for both kinds, besides what the crate adds itself.
pub(super) const ABS_CAPTURE_TIME_URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
pub(super) const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const TRANSPORT_CC_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// Payload type of RTX, beside those of [`Codec::quic_payload_type`] which WebRTC legs use too.
const RTX_PAYLOAD_TYPE: u8 = 98;
/// Constrained baseline, level 3.1: what every receiver decodes and OpenH264 makes.
pub(super) const H264_FMTP: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
const OPUS_FMTP: &str = "minptime=10;useinbandfec=1;stereo=1";
/// No answer to STUN checks for this long: the link is down.
const ICE_DISCONNECTED: Duration = Duration::from_millis(1500);
const ICE_FAILED: Duration = Duration::from_millis(500);
/// Between two checks of a pair while connecting, and how many: three seconds' worth.
const ICE_CHECK: Duration = Duration::from_millis(5);
const ICE_CHECKS: u16 = 600;
const ICE_KEEPALIVE: Duration = Duration::from_millis(400);

/// Whether media goes in datagrams or over an ICE-TCP connection that we open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Udp,
    Tcp,
}

/// What a peer connection reports while it runs.
pub(super) struct Reports {
    /// The connection's state.
    pub state: watch::Receiver<RTCPeerConnectionState>,
    /// Whether all local candidates are known.
    pub gathered: watch::Receiver<bool>,
    /// Tracks that the other side began to send.
    pub tracks: mpsc::Receiver<Arc<dyn TrackRemote>>,
    /// RTCP.
    pub heard: mpsc::Receiver<Heard>,
}

struct Handler {
    state: watch::Sender<RTCPeerConnectionState>,
    gathered: watch::Sender<bool>,
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
        tracing::debug!(%state, "media connection");
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // There are no more tracks than m-lines, and the channel holds as many.
        let _ = self.tracks.try_send(track);
    }
}

/// Builds a peer connection on `local`, a concrete address of the interface towards the relay.
pub(super) async fn build(local: IpAddr, carrier: Carrier) -> Result<(Arc<dyn PeerConnection>, Reports)> {
    let (state_tx, state) = watch::channel(RTCPeerConnectionState::New);
    let (gathered_tx, gathered) = watch::channel(false);
    let (tracks_tx, tracks) = mpsc::channel(64);
    let (heard_tx, heard) = mpsc::channel(256);

    let network_types = match (carrier, local) {
        (Carrier::Udp, IpAddr::V4(_)) => rtc::ice::network_type::NetworkType::Udp4,
        (Carrier::Udp, IpAddr::V6(_)) => rtc::ice::network_type::NetworkType::Udp6,
        (Carrier::Tcp, IpAddr::V4(_)) => rtc::ice::network_type::NetworkType::Tcp4,
        (Carrier::Tcp, IpAddr::V6(_)) => rtc::ice::network_type::NetworkType::Tcp6,
    };
    let settings = SettingEngineBuilder::new()
        .with_network_types(vec![network_types])
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_ice_timeouts(Some(ICE_DISCONNECTED), Some(ICE_FAILED), Some(ICE_KEEPALIVE))
        // The relay is ICE-lite and answers at once; asking often costs little and connects soon:
        // the pair that works is found by one check and chosen by the next.
        .with_ice_connection_attempts(Some(ICE_CHECK), Some(ICE_CHECKS))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .build();
    let address = SocketAddr::new(local, 0);
    let (udp, tcp) = match carrier {
        Carrier::Udp => (vec![address], vec![]),
        Carrier::Tcp => (vec![], vec![address]),
    };
    let building = PeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_setting_engine(settings)
        .with_media_engine(media_engine()?)
        .with_interceptor_registry(interceptors(heard_tx))
        .with_handler(Arc::new(Handler { state: state_tx, gathered: gathered_tx, tracks: tracks_tx }))
        .with_runtime(PromptRuntime::shared())
        .with_udp_addrs(udp)
        .with_tcp_addrs(tcp)
        .build();
    // The crate's future holds the whole configuration: 20 KB that every caller would carry along.
    let connection = Box::pin(building).await?;
    Ok((Arc::new(connection), Reports { state, gathered, tracks, heard }))
}

fn interceptors(heard: mpsc::Sender<Heard>) -> Registry {
    // No NACK generator: the crate's asks every 100 ms; the link asks as soon as a gap is sure.
    Registry::new()
        .with(Slot::TwccSender, TwccSenderBuilder::new().build())
        .with(Slot::from(Tap::SLOT), Tap::new(heard))
        .with(Slot::NackResponder, NackResponderBuilder::new().with_size(1024).build())
        .with(Slot::TwccReceiver, TwccReceiverBuilder::new().build())
        .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
        .with(Slot::SenderReport, SenderReportBuilder::new().build())
}

fn media_engine() -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    engine.register_codec(h264(), RtpCodecKind::Video)?;
    engine.register_codec(rtx(), RtpCodecKind::Video)?;
    engine.register_codec(opus(), RtpCodecKind::Audio)?;
    for kind in [RtpCodecKind::Video, RtpCodecKind::Audio] {
        for uri in [MID_URI, ABS_CAPTURE_TIME_URI, TRANSPORT_CC_URI] {
            let capability = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
            engine.register_header_extension(capability, kind, None)?;
        }
    }
    let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL_URI.to_owned() };
    engine.register_header_extension(level, RtpCodecKind::Audio, None)?;
    Ok(engine)
}

fn feedback(types: &[(&str, &str)]) -> Vec<RTCPFeedback> {
    types
        .iter()
        .map(|(typ, parameter)| RTCPFeedback { typ: (*typ).to_owned(), parameter: (*parameter).to_owned() })
        .collect()
}

/// H.264 as offered and as tracks are made with.
pub(super) fn h264() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_H264.to_owned(),
            clock_rate: Codec::H264.clock_rate_hz(),
            channels: 0,
            sdp_fmtp_line: H264_FMTP.to_owned(),
            rtcp_feedback: feedback(&[("nack", ""), ("nack", "pli"), ("ccm", "fir"), ("transport-cc", "")]),
        },
        payload_type: Codec::H264.quic_payload_type(),
    }
}

/// Opus likewise. Lost sound is asked for again too: a packet is small and comes back in time on
/// short ways.
pub(super) fn opus() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: Codec::Opus.clock_rate_hz(),
            channels: 2,
            sdp_fmtp_line: OPUS_FMTP.to_owned(),
            rtcp_feedback: feedback(&[("nack", ""), ("transport-cc", "")]),
        },
        payload_type: Codec::Opus.quic_payload_type(),
    }
}

fn rtx() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_RTX.to_owned(),
            clock_rate: Codec::H264.clock_rate_hz(),
            channels: 0,
            sdp_fmtp_line: format!("apt={}", Codec::H264.quic_payload_type()),
            rtcp_feedback: vec![],
        },
        payload_type: RTX_PAYLOAD_TYPE,
    }
}
