//! Counters: plain fields, cumulative, copied out as one value.

use tongke_protocol::LessonId;

/// Why a datagram or packet was not taken, or not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum DropReason {
    /// From an address without a session, and no STUN check of one.
    UnknownAddress,
    /// The session refused it: not STUN, DTLS or SRTP, or its authentication failed.
    Session,
    /// No valid RTP, or no valid QUIC framing.
    MalformedRtp,
    /// No valid RTCP.
    MalformedRtcp,
    /// An SSRC, mid, payload type or flow that the leg has not announced.
    UnknownStream,
    /// The packet came before.
    Duplicate,
    /// The packet is older than its ring.
    TooOld,
    /// The packet is larger than the ring takes.
    TooLarge,
    /// The leg's receive side, which may not send media, sent some.
    NotPublishing,
    /// A receiver's codec set does not hold the packet's codec.
    NoCodec,
    /// The outputs were full.
    OutputsFull,
    /// Asked for again, but no longer in the ring, or never there.
    NotInRing,
    /// Asked for again by a WebRTC receiver without RTX for that codec.
    NoRtx,
    /// Of a screen that its publisher has ended and not begun again.
    Ended,
    /// For a branch of the lesson whose trunk was full.
    TrunkFull,
    /// Its leg sends more than a leg may, see `IngressLimits`.
    Policed,
    /// A receiver asks for more packets again than it was sent; counted once for each list.
    AskedTooOften,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [DropReason; 17] = [
        DropReason::UnknownAddress,
        DropReason::Session,
        DropReason::MalformedRtp,
        DropReason::MalformedRtcp,
        DropReason::UnknownStream,
        DropReason::Duplicate,
        DropReason::TooOld,
        DropReason::TooLarge,
        DropReason::NotPublishing,
        DropReason::NoCodec,
        DropReason::OutputsFull,
        DropReason::NotInRing,
        DropReason::NoRtx,
        DropReason::Ended,
        DropReason::TrunkFull,
        DropReason::Policed,
        DropReason::AskedTooOften,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::UnknownAddress => "unknown_address",
            DropReason::Session => "session",
            DropReason::MalformedRtp => "malformed_rtp",
            DropReason::MalformedRtcp => "malformed_rtcp",
            DropReason::UnknownStream => "unknown_stream",
            DropReason::Duplicate => "duplicate",
            DropReason::TooOld => "too_old",
            DropReason::TooLarge => "too_large",
            DropReason::NotPublishing => "not_publishing",
            DropReason::NoCodec => "no_codec",
            DropReason::OutputsFull => "outputs_full",
            DropReason::NotInRing => "not_in_ring",
            DropReason::NoRtx => "no_rtx",
            DropReason::Ended => "ended",
            DropReason::TrunkFull => "trunk_full",
            DropReason::Policed => "policed",
            DropReason::AskedTooOften => "asked_too_often",
        }
    }
}

/// What was counted, for one lesson or in total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// RTP packets that publishers sent, padding and repeats included.
    pub packets_in: u64,
    /// Their bytes, headers included, without SRTP tag and below.
    pub bytes_in: u64,
    /// RTP packets forwarded: one for each receiver, repeats not counted.
    pub packets_out: u64,
    /// Bytes of all that was sent, RTCP and repeats included.
    pub bytes_out: u64,
    /// Sends: single datagrams and GSO runs.
    pub sends: u64,
    /// Packets sent again because a receiver asked.
    pub retransmitted: u64,
    /// Packets asked for again from publishers.
    pub nacked_upstream: u64,
    /// Packets of publishers that came after they had been missed.
    pub recovered: u64,
    /// Keyframes asked for from publishers.
    pub keyframe_requests: u64,
    /// Keyframe requests of receivers, those that were collapsed included.
    pub keyframe_requests_received: u64,
    /// Packets that receivers told lost in transport-wide feedback, before repair.
    pub reported_lost: u64,
    /// Joins served from the ring, without a keyframe request.
    pub replays: u64,
    /// Packets passed on to branches of the lesson, one for each branch.
    pub trunk_packets: u64,
    drops: [u64; DropReason::ALL.len()],
}

impl Counters {
    /// Counts one drop.
    pub(crate) fn drop(&mut self, reason: DropReason) {
        self.drops[reason as usize] += 1;
    }

    /// Counts so many drops.
    pub(crate) fn drop_many(&mut self, reason: DropReason, count: u64) {
        self.drops[reason as usize] += count;
    }

    /// Counts one send with so many forwarded packets.
    pub(crate) fn count_sent(&mut self, packets: u64, bytes: usize) {
        self.packets_out += packets;
        self.bytes_out += bytes as u64;
        self.sends += 1;
    }

    /// How often `reason` was the reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize]
    }

    /// All reasons with their counts.
    pub fn drops(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        DropReason::ALL.into_iter().map(|reason| (reason.name(), self.dropped(reason)))
    }

    /// Packets that should have been forwarded and were not.
    pub fn forward_drops(&self) -> u64 {
        [DropReason::NoCodec, DropReason::OutputsFull, DropReason::TooLarge, DropReason::TrunkFull]
            .into_iter()
            .map(|reason| self.dropped(reason))
            .sum()
    }

    /// Adds `other`'s counts to these.
    pub(crate) fn add(&mut self, other: &Counters) {
        self.packets_in += other.packets_in;
        self.bytes_in += other.bytes_in;
        self.packets_out += other.packets_out;
        self.bytes_out += other.bytes_out;
        self.sends += other.sends;
        self.retransmitted += other.retransmitted;
        self.nacked_upstream += other.nacked_upstream;
        self.recovered += other.recovered;
        self.keyframe_requests += other.keyframe_requests;
        self.keyframe_requests_received += other.keyframe_requests_received;
        self.reported_lost += other.reported_lost;
        self.replays += other.replays;
        self.trunk_packets += other.trunk_packets;
        for (mine, theirs) in self.drops.iter_mut().zip(other.drops) {
            *mine += theirs;
        }
    }
}

/// One lesson in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonStats {
    /// Which lesson.
    pub lesson: LessonId,
    /// Whether this is a branch of it: the lesson itself is another core's.
    pub is_branch: bool,
    /// Participants, invisible ones included.
    pub participants: usize,
    /// Legs over WebRTC.
    pub webrtc_legs: usize,
    /// Legs over QUIC.
    pub quic_legs: usize,
    /// Tracks.
    pub tracks: usize,
    /// What was counted in it.
    pub counters: Counters,
}

/// The core in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoreStats {
    /// Everything counted since the start, lessons that ended included.
    pub total: Counters,
    /// The lessons that run.
    pub lessons: Vec<LessonStats>,
}
