//! A school over QUIC.

use bytes::Bytes;
use tongke_protocol::control::{Codec, PublishTrack, Welcome};
use tongke_protocol::{MediaKind, TrackKind};
use tongke_sfu::LegId;
use tongke_transport::quic::{ClientLeg, ClientLegConfig, LegEvent};
use tongke_transport::rtp::RtpPacket;

pub fn codec(kind: TrackKind) -> Codec {
    match kind.media() {
        MediaKind::Video => Codec::H264,
        MediaKind::Audio => Codec::Opus,
    }
}

pub struct School {
    pub id: LegId,
    pub welcome: Welcome,
    pub leg: ClientLeg,
    pub seen: Vec<LegEvent>,
    /// Datagrams from the relay that get lost.
    pub lose_down: Box<dyn FnMut(&Bytes) -> bool>,
    /// Datagrams to the relay that get lost.
    pub lose_up: Box<dyn FnMut(&Bytes) -> bool>,
}

impl School {
    pub fn new(name: &str, id: LegId, welcome: Welcome, publish: Vec<PublishTrack>, seed: u64) -> Self {
        assert_eq!(welcome.participant.as_str(), name);
        let mut leg = ClientLeg::new(ClientLegConfig { publish, seed, ..ClientLegConfig::default() });
        leg.set_slots(&welcome.slots);
        Self {
            id,
            welcome,
            leg,
            seen: Vec::new(),
            lose_down: Box::new(|_| false),
            lose_up: Box::new(|_| false),
        }
    }

    /// Number of the first slot of a kind.
    pub fn first_slot(&self, media: MediaKind) -> u8 {
        self.welcome.slots.iter().find(|slot| slot.media == media).unwrap().slot
    }

    /// What came in a slot: extended number and packet, in order of arrival.
    pub fn packets(&self, wanted: u8) -> Vec<(u64, RtpPacket)> {
        let of_slot = |event: &LegEvent| match event {
            LegEvent::Rtp { slot, packet, ext_seq, .. } if *slot == wanted => {
                Some((*ext_seq, packet.clone()))
            }
            _ => None,
        };
        self.seen.iter().filter_map(of_slot).collect()
    }

    /// Everything that came, whatever the slot.
    pub fn packet_count(&self) -> usize {
        self.seen.iter().filter(|event| matches!(event, LegEvent::Rtp { .. })).count()
    }

    pub fn keyframe_requests(&self) -> usize {
        self.seen.iter().filter(|event| matches!(event, LegEvent::KeyframeRequest { .. })).count()
    }
}
