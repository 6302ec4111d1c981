use super::*;

const MS: Duration = Duration::from_millis(1);

/// A ring of 64 packets and 8 KiB, long before any of it is too old.
fn small() -> (Ring, Instant) {
    let keep = Duration::from_secs(60);
    let size = RingSize { chunk_bytes: 1024, chunks: 8, packets: (64, 64), keep, replayed_chunks: 0 };
    (Ring::new(size), Instant::now())
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
    let (mut ring, t) = small();
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
    let (mut ring, t) = small();
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
    let (mut ring, t) = small();
    let key = |sequence| PacketInfo { timestamp: 9000, keyframe_start: true, ..info(sequence, t) };
    ring.insert(key(21), b"pps");
    ring.insert(key(20), b"sps");
    ring.insert(key(22), b"idr");
    assert_eq!(ring.keyframe.unwrap().sequence, 20);
}

#[test]
fn a_late_joiner_begins_only_at_a_young_short_and_whole_run() {
    let (mut ring, t) = small();
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

/// Packets of 1085 bytes, so many a second, from number `first` on; the number after the last.
fn film(ring: &mut Ring, (first, from): (u64, Instant), per_second: u64, time: Duration) -> (u64, Instant) {
    let count = time.as_millis() as u64 * per_second / 1000;
    for at in 0..count {
        let arrived = from + Duration::from_secs(at) / per_second as u32;
        ring.insert(info(first + at, arrived), &[7; 1085]);
    }
    (first + count, from + time)
}

fn kept(ring: &Ring, next: u64) -> u64 {
    (0..next).rev().take_while(|number| ring.get(*number).is_some()).count() as u64
}

#[test]
fn a_ring_keeps_its_time_and_takes_what_that_needs() {
    let mut ring = Ring::new(RingSize::for_media(MediaKind::Video));
    assert_eq!(ring.chunks.bytes(), 0);
    let (next, t) = film(&mut ring, (0, Instant::now()), 288, 4000 * MS);
    assert!(kept(&ring, next) >= 432, "1.5 s of 2.5 Mbit/s: {}", kept(&ring, next));
    let memory = (ring.chunks.bytes(), ring.entries.len());
    assert!(memory.0 <= 432 * 1085 + 2 * 32 * 1024 && memory.1 == 512, "{memory:?}");
    let mut at = (next, t);
    for _ in 0..60 {
        at = film(&mut ring, at, 288, 1000 * MS);
        assert!(kept(&ring, at.0) >= 432);
        assert_eq!((ring.chunks.bytes(), ring.entries.len()), memory);
    }
}

#[test]
fn a_slow_stream_takes_little_and_keeps_what_a_replay_may_want() {
    let mut ring = Ring::new(RingSize::for_media(MediaKind::Video));
    let (next, _) = film(&mut ring, (0, Instant::now()), 60, 20_000 * MS);
    assert!(kept(&ring, next) >= 120, "two seconds");
    assert!(ring.chunks.bytes() <= 7 * 32 * 1024, "{}", ring.chunks.bytes());
    assert_eq!(ring.entries.len(), 256);
}

#[test]
fn what_a_faster_time_needed_is_given_back() {
    let mut ring = Ring::new(RingSize::for_media(MediaKind::Video));
    let at = film(&mut ring, (0, Instant::now()), 500, 4000 * MS);
    let before = ring.chunks.bytes();
    let (next, _) = film(&mut ring, at, 30, 60_000 * MS);
    assert!(ring.chunks.bytes() < before / 2, "{} of {before}", ring.chunks.bytes());
    assert!(kept(&ring, next) >= 60);
}

#[test]
fn a_publisher_that_is_far_too_fast_takes_no_more_than_the_bound() {
    let mut ring = Ring::new(RingSize::for_media(MediaKind::Video));
    let (next, _) = film(&mut ring, (0, Instant::now()), 5000, 4000 * MS);
    assert_eq!((ring.chunks.bytes(), ring.entries.len()), (1024 * 1024, 1024));
    assert!(kept(&ring, next) >= 900);
}

#[test]
fn repairs_of_a_long_gap_find_room_beside_what_came_after_it() {
    let mut ring = Ring::new(RingSize::for_media(MediaKind::Video));
    let t = Instant::now();
    film(&mut ring, (0, t), 288, 500 * MS);
    let (next, later) = film(&mut ring, (144 + 500, t + 700 * MS), 288, 300 * MS);
    for number in 200..644 {
        assert_eq!(ring.insert(info(number, later), b"repair"), Inserted::Stored, "{number}");
    }
    assert!((200..next).all(|number| ring.get(number).is_some()));
}
