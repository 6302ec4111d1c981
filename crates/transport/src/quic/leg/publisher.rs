//! One published track: numbers, history, repeats.

use super::stats::PublishStats;
use crate::quic::framing::write_varint;
use crate::rtp::report::SenderStats;
use crate::rtp::{ExtensionMap, HistoryConfig, RtpPacket, SendHistory};
use bytes::Bytes;
use std::time::{Duration, Instant};
use tongke_protocol::control::{PublishTrack, publish_flow};
use tongke_protocol::{MediaKind, Now, WallTime};

/// Silence after which the last packet of a picture is sent again, once at each of these times: a
/// receiver notices a lost last packet only by a later one, and a slide may stand for minutes. No
/// probe is sent at 25 pictures per second or more.
const TAIL_PROBES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(150)];
/// History for a sound track: 50 packets a second.
const AUDIO_HISTORY: usize = 128;

#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) track: PublishTrack,
    pub(super) sender: SenderStats,
    pub(super) counts: PublishStats,
    pub(super) last_fir: Option<u8>,
    next_sequence: u16,
    history: SendHistory,
    tail: Option<Tail>,
}

/// The last packet sent, while it may have to be probed.
#[derive(Debug)]
struct Tail {
    datagram: Bytes,
    sent: Instant,
    probes: usize,
}

impl Publisher {
    pub(super) fn new(track: PublishTrack, first_sequence: u16, history: HistoryConfig) -> Publisher {
        let packets = match track.kind.media() {
            MediaKind::Video => history.packets,
            MediaKind::Audio => history.packets.min(AUDIO_HISTORY),
        };
        Publisher {
            track,
            sender: SenderStats::new(track.ssrc, track.codec.clock_rate_hz()),
            counts: PublishStats {
                track: track.kind,
                packets: 0,
                payload_bytes: 0,
                asked: 0,
                resent: 0,
                tail_probes: 0,
                keyframe_requests: 0,
            },
            last_fir: None,
            next_sequence: first_sequence,
            history: SendHistory::new(HistoryConfig { packets, ..history }),
            tail: None,
        }
    }

    /// The datagram of a new packet.
    pub(super) fn send(&mut self, now: Now, mut packet: RtpPacket, map: &ExtensionMap) -> Bytes {
        packet.header.ssrc = self.track.ssrc;
        packet.header.payload_type = self.track.codec.quic_payload_type();
        packet.header.sequence = self.next_sequence;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        let mut out = Vec::with_capacity(packet.payload.len() + 64);
        write_varint(&mut out, publish_flow(self.track.kind));
        packet.write(&mut out, map);
        let datagram = Bytes::from(out);
        self.history.push(now.instant, packet.header.sequence, datagram.clone());
        let capture = packet.extensions.abs_capture_time.map(|time| WallTime::from(time.capture));
        self.sender.on_packet(now, packet.header.timestamp, packet.payload.len(), capture);
        self.counts.packets += 1;
        self.counts.payload_bytes += packet.payload.len() as u64;
        if self.track.kind.media() == MediaKind::Video {
            self.tail = Some(Tail { datagram: datagram.clone(), sent: now.instant, probes: 0 });
        }
        datagram
    }

    /// The datagram of a packet that the relay asks for again.
    pub(super) fn answer(&mut self, now: Instant, sequence: u16) -> Option<Bytes> {
        self.counts.asked += 1;
        let datagram = self.history.answer(now, sequence)?;
        self.counts.resent += 1;
        Some(datagram)
    }

    /// When the last packet is to be sent again unasked.
    pub(super) fn tail_due(&self) -> Option<Instant> {
        self.tail.as_ref().and_then(|tail| Some(tail.sent + *TAIL_PROBES.get(tail.probes)?))
    }

    /// The last packet, when it is to be sent again now.
    pub(super) fn tail_probe(&mut self, now: Instant) -> Option<Bytes> {
        let due = self.tail_due()?;
        let tail = self.tail.as_mut().filter(|_| due <= now)?;
        tail.probes += 1;
        let datagram = tail.datagram.clone();
        if tail.probes == TAIL_PROBES.len() {
            self.tail = None;
        }
        self.counts.tail_probes += 1;
        Some(datagram)
    }
}
