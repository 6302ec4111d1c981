//! The audio buffer against scripted arrivals.

use super::*;

const MS: Duration = Duration::from_millis(1);

#[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
fn origin() -> Instant {
    Instant::now()
}

/// A hybrid 20 ms packet with or without FEC (RFC 6716 §3.1, §4.2.3) that tells its number.
fn payload(index: u64, fec: bool) -> Bytes {
    let mut bytes = vec![15 << 3, if fec { 0xc0 } else { 0x80 }];
    bytes.extend(index.to_be_bytes());
    bytes.into()
}

fn number(payload: &[u8]) -> u64 {
    u64::from_be_bytes(payload[2..10].try_into().unwrap())
}

/// Speech in phrases of 2 s with pauses of 0.5 s.
fn level(index: u64) -> u8 {
    if index % 125 < 100 { 20 } else { 70 }
}

fn packet(index: u64, fec: bool) -> AudioPacket {
    AudioPacket {
        ssrc: 1,
        ext_seq: 65_536 + index,
        rtp_ts_48k: (u32::MAX - 48_000).wrapping_add(index as u32 * 960),
        samples: 960,
        level_dbov: Some(level(index)),
        capture: None,
        payload: payload(index, fec),
    }
}

struct Run {
    t: Instant,
    buffer: AudioBuffer,
    /// How long a pulled packet lasts by the playing clock.
    pull_every: Duration,
    next_pull: Instant,
    /// (moment, action) of every pull.
    played: Vec<(Instant, AudioAction)>,
}

impl Run {
    /// A sound clock that ticks 7 ms off the packets.
    fn new() -> Self {
        let t = origin();
        Self {
            t,
            buffer: AudioBuffer::new(AudioConfig::default()),
            pull_every: 20 * MS,
            next_pull: t + 7 * MS,
            played: Vec::new(),
        }
    }

    /// Packets `from..to`, each arriving `late(index)` after it was sent; none: lost. Then pulls to
    /// the end.
    fn stream(
        &mut self,
        range: std::ops::Range<u64>,
        fec: bool,
        late: impl Fn(u64) -> Option<Duration>,
    ) -> &mut Self {
        let end = self.sent(range.end);
        let arrivals = range.filter_map(|i| Some((self.sent(i) + late(i)?, packet(i, fec)))).collect();
        self.arrive(arrivals, end)
    }

    fn sent(&self, index: u64) -> Instant {
        self.t + 20 * MS * index as u32
    }

    fn arrive(&mut self, mut arrivals: Vec<(Instant, AudioPacket)>, end: Instant) -> &mut Self {
        arrivals.sort_by_key(|(at, _)| *at);
        for (at, packet) in arrivals {
            self.pull_until(at.min(end));
            if at < end {
                self.buffer.push(at, packet);
            }
        }
        self.pull_until(end);
        self
    }

    fn pull_until(&mut self, until: Instant) {
        while self.next_pull < until {
            let now = self.next_pull;
            loop {
                let action = self.buffer.pull(now);
                let again = matches!(action, AudioAction::Discard { .. });
                self.played.push((now, action));
                if !again {
                    break;
                }
            }
            self.next_pull += self.pull_every;
        }
    }

    fn decoded(&self) -> Vec<u64> {
        let number = |action: &AudioAction| match action {
            AudioAction::Decode { payload, .. } => Some(number(payload)),
            _ => None,
        };
        self.played.iter().filter_map(|(_, action)| number(action)).collect()
    }

    /// From sending to playing, of each packet decoded.
    fn delays(&self) -> Vec<Duration> {
        let delay = |(at, action): &(Instant, AudioAction)| match action {
            AudioAction::Decode { payload, .. } => Some(*at - self.sent(number(payload))),
            _ => None,
        };
        self.played.iter().filter_map(delay).collect()
    }

    #[track_caller]
    fn check(&self, concealed: u64, fec: u64) {
        let stats = self.buffer.stats();
        assert_eq!((stats.concealed, stats.fec), (concealed, fec), "{stats:?}");
    }
}

