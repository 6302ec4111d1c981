//! Sound without gaps out of packets that come when they come.
//!
//! The sound clock pulls; each pull gives one packet's worth of sound: decode it, restore it from the
//! next packet's in-band FEC (RFC 6716 §2.1.7), or invent it. The delay changes by whole packets at
//! quiet moments, where nobody hears that one is left out or put in; and while sound is missing the
//! buffer holds its place, so that its delay grows exactly when it was too short.

mod buffer;
mod seen;
mod target;
#[cfg(test)]
mod tests;

pub use buffer::AudioBuffer;

use bytes::Bytes;
use std::time::{Duration, Instant};
use tongke_protocol::WallTime;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioConfig {
    /// Least delay added to the quickest packet.
    pub min_delay: Duration,
    /// Greatest delay added to the quickest packet; what waits longer is dropped, oldest first.
    pub max_delay: Duration,
    /// Sound this far below full scale is quiet, dB (RFC 6464 levels).
    pub quiet_below_dbov: u8,
    /// Without any packet for this long the sender is silent, not lost: no more concealment.
    pub idle_after: Duration,
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self {
            min_delay: Duration::from_millis(5),
            max_delay: Duration::from_secs(1),
            quiet_below_dbov: 50,
            idle_after: Duration::from_secs(1),
        }
    }
}

/// One sound packet.
#[derive(Debug, Clone)]
pub struct AudioPacket {
    /// The stream; another value is another sender or a sender started anew.
    pub ssrc: u32,
    /// The sequence number without wraps.
    pub ext_seq: u64,
    /// RTP timestamp, 48 kHz.
    pub rtp_ts_48k: u32,
    /// Its length, from the payload (`opus::duration_samples`), 48 kHz.
    pub samples: u32,
    /// How far below full scale it is, in dB (audio level extension, RFC 6464), if it says.
    pub level_dbov: Option<u8>,
    /// When it was captured, if known; carried along.
    pub capture: Option<WallTime>,
    /// The Opus packet.
    pub payload: Bytes,
}

/// What to play next. Every action but `Discard` gives sound of the length it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioAction {
    /// Decode it.
    Decode {
        /// The Opus packet.
        payload: Bytes,
        /// Length, 48 kHz.
        samples: u32,
        /// RTP timestamp, 48 kHz.
        rtp_ts_48k: u32,
        /// When it was captured, if known.
        capture: Option<WallTime>,
        /// When it arrived.
        arrived: Instant,
    },
    /// A packet is missing and the one behind it holds a copy: decode that one's in-band FEC. It will
    /// come again to be decoded itself.
    DecodeFec {
        /// The packet behind the missing one.
        payload: Bytes,
        /// Length of the missing one, 48 kHz.
        samples: u32,
    },
    /// A packet is missing: let the decoder invent it.
    Conceal {
        /// Length, 48 kHz.
        samples: u32,
        /// Nothing came for so long that inventing more would be noise: play silence instead. The
        /// sound is missing all the same.
        faded: bool,
    },
    /// Put in a little quiet sound (the decoder's concealment will do) to gain delay; nothing is missing.
    Insert {
        /// Length, 48 kHz.
        samples: u32,
    },
    /// Decode it, throw the sound away and pull again at once: a quiet packet is left out to lose delay.
    Discard {
        /// The Opus packet.
        payload: Bytes,
    },
    /// Nothing to play: not begun, or the sender says it is silent (DTX; comfort noise will do).
    Silence {
        /// Length, 48 kHz.
        samples: u32,
    },
}

/// Cumulative counts of an [`AudioBuffer`], in packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AudioStats {
    /// Decoded from their own packet.
    pub decoded: u64,
    /// Restored from the next packet's FEC.
    pub fec: u64,
    /// Invented because something was missing.
    pub concealed: u64,
    /// Invented at quiet moments to gain delay.
    pub inserted: u64,
    /// Left out at quiet moments to lose delay.
    pub discarded: u64,
    /// Dropped because the buffer held more than its greatest delay.
    pub overflowed: u64,
    /// Silence played.
    pub silence: u64,
    /// Packets that came after their turn.
    pub late_packets: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets whose turn passed without them, FEC or not.
    pub missing_packets: u64,
    /// Times the sender fell silent without saying so for longer than `idle_after`.
    pub interruptions: u64,
    /// Times the stream began anew.
    pub restarts: u64,
}

/// Whether an Opus packet holds a low-rate copy of its predecessor (LBRR). Only the SILK layer has one:
/// its first bits are a voice flag per 20 ms and the LBRR flag of each channel (RFC 6716 §4.2.3).
pub fn has_in_band_fec(payload: &[u8]) -> bool {
    let (Some(toc), Some(first)) = (payload.first(), first_frame_byte(payload)) else { return false };
    let config = toc >> 3;
    if config >= 16 {
        return false;
    }
    // SILK-only frames of 40 and 60 ms hold two and three 20 ms frames.
    let frames = match (config < 12, config & 3) {
        (true, 2) => 2,
        (true, 3) => 3,
        _ => 1,
    };
    let mid = (first >> (7 - frames)) & 1 == 1;
    let stereo = toc & 4 != 0;
    mid || (stereo && (first >> (6 - 2 * frames)) & 1 == 1)
}

/// The first byte of the first frame, behind the table of contents and the lengths (RFC 6716 §3.2).
fn first_frame_byte(payload: &[u8]) -> Option<u8> {
    let skip = match payload.first()? & 3 {
        0 | 1 => 1,
        2 => 1 + length_bytes(*payload.get(1)?),
        _ => return None,
    };
    payload.get(skip).copied()
}

fn length_bytes(first: u8) -> usize {
    if first < 252 { 1 } else { 2 }
}
