//! Receivers that do not read, do not answer, or ask for everything.

use crate::support::{Lesson, Witness, frame, live_bytes, sound};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::{Counters, DropReason};
use tongke_transport::rtp::rtcp::{write_nack, write_pli};

/// Sends a picture of four packets and a packet of sound of a school each 20 ms, with a beat of the witness.
fn teach(lesson: &mut Lesson, witness: &mut Witness, school: usize, numbers: std::ops::Range<u32>) {
    for number in numbers {
        lesson.send(school, TrackKind::Camera, frame(number, number % 100 == 0, 4));
        lesson.send(school, TrackKind::Microphone, vec![sound(number)]);
        witness.beat(lesson);
        lesson.pass(20);
    }
}

#[test]
fn a_browser_that_is_gone_without_a_word_gets_media_until_its_time_is_over_and_costs_no_memory() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.watch("b", Role::Receiving, 1, 1);
    let mut warm = 0;
    for second in 0..12 {
        teach(&mut lesson, &mut witness, a, second * 50..(second + 1) * 50);
        match second {
            // Its checks and reports end after a second; what it is sent says nothing of that.
            ..6 => assert!(lesson.closed.is_empty() && !lesson.browsers[b].received.is_empty()),
            6 => {}
            _ => assert!(lesson.browsers[b].received.is_empty(), "after 6 s of silence it is over"),
        }
        if second == 0 {
            lesson.browsers[b].check();
        }
        if second == 8 {
            warm = live_bytes();
        }
        lesson.forget();
    }
    assert_eq!(lesson.closed.len(), 1);
    assert!(lesson.closed[0].reason.contains("nothing"), "{}", lesson.closed[0].reason);
    assert!(live_bytes() - warm < 64 * 1024, "{} more bytes", live_bytes() - warm);
}

#[test]
fn a_receiver_that_sends_no_feedback_at_all_is_served_for_an_hour_with_the_memory_of_a_minute() {
    let mut lesson = Lesson::new();
    let a = lesson.join_with("a", Role::Supporting, &TrackKind::ALL, (0, 0)).unwrap();
    // Neither a report nor a transport-wide feedback ever comes: only its ICE checks.
    let b = lesson.watch("b", Role::Receiving, 1, 1);
    let mut warm = 0;
    for second in 0..3600 {
        for number in second * 10..(second + 1) * 10 {
            lesson.send(a, TrackKind::Camera, frame(number, number % 100 == 0, 4));
            lesson.pass(100);
        }
        lesson.browsers[b].check();
        let ssrc = lesson.browsers[b].sources()[0];
        assert_eq!(lesson.browsers[b].packets_of(ssrc).len(), 40, "second {second}");
        lesson.forget();
        if second == 60 {
            warm = live_bytes();
        }
    }
    assert!(live_bytes() - warm < 16 * 1024, "{} more bytes", live_bytes() - warm);
}

/// A lesson with a browser that does something with each beat; the first lesson's counts.
fn pestered(beats: u32, mut pester: impl FnMut(&mut Lesson, usize, u32)) -> Counters {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.watch("b", Role::Receiving, 1, 1);
    let good = lesson.join("good", Role::Receiving);
    let video = lesson.schools[good].first_slot(MediaKind::Video);
    for number in 0..beats {
        teach(&mut lesson, &mut witness, a, number..number + 1);
        pester(&mut lesson, b, number);
        if number % 50 == 0 {
            lesson.browsers[b].check();
        }
        lesson.settle();
        assert_eq!(lesson.schools[good].packets(video).len(), 4, "who sits beside it misses nothing either");
        lesson.forget();
    }
    lesson.counters_of("math")
}