#[test]
fn on_a_clean_network_the_buffer_adds_at_most_one_packet() {
    let mut run = Run::new();
    run.stream(0..500, true, |i| Some((i % 3) as u32 * MS));
    let last = *run.decoded().last().unwrap();
    assert!(last >= 498);
    assert_eq!(run.decoded(), (0..=last).collect::<Vec<_>>());
    run.check(0, 0);
    assert!(run.delays().iter().all(|delay| *delay <= 45 * MS), "{:?}", run.delays().iter().max());
    let later = run.delays().split_off(250);
    assert!(later.iter().all(|delay| *delay <= 28 * MS), "{:?}", later.iter().max());
}

#[test]
fn a_lone_lost_packet_is_restored_from_its_successor() {
    let mut run = Run::new();
    run.stream(0..300, true, |i| (i != 150).then_some(Duration::ZERO));
    let stats = run.buffer.stats();
    assert_eq!(stats.fec, 1, "{stats:?}");
    assert!(stats.concealed <= 1, "at most the wait for the successor: {stats:?}");
    let restored = run.played.iter().find_map(|(_, action)| match action {
        AudioAction::DecodeFec { payload, .. } => Some(number(payload)),
        _ => None,
    });
    assert_eq!(restored, Some(151));
    assert!(run.decoded().contains(&151), "it is decoded itself as well");
}

#[test]
fn what_neither_fec_nor_repair_brings_is_concealed() {
    let mut run = Run::new();
    run.buffer.set_extra_delay(60 * MS);
    run.stream(0..300, true, |i| (![150, 151].contains(&i)).then_some(Duration::ZERO));
    run.check(1, 1);
    let mut run = Run::new();
    run.buffer.set_extra_delay(60 * MS);
    run.stream(0..300, false, |i| (![150, 151].contains(&i)).then_some(Duration::ZERO));
    run.check(2, 0);
}

#[test]
fn repairs_make_the_delay_grow_until_they_are_in_time() {
    let mut run = Run::new();
    // Every tenth packet is repaired after 105 ms.
    run.stream(0..1500, true, |i| Some(if i * 7919 % 10 == 0 { 105 * MS } else { Duration::ZERO }));
    let delay = run.buffer.delay();
    assert!((105 * MS..=130 * MS).contains(&delay), "{delay:?}");
    let stats = run.buffer.stats();
    assert!(stats.concealed <= 3, "{stats:?}");
    let after_five_seconds = run.played.iter().skip(250);
    let restored = after_five_seconds.filter(|(_, a)| matches!(a, AudioAction::DecodeFec { .. })).count();
    assert_eq!(restored, 0, "{stats:?}");
    assert!(stats.inserted > 0, "it grew in the pauses");
}

#[test]
fn on_a_long_way_it_begins_with_room_for_a_repair_and_gives_it_back_if_none_is_needed() {
    let far = |packets| {
        let mut run = Run::new();
        run.buffer.set_round_trip(80 * MS);
        run.stream(0..packets, true, |_| Some(40 * MS));
        run.check(0, 0);
        run
    };
    let delay = far(60).buffer.delay();
    assert!((122 * MS..=124 * MS).contains(&delay), "{delay:?}");
    let last = *far(900).delays().last().unwrap();
    assert!(last <= 70 * MS, "{last:?}");
    let mut near = Run::new();
    near.buffer.set_round_trip(MS);
    near.stream(0..60, true, |_| Some(MS));
    assert!(near.buffer.delay() <= 5 * MS, "{:?}", near.buffer.delay());
}

#[test]
fn it_begins_behind_a_gap_rather_than_with_one() {
    let mut run = Run::new();
    run.buffer.set_round_trip(80 * MS);
    run.stream(0..200, true, |i| (!(1..4).contains(&i)).then_some(Duration::ZERO));
    run.check(0, 0);
    assert_eq!(run.decoded()[..2], [4, 5]);
}

#[test]
fn packets_of_an_outage_that_are_repaired_after_it_do_not_lift_the_delay() {
    let mut run = Run::new();
    let back = run.sent(350);
    let arrivals = (0..900).map(|i| {
        let at = run.sent(i);
        (if (300..350).contains(&i) { back + 85 * MS } else { at }, packet(i, true))
    });
    let (arrivals, end) = (arrivals.collect(), run.sent(900));
    run.arrive(arrivals, end);
    assert!(run.buffer.delay() <= 100 * MS, "{:?}", run.buffer.delay());
}

