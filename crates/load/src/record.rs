//! What a publisher has sent, and finding a received packet in it.

use crate::schedule::Track;
use crate::stamp::Stamp;

/// One sent packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Just before its send, in ns on the machine's wall clock.
    pub at_ns: u64,
    /// As sent.
    pub timestamp: u32,
    /// In its track.
    pub number: u32,
    /// As in [`Stamp::flags`].
    pub flags: u16,
    /// RTP's marker.
    pub marker: bool,
}

/// All that one publisher sent, by index and by number in its track. Grows with the run: 24 bytes a
/// packet, half a MiB a minute.
#[derive(Debug, Default)]
pub struct Record {
    sent: Vec<Sent>,
    tracks: [Vec<u32>; 2],
}

impl Record {
    /// Notes a packet; its index is [`Self::next_index`].
    pub fn push(&mut self, track: Track, sent: Sent) {
        self.tracks[track as usize].push(self.sent.len() as u32);
        self.sent.push(sent);
    }

    /// Index of the packet that is sent next.
    pub fn next_index(&self) -> u64 {
        self.sent.len() as u64
    }

    /// A packet by its number in a track.
    pub fn find(&self, track: Track, number: u32) -> Option<&Sent> {
        self.sent.get(*self.tracks[track as usize].get(number as usize)? as usize)
    }

    /// A packet by its stamp.
    pub fn of_stamp(&self, stamp: &Stamp) -> Option<&Sent> {
        self.sent.get(usize::try_from(stamp.index).ok()?).filter(|sent| sent.flags == stamp.flags)
    }

    /// How many packets were sent in this time.
    pub fn count(&self, from_ns: u64, until_ns: u64) -> u64 {
        let before = |ns| self.sent.partition_point(|sent| sent.at_ns < ns) as u64;
        before(until_ns).saturating_sub(before(from_ns))
    }
}
