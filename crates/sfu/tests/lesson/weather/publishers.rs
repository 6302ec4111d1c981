//! Publishers that send far more than anybody could film.

use crate::support::payload_types::OPUS;
use crate::support::{Lesson, Witness, frame, live_bytes, sound};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::{DropReason, IngressLimits};

/// Beats of the witness in a second.
const BEATS: u32 = 50;

/// What a leg may have forwarded of it in so many seconds.
fn allowed_bytes(seconds: u64) -> u64 {
    let limits = IngressLimits::default();
    limits.sustained_bps / 8 * seconds + limits.burst_bytes
}

#[test]
fn ten_times_the_rate_of_a_camera_is_cut_at_its_leg_and_neither_lesson_ends() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join_with("a", Role::Supporting, &TrackKind::ALL, (0, 0)).unwrap();
    let b = lesson.join("b", Role::Receiving);
    let mut warm = 0;
    for beat in 0..12 * BEATS {
        // 100 Mbit/s.
        for packet in frame(beat, beat == 0, 274) {
            lesson.schools[a].leg.send(lesson.now, TrackKind::Camera, packet);
        }
        witness.beat(&mut lesson);
        lesson.pass(20);
        lesson.forget();
        // By then the clients' own histories are full.
        if beat == 8 * BEATS {
            warm = live_bytes();
        }
    }
    assert!(live_bytes() - warm < 64 * 1024, "{} more bytes", live_bytes() - warm);
    let (math, art) = (lesson.counters_of("math"), lesson.counters_of("art"));
    assert!(math.dropped(DropReason::Policed) > 100_000, "{}", math.dropped(DropReason::Policed));
    assert_eq!((art.dropped(DropReason::Policed), art.forward_drops()), (0, 0));
    assert!(math.bytes_out < allowed_bytes(12) * 11 / 10, "{} to one receiver", math.bytes_out);
    assert!(math.nacked_upstream < 1000, "what was dropped for being too much was asked for again");

    witness.pass(&mut lesson, 1500);
    lesson.forget();
    lesson.send(a, TrackKind::Camera, frame(14 * BEATS, true, 4));
    lesson.pass(20);
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    assert_eq!(
        lesson.schools[b].packets(slot).len(),
        4,
        "a publisher that comes to its senses is seen again"
    );
}

#[test]
fn fifty_thousand_tiny_packets_a_second_are_cut_at_their_number() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.publish("a", Role::Supporting);
    lesson.join("b", Role::Receiving);
    for beat in 0..3 * BEATS {
        for at in 0..1000 {
            let mut tiny = sound(beat * 1000 + at);
            tiny.payload = bytes::Bytes::from_static(&[0x78, 1]);
            lesson.browsers[a].send(13, OPUS, tiny);
        }
        witness.beat(&mut lesson);
        lesson.pass(20);
        lesson.forget();
    }
    let (math, limits) = (lesson.counters_of("math"), IngressLimits::default());
    let allowed = 3 * limits.packets_per_s + limits.burst_packets;
    assert!(math.packets_out <= allowed, "{} of {allowed}", math.packets_out);
    assert!(math.packets_out > allowed / 2);
    assert_eq!(math.packets_in, math.packets_out + math.dropped(DropReason::Policed));
    assert_eq!(lesson.counters_of("art").forward_drops(), 0);
}

#[test]
fn a_burst_to_many_receivers_leaves_room_for_the_other_lessons_of_the_same_turn() {
    let mut lesson = Lesson::new();
    lesson.carry();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join_with("a", Role::Supporting, &TrackKind::ALL, (0, 0)).unwrap();
    for watcher in 0..40 {
        lesson.join_with(&format!("o{watcher}"), Role::Observer, &[], (1, 0)).unwrap();
    }
    witness.pass(&mut lesson, 100);
    for beat in 0..5 {
        // All that a leg may send at once, 80 MB for 40 receivers, in one batch with the witness's.
        for packet in frame(beat, true, 2200) {
            lesson.schools[a].leg.send(lesson.now, TrackKind::Camera, packet);
        }
        witness.beat(&mut lesson);
        witness.pass(&mut lesson, 1000);
        lesson.forget();
    }
    let (math, art) = (lesson.counters_of("math"), lesson.counters_of("art"));
    assert!(math.packets_out >= 5 * 2200 * 40);
    assert_eq!((math.forward_drops(), art.forward_drops()), (0, 0));
}

#[test]
fn rtcp_without_end_is_cut_too() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.publish("a", Role::Supporting);
    for _ in 0..BEATS {
        for _ in 0..200 {
            lesson.browsers[a].send_rtcp(|_| ());
        }
        witness.beat(&mut lesson);
        lesson.pass(20);
        lesson.forget();
    }
    let policed = lesson.counters_of("math").dropped(DropReason::Policed);
    assert!((7900..=8100).contains(&policed), "{policed} of 10,000, of which 2,000 may pass");
}
