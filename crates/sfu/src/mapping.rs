//! How the numbers of one encoding become those of an outgoing stream.

use crate::ring::PacketInfo;

/// A packet's numbers in this stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub sequence: u64,
    pub timestamp: u32,
}

/// How the numbers of an encoding of the source become this stream's.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Which encoding.
    pub layer: usize,
    pub base_in: u64,
    pub base_out: u64,
    pub timestamp_offset: u32,
    pub replay: Replay,
}

/// Pictures of the past that a late joiner gets at once. They are due now, not when they were
/// captured: with their own distances they would stretch over the age of the keyframe, and a
/// receiver that shows the first at once would stay behind by that much.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// Number of the source's last packet of it.
    pub until: u64,
    /// Timestamps of the source and of this stream; bounded by the longest replay.
    pub timestamps: Vec<(u32, u32)>,
}

impl Mapping {
    /// A packet's numbers in the stream.
    pub fn numbers_of(&self, info: &PacketInfo) -> Option<Outgoing> {
        let since = info.sequence.checked_sub(self.base_in)?;
        let replayed = || self.replay.timestamps.iter().find(|(picture, _)| *picture == info.timestamp);
        let past = if info.sequence <= self.replay.until { replayed() } else { None };
        Some(Outgoing {
            sequence: self.base_out + since,
            timestamp: match past {
                Some((_, timestamp)) => *timestamp,
                None => info.timestamp.wrapping_add(self.timestamp_offset),
            },
        })
    }

    /// The packet that was sent as `sequence`.
    pub fn source_of(&self, sequence: u64) -> Option<u64> {
        Some(sequence.checked_sub(self.base_out)? + self.base_in)
    }
}
