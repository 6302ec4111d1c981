//! Who gets in, what replaces what, what is left behind.

use super::support::{Lesson, describe, frame, grant, lesson_id, sound};
use tongke_protocol::control::{ClientMessage, Codec, Hello, PublishTrack, Refusal};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{LessonScope, MediaKind, Role, TrackKind};
use tongke_sfu::{Audience, JoinError};

fn hello(publish: Vec<PublishTrack>) -> Hello {
    Hello { token: String::new(), lesson: lesson_id(), publish, video_slots: 1, audio_slots: 1 }
}

#[test]
fn a_grant_for_another_lesson_or_role_lets_nobody_in() {
    let mut lesson = Lesson::new();
    let mut other = grant("a", Role::Receiving);
    other.lesson = LessonScope::Only("art".parse().unwrap());
    let refused = lesson.core.join_quic(lesson.now, &other, &hello(vec![])).unwrap_err();
    assert_eq!(Refusal::from(&refused).code, "grant_other_lesson");
    let camera = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 1 };
    let observer = grant("o", Role::Observer);
    let refused = lesson.core.join_quic(lesson.now, &observer, &hello(vec![camera])).unwrap_err();
    assert_eq!(refused, JoinError::MayNotPublish(Role::Observer));
    assert!(lesson.core.stats().lessons.is_empty());
}

#[test]
fn a_hello_that_contradicts_itself_is_refused() {
    let mut lesson = Lesson::new();
    let school = grant("a", Role::Receiving);
    let track = |kind, codec, ssrc| PublishTrack { kind, codec, ssrc };
    let camera = track(TrackKind::Camera, Codec::H264, 1);
    for publish in [
        vec![track(TrackKind::Camera, Codec::Opus, 1)],
        vec![camera, camera],
        vec![camera, track(TrackKind::Screen, Codec::H264, 1)],
    ] {
        let refused = lesson.core.join_quic(lesson.now, &school, &hello(publish)).unwrap_err();
        assert_eq!(refused.code(), "hello_invalid");
    }
    let greedy = Hello { video_slots: 33, ..hello(vec![]) };
    assert!(lesson.core.join_quic(lesson.now, &school, &greedy).is_err());
}

#[test]
fn a_full_lesson_says_so() {
    let mut config = tongke_sfu::CoreConfig::new(super::support::CERTIFICATE.clone());
    config.max_legs_per_lesson = 1;
    let mut lesson = Lesson::new();
    lesson.core = tongke_sfu::Core::new(config, 1);
    lesson.join("a", Role::Supporting);
    let refused = lesson.join_with("b", Role::Receiving, &[], (1, 1)).unwrap_err();
    assert_eq!(refused, JoinError::LessonFull(1));
}

#[test]
fn a_school_that_comes_back_replaces_its_old_session_and_leaves_no_ghost() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..2, true);
    lesson.take_public_events();
    let again = lesson.join("a", Role::Supporting);
    assert_eq!(lesson.closed.len(), 1);
    assert_eq!(lesson.closed[0].leg, lesson.schools[a].id);
    assert!(lesson.closed[0].reason.contains("replaced"));
    assert_eq!(lesson.take_public_events(), ["ended a camera"], "it never left");
    assert_eq!(lesson.core.snapshot_of_lesson(&lesson_id()).len(), 2);
    let before = lesson.schools[b].packet_count();
    lesson.send(a, TrackKind::Camera, frame(2, false, 4));
    assert_eq!(lesson.schools[b].packet_count(), before, "the old session sends into the void");
    lesson.film(again, TrackKind::Camera, 0..1, true);
    assert_eq!(lesson.schools[b].packet_count(), before + 4);
    assert_eq!(lesson.core.stats().lessons[0].quic_legs, 2);
}

#[test]
fn a_school_that_leaves_frees_its_slot_for_who_waited() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Receiving);
    let b = lesson.join("b", Role::Receiving);
    let seer = lesson.join_with("c", Role::Receiving, &[], (1, 1)).unwrap();
    let session = lesson.schools[seer].welcome.session.clone();
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    lesson.send(b, TrackKind::Camera, frame(0, true, 2));
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["a camera"]);
    lesson.leave(a, "connection lost");
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["b camera"]);
    let last = lesson.take_public_events();
    assert_eq!(last[last.len() - 2..], ["ended a camera", "left a: connection lost"]);
}

#[test]
fn the_supporting_school_takes_the_only_slot() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Receiving);
    let seer = lesson.join_with("c", Role::Receiving, &[], (1, 1)).unwrap();
    let session = lesson.schools[seer].welcome.session.clone();
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["a camera"]);
    let teacher = lesson.join("t", Role::Supporting);
    lesson.send(teacher, TrackKind::Camera, frame(0, true, 2));
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["t camera"]);
}

#[test]
fn an_observer_sees_everything_and_is_seen_by_nobody() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.take_public_events();
    let o = lesson.join("o", Role::Observer);
    let browser = lesson.watch("i", Role::Inspector, 2, 1);
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    lesson.send(a, TrackKind::Microphone, vec![sound(0)]);
    assert_eq!(lesson.schools[o].packet_count(), 3);
    assert_eq!(lesson.browsers[browser].received.len(), 3);
    assert_eq!(lesson.core.snapshot_of_lesson(&lesson_id()).len(), 1);
    let hand = ClientMessage::Hand { raised: true };
    lesson.core.handle_control(lesson.now, lesson.schools[o].id, &hand);
    lesson.leave(o, "seen enough");
    assert_eq!(lesson.take_public_events(), ["started a camera", "started a microphone"]);
}

#[test]
fn a_participant_that_comes_back_as_an_observer_is_gone_for_the_others() {
    let mut lesson = Lesson::new();
    lesson.join("a", Role::Supporting);
    lesson.join("b", Role::Receiving);
    lesson.take_public_events();
    lesson.join("b", Role::Observer);
    assert_eq!(lesson.take_public_events(), ["left b: joined again with another role"]);
    assert_eq!(lesson.core.snapshot_of_lesson(&lesson_id()).len(), 1);
}

#[test]
fn a_quic_leg_hears_the_snapshot_first_and_then_its_slots() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    lesson.events.clear();
    let b = lesson.join("b", Role::Receiving);
    let to_b = Audience::Leg(lesson.schools[b].id);
    let heard: Vec<_> = lesson.events.iter().filter(|event| event.to == to_b).collect();
    assert!(matches!(&heard[0].event, LessonEvent::Snapshot { participants, .. } if participants.len() == 2));
    assert!(matches!(&heard[1].event, LessonEvent::Slot { slot: 0, source: Some(_), .. }));
    assert_eq!(describe(&lesson.events[0].event), "joined b");
}

#[test]
fn an_empty_lesson_is_forgotten_but_its_counts_are_not() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    lesson.leave(a, "over");
    let stats = lesson.core.stats();
    assert!(stats.lessons.is_empty());
    assert_eq!(stats.total.packets_in, 2);
    assert_eq!(lesson.core.poll_timeout(), None, "nothing left to wake up for");
}
