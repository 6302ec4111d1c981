//! Who gets its first picture how, and how often publishers are asked for keyframes.

use super::support::{Lesson, capture, frame};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_transport::rtp::h264::is_keyframe_start;

#[test]
fn a_late_joiner_gets_the_last_keyframe_and_all_since_at_once() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..20, true);
    let asked = lesson.schools[a].keyframe_requests();
    let b = lesson.join("b", Role::Receiving);
    let got = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Video));
    assert_eq!(got.len(), 80, "without any time passing");
    assert!(is_keyframe_start(&got[0].1.payload));
    assert_eq!(lesson.schools[a].keyframe_requests(), asked, "no need to ask");
    assert_eq!(lesson.total().replays, 1);
    lesson.film(a, TrackKind::Camera, 20..22, false);
    let got = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Video));
    assert_eq!(got.len(), 88);
    assert!(got.windows(2).all(|two| two[1].0 == two[0].0 + 1));
}

#[test]
fn a_late_joiner_after_an_old_keyframe_waits_for_the_next_which_is_asked_for_at_once() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..70, true);
    let b = lesson.join("b", Role::Receiving);
    assert_eq!(lesson.schools[b].packet_count(), 0);
    assert_eq!(lesson.schools[a].keyframe_requests(), 1);
    lesson.film(a, TrackKind::Camera, 70..72, false);
    assert_eq!(lesson.schools[b].packet_count(), 0, "the gate opens at a keyframe only");
    lesson.film(a, TrackKind::Camera, 72..73, true);
    assert_eq!(lesson.schools[b].packet_count(), 4);
}

#[test]
fn a_keyframe_that_will_be_too_old_when_the_handshake_is_done_is_not_counted_on() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..10, true);
    lesson.pass(1200);
    let asked = lesson.schools[a].keyframe_requests();
    lesson.offer_to_watch("b", Role::Receiving);
    assert_eq!(lesson.schools[a].keyframe_requests(), asked, "1.5 s old: a replay will do");
    lesson.pass(400);
    lesson.offer_to_watch("c", Role::Receiving);
    assert_eq!(lesson.schools[a].keyframe_requests(), asked + 1, "1.9 s old: asked before it connects");
}

#[test]
fn a_replay_that_would_be_a_long_burst_is_not_sent_and_a_keyframe_is_asked_for() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..33, true);
    let b = lesson.join("b", Role::Receiving);
    assert_eq!(lesson.schools[b].packet_count(), 0, "132 packets behind the keyframe, 1.1 s old");
    assert_eq!(lesson.schools[a].keyframe_requests(), 1);
}

#[test]
fn a_replay_is_due_at_once_and_does_not_push_the_picture_into_the_past() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..30, true);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 30..32, false);
    let got = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Video));
    let times: Vec<u32> = got.iter().map(|(_, packet)| packet.header.timestamp).collect();
    assert!(times.windows(2).all(|two| two[1].wrapping_sub(two[0]) as i32 >= 0));
    assert_eq!(times[29 * 4].wrapping_sub(times[0]), 29 * 90, "29 pictures in 29 ms");
    assert_eq!(times[30 * 4].wrapping_sub(times[29 * 4]), 3000, "then the publisher's own pace");
    assert_eq!(got[8].1.extensions.abs_capture_time, Some(capture(2)), "the past is honestly old");
}

#[test]
fn a_keyframe_whose_first_packet_comes_late_opens_the_gate_with_all_that_followed() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..70, true);
    let b = lesson.join("b", Role::Receiving);
    let mut count = 0;
    lesson.schools[a].lose_up = Box::new(move |_| {
        count += 1;
        count == 1
    });
    lesson.send(a, TrackKind::Camera, frame(70, true, 4));
    assert_eq!(lesson.schools[b].packet_count(), 0);
    lesson.pass(5);
    let got = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Video));
    assert_eq!(got.len(), 4);
    assert!(got.windows(2).all(|two| two[1].0 == two[0].0 + 1));
}

