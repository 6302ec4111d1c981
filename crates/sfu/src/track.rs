//! A published track: what came, what is missing, what waits to be forwarded.

use crate::keyframes::KeyframeRequests;
use crate::ring::{Inserted, PacketInfo, Ring, RingSize};
use crate::stats::DropReason;
use std::time::{Duration, Instant};
use tongke_protocol::control::Codec;
use tongke_protocol::event::TrackInfo;
use tongke_protocol::{MediaKind, Now, NtpTime, TrackKind};
use tongke_transport::rtp::report::ReceptionStats;
use tongke_transport::rtp::{Arrival, NackConfig, NackGenerator, SequenceExtender, h264, vp8};
use tongke_transport::rtp::{Extensions, RtpHeader};

/// Longest time that a packet in the middle of a picture waits for the picture's last one.
pub(crate) const MAX_HOLD: Duration = Duration::from_millis(5);
/// Most packets that wait; one more and all leave. A GSO run takes no more anyway.
const MAX_HELD: usize = 48;
/// Oldest keyframe that a late joiner begins with.
pub(crate) const MAX_REPLAY_AGE: Duration = Duration::from_secs(2);
/// Taken as the rest of a handshake: a keyframe that is too old by then is not counted on.
pub(crate) const HANDSHAKE_ALLOWANCE: Duration = Duration::from_millis(300);
/// Longest run of packets that a late joiner gets at once: half a second of 2.5 Mbit/s. It comes as one
/// burst, and an ordinary receive buffer (208 KiB) holds few more; behind it a new keyframe is cheaper.
pub(crate) const MAX_REPLAY_PACKETS: u64 = 128;
/// Packets of a replay that a handshake's time may still add, and that are not counted on before it.
pub(crate) const HANDSHAKE_PACKETS: u64 = 64;

/// The publisher's last sender report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SenderInfo {
    /// The publisher's clock.
    pub ntp: NtpTime,
    /// The same moment in the track's media time.
    pub timestamp: u32,
}

/// What to do with a packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Forward this one.
    AtOnce(u64),
    /// Forward this one: a picture's packet that others have overtaken.
    Late(u64),
    /// Nothing to forward yet.
    Held,
    /// Forward what is held, this one included.
    Flush,
}

/// One published track.
pub(crate) struct Track {
    /// Number of the participant, see `Participant::number`.
    pub owner: u64,
    pub leg: u64,
    pub kind: TrackKind,
    pub codec: Codec,
    pub ssrc: u32,
    pub ring: Ring,
    pub nack: NackGenerator,
    /// Whether the publisher answers NACK.
    pub asks_again: bool,
    pub keyframes: KeyframeRequests,
    /// Whether the publisher answers PLI.
    pub asks_keyframes: bool,
    pub reception: ReceptionStats,
    pub sender_info: Option<SenderInfo>,
    /// A microphone that is not to be heard: its packets are kept, but not forwarded.
    pub is_silent: bool,
    /// Who gets it: leg and index of the slot.
    pub subscribers: Vec<(u64, usize)>,
    extender: SequenceExtender,
    /// Packets waiting for the end of their picture; bounded by [`MAX_HELD`] and [`MAX_HOLD`].
    held: Vec<u64>,
    held_since: Option<Instant>,
    held_timestamp: u32,
}

/// What distinguishes a new track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub owner: u64,
    pub leg: u64,
    pub kind: TrackKind,
    pub codec: Codec,
    pub ssrc: u32,
    pub asks_again: bool,
    pub asks_keyframes: bool,
}

impl Track {
    pub fn new(origin: Origin) -> Self {
        Self {
            owner: origin.owner,
            leg: origin.leg,
            kind: origin.kind,
            codec: origin.codec,
            ssrc: origin.ssrc,
            ring: Ring::new(RingSize::for_media(origin.codec.media())),
            nack: NackGenerator::new(NackConfig::for_media(origin.kind.media())),
            asks_again: origin.asks_again,
            keyframes: KeyframeRequests::default(),
            asks_keyframes: origin.asks_keyframes,
            reception: ReceptionStats::new(origin.ssrc, origin.codec.clock_rate_hz()),
            sender_info: None,
            is_silent: false,
            subscribers: Vec::new(),
            extender: SequenceExtender::default(),
            held: Vec::with_capacity(MAX_HELD),
            held_since: None,
            held_timestamp: 0,
        }
    }