#[test]
fn one_that_asks_for_every_number_there_is_again_and_again_at_most_doubles_its_stream() {
    let all: Vec<u16> = (0..=u16::MAX).collect();
    let counters = pestered(100, |lesson, b, _| {
        let ssrc = lesson.browsers[b].sources()[0];
        // All 65,536 numbers, 50 times a second, as 1.4 kB compounds.
        for part in all.chunks(17 * 340) {
            lesson.browsers[b].send_rtcp(|out| write_nack(out, 1, ssrc, part));
        }
    });
    let to_it = 100 * 4;
    assert!(counters.retransmitted <= 512 + to_it, "{} repeats of {to_it} packets", counters.retransmitted);
    assert!(counters.dropped(DropReason::AskedTooOften) > 500, "what is beyond the credit is not looked up");
    assert!(counters.dropped(DropReason::NotInRing) <= 512 + to_it, "nor is what never was");
}

#[test]
fn one_that_asks_for_all_that_it_got_is_sent_it_once_more() {
    let mut asked = Vec::new();
    let counters = pestered(300, |lesson, b, _| {
        let ssrc = lesson.browsers[b].sources()[0];
        asked.extend(lesson.browsers[b].packets_of(ssrc).iter().map(|packet| packet.header.sequence));
        let from = asked.len().saturating_sub(400);
        for _ in 0..10 {
            lesson.browsers[b].nack(ssrc, &asked[from..]);
        }
    });
    let to_it = 300 * 4;
    assert!(counters.retransmitted <= 512 + to_it, "{} repeats of {to_it} packets", counters.retransmitted);
    assert!(counters.retransmitted > to_it / 2, "{}: what it earns it gets", counters.retransmitted);
}

#[test]
fn a_feedback_that_claims_all_numbers_costs_no_more_than_what_was_sent() {
    // 65,535 packets that did not come, in runs of 8,191: 40 bytes, 34 times in a datagram.
    let mut claim = vec![0x8F, 205, 0, 9];
    claim.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]);
    (0..8).for_each(|_| claim.extend_from_slice(&0x1FFF_u16.to_be_bytes()));
    claim.extend_from_slice(&[0, 7, 0, 0]);
    let datagrams = 50;
    let counters = pestered(datagrams, |lesson, b, _| {
        lesson.browsers[b].send_rtcp(|out| (0..34).for_each(|_| out.extend_from_slice(&claim)));
    });
    assert_eq!(counters.dropped(DropReason::MalformedRtcp), 0, "it is well formed");
    assert_eq!(counters.dropped(DropReason::Policed), u64::from(datagrams) * 30);
}

#[test]
fn a_hundred_receivers_that_ask_for_keyframes_all_at_once_are_one_request() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let watchers: Vec<usize> =
        (0..100).map(|at| lesson.watch(&format!("o{at}"), Role::Observer, 1, 0)).collect();
    teach(&mut lesson, &mut witness, a, 0..30);
    let before = lesson.schools[a].keyframe_requests();
    for &watcher in &watchers {
        let ssrc = lesson.browsers[watcher].sources()[0];
        lesson.browsers[watcher].pli(ssrc);
    }
    lesson.settle();
    assert_eq!(lesson.counters_of("math").keyframe_requests_received, 100);
    assert_eq!(lesson.schools[a].keyframe_requests() - before, 1);
}

#[test]
fn one_that_asks_for_keyframes_without_end_gets_one_a_second() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.watch("b", Role::Receiving, 1, 1);
    let mut answered = 0;
    for number in 0..500 {
        // An encoder that answers each request with its next picture.
        let asked = lesson.schools[a].keyframe_requests();
        lesson.send(a, TrackKind::Camera, frame(number, number == 0 || asked > answered, 4));
        answered = asked;
        let ssrc = lesson.browsers[b].sources()[0];
        // A datagram of a hundred requests, some of them for what is not there.
        lesson.browsers[b].send_rtcp(|out| (0..100).for_each(|of| write_pli(out, 1, ssrc + of % 2 * 77)));
        witness.beat(&mut lesson);
        lesson.pass(20);
    }
    let counters = lesson.counters_of("math");
    assert!(counters.keyframe_requests_received >= 50_000);
    assert!((10..=16).contains(&answered), "{answered} keyframes in 10 s");
}
