//! The last packets of one encoding of a track: each payload is stored once, here, for every receiver, every
//! repeat and every late joiner.

mod chunks;
#[cfg(test)]
mod tests;

use crate::track::MAX_REPLAY_AGE;
use chunks::{Chunks, Span};
use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;
use tongke_protocol::control::Codec;
use tongke_transport::rtp::Extensions;

/// How much a ring keeps, and for how long. It takes what the publisher's rate needs for that time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingSize {
    /// Bytes by which it grows; no payload may be longer.
    pub chunk_bytes: usize,
    /// Most chunks.
    pub chunks: usize,
    /// Packets that it has room for at first, and at most: powers of two.
    pub packets: (usize, usize),
    /// Time after which a packet may be overwritten though there could be more chunks.
    pub keep: Duration,
    /// So many chunks are kept for the age of a replay: more, no replay has.
    pub replayed_chunks: usize,
}

impl RingSize {
    /// Pictures: a repair is of use for hardly more than a second, and that much of up to 5.5 Mbit/s is
    /// kept. Sound: twice the time, since it is small.
    pub fn for_media(media: MediaKind) -> RingSize {
        match media {
            MediaKind::Video => RingSize {
                chunk_bytes: 32 * 1024,
                chunks: 32,
                packets: (256, 1024),
                keep: Duration::from_millis(1500),
                replayed_chunks: 8,
            },
            MediaKind::Audio => RingSize {
                chunk_bytes: 4 * 1024,
                chunks: 24,
                packets: (128, 512),
                keep: Duration::from_secs(3),
                replayed_chunks: 0,
            },
        }
    }

    /// For how long one of so many chunks is kept.
    fn keep_for(&self, chunks: usize) -> Duration {
        if chunks < self.replayed_chunks { self.keep.max(MAX_REPLAY_AGE) } else { self.keep }
    }
}

/// Everything of a packet but its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PacketInfo {
    /// The publisher's sequence number, extended.
    pub sequence: u64,
    /// The publisher's timestamp.
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    /// Whether a picture that needs no other begins here.
    pub keyframe_start: bool,
    /// What travels on from leg to leg; what belongs to one leg only is left out.
    pub extensions: Extensions,
    pub arrived: Instant,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    Stored,
    Duplicate,
    TooOld,
    TooLarge,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    info: PacketInfo,
    payload: Span,
}

/// Where the last keyframe begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyframe {
    pub sequence: u64,
    pub timestamp: u32,
    /// When its first packet came.
    pub arrived: Instant,
}

/// Bounded by packets, by bytes and by time; the oldest written are overwritten first. Takes memory only
/// when packets come faster than ever before.
pub(crate) struct Ring {
    size: RingSize,
    chunks: Chunks,
    /// The packet `n` has place `n` modulo the length, which is a power of two.
    entries: Box<[Option<Entry>]>,
    /// Lowest number that ever came.
    first: Option<u64>,
    newest: Option<u64>,
    keyframe: Option<Keyframe>,
}

impl Ring {
    pub fn new(size: RingSize) -> Self {
        Self {
            size,
            chunks: Chunks::new(size),
            entries: vec![None; size.packets.0].into_boxed_slice(),
            first: None,
            newest: None,
            keyframe: None,
        }
    }

    /// Copies a packet in.
    pub fn insert(&mut self, info: PacketInfo, payload: &[u8]) -> Inserted {
        if payload.len() > self.size.chunk_bytes {
            return Inserted::TooLarge;
        }
        let sequence = info.sequence;
        if self.newest.is_some_and(|newest| sequence + self.size.packets.1 as u64 <= newest) {
            return Inserted::TooOld;
        }
        if self.get(sequence).is_some() {
            return Inserted::Duplicate;
        }
        while self.is_cramped(&info) {
            self.make_places();
        }
        let payload = self.chunks.write(info.arrived, payload);
        let place = self.place(sequence);
        self.entries[place] = Some(Entry { info, payload });
        self.first = Some(self.first.map_or(sequence, |first| first.min(sequence)));
        self.newest = Some(self.newest.map_or(sequence, |newest| newest.max(sequence)));
        if info.keyframe_start {
            self.note_keyframe(&info);
        }
        Inserted::Stored
    }

    /// Whether a packet's place is taken by one that is still of use, or by a newer one, and there may
    /// be more places.
    fn is_cramped(&self, info: &PacketInfo) -> bool {
        let is_needed = |entry: &Entry| {
            entry.info.sequence > info.sequence
                || (info.arrived.saturating_duration_since(entry.info.arrived) < self.size.keep
                    && self.chunks.is_intact(&entry.payload))
        };
        let taken = self.entries[self.place(info.sequence)].as_ref();
        self.entries.len() < self.size.packets.1 && taken.is_some_and(is_needed)
    }

    /// Doubles the places. What is there stays.
    fn make_places(&mut self) {
        let more = vec![None; 2 * self.entries.len()].into_boxed_slice();
        for entry in std::mem::replace(&mut self.entries, more).into_iter().flatten() {
            let place = self.place(entry.info.sequence);
            self.entries[place] = Some(entry);
        }
    }

    /// Several packets of one keyframe may call themselves its start; the first one is.
    fn note_keyframe(&mut self, info: &PacketInfo) {
        let begins = Keyframe { sequence: info.sequence, timestamp: info.timestamp, arrived: info.arrived };
        match &mut self.keyframe {
            Some(known) if known.timestamp == info.timestamp => {
                known.sequence = known.sequence.min(info.sequence);
            }
            Some(known) if known.sequence > info.sequence => {}
            known => *known = Some(begins),
        }
    }

    fn place(&self, sequence: u64) -> usize {
        (sequence & (self.entries.len() as u64 - 1)) as usize
    }

    fn entry(&self, sequence: u64) -> Option<&Entry> {
        let entry = self.entries[self.place(sequence)].as_ref();
        entry.filter(|entry| entry.info.sequence == sequence && self.chunks.is_intact(&entry.payload))
    }

    /// A packet that is still here.
    pub fn get(&self, sequence: u64) -> Option<(&PacketInfo, &[u8])> {
        let entry = self.entries[self.place(sequence)].as_ref();
        let entry = entry.filter(|entry| entry.info.sequence == sequence)?;
        Some((&entry.info, self.chunks.read(&entry.payload)?))
    }

    /// The lowest number that ever came.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    pub fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// How many packets right before `sequence` are missing, up to `most`.
    pub fn missing_before(&self, sequence: u64, most: u64) -> u64 {
        (1..=most)
            .take_while(|back| sequence.checked_sub(*back).is_some_and(|seq| self.get(seq).is_none()))
            .count() as u64
    }

    /// Where a late joiner can begin: the last keyframe, if it is younger than `max_age`, has at
    /// most `max_packets` up to now and lacks none of them.
    pub fn replay_from(&self, now: Instant, max_age: Duration, max_packets: u64) -> Option<Keyframe> {
        let keyframe = self.keyframe?;
        let newest = self.newest?;
        let young = now.saturating_duration_since(keyframe.arrived) <= max_age;
        let short = newest - keyframe.sequence < max_packets;
        let whole = || (keyframe.sequence..=newest).all(|sequence| self.entry(sequence).is_some());
        (young && short && whole()).then_some(keyframe)
    }

    /// Forgets all packets: the source starts anew.
    pub fn clear(&mut self) {
        self.entries.fill(None);
        self.first = None;
        self.newest = None;
        self.keyframe = None;
    }
}
