use super::*;
use crate::network::stamp::{ErrorEstimate, TestPacket};

/// What a path does to packet `i`: delays of both ways in µs; none where it is lost.
#[derive(Debug, Clone, Copy)]
struct Fate {
    out_us: Option<u64>,
    back_us: Option<u64>,
}

const START: u64 = 1_796_000_000_000_000;
const INTERVAL_US: u64 = 20_000;

/// A run over that path to a reflector whose clock is an hour ahead and `skew_ppm` faster.
fn run(fates: &[Fate], skew_ppm: f64) -> TwoWayRun {
    let mut run = TwoWayRun::new();
    let far =
        |us: u64| NtpTime::from(WallTime(us + 3_600_000_000 + ((us - START) as f64 * skew_ppm / 1e6) as u64));
    let sent: Vec<u64> = (0..fates.len() as u64).map(|i| START + i * INTERVAL_US).collect();
    let numbers: Vec<u32> = sent.iter().map(|at| run.on_send(WallTime(*at)).unwrap()).collect();
    let mut reached: Vec<(u64, usize)> =
        fates.iter().enumerate().filter_map(|(i, fate)| Some((sent[i] + fate.out_us?, i))).collect();
    reached.sort_unstable();
    let mut came: Vec<(u64, ReflectedPacket)> = Vec::new();
    for (reflector_seq, (at, i)) in reached.into_iter().enumerate() {
        let error = ErrorEstimate::UNKNOWN;
        let test = TestPacket { seq: numbers[i], sent: NtpTime::from(WallTime(sent[i])), error };
        let mut packet = test.reflect(reflector_seq as u32, far(at), error, 255);
        packet.sent = far(at + 100);
        if let Some(back_us) = fates[i].back_us {
            came.push((at + 100 + back_us, packet));
        }
    }
    came.sort_unstable_by_key(|(at, _)| *at);
    for (at, packet) in came {
        run.on_reply(&packet, WallTime(at));
    }
    run
}

fn both(out_us: u64, back_us: u64) -> Fate {
    Fate { out_us: Some(out_us), back_us: Some(back_us) }
}

#[test]
fn loss_is_charged_to_the_direction_that_lost() {
    let fates: Vec<Fate> = (0..1000)
        .map(|i| match i {
            _ if i % 50 == 7 => Fate { out_us: None, back_us: None },
            _ if i % 100 == 3 => Fate { out_us: Some(10_000), back_us: None },
            _ => both(10_000, 15_000),
        })
        .collect();
    let figures = run(&fates, 0.0).figures(None);
    assert_eq!((figures.sent, figures.answered, figures.undecided), (1000, 970, 0));
    assert_eq!(figures.out.loss, LossShare { lost: 20, n: 1000 });
    assert_eq!(figures.back.loss, LossShare { lost: 10, n: 980 });
    assert_eq!(figures.round_trip.unwrap().p95, 25.0);
    assert_eq!((figures.duplicates, figures.strange), (0, 0));
}

#[test]
fn what_comes_after_the_last_answer_is_charged_to_nobody() {
    let mut fates = vec![both(10_000, 10_000); 90];
    fates.extend(vec![Fate { out_us: None, back_us: None }; 10]);
    let figures = run(&fates, 0.0).figures(None);
    assert_eq!((figures.undecided, figures.out.loss.lost, figures.back.loss.lost), (10, 0, 0));
    let silent = run(&fates[90..], 0.0).figures(None);
    assert_eq!((silent.undecided, silent.round_trip, silent.out.loss.share()), (10, None, None));
}

