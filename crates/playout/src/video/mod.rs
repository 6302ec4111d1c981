//! Whole pictures out of packets, each released at its time.
//!
//! A picture depends on the one before it, so pictures leave in order and without gaps. At a gap the
//! buffer waits for the repair. While it waits nothing later can be shown anyway, so nothing is thrown
//! away: the repair, or a keyframe behind the gap, ends the wait, whichever is there first. A gap
//! that stays for [`VideoConfig::keyframe_after`] makes the buffer ask for that keyframe.

mod assemble;
mod buffer;
#[cfg(test)]
mod tests;

pub use buffer::VideoBuffer;

use bytes::Bytes;
use std::time::{Duration, Instant};
use tongke_protocol::WallTime;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoConfig {
    /// Least delay added to the quickest picture.
    pub min_delay: Duration,
    /// Greatest delay added to the quickest picture; a picture never waits longer.
    pub max_delay: Duration,
    /// A gap of this age makes the buffer ask for a keyframe.
    pub keyframe_after: Duration,
    /// Time from a request for a keyframe to its repeat, while none came.
    pub keyframe_repeat: Duration,
    /// Most packets held. When there are more, everything is dropped up to the last keyframe's start,
    /// or all.
    pub max_packets: usize,
}

impl Default for VideoConfig {
    fn default() -> Self {
        Self {
            min_delay: Duration::ZERO,
            max_delay: Duration::from_secs(1),
            keyframe_after: Duration::from_millis(300),
            keyframe_repeat: Duration::from_millis(500),
            max_packets: 4096,
        }
    }
}

/// One packet's part of a picture.
#[derive(Debug, Clone)]
pub struct VideoPart {
    /// The stream; another value is another sender or a sender started anew.
    pub ssrc: u32,
    /// The sequence number without wraps.
    pub ext_seq: u64,
    /// RTP timestamp, 90 kHz.
    pub rtp_ts_90k: u32,
    /// The picture's last packet.
    pub marker: bool,
    /// The payload is, or may be, the beginning of a picture that can be decoded by itself
    /// (`h264::is_keyframe_start`, `vp8::is_keyframe_start`).
    pub keyframe_start: bool,
    /// A decoder that knows nothing yet can begin here: nothing of the picture comes before it
    /// (`h264::holds_parameter_sets`, `vp8::is_keyframe_start`).
    pub decoder_start: bool,
    /// When it was captured, if known; carried along.
    pub capture: Option<WallTime>,
    /// The RTP payload.
    pub payload: Bytes,
}

/// A picture whose time has come. All of its predecessors that it needs went before it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The payloads in order, for a depacketizer.
    pub parts: Vec<Bytes>,
    /// Can be decoded by itself.
    pub keyframe: bool,
    /// RTP timestamp, 90 kHz.
    pub rtp_ts_90k: u32,
    /// When it was captured, if a packet said so.
    pub capture: Option<WallTime>,
    /// Arrival of its first packet and of its last one, repairs included.
    pub first_arrived: Instant,
    /// See `first_arrived`.
    pub arrived: Instant,
    /// Since when it could be decoded: its last packet's arrival, or its predecessor's if that was later.
    pub decodable: Instant,
    /// When it was due. In the past by more than a poll's delay if it came late.
    pub due: Instant,
    /// Pictures before it are missing: it is a keyframe to which the buffer skipped.
    pub after_skip: bool,
    /// More pictures are due already: decode this one, showing it is of no use.
    pub superseded: bool,
}

/// What the buffer wants done.
#[derive(Debug, Clone)]
pub enum VideoOutput {
    /// Decode and show it.
    Frame(Frame),
    /// Ask the sender for a keyframe.
    NeedKeyframe,
}

/// Cumulative counts of a [`VideoBuffer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VideoStats {
    /// Pictures released.
    pub frames: u64,
    /// Of these keyframes.
    pub keyframes: u64,
    /// Packets that came twice, or after their picture had been released or skipped.
    pub useless_packets: u64,
    /// Times the buffer gave a gap up and skipped to a keyframe.
    pub skips: u64,
    /// Packets that never came before their picture was skipped.
    pub lost_packets: u64,
    /// Keyframes asked for.
    pub keyframe_requests: u64,
    /// Times the stream began anew: another SSRC, or numbers far from the last.
    pub restarts: u64,
}
