//! The half of a WebRTC link that receives: one peer connection by WHEP, a media section per slot.

use super::answer::sections;
use super::packet::{ExtensionIds, from_webrtc};
use super::peer::{self, Carrier, Reports};
use super::publish::{accept_answer, gathered_offer};
use crate::link::http::{Direction, HttpSession};
use crate::link::{LinkError, LinkEvent, LinkSlot, RelayHttp};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tongke_protocol::MediaKind;
use tongke_transport::rtp::{Arrival, NackConfig, NackGenerator, SequenceExtender};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::PeerConnection;

/// A packet on its way from a track's task to the link.
pub(super) struct Came {
    pub track: Arc<dyn TrackRemote>,
    pub packet: rtp::Packet,
    pub arrived: Instant,
}

/// A receive slot with its loss repair.
struct ReceiveSlot {
    slot: u8,
    media: MediaKind,
    ssrc: Option<u32>,
    extensions: ExtensionIds,
    sequence: SequenceExtender,
    nack: NackGenerator,
    /// The crate's track, known from its first packet on.
    track: Option<Arc<dyn TrackRemote>>,
}

/// The receiving peer connection.
pub(super) struct Receiver {
    pub connection: Arc<dyn PeerConnection>,
    pub reports: Reports,
    pub session: HttpSession,
    /// Names this receiver in RTCP that we write.
    ssrc: u32,
    slots: Vec<ReceiveSlot>,
}

impl Receiver {
    /// Asks the relay for `video` and `audio` slots.
    pub(super) async fn offer(
        http: &RelayHttp,
        local: IpAddr,
        carrier: Carrier,
        (video, audio): (u8, u8),
    ) -> Result<Receiver, LinkError> {
        let (connection, mut reports) = peer::build(local, carrier).await?;
        for (kind, count) in [(RtpCodecKind::Video, video), (RtpCodecKind::Audio, audio)] {
            for _ in 0..count {
                let init = RTCRtpTransceiverInit {
                    direction: RTCRtpTransceiverDirection::Recvonly,
                    ..RTCRtpTransceiverInit::default()
                };
                connection.add_transceiver_from_kind(kind, Some(init)).await?;
            }
        }
        let offer = gathered_offer(connection.as_ref(), &mut reports).await?;
        tracing::debug!("receiving: offer made");
        let session = http.join(Direction::Receive, offer).await?;
        tracing::debug!("receiving: answer received");
        if let Err(error) = accept_answer(connection.as_ref(), &session.answer, carrier).await {
            http.leave(&session).await;
            return Err(error);
        }
        let slots = slots_of(&session.answer);
        Ok(Receiver { connection, reports, session, ssrc: rand::random(), slots })
    }

    /// The slots given.
    pub(super) fn link_slots(&self) -> Vec<LinkSlot> {
        self.slots.iter().map(|slot| LinkSlot { slot: slot.slot, media: slot.media }).collect()
    }

    /// A packet came: what to tell the node of it.
    pub(super) fn on_packet(&mut self, came: Came) -> Option<LinkEvent> {
        let Came { track, packet, arrived } = came;
        let ssrc = packet.header.ssrc;
        let slot = self.slots.iter_mut().find(|slot| slot.ssrc == Some(ssrc))?;
        slot.track.get_or_insert(track);
        let ext_seq = slot.sequence.extend(packet.header.sequence_number);
        let recovered = match slot.nack.on_packet(arrived, ext_seq) {
            Arrival::New => false,
            Arrival::Recovered => true,
            Arrival::Duplicate | Arrival::TooOld => return None,
        };
        let packet = from_webrtc(packet, slot.extensions);
        // Padding only: it carries a number, nothing else.
        if packet.payload.is_empty() {
            return None;
        }
        Some(LinkEvent::Rtp { slot: slot.slot, ext_seq, packet, recovered, arrived })
    }

    /// The round trip to the relay, measured elsewhere.
    pub(super) fn set_rtt(&mut self, rtt: Duration) {
        self.slots.iter_mut().for_each(|slot| slot.nack.set_rtt(rtt));
    }

    /// When a packet is to be asked for at the earliest.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.nack.poll_timeout()).min()
    }

    /// Asks for what is missing and due.
    pub(super) async fn ask_for_missing(&mut self, now: Instant) {
        let mut missing = Vec::new();
        for slot in &mut self.slots {
            slot.nack.poll(now, &mut missing);
            if missing.is_empty() {
                continue;
            }
            if let (Some(track), Some(media_ssrc)) = (&slot.track, slot.ssrc) {
                let nacks = nack_pairs_from_sequence_numbers(&missing);
                let nack = TransportLayerNack { sender_ssrc: self.ssrc, media_ssrc, nacks };
                // Fails only when the connection is gone, of which its state tells.
                let _ = track.write_rtcp(vec![Box::new(nack)]).await;
            }
            missing.clear();
        }
    }

    /// Asks a slot's source for a keyframe.
    pub(super) async fn request_keyframe(&self, slot: u8) {
        let slot = self.slots.iter().find(|candidate| candidate.slot == slot);
        if let Some(ReceiveSlot { track: Some(track), ssrc: Some(media_ssrc), .. }) = slot {
            let pli = PictureLossIndication { sender_ssrc: self.ssrc, media_ssrc: *media_ssrc };
            let _ = track.write_rtcp(vec![Box::new(pli)]).await;
        }
    }
}

fn slots_of(answer: &str) -> Vec<ReceiveSlot> {
    sections(answer)
        .into_iter()
        .filter(|section| !section.rejected)
        .map(|section| ReceiveSlot {
            slot: section.index,
            media: section.media,
            ssrc: section.ssrc,
            extensions: section.extensions,
            sequence: SequenceExtender::default(),
            nack: NackGenerator::new(NackConfig::default()),
            track: None,
        })
        .collect()
}

/// Passes a track's packets to the link until either ends.
pub(super) async fn pass_packets(track: Arc<dyn TrackRemote>, packets: mpsc::Sender<Came>) {
    while let Some(event) = track.poll().await {
        match event {
            TrackRemoteEvent::OnRtpPacket(packet) => {
                let came = Came { track: track.clone(), packet, arrived: Instant::now() };
                if packets.send(came).await.is_err() {
                    return;
                }
            }
            TrackRemoteEvent::OnEnded | TrackRemoteEvent::OnError => return,
            _ => {}
        }
    }
}
