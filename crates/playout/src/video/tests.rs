//! The video buffer against scripted arrivals.

use super::*;

const MS: Duration = Duration::from_millis(1);
const FRAME_TICKS: u32 = 3_000;

#[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
fn origin() -> Instant {
    Instant::now()
}

/// Packets of a 30 fps stream, three to a picture, numbered from 65 536; a keyframe every `gop`.
fn packet(seq: u64, gop: u64) -> VideoPart {
    let index = seq - 65_536;
    let (picture, part) = (index / 3, index % 3);
    VideoPart {
        ssrc: 1,
        ext_seq: seq,
        rtp_ts_90k: (u32::MAX - 30_000).wrapping_add(picture as u32 * FRAME_TICKS),
        marker: part == 2,
        // Parameter sets, then the slice: both look like a start.
        keyframe_start: picture.is_multiple_of(gop) && part < 2,
        decoder_start: picture.is_multiple_of(gop) && part == 0,
        capture: None,
        payload: Bytes::copy_from_slice(&seq.to_be_bytes()),
    }
}

fn first_seq(picture: u64) -> u64 {
    65_536 + picture * 3
}

/// When picture `n` is sent, 33⅓ ms apart.
fn sent(t: Instant, picture: u64) -> Instant {
    t + Duration::from_micros(picture * 100_000 / 3)
}

/// Runs arrivals (moment, packet) through a buffer, polling at every timeout until `until`; gives
/// the pictures with the moments of their release, and the moments of keyframe requests.
struct Run {
    buffer: VideoBuffer,
    shown: Vec<(Instant, Frame)>,
    asked: Vec<Instant>,
}

impl Run {
    fn new() -> Self {
        Self { buffer: VideoBuffer::new(VideoConfig::default()), shown: Vec::new(), asked: Vec::new() }
    }

    fn poll(&mut self, now: Instant) {
        while let Some(output) = self.buffer.poll(now) {
            match output {
                VideoOutput::Frame(frame) => self.shown.push((now, frame)),
                VideoOutput::NeedKeyframe => self.asked.push(now),
            }
        }
    }

    fn until(&mut self, until: Instant) {
        while let Some(at) = self.buffer.poll_timeout().filter(|at| *at <= until) {
            self.poll(at);
        }
    }

    fn arrive(&mut self, mut arrivals: Vec<(Instant, VideoPart)>) -> &mut Self {
        arrivals.sort_by_key(|(at, _)| *at);
        for (at, part) in arrivals {
            self.until(at);
            self.buffer.push(at, part);
            self.poll(at);
        }
        self
    }

    /// The pictures shown, by number.
    fn pictures(&self) -> Vec<u64> {
        self.shown.iter().map(|(_, frame)| picture_of(frame)).collect()
    }

    fn shown_at(&self, picture: u64) -> Instant {
        self.shown.iter().find(|(_, frame)| picture_of(frame) == picture).unwrap().0
    }
}

fn picture_of(frame: &Frame) -> u64 {
    assert_eq!(frame.parts.len(), 3, "a whole picture");
    let seqs: Vec<u64> =
        frame.parts.iter().map(|part| u64::from_be_bytes(part[..].try_into().unwrap())).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    (seqs[0] - 65_536) / 3
}

/// All packets of the pictures, each arriving `late(seq)` after it was sent; none: lost.
fn stream(
    t: Instant,
    pictures: std::ops::Range<u64>,
    gop: u64,
    late: impl Fn(u64) -> Option<Duration>,
) -> Vec<(Instant, VideoPart)> {
    (first_seq(pictures.start)..first_seq(pictures.end))
        .filter_map(|seq| Some((sent(t, (seq - 65_536) / 3) + late(seq)?, packet(seq, gop))))
        .collect()
}

#[test]
fn without_jitter_nothing_waits() {
    let t = origin();
    let mut run = Run::new();
    run.arrive(stream(t, 0..100, 1000, |_| Some(40 * MS)));
    assert_eq!(run.pictures(), (0..100).collect::<Vec<_>>());
    for (at, frame) in &run.shown {
        assert!(*at <= frame.decodable + MS, "{:?}", *at - frame.decodable);
    }
    assert!(run.buffer.delay() <= MS);
}

#[test]
fn packets_that_overtake_each_other_make_whole_pictures_in_order() {
    let t = origin();
    let mut run = Run::new();
    // All but the very first: what the numbers begin with can only be told from what comes first.
    run.arrive(stream(t, 0..200, 1000, |seq| Some((seq % 65_536 * 7919 % 60) as u32 * MS)));
    run.until(t + 10_000 * MS);
    assert_eq!(run.pictures(), (0..200).collect::<Vec<_>>());
}

#[test]
fn a_slice_that_overtakes_its_parameter_sets_at_the_very_beginning_waits_for_them() {
    let t = origin();
    let mut run = Run::new();
    run.arrive(stream(t, 0..10, 1000, |seq| Some(if seq == first_seq(0) { 12 } else { 0 } * MS)));
    assert_eq!(run.pictures(), (0..10).collect::<Vec<_>>());
}