#[test]
fn variation_and_reordering_belong_to_their_direction() {
    // Every tenth packet takes 30 ms longer on the way out: it comes after the next one.
    let fates: Vec<Fate> =
        (0..500).map(|i| both(if i % 10 == 0 { 40_000 } else { 10_000 }, 20_000)).collect();
    let figures = run(&fates, 0.0).figures(None);
    assert_eq!((figures.out.reordered, figures.back.reordered), (50, 0));
    let (out, back) = (figures.out.variation.unwrap(), figures.back.variation.unwrap());
    assert_eq!((out.pdv_p50, out.pdv_p95, out.ipdv_max), (0.0, 30.0, Some(30.0)));
    assert_eq!((back.pdv_p999, back.ipdv_max), (0.0, Some(0.0)));
    let mirrored: Vec<Fate> =
        fates.iter().map(|fate| Fate { out_us: fate.back_us, back_us: fate.out_us }).collect();
    let figures = run(&mirrored, 0.0).figures(None);
    assert_eq!((figures.out.reordered, figures.back.reordered), (0, 50));
}

#[test]
fn clocks_that_part_are_no_variation_once_the_skew_is_known() {
    let fates = vec![both(10_000, 10_000); 3000];
    let run = run(&fates, 50.0);
    let naive = run.figures(None);
    assert!((naive.out.variation.unwrap().pdv_p999 - 3.0).abs() < 0.1);
    let figures = run.figures(Some(50.0));
    assert!(figures.out.variation.unwrap().pdv_p999 <= 0.1);
    assert!(figures.back.variation.unwrap().pdv_p999 <= 0.1);
}

#[test]
fn copies_and_answers_to_nothing_are_counted_apart() {
    let mut run = TwoWayRun::new();
    let at = WallTime(START);
    let seq = run.on_send(at).unwrap();
    let far = NtpTime::from(at);
    let test = TestPacket { seq, sent: far, error: ErrorEstimate::UNKNOWN };
    let packet = test.reflect(0, far, ErrorEstimate::UNKNOWN, 255);
    let late = WallTime(START + 30_000);
    assert!(run.on_reply(&packet, late).is_some());
    assert!(run.on_reply(&packet, late).is_none());
    let never_sent = ReflectedPacket { test: TestPacket { seq: 1, ..test }, ..packet };
    run.on_reply(&never_sent, late);
    run.on_reply(&ReflectedPacket { seq: u32::MAX, ..packet }, late);
    let figures = run.figures(None);
    assert_eq!((figures.answered, figures.duplicates, figures.strange), (1, 1, 2));
}

#[test]
fn what_was_on_its_way_when_a_clock_was_set_is_not_lost_but_has_no_times() {
    let mut run = TwoWayRun::new();
    for i in 0..10u64 {
        let at = START + i * INTERVAL_US;
        let seq = run.on_send(WallTime(at)).unwrap();
        let test = TestPacket { seq, sent: NtpTime::from(WallTime(at)), error: ErrorEstimate::UNKNOWN };
        let there = NtpTime::from(WallTime(at + 10_000));
        let packet = test.reflect(i as u32, there, ErrorEstimate::UNKNOWN, 255);
        // The near clock is set back by an hour while the fifth is on its way.
        let back_us = if i == 4 { 3_600_000_000 } else { 0 };
        assert_eq!(run.on_reply(&packet, WallTime(at + 20_000 - back_us)).is_some(), i != 4);
    }
    let figures = run.figures(None);
    assert_eq!((figures.answered, figures.strange), (10, 0));
    assert_eq!((figures.out.loss.lost, figures.back.loss.lost), (0, 0));
    assert_eq!((figures.round_trip.unwrap().n, figures.back.variation.unwrap().n), (9, 9));
}

#[test]
fn a_full_run_takes_no_more() {
    let mut run = TwoWayRun::new();
    let sent = (0..=MAX_PACKETS as u64).filter(|i| run.on_send(WallTime(START + i)).is_some()).count();
    assert_eq!(sent, MAX_PACKETS);
}