    pub fn info(&self) -> TrackInfo {
        TrackInfo { kind: self.kind, codec: self.codec }
    }

    pub fn media(&self) -> MediaKind {
        self.kind.media()
    }

    /// The source starts anew under another SSRC: nothing of the old one helps any more.
    pub fn restart(&mut self, ssrc: u32) {
        self.ssrc = ssrc;
        self.ring.clear();
        self.nack = NackGenerator::new(NackConfig::for_media(self.kind.media()));
        self.reception = ReceptionStats::new(ssrc, self.codec.clock_rate_hz());
        self.sender_info = None;
        self.extender = SequenceExtender::default();
        self.held.clear();
        self.held_since = None;
    }

    /// Takes a packet of the track; for a retransmission `header.sequence` is the original's.
    pub fn accept(
        &mut self,
        now: Now,
        header: &RtpHeader,
        codec: Codec,
        extensions: &Extensions,
        payload: &[u8],
    ) -> Result<(Accepted, Arrival), DropReason> {
        let sequence = self.extender.extend(header.sequence);
        let is_newest = self.ring.newest().is_none_or(|newest| sequence > newest);
        let arrival = match self.nack.on_packet(now.instant, sequence) {
            Arrival::Duplicate => return Err(DropReason::Duplicate),
            Arrival::TooOld => return Err(DropReason::TooOld),
            arrival => arrival,
        };
        let info = PacketInfo {
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            keyframe_start: begins_keyframe(codec, payload),
            extensions: Extensions {
                transport_cc: None,
                abs_send_time: None,
                mid: None,
                rid: None,
                repaired_rid: None,
                ..*extensions
            },
            arrived: now.instant,
        };
        match self.ring.insert(info, payload) {
            Inserted::Stored => {}
            Inserted::Duplicate => return Err(DropReason::Duplicate),
            Inserted::TooOld => return Err(DropReason::TooOld),
            Inserted::TooLarge => return Err(DropReason::TooLarge),
        }
        if arrival == Arrival::New {
            self.reception.on_packet(now.instant, sequence, header.timestamp);
        }
        if info.keyframe_start {
            self.keyframes.on_keyframe();
        }
        Ok((self.hold(now.instant, &info, is_newest), arrival))
    }

    /// Decides whether the packet waits. Sound never does, nor what comes late.
    fn hold(&mut self, now: Instant, info: &PacketInfo, is_newest: bool) -> Accepted {
        if self.media() == MediaKind::Audio {
            return Accepted::AtOnce(info.sequence);
        }
        if !is_newest {
            return Accepted::Late(info.sequence);
        }
        // The last packet of the picture before was lost: its others need not wait for it.
        let next_picture = self.held_since.is_some() && self.held_timestamp != info.timestamp;
        self.held.push(info.sequence);
        self.held_timestamp = info.timestamp;
        self.held_since.get_or_insert(now);
        if info.marker || next_picture || self.held.len() >= MAX_HELD {
            return Accepted::Flush;
        }
        Accepted::Held
    }

    /// When what is held must leave at the latest.
    pub fn hold_deadline(&self) -> Option<Instant> {
        Some(self.held_since? + MAX_HOLD)
    }

    /// Takes what is held into `sequences`.
    pub fn take_held(&mut self, sequences: &mut Vec<u64>) {
        sequences.clear();
        sequences.append(&mut self.held);
        self.held_since = None;
    }

    /// Notes the publisher's sender report.
    pub fn on_sender_report(&mut self, now: Now, ntp: NtpTime, timestamp: u32) {
        self.reception.on_sender_report(now.instant, ntp);
        self.sender_info = Some(SenderInfo { ntp, timestamp });
    }

    /// The first of the moments at which a request is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let nack = self.nack.poll_timeout().filter(|_| self.asks_again);
        [nack, self.keyframes.poll_timeout()].into_iter().flatten().min()
    }
}

fn begins_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::H264 => h264::is_keyframe_start(payload),
        Codec::Vp8 => vp8::is_keyframe_start(payload),
        Codec::Opus | Codec::Red => false,
    }
}