#[test]
fn pictures_behind_a_gap_wait_for_the_repair_and_then_all_go_out() {
    let t = origin();
    let lost = first_seq(50) + 1;
    let mut run = Run::new();
    run.arrive(stream(t, 0..60, 1000, |seq| Some(if seq == lost { 150 * MS } else { MS })));
    assert_eq!(run.pictures(), (0..60).collect::<Vec<_>>());
    assert_eq!(run.shown_at(50), sent(t, 50) + 150 * MS);
    assert_eq!(run.shown_at(54), run.shown_at(50), "they were only waiting for it");
    let superseded: Vec<u64> =
        run.shown.iter().filter(|(_, f)| f.superseded).map(|(_, f)| picture_of(f)).collect();
    assert_eq!(superseded, [50, 51, 52, 53]);
    assert!(run.asked.is_empty());
}

#[test]
fn a_hopeless_gap_asks_for_a_keyframe_and_shows_nothing_before_it() {
    let t = origin();
    let lost = first_seq(20) + 1;
    let mut run = Run::new();
    run.arrive(stream(t, 0..60, 55, |seq| (seq != lost).then_some(MS)));
    let expected: Vec<u64> = (0..20).chain(55..60).collect();
    assert_eq!(run.pictures(), expected);
    // The gap shows with the packet behind it, of the same picture.
    let noticed = sent(t, 20) + MS;
    assert_eq!(run.asked, [noticed + 300 * MS, noticed + 800 * MS]);
    let after_skip: Vec<u64> =
        run.shown.iter().filter(|(_, f)| f.after_skip).map(|(_, f)| picture_of(f)).collect();
    assert_eq!(after_skip, [55]);
    assert_eq!((run.buffer.stats().skips, run.buffer.stats().lost_packets), (1, 1));
}

#[test]
fn a_keyframe_whose_parameter_sets_are_lost_is_no_beginning() {
    let t = origin();
    let lost = [first_seq(20) + 1, first_seq(30)];
    let mut run = Run::new();
    run.arrive(stream(t, 0..45, 30, |seq| (!lost.contains(&seq)).then_some(MS)));
    assert_eq!(run.pictures(), (0..20).collect::<Vec<_>>());
    assert!(!run.asked.is_empty());
}

#[test]
fn pictures_of_the_past_at_the_beginning_do_not_make_the_later_ones_late() {
    let t = origin();
    let mut run = Run::new();
    // The relay replays 600 ms in a burst of one packet per 0.3 ms, then all comes as it is sent.
    let joined = sent(t, 18);
    let replayed = |at: Instant, seq: u64| {
        if at >= joined { at } else { joined + Duration::from_micros(300 * (seq - 65_536)) }
    };
    let arrivals = stream(t, 0..100, 1000, |_| Some(MS));
    run.arrive(arrivals.into_iter().map(|(at, part)| (replayed(at, part.ext_seq), part)).collect());
    assert_eq!(run.pictures(), (0..100).collect::<Vec<_>>());
    assert!(run.buffer.delay() <= 2 * MS, "{:?}", run.buffer.delay());
    for picture in 20..100 {
        assert!(run.shown_at(picture) <= sent(t, picture) + 10 * MS, "{picture}");
    }
}

#[test]
fn it_begins_with_a_keyframe_only() {
    let t = origin();
    let mut run = Run::new();
    run.arrive(stream(t, 5..70, 60, |_| Some(MS)));
    assert_eq!(run.pictures(), (60..70).collect::<Vec<_>>());
    assert_eq!(run.asked[0], sent(t, 5) + MS + 300 * MS);
}

#[test]
fn jitter_makes_it_wait_and_calm_makes_it_quick_again() {
    let t = origin();
    let mut run = Run::new();
    let jitter = |seq: u64| Some(((seq - 65_536) / 3 * 7919 % 40) as u32 * MS);
    run.arrive(stream(t, 0..300, 1000, jitter));
    assert!((30 * MS..=40 * MS).contains(&run.buffer.delay()), "{:?}", run.buffer.delay());
    let late = run.shown.iter().skip(100).filter(|(at, frame)| *at > frame.due + MS).count();
    assert!(late <= 15, "{late} of 200 late");
    run.arrive(stream(t, 300..1000, 1000, |_| Some(Duration::ZERO)));
    assert!(run.buffer.delay() <= 2 * MS, "{:?}", run.buffer.delay());
}

#[test]
fn one_hold_up_of_the_network_does_not_make_every_picture_late() {
    let t = origin();
    let mut run = Run::new();
    let (from, to) = (sent(t, 100), sent(t, 130));
    let held_up = stream(t, 0..200, 1000, |_| Some(MS))
        .into_iter()
        .map(|(at, part)| (if at >= from && at < to { to } else { at }, part))
        .collect();
    run.arrive(held_up);
    assert_eq!(run.pictures(), (0..200).collect::<Vec<_>>());
    assert!(run.buffer.delay() <= 2 * MS, "{:?}", run.buffer.delay());
}

