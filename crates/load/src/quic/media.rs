//! A publisher's media as a node sends it.

use crate::engine::clock::ntp;
use crate::record::Sent;
use crate::schedule::{Due, Schedule, Track};
use crate::stamp::{LAST_OF_PICTURE, Stamp};
use bytes::Bytes;
use std::time::Duration;
use tongke_protocol::TrackKind;
use tongke_protocol::control::{Codec, PublishTrack};
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket};

/// What is announced.
pub(super) const TRACKS: [PublishTrack; 2] = [
    PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 100 },
    PublishTrack { kind: TrackKind::Microphone, codec: Codec::Opus, ssrc: 101 },
];

/// The track of a packet as nodes name it.
pub(super) fn kind(track: Track) -> TrackKind {
    if track == Track::Video { TrackKind::Camera } else { TrackKind::Microphone }
}

/// The packet that is due, and what is noted of it.
pub(super) fn packet(publisher: u16, index: u64, due: &Due, now_ns: u64) -> (RtpPacket, Sent) {
    let marker = due.track == Track::Video && due.flags & LAST_OF_PICTURE != 0;
    let mut payload = vec![0x55; due.len];
    payload[..2].copy_from_slice(&due.fragment);
    Stamp { publisher, flags: due.flags, index }.write(&mut payload);
    let capture = AbsCaptureTime { capture: ntp(now_ns), clock_offset: None };
    let packet = RtpPacket {
        header: RtpHeader { marker, timestamp: due.media_time, ..RtpHeader::default() },
        extensions: Extensions {
            abs_capture_time: Some(capture),
            audio_level: (due.track == Track::Audio).then_some(40),
            ..Extensions::default()
        },
        payload: Bytes::from(payload),
    };
    let sent =
        Sent { at_ns: now_ns, timestamp: due.media_time, number: due.number, flags: due.flags, marker };
    (packet, sent)
}

/// The runtime's timers are good to a millisecond: packets leave at most half of one early.
pub(super) const EARLY_NS: u64 = 500_000;

/// A publisher's schedule under way.
pub(super) struct Publishing {
    pub number: u16,
    pub schedule: Schedule,
    begun_ns: u64,
}

impl Publishing {
    /// It begins then.
    pub(super) fn begin(number: u16, schedule: Schedule, begun_ns: u64) -> Self {
        Self { number, schedule, begun_ns }
    }

    /// When the next packet is due.
    pub(super) fn due_ns(&self) -> u64 {
        self.begun_ns + self.schedule.peek_ns()
    }

    /// How long the publisher may sleep.
    pub(super) fn sleep(&self, now_ns: u64) -> Duration {
        Duration::from_nanos(self.due_ns().saturating_sub(now_ns + EARLY_NS))
    }
}
