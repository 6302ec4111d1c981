//! The peer connections as we set them up, one against the other: what the link builds on.

use super::packet::{ExtensionIds, Place, to_webrtc};
use super::peer::{self, ABS_CAPTURE_TIME_URI, Carrier, Reports};
use super::publish::accept_answer;
use super::tap::Heard;
use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::sync::Arc;
use std::time::Duration;
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpPacket};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{PeerConnection, RTCPeerConnectionState};

const SSRC: u32 = 1111;
const PATIENCE: Duration = Duration::from_secs(10);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens within ten seconds")
}

struct Pair {
    sender: Arc<dyn PeerConnection>,
    receiver: Arc<dyn PeerConnection>,
    track: Arc<TrackLocalStaticRTP>,
    sent: Reports,
    received: Reports,
}

async fn sending_track(sender: &dyn PeerConnection) -> Arc<TrackLocalStaticRTP> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(SSRC),
            rtx: Some(RTCRtpRtxParameters { ssrc: SSRC + 1 }),
            ..Default::default()
        },
        active: true,
        codec: peer::h264().rtp_codec,
        ..Default::default()
    };
    let track = MediaStreamTrack::new(
        "room".into(),
        "camera".into(),
        "camera".into(),
        RtpCodecKind::Video,
        vec![encoding],
    );
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    let init =
        RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Sendonly, ..Default::default() };
    sender.add_transceiver_from_track(track.clone(), Some(init)).await.unwrap();
    track
}

/// Two peer connections on loopback, offer and answer exchanged, connected.
async fn pair(carrier: Carrier) -> Pair {
    let local = "127.0.0.1".parse().unwrap();
    let (sender, mut sent) = peer::build(local, carrier).await.unwrap();
    let (receiver, mut received) = peer::build(local, carrier).await.unwrap();
    let track = sending_track(sender.as_ref()).await;
    let init =
        RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
    receiver.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).await.unwrap();
    let offer = sender.create_offer(None).await.unwrap();
    sender.set_local_description(offer).await.unwrap();
    soon(sent.gathered.wait_for(|done| *done)).await.unwrap();
    receiver.set_remote_description(sender.local_description().await.unwrap()).await.unwrap();
    let answer = receiver.create_answer(None).await.unwrap();
    receiver.set_local_description(answer).await.unwrap();
    soon(received.gathered.wait_for(|done| *done)).await.unwrap();
    let answer = receiver.local_description().await.unwrap();
    accept_answer(sender.as_ref(), &answer.sdp, carrier).await.unwrap();
    for reports in [&mut sent, &mut received] {
        soon(reports.state.wait_for(|state| *state == RTCPeerConnectionState::Connected)).await.unwrap();
    }
    Pair { sender, receiver, track, sent, received }
}

async fn extension_ids(sender: &dyn PeerConnection) -> ExtensionIds {
    let parameters = sender.get_senders().await.remove(0).get_parameters().await.unwrap();
    let negotiated = &parameters.rtp_parameters.header_extensions;
    ExtensionIds::from_pairs(negotiated.iter().map(|one| (one.id as u8, one.uri.as_str())))
}

async fn next_packet(track: &dyn TrackRemote) -> rtp::Packet {
    loop {
        if let TrackRemoteEvent::OnRtpPacket(packet) = soon(track.poll()).await.unwrap() {
            return packet;
        }
    }
}

/// Packets arrive as they were written, with their capture stamp; a NACK brings one again by RTX;
/// a PLI reaches the sender's tap.
async fn exchange(carrier: Carrier) {
    let mut pair = pair(carrier).await;
    let ids = extension_ids(pair.sender.as_ref()).await;
    assert!(ids.abs_capture_time.is_some(), "{ABS_CAPTURE_TIME_URI} is negotiated");
    for sequence in [1, 2, 3] {
        let stamp = AbsCaptureTime { capture: NtpTime(77), clock_offset: None };
        let extensions = Extensions { abs_capture_time: Some(stamp), ..Extensions::default() };
        let payload = Bytes::from_static(&[0x65, 1, 2, 3]);
        let packet = RtpPacket { extensions, payload, ..RtpPacket::default() };
        let place = Place { ssrc: SSRC, payload_type: 96, sequence };
        pair.track.write_rtp(to_webrtc(packet, place, ids)).await.unwrap();
    }
    let remote = soon(pair.received.tracks.recv()).await.unwrap();
    for sequence in [1, 2, 3] {
        let packet = next_packet(remote.as_ref()).await;
        assert_eq!((packet.header.sequence_number, packet.header.ssrc), (sequence, SSRC));
        assert_eq!(&packet.payload[..], [0x65, 1, 2, 3]);
        let came = super::packet::from_webrtc(packet, ids);
        assert_eq!(came.extensions.abs_capture_time.unwrap().capture, NtpTime(77));
    }
    let pli = PictureLossIndication { sender_ssrc: 0, media_ssrc: SSRC };
    remote.write_rtcp(vec![Box::new(pli)]).await.unwrap();
    let nacks = nack_pairs_from_sequence_numbers(&[2]);
    let nack = TransportLayerNack { sender_ssrc: 0, media_ssrc: SSRC, nacks };
    remote.write_rtcp(vec![Box::new(nack)]).await.unwrap();
    let repaired = next_packet(remote.as_ref()).await;
    assert_eq!((repaired.header.sequence_number, repaired.header.ssrc), (2, SSRC));
    let wanted = [Heard::KeyframeRequest { ssrc: SSRC }, Heard::Retransmitted { ssrc: SSRC + 1 }];
    let mut heard = Vec::new();
    while !wanted.iter().all(|one| heard.contains(one)) {
        heard.push(soon(pair.sent.heard.recv()).await.unwrap());
    }
    pair.sender.close().await.unwrap();
    pair.receiver.close().await.unwrap();
}

#[tokio::test]
async fn packets_stamps_repairs_and_keyframe_requests_pass_over_udp() {
    exchange(Carrier::Udp).await;
}

#[tokio::test]
async fn packets_stamps_repairs_and_keyframe_requests_pass_over_tcp() {
    exchange(Carrier::Tcp).await;
}
