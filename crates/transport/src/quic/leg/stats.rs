//! Cumulative counts of a leg, copied out for reports.

use crate::rtp::NackCounters;
use std::time::Duration;
use tongke_protocol::TrackKind;

/// What a leg counted so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegStats {
    /// Smoothed round trip to the relay.
    pub rtt: Option<Duration>,
    /// By published track.
    pub published: Vec<PublishStats>,
    /// By receive slot.
    pub slots: Vec<SlotStats>,
    /// Datagrams, packets and reports that could not be read.
    pub malformed: u64,
    /// Datagrams of a flow, and packets of a source, that nobody announced.
    pub unknown: u64,
    /// Outgoing datagrams dropped because nobody took them, oldest first.
    pub transmits_dropped: u64,
    /// Events dropped because nobody took them, oldest first.
    pub events_dropped: u64,
}

/// Counts of a published track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishStats {
    /// Which track.
    pub track: TrackKind,
    /// Packets sent, without repeats.
    pub packets: u64,
    /// Their payload bytes.
    pub payload_bytes: u64,
    /// Packets that the relay asked for again, each request counted.
    pub asked: u64,
    /// Packets sent again.
    pub resent: u64,
    /// Last packets of a picture sent again unasked, because silence followed.
    pub tail_probes: u64,
    /// Keyframes asked for.
    pub keyframe_requests: u64,
}

/// Counts of a receive slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotStats {
    /// Which slot.
    pub slot: u8,
    /// Packets handed on: first arrivals and repaired ones.
    pub packets: u64,
    /// Their payload bytes.
    pub payload_bytes: u64,
    /// Packets that should have come by the sequence numbers.
    pub expected: u64,
    /// Packets that did not come by themselves: the loss before repair.
    pub lost_before_repair: u64,
    /// Packets that came after they were asked for.
    pub recovered: u64,
    /// Packets neither come nor waited for any more: the loss after repair.
    pub lost: u64,
    /// Interarrival jitter (RFC 3550 A.8) in ticks of the media clock.
    pub jitter: u32,
    /// Keyframe requests sent, repeats included.
    pub keyframe_requests: u64,
    /// What the repair did.
    pub nack: NackCounters,
}
