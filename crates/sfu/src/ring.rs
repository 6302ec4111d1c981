//! The last packets of one encoding of a track: each payload is stored once, here, for every receiver, every
//! repeat and every late joiner.

use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;
use tongke_protocol::control::Codec;
use tongke_transport::rtp::Extensions;

/// How much a ring keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingSize {
    /// Packets.
    pub packets: usize,
    /// Bytes of payload.
    pub bytes: usize,
}

impl RingSize {
    /// Pictures: 2 s of 4 Mbit/s, longer than any repair is of use. Sound: 10 s of 20 ms packets.
    pub fn for_media(media: MediaKind) -> RingSize {
        match media {
            MediaKind::Video => RingSize { packets: 1024, bytes: 1024 * 1024 },
            MediaKind::Audio => RingSize { packets: 512, bytes: 96 * 1024 },
        }
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
    /// Where the payload begins, counted in bytes written since the start.
    start: u64,
    len: u32,
}

/// Where the last keyframe begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyframe {
    pub sequence: u64,
    pub timestamp: u32,
    /// When its first packet came.
    pub arrived: Instant,
}

/// Bounded by packets and by bytes; the oldest written are overwritten first. All memory is taken
/// at the start.
pub(crate) struct Ring {
    bytes: Box<[u8]>,
    /// Bytes written since the start, skipped ends included.
    head: u64,
    /// The packet `n` has place `n` modulo the length.
    entries: Box<[Option<Entry>]>,
    /// Lowest number that ever came.
    first: Option<u64>,
    newest: Option<u64>,
    keyframe: Option<Keyframe>,
}

impl Ring {
    pub fn new(size: RingSize) -> Self {
        Self {
            bytes: vec![0; size.bytes].into_boxed_slice(),
            head: 0,
            entries: vec![None; size.packets].into_boxed_slice(),
            first: None,
            newest: None,
            keyframe: None,
        }
    }

    /// Copies a packet in.
    pub fn insert(&mut self, info: PacketInfo, payload: &[u8]) -> Inserted {
        if payload.len() > self.bytes.len() / 8 {
            return Inserted::TooLarge;
        }
        let sequence = info.sequence;
        if self.newest.is_some_and(|newest| sequence + self.entries.len() as u64 <= newest) {
            return Inserted::TooOld;
        }
        if self.get(sequence).is_some() {
            return Inserted::Duplicate;
        }
        let start = self.make_room(payload.len());
        let at = (start % self.bytes.len() as u64) as usize;
        self.bytes[at..at + payload.len()].copy_from_slice(payload);
        let place = self.place(sequence);
        self.entries[place] = Some(Entry { info, start, len: payload.len() as u32 });
        self.first = Some(self.first.map_or(sequence, |first| first.min(sequence)));
        self.newest = Some(self.newest.map_or(sequence, |newest| newest.max(sequence)));
        if info.keyframe_start {
            self.note_keyframe(&info);
        }
        Inserted::Stored
    }

    /// Where `len` bytes in one piece begin.
    fn make_room(&mut self, len: usize) -> u64 {
        let capacity = self.bytes.len() as u64;
        let until_end = capacity - self.head % capacity;
        if until_end < len as u64 {
            self.head += until_end;
        }
        let start = self.head;
        self.head += len as u64;
        start
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
        (sequence % self.entries.len() as u64) as usize
    }

    fn entry(&self, sequence: u64) -> Option<&Entry> {
        let entry = self.entries[self.place(sequence)].as_ref()?;
        let intact = self.head <= entry.start + self.bytes.len() as u64;
        (entry.info.sequence == sequence && intact).then_some(entry)
    }

