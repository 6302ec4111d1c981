//! The half of a WebRTC link that sends: one peer connection, published by WHIP.

use super::answer::only_carrier;
use super::packet::{ExtensionIds, Place, to_webrtc};
use super::peer::{self, Carrier, Reports};
use crate::link::http::{Direction, HttpSession};
use crate::link::{LinkError, RelayHttp};
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::IpAddr;
use std::sync::Arc;
use tongke_protocol::control::Codec;
use tongke_protocol::{MediaKind, TrackKind};
use tongke_transport::rtp::RtpPacket;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{PeerConnection, RTCIceCandidateInit, RTCSessionDescription};

/// A published track.
struct Published {
    kind: TrackKind,
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    rtx_ssrc: Option<u32>,
    payload_type: u8,
    sequence: u16,
    extensions: ExtensionIds,
}

/// The publishing peer connection.
pub(super) struct Publisher {
    pub connection: Arc<dyn PeerConnection>,
    pub reports: Reports,
    pub session: HttpSession,
    tracks: Vec<Published>,
}

impl Publisher {
    /// Offers `tracks` to the relay. The media connection comes up later, see `reports`.
    pub(super) async fn offer(
        http: &RelayHttp,
        local: IpAddr,
        carrier: Carrier,
        tracks: &[(TrackKind, Codec)],
    ) -> Result<Publisher, LinkError> {
        let (connection, mut reports) = peer::build(local, carrier).await?;
        let mut published = Vec::new();
        for &(kind, codec) in tracks {
            published.push(add_track(connection.as_ref(), kind, codec).await?);
        }
        let offer = gathered_offer(connection.as_ref(), &mut reports).await?;
        tracing::debug!("publishing: offer made");
        let session = http.join(Direction::Publish, offer).await?;
        tracing::debug!("publishing: answer received");
        if let Err(error) = accept_answer(connection.as_ref(), &session.answer, carrier).await {
            http.leave(&session).await;
            return Err(error);
        }
        learn_extensions(connection.as_ref(), &mut published).await;
        Ok(Publisher { connection, reports, session, tracks: published })
    }

    /// Sends packets of one picture or sound.
    pub(super) async fn send(&mut self, kind: TrackKind, packets: Vec<RtpPacket>) {
        let Some(published) = self.tracks.iter_mut().find(|published| published.kind == kind) else { return };
        for packet in packets {
            let place = Place {
                ssrc: published.ssrc,
                payload_type: published.payload_type,
                sequence: published.sequence,
            };
            published.sequence = published.sequence.wrapping_add(1);
            let packet = to_webrtc(packet, place, published.extensions);
            if let Err(error) = published.track.write_rtp(packet).await {
                // The connection's state tells the link; here there is nothing to add.
                tracing::trace!(%error, "a packet was not taken");
            }
        }
    }

    /// Which track a source of ours is, its RTX source included.
    pub(super) fn track_of(&self, ssrc: u32) -> Option<TrackKind> {
        self.tracks
            .iter()
            .find(|track| track.ssrc == ssrc || track.rtx_ssrc == Some(ssrc))
            .map(|track| track.kind)
    }
}

impl From<webrtc::error::Error> for LinkError {
    fn from(error: webrtc::error::Error) -> Self {
        LinkError::Media(format!("WebRTC: {error}"))
    }
}

async fn add_track(
    connection: &dyn PeerConnection,
    kind: TrackKind,
    codec: Codec,
) -> webrtc::error::Result<Published> {
    let ssrc: u32 = rand::random();
    let (parameters, media, rtx_ssrc) = match codec.media() {
        MediaKind::Video => (peer::h264(), RtpCodecKind::Video, Some(rand::random::<u32>())),
        MediaKind::Audio => (peer::opus(), RtpCodecKind::Audio, None),
    };
    let payload_type = parameters.payload_type;
    let encoding = encoding(ssrc, rtx_ssrc, parameters.rtp_codec);
    // The relay takes a track whose name speaks of a screen for the courseware.
    let name = kind.to_string();
    let track = MediaStreamTrack::new("tongke".into(), name.clone(), name, media, vec![encoding]);
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    let init = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendonly,
        ..RTCRtpTransceiverInit::default()
    };
    connection.add_transceiver_from_track(track.clone(), Some(init)).await?;
    let sequence = rand::random::<u16>() >> 1;
    let extensions = ExtensionIds::default();
    Ok(Published { kind, track, ssrc, rtx_ssrc, payload_type, sequence, extensions })
}

fn encoding(ssrc: u32, rtx_ssrc: Option<u32>, codec: RTCRtpCodec) -> RTCRtpEncodingParameters {
    RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            rtx: rtx_ssrc.map(|ssrc| RTCRtpRtxParameters { ssrc }),
            ..RTCRtpCodingParameters::default()
        },
        active: true,
        codec,
        ..RTCRtpEncodingParameters::default()
    }
}

/// An offer with this machine's candidate in it.
pub(super) async fn gathered_offer(
    connection: &dyn PeerConnection,
    reports: &mut Reports,
) -> Result<String, LinkError> {
    let offer = connection.create_offer(None).await?;
    connection.set_local_description(offer).await?;
    let ended = |_| LinkError::Media("WebRTC ended while gathering candidates".into());
    reports.gathered.wait_for(|done| *done).await.map_err(ended)?;
    let offer = connection.local_description().await;
    Ok(offer.ok_or_else(|| LinkError::Media("WebRTC made no offer".into()))?.sdp)
}

/// Applies the relay's answer; ICE begins.
pub(super) async fn accept_answer(
    connection: &dyn PeerConnection,
    answer: &str,
    carrier: Carrier,
) -> Result<(), LinkError> {
    let (answer, candidates) = only_carrier(answer, carrier);
    if candidates.is_empty() {
        let what = if carrier == Carrier::Tcp { "over TCP" } else { "over UDP" };
        return Err(LinkError::NotOffered(format!("the relay offers no media {what}")));
    }
    let answer = RTCSessionDescription::answer(answer)?;
    connection.set_remote_description(answer).await?;
    if carrier == Carrier::Tcp {
        // The crate opens connections for candidates added one by one, not for those of the answer.
        for candidate in candidates {
            let init = RTCIceCandidateInit {
                candidate,
                sdp_mid: Some("0".into()),
                sdp_mline_index: Some(0),
                ..RTCIceCandidateInit::default()
            };
            connection.add_ice_candidate(init).await?;
        }
    }
    Ok(())
}

/// The crate refuses packets with extension ids that were not negotiated for their sender.
async fn learn_extensions(connection: &dyn PeerConnection, published: &mut [Published]) {
    for sender in connection.get_senders().await {
        let name = sender.track().track_id().await;
        let Ok(parameters) = sender.get_parameters().await else { continue };
        let negotiated = &parameters.rtp_parameters.header_extensions;
        let pairs = negotiated.iter().map(|extension| (extension.id as u8, extension.uri.as_str()));
        let ids = ExtensionIds::from_pairs(pairs);
        for track in published.iter_mut().filter(|track| track.kind.to_string() == name) {
            track.extensions = ids;
        }
    }
}
