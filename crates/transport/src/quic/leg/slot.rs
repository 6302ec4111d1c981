//! One receive slot: what came, what to ask for again, whether a keyframe is wanted.

use super::stats::SlotStats;
use crate::rtp::report::ReceptionStats;
use crate::rtp::{Arrival, NackConfig, NackGenerator, RtpPacket, SequenceExtender, h264, vp8};
use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;
use tongke_protocol::control::{Codec, QuicSlot};

/// Time to the repeat of a keyframe request while no round trip is known.
const KEYFRAME_REPEAT: Duration = Duration::from_millis(200);
/// Requests for one keyframe; then whoever wants it asks anew.
const KEYFRAME_TRIES: u8 = 20;

#[derive(Debug)]
pub(super) struct ReceiveSlot {
    pub(super) slot: QuicSlot,
    pub(super) nack: NackGenerator,
    pub(super) reception: ReceptionStats,
    /// A sender report came: the relay waits for our answer to know its round trip.
    pub(super) sender_report_seen: bool,
    extender: SequenceExtender,
    wanted: Option<WantedKeyframe>,
    packets: u64,
    payload_bytes: u64,
    keyframe_requests: u64,
}

#[derive(Debug, Clone, Copy)]
struct WantedKeyframe {
    next_at: Instant,
    tries: u8,
}

impl ReceiveSlot {
    pub(super) fn new(slot: QuicSlot, nack: NackConfig) -> ReceiveSlot {
        let clock_rate_hz = match slot.media {
            MediaKind::Video => Codec::H264.clock_rate_hz(),
            MediaKind::Audio => Codec::Opus.clock_rate_hz(),
        };
        ReceiveSlot {
            slot,
            nack: NackGenerator::new(NackConfig {
                twice_from: NackConfig::for_media(slot.media).twice_from,
                ..nack
            }),
            reception: ReceptionStats::new(slot.ssrc, clock_rate_hz),
            sender_report_seen: false,
            extender: SequenceExtender::default(),
            wanted: None,
            packets: 0,
            payload_bytes: 0,
            keyframe_requests: 0,
        }
    }

    /// Takes a packet. Its extended number and whether it was asked for; none when it came before.
    pub(super) fn receive(&mut self, now: Instant, packet: &RtpPacket) -> Option<(u64, bool)> {
        let ext_seq = self.extender.extend(packet.header.sequence);
        let recovered = match self.nack.on_packet(now, ext_seq) {
            Arrival::New => {
                self.reception.on_packet(now, ext_seq, packet.header.timestamp);
                false
            }
            Arrival::Recovered => true,
            Arrival::Duplicate | Arrival::TooOld => return None,
        };
        self.packets += 1;
        self.payload_bytes += packet.payload.len() as u64;
        if self.wanted.is_some() && begins_keyframe(packet) {
            // What is missing before it is still asked for: the repair may be there before the
            // keyframe is whole.
            self.wanted = None;
        }
        Some((ext_seq, recovered))
    }

    /// Begins to ask for a keyframe, until one begins to come. Asking while asking changes nothing.
    pub(super) fn want_keyframe(&mut self, now: Instant) {
        self.wanted.get_or_insert(WantedKeyframe { next_at: now, tries: 0 });
    }

    /// Whether a request for a keyframe is to be sent now.
    pub(super) fn keyframe_due(&mut self, now: Instant, rtt: Option<Duration>) -> bool {
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.next_at <= now) else {
            return false;
        };
        wanted.tries += 1;
        // A round trip, and the time a publisher needs to make one.
        wanted.next_at = now + rtt.map_or(KEYFRAME_REPEAT, |rtt| rtt + KEYFRAME_REPEAT / 2);
        if wanted.tries >= KEYFRAME_TRIES {
            self.wanted = None;
        }
        self.keyframe_requests += 1;
        true
    }

    /// When something is to be asked for.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.nack.poll_timeout(), self.wanted.map(|wanted| wanted.next_at)].into_iter().flatten().min()
    }

    pub(super) fn stats(&self) -> SlotStats {
        let (expected, came) = self.reception.totals();
        let nack = self.nack.counters();
        SlotStats {
            slot: self.slot.slot,
            packets: self.packets,
            payload_bytes: self.payload_bytes,
            expected,
            lost_before_repair: expected.saturating_sub(came),
            recovered: nack.recovered,
            lost: nack.gave_up,
            jitter: self.reception.jitter(),
            keyframe_requests: self.keyframe_requests,
            nack,
        }
    }
}

fn begins_keyframe(packet: &RtpPacket) -> bool {
    match Codec::from_quic_payload_type(packet.header.payload_type) {
        Some(Codec::H264) => h264::is_keyframe_start(&packet.payload),
        Some(Codec::Vp8) => vp8::is_keyframe_start(&packet.payload),
        Some(Codec::Opus | Codec::Red) | None => false,
    }
}