#[test]
fn copies_and_packets_of_shown_pictures_are_counted_and_useless() {
    let t = origin();
    let mut run = Run::new();
    let mut arrivals = stream(t, 0..20, 1000, |_| Some(MS));
    arrivals.extend(stream(t, 0..20, 1000, |_| Some(50 * MS)));
    run.arrive(arrivals);
    assert_eq!(run.pictures(), (0..20).collect::<Vec<_>>());
    assert_eq!(run.buffer.stats().useless_packets, 60);
}

#[test]
fn a_sender_started_anew_begins_with_its_keyframe() {
    let t = origin();
    let mut run = Run::new();
    run.arrive(stream(t, 0..10, 1000, |_| Some(MS)));
    let other = stream(t, 0..10, 1000, |_| Some(MS)).into_iter().map(|(at, mut part)| {
        part.ssrc = 2;
        part.rtp_ts_90k = part.rtp_ts_90k.wrapping_add(3_000_000_000);
        (at + 2000 * MS, part)
    });
    run.arrive(other.collect());
    let expected: Vec<u64> = (0..10).chain(0..10).collect();
    assert_eq!(run.pictures(), expected);
    assert_eq!(run.buffer.stats().restarts, 1);
    assert!(run.buffer.delay() <= MS);
}

#[test]
fn the_next_timestamp_ends_a_picture_without_a_marker() {
    let t = origin();
    let mut run = Run::new();
    let arrivals = stream(t, 0..10, 1000, |_| Some(MS)).into_iter().map(|(at, mut part)| {
        part.marker = false;
        (at, part)
    });
    run.arrive(arrivals.collect());
    assert_eq!(run.pictures(), (0..9).collect::<Vec<_>>());
}

#[test]
fn padding_makes_no_picture() {
    let t = origin();
    let mut run = Run::new();
    run.arrive(stream(t, 0..2, 1000, |_| Some(MS)));
    let mut padding = packet(first_seq(2), 1000);
    (padding.payload, padding.rtp_ts_90k) = (Bytes::new(), packet(first_seq(1), 1000).rtp_ts_90k);
    let mut next = packet(first_seq(2) + 1, 1000);
    next.marker = true;
    run.arrive(vec![(sent(t, 2), padding), (sent(t, 2), next)]);
    run.until(sent(t, 3));
    assert_eq!(run.shown.len(), 3);
    assert_eq!(run.shown[2].1.parts.len(), 1);
}

#[test]
fn the_extra_delay_comes_on_top() {
    let t = origin();
    let mut run = Run::new();
    run.buffer.set_extra_delay(80 * MS);
    run.arrive(stream(t, 0..30, 1000, |_| Some(MS)));
    assert_eq!(run.shown_at(10), sent(t, 10) + 81 * MS);
}

#[test]
fn what_is_held_is_bounded_however_long_a_gap_lasts() {
    let t = origin();
    let lost = first_seq(3);
    let mut run = Run::new();
    run.arrive(stream(t, 0..4000, 10_000, |seq| (seq != lost).then_some(MS)));
    assert_eq!(run.pictures(), [0, 1, 2]);
    // Numbers stay below a new epoch: the same stream goes on with its next keyframe.
    run.arrive(stream(t, 4000..4010, 4000, |_| Some(MS)));
    assert_eq!(run.pictures()[3..], (4000..4010).collect::<Vec<_>>());
}

#[test]
fn arbitrary_packets_never_panic_and_never_come_out_of_order() {
    let t = origin();
    let mut random = 88_172_645_463_325_252u64;
    let mut next = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    for round in 0..40 {
        let mut buffer = VideoBuffer::new(VideoConfig { max_packets: 50, ..VideoConfig::default() });
        let mut now = t;
        for _ in 0..500 {
            now += Duration::from_micros(next(20_000));
            let part = VideoPart {
                ssrc: (next(50) == 0).into(),
                ext_seq: if round % 4 == 0 { next(u64::MAX) } else { 65_536 + next(60) },
                rtp_ts_90k: if next(10) == 0 { next(1 << 32) as u32 } else { next(20) as u32 * 3000 },
                marker: next(3) == 0,
                keyframe_start: next(6) == 0,
                decoder_start: next(8) == 0,
                capture: None,
                payload: Bytes::from_static(b"x").slice(..next(2) as usize),
            };
            buffer.push(now, part);
            let mut outputs = 0;
            while let Some(output) = buffer.poll(now) {
                outputs += 1;
                assert!(outputs < 1000, "it never ends");
                if let VideoOutput::Frame(frame) = output {
                    assert!(!frame.parts.is_empty() && frame.due <= now && frame.decodable <= now);
                }
            }
            assert!(buffer.poll_timeout().is_none_or(|at| at > now));
        }
    }
}