#[test]
fn a_delay_no_longer_needed_goes_in_the_pauses_only() {
    let mut run = Run::new();
    run.stream(0..500, true, |i| Some(if i * 7919 % 10 == 0 { 105 * MS } else { Duration::ZERO }));
    run.stream(500..2500, true, |_| Some(Duration::ZERO));
    let stats = run.buffer.stats();
    assert!(stats.discarded >= 4, "{stats:?}");
    for (_, action) in &run.played {
        if let AudioAction::Discard { payload } = action {
            assert!(level(number(payload)) > 50, "left out in the middle of a word");
        }
    }
    assert!(run.delays().last().unwrap() <= &(45 * MS), "{:?}", run.delays().last());
}

#[test]
fn a_hold_up_is_concealed_and_little_of_the_sound_lost() {
    let mut run = Run::new();
    let (from, to) = (run.sent(200), run.sent(215));
    let arrivals = (0..600).map(|i| {
        let at = run.sent(i);
        (if at >= from && at < to { to } else { at }, packet(i, true))
    });
    let end = run.sent(600);
    run.arrive(arrivals.collect(), end);
    let stats = run.buffer.stats();
    assert!((12..=15).contains(&stats.concealed), "{stats:?}");
    assert!(stats.late_packets <= 12, "{stats:?}");
    assert!(run.buffer.delay() <= 95 * MS, "one is no pattern: {:?}", run.buffer.delay());
}

#[test]
fn a_sender_that_says_it_is_silent_is_not_concealed() {
    let mut run = Run::new();
    let dtx = |i: u64| AudioPacket { payload: Bytes::from_static(&[15 << 3]), ..packet(i, true) };
    // Numbers go on, timestamps leap: 100 packets of speech, one DTX packet, 300 ms of nothing, speech.
    let mut arrivals: Vec<_> = (0..100).map(|i| (run.sent(i), packet(i, true))).collect();
    arrivals.push((run.sent(100), dtx(100)));
    arrivals.extend((116..300).map(|i| {
        let speech = AudioPacket { ext_seq: 65_536 + i - 15, ..packet(i, true) };
        (run.sent(i), speech)
    }));
    let end = run.sent(300);
    run.arrive(arrivals, end);
    run.check(0, 0);
    assert_eq!(run.decodes(), 299 - 15, "the DTX packet is one of them");
}

impl Run {
    /// As `decoded`, but only counts: DTX packets have no number.
    fn decodes(&self) -> usize {
        self.played.iter().filter(|(_, action)| matches!(action, AudioAction::Decode { .. })).count()
    }
}

#[test]
fn a_sender_that_vanishes_is_concealed_for_a_second_and_then_gone() {
    let mut run = Run::new();
    run.stream(0..100, true, |_| Some(Duration::ZERO));
    let end = run.sent(400);
    run.arrive(Vec::new(), end);
    let stats = run.buffer.stats();
    assert!((49..=52).contains(&stats.concealed), "{stats:?}");
    assert_eq!(stats.interruptions, 1);
    run.stream(400..500, true, |_| Some(Duration::ZERO));
    assert_eq!(run.decoded().last(), Some(&498), "it is heard again");
}

#[test]
fn a_sender_started_anew_is_heard_at_once() {
    let mut run = Run::new();
    run.stream(0..100, true, |_| Some(Duration::ZERO));
    let again = (100..200).map(|i| {
        let other = AudioPacket {
            ssrc: 2,
            ext_seq: 70_000 + i,
            rtp_ts_48k: 5_000 + i as u32 * 960,
            ..packet(i, true)
        };
        (run.sent(i), other)
    });
    let (arrivals, end) = (again.collect(), run.sent(200));
    run.arrive(arrivals, end);
    let stats = run.buffer.stats();
    assert_eq!((stats.restarts, run.decoded().last() >= Some(&198)), (1, true), "{stats:?}");
    assert!(stats.concealed <= 1, "{stats:?}");
}