#[test]
fn what_waited_when_a_late_packet_opened_the_gate_is_sent_once() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..70, true);
    let b = lesson.join("b", Role::Receiving);
    for packet in frame(70, true, 4) {
        lesson.schools[a].leg.send(lesson.now, TrackKind::Camera, packet);
    }
    let sent: Vec<_> = std::iter::from_fn(|| lesson.schools[a].leg.poll_transmit()).collect();
    assert_eq!(sent.len(), 4);
    // The second and third wait for the end of their picture when the first comes.
    for at in [1, 2, 0, 3] {
        lesson.core.handle_quic_datagram(lesson.now, lesson.schools[a].id, &sent[at]);
    }
    let to = lesson.schools[b].id;
    let got = lesson.core.outputs().quic.iter().filter(|transmit| transmit.leg == to).count();
    assert_eq!(got, 4);
}

#[test]
fn a_late_joiner_does_not_get_a_run_with_a_hole() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..2, true);
    lesson.schools[a].lose_up = Box::new(|_| true);
    lesson.send(a, TrackKind::Camera, frame(2, false, 2));
    lesson.schools[a].lose_up = Box::new(|_| false);
    lesson.send(a, TrackKind::Camera, frame(3, false, 2));
    let b = lesson.join("b", Role::Receiving);
    assert_eq!(lesson.schools[b].packet_count(), 0);
    assert_eq!(lesson.schools[a].keyframe_requests(), 1);
}

#[test]
fn a_storm_of_keyframe_requests_becomes_one() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let others: Vec<usize> = (0..8).map(|at| lesson.join(&format!("r{at}"), Role::Receiving)).collect();
    lesson.film(a, TrackKind::Camera, 0..30, true);
    assert_eq!(lesson.schools[a].keyframe_requests(), 0);
    for &other in &others {
        let slot = lesson.schools[other].first_slot(MediaKind::Video);
        let now = lesson.now;
        lesson.schools[other].leg.request_keyframe(now, slot);
    }
    lesson.settle();
    assert_eq!(lesson.total().keyframe_requests_received, 8);
    assert_eq!(lesson.schools[a].keyframe_requests(), 1);
    lesson.film(a, TrackKind::Camera, 30..31, true);
    lesson.pass(1000);
    assert_eq!(lesson.schools[a].keyframe_requests(), 1);
}

#[test]
fn a_request_while_a_keyframe_is_on_its_way_is_not_passed_on() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.send(a, TrackKind::Camera, frame(0, true, 4));
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    let now = lesson.now;
    lesson.schools[b].leg.request_keyframe(now, slot);
    lesson.settle();
    assert_eq!(lesson.total().keyframe_requests_received, 1);
    assert_eq!(lesson.schools[a].keyframe_requests(), 0);
}

#[test]
fn a_publisher_that_does_not_answer_is_asked_again() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..70, true);
    lesson.join("b", Role::Receiving);
    lesson.pass(3000);
    let asked = lesson.schools[a].keyframe_requests();
    assert!((3..=5).contains(&asked), "{asked}");
}

#[test]
fn a_slot_that_changes_its_source_goes_on_in_numbers_and_time() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Receiving);
    let b = lesson.join("b", Role::Receiving);
    let seer = lesson.join_with("c", Role::Receiving, &[], (1, 1)).unwrap();
    // b's media time is far from a's.
    for number in 0..30 {
        lesson.send(a, TrackKind::Camera, frame(number, number == 0, 4));
        lesson.send(b, TrackKind::Camera, frame(4_000_000 + number, number % 20 == 0, 3));
        lesson.pass(33);
    }
    let before = lesson.schools[seer].packets(0).len();
    lesson.leave(a, "gone");
    for number in 30..45 {
        lesson.send(b, TrackKind::Camera, frame(4_000_000 + number, number == 40, 3));
        lesson.pass(33);
    }
    let got = lesson.schools[seer].packets(0);
    assert!(is_keyframe_start(&got[before].1.payload), "the new source begins with a keyframe");
    assert!(got.windows(2).all(|two| two[1].0 == two[0].0 + 1), "no gap in numbers");
    let times: Vec<u32> = got.iter().map(|(_, packet)| packet.header.timestamp).collect();
    let steps: Vec<i32> = times.windows(2).map(|two| two[1].wrapping_sub(two[0]) as i32).collect();
    assert!(steps.iter().all(|step| (0..=90_000).contains(step)), "time runs on: {steps:?}");
    let last = times[times.len() - 1].wrapping_sub(times[0]);
    let real = 44 * 2970;
    assert!(last.abs_diff(real) < 9000, "{last} ticks for {real}");
}