#[test]
fn copies_made_on_the_way_out_are_no_loss_on_the_way_back() {
    let mut run = TwoWayRun::new();
    let mut reflector_seq = 0;
    for i in 0..1000u64 {
        let at = START + i * INTERVAL_US;
        let seq = run.on_send(WallTime(at)).unwrap();
        let lost = i % 50 == 7;
        let copies = if i % 40 == 3 { 2 } else { 1 };
        for _ in 0..if lost { 0 } else { copies } {
            let sent = NtpTime::from(WallTime(at + 10_000));
            let test = TestPacket { seq, sent, error: ErrorEstimate::UNKNOWN };
            let packet = test.reflect(reflector_seq, sent, ErrorEstimate::UNKNOWN, 255);
            run.on_reply(&packet, WallTime(at + 20_000));
            reflector_seq += 1;
        }
    }
    let figures = run.figures(None);
    assert_eq!((figures.out.loss.lost, figures.back.loss.lost, figures.duplicates), (20, 0, 25));
}

/// The packets of a pattern of quality-vectors.md, §6: 20 ms apart, `L` lost on the way that `lose` says.
fn patterned(pattern: &str, lose: fn() -> Fate) -> TwoWayFigures {
    let fates: Vec<Fate> =
        pattern.chars().map(|c| if c == 'L' { lose() } else { both(10_000, 15_000) }).collect();
    run(&fates, 0.0).figures(None)
}

#[test]
fn bursts_of_a_direction_are_those_that_were_lost_there() {
    let good = |n: usize| ".".repeat(n);
    let pattern = format!("{}LLL{}L{}", good(100), good(50), good(46));
    let there = patterned(&pattern, || Fate { out_us: None, back_us: None });
    let home = patterned(&pattern, || Fate { out_us: Some(10_000), back_us: None });
    for (lossy, clean) in [(there.out, there.back), (home.back, home.out)] {
        let (lossy, clean) = (lossy.pattern.unwrap(), clean.pattern.unwrap());
        assert_eq!((lossy.expected, lossy.lost, lossy.bursts), (200, 4, 1));
        assert_eq!((lossy.gilbert_q, lossy.burst_ratio), (Some(0.5), Some(1.96)));
        assert!((lossy.gilbert_p.unwrap() - 2.0 / 195.0).abs() < 1e-12);
        assert_eq!((clean.lost, clean.bursts, clean.burst_ratio), (0, 0, None));
    }
}

#[test]
fn where_both_ways_lose_the_pattern_is_told_as_long_as_it_is_known() {
    let out = Fate { out_us: None, back_us: None };
    let back = Fate { out_us: Some(10_000), back_us: None };
    let fine = both(10_000, 15_000);
    let apart = run(&[fine, out, out, fine, back, fine, fine, out, fine], 0.0).figures(None);
    let (there, home) = (apart.out.pattern.unwrap(), apart.back.pattern.unwrap());
    assert_eq!((there.expected, there.lost, there.bursts), (9, 3, 1));
    assert_eq!((home.expected, home.lost, home.bursts), (6, 1, 0));
    // One of two was lost on the way out. Which?
    let mixed = run(&[fine, out, back, fine], 0.0).figures(None);
    assert_eq!((mixed.out.pattern, mixed.out.loss.lost), (None, 1));
    assert_eq!(mixed.back.pattern.unwrap().lost, 1);
}

#[test]
fn packets_that_overtake_each_other_leave_the_pattern_known_unless_both_ways_lose() {
    let fine = both(10_000, 15_000);
    let slow = both(55_000, 15_000);
    let out = Fate { out_us: None, back_us: None };
    let back = Fate { out_us: Some(10_000), back_us: None };
    let one_way = run(&[fine, slow, out, fine, fine, fine], 0.0).figures(None);
    assert_eq!((one_way.out.reordered, one_way.out.pattern.unwrap().lost), (1, 1));
    let both_ways = run(&[fine, slow, out, fine, fine, back, fine], 0.0).figures(None);
    assert_eq!((both_ways.out.loss.lost, both_ways.out.pattern), (1, None));
    assert_eq!(both_ways.back.pattern.unwrap().lost, 1);
}