#[test]
fn copies_are_no_late_packets() {
    let mut run = Run::new();
    let arrivals =
        (0..200).flat_map(|i| [(run.sent(i), packet(i, true)), (run.sent(i) + 90 * MS, packet(i, true))]);
    let (arrivals, end) = (arrivals.collect(), run.sent(200));
    run.arrive(arrivals, end);
    run.check(0, 0);
    let stats = run.buffer.stats();
    assert_eq!((stats.late_packets, stats.duplicates > 190), (0, true));
    assert!(run.buffer.delay() <= 10 * MS);
}

#[test]
fn clocks_that_drift_apart_are_followed_without_a_gap() {
    for drift_ppm in [-200i64, 200] {
        let mut run = Run::new();
        run.pull_every = Duration::from_nanos((20_000_000 + 20 * drift_ppm) as u64);
        run.stream(0..15_000, true, |_| Some(Duration::ZERO));
        let stats = run.buffer.stats();
        assert!(stats.concealed == 0, "{drift_ppm} ppm: {stats:?}");
        assert!(stats.inserted + stats.discarded >= 2, "{drift_ppm} ppm: {stats:?}");
        assert!(run.delays().iter().all(|delay| *delay <= 50 * MS), "{:?}", run.delays().iter().max());
    }
}

#[test]
fn the_extra_delay_comes_on_top_in_the_pauses() {
    let mut run = Run::new();
    run.stream(0..200, true, |_| Some(Duration::ZERO));
    run.buffer.set_extra_delay(100 * MS);
    run.stream(200..600, true, |_| Some(Duration::ZERO));
    run.check(0, 0);
    let last = *run.delays().last().unwrap();
    assert!((100 * MS..=130 * MS).contains(&last), "{last:?}");
}

#[test]
fn arbitrary_packets_never_panic_and_memory_stays_bounded() {
    let t = origin();
    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut next = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    for round in 0..40 {
        let mut buffer = AudioBuffer::new(AudioConfig::default());
        let mut now = t;
        for _ in 0..1000 {
            now += Duration::from_micros(next(30_000));
            let length = next(12) as usize;
            let packet = AudioPacket {
                ssrc: (next(60) == 0).into(),
                ext_seq: if round % 4 == 0 { next(u64::MAX) } else { 65_536 + next(900) },
                rtp_ts_48k: if next(10) == 0 { next(1 << 32) as u32 } else { next(900) as u32 * 960 },
                samples: [0, 120, 960, 2880, 5760, u32::MAX][next(6) as usize],
                level_dbov: (next(2) == 0).then_some(next(256) as u8),
                capture: None,
                payload: (0..length).map(|_| next(256) as u8).collect::<Vec<_>>().into(),
            };
            has_in_band_fec(&packet.payload);
            buffer.push(now, packet);
            for _ in 0..next(3) {
                let mut again = 0;
                while matches!(buffer.pull(now), AudioAction::Discard { .. }) {
                    again += 1;
                    assert!(again < 600, "it never ends");
                }
            }
        }
    }
}

#[test]
fn the_fec_flag_is_found_in_every_frame_layout() {
    // Hybrid 20 ms mono: voice flag, LBRR flag.
    assert!(has_in_band_fec(&[15 << 3, 0b1100_0000]));
    assert!(!has_in_band_fec(&[15 << 3, 0b1000_0000]));
    // The same in stereo: the side channel's flags follow.
    assert!(has_in_band_fec(&[15 << 3 | 4, 0b1001_0000]));
    assert!(!has_in_band_fec(&[15 << 3 | 4, 0b1010_0000]));
    // SILK 60 ms: three voice flags first.
    assert!(has_in_band_fec(&[11 << 3, 0b1111_0000]));
    assert!(!has_in_band_fec(&[11 << 3, 0b1110_0000]));
    // Two frames of different size: a length comes first.
    assert!(has_in_band_fec(&[9 << 3 | 2, 1, 0b0100_0000, 0]));
    // CELT has none, nor has nothing.
    assert!(!has_in_band_fec(&[31 << 3, 0xff]));
    assert!(!has_in_band_fec(&[15 << 3]) && !has_in_band_fec(&[]));
}