    /// A packet that is still here.
    pub fn get(&self, sequence: u64) -> Option<(&PacketInfo, &[u8])> {
        let entry = self.entry(sequence)?;
        let at = (entry.start % self.bytes.len() as u64) as usize;
        Some((&entry.info, &self.bytes[at..at + entry.len as usize]))
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ring(packets: usize, bytes: usize) -> (Ring, Instant) {
        (Ring::new(RingSize { packets, bytes }), Instant::now())
    }

    fn info(sequence: u64, arrived: Instant) -> PacketInfo {
        PacketInfo {
            sequence,
            timestamp: sequence as u32 / 3 * 3000,
            marker: false,
            codec: Codec::H264,
            keyframe_start: false,
            extensions: Extensions::default(),
            arrived,
        }
    }

    fn payload(sequence: u64, len: usize) -> Vec<u8> {
        (0..len).map(|at| (sequence as usize * 7 + at) as u8).collect()
    }

    #[test]
    fn what_is_in_the_ring_is_whole_and_what_was_overwritten_is_gone() {
        let (mut ring, t) = ring(64, 8 * 1024);
        for sequence in 1000..5000_u64 {
            let len = 1 + (sequence as usize * 37) % 900;
            assert_eq!(ring.insert(info(sequence, t), &payload(sequence, len)), Inserted::Stored);
            let mut kept = 0;
            for old in sequence.saturating_sub(80)..=sequence {
                if let Some((_, bytes)) = ring.get(old) {
                    assert_eq!(bytes, payload(old, 1 + (old as usize * 37) % 900), "packet {old}");
                    kept += bytes.len();
                }
            }
            assert!(kept <= 8 * 1024, "bound in bytes");
        }
        assert!(ring.get(4999).is_some() && ring.get(4999 - 64).is_none());
    }

    #[test]
    fn repaired_packets_go_in_late_and_twice_is_once() {
        let (mut ring, t) = ring(64, 8 * 1024);
        ring.insert(info(10, t), b"a");
        ring.insert(info(12, t), b"c");
        assert_eq!(ring.insert(info(11, t), b"b"), Inserted::Stored);
        assert_eq!(ring.insert(info(11, t), b"x"), Inserted::Duplicate);
        assert_eq!(ring.get(11).unwrap().1, b"b");
        ring.insert(info(100, t), b"z");
        assert_eq!(ring.insert(info(13, t), b"d"), Inserted::TooOld);
        assert_eq!(ring.insert(info(101, t), &[0; 2000]), Inserted::TooLarge);
        assert_eq!(ring.newest(), Some(100));
    }

    #[test]
    fn the_keyframe_begins_at_its_first_packet_even_if_that_comes_late() {
        let (mut ring, t) = ring(64, 8 * 1024);
        let key = |sequence| PacketInfo { timestamp: 9000, keyframe_start: true, ..info(sequence, t) };
        ring.insert(key(21), b"pps");
        ring.insert(key(20), b"sps");
        ring.insert(key(22), b"idr");
        assert_eq!(ring.keyframe.unwrap().sequence, 20);
    }

    #[test]
    fn a_late_joiner_begins_only_at_a_young_short_and_whole_run() {
        let (mut ring, t) = ring(64, 8 * 1024);
        assert!(ring.replay_from(t, 1000 * MS, 50).is_none());
        ring.insert(PacketInfo { keyframe_start: true, ..info(20, t) }, b"key");
        ring.insert(info(21, t), b"rest");
        ring.insert(info(23, t), b"next");
        assert!(ring.replay_from(t, 1000 * MS, 50).is_none(), "22 is missing");
        ring.insert(info(22, t), b"repair");
        assert_eq!(ring.replay_from(t + 1000 * MS, 1000 * MS, 50).unwrap().sequence, 20);
        assert!(ring.replay_from(t + 1001 * MS, 1000 * MS, 50).is_none(), "too old");
        assert!(ring.replay_from(t, 1000 * MS, 3).is_none(), "too long");
        assert_eq!(ring.missing_before(20, 8), 8);
        assert_eq!(ring.missing_before(22, 8), 0);
    }
}
