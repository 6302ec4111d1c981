//! Trying the way to the relay before the lesson: connected, and in the lesson for nobody.

use super::support::{Browser, Lesson, frame, grant, lesson_id};
use tongke_protocol::{LessonScope, Role, TrackKind};
use tongke_sfu::{JoinError, Joined, LegKind};

/// A browser that checks the way, connected; the answer it got.
fn check(lesson: &mut Lesson, name: &str) -> Joined {
    let mut browser = Browser::watching(2000 + lesson.browsers.len() as u16, 1, 1);
    let offer = browser.offer.clone();
    let grant = grant(name, Role::Receiving);
    let joined = lesson.core.join_check(lesson.now, &lesson_id(), &grant, &offer).unwrap();
    browser.connect(lesson.now, joined.clone());
    lesson.browsers.push(browser);
    lesson.settle();
    joined
}

#[test]
fn a_check_connects_and_carries_nothing() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join("t", Role::Supporting);
    lesson.events.clear();
    let joined = check(&mut lesson, "a");
    assert!(lesson.browsers[0].is_connected());
    lesson.send(teacher, TrackKind::Camera, frame(0, true, 4));
    lesson.pass(2_000);
    assert!(lesson.browsers[0].received.is_empty());
    assert_eq!(lesson.take_public_events(), ["started t camera"], "nobody came");
    assert_eq!(lesson.core.snapshot_of_lesson(&lesson_id()).len(), 1);
    assert_eq!(lesson.core.stats().lessons[0].participants, 1);

    let info = lesson.core.leg_info(joined.leg).unwrap();
    assert_eq!((info.kind, info.participant.as_str()), (LegKind::Check, "a"));
    lesson.core.leave(lesson.now, joined.leg, "left");
    lesson.settle();
    assert!(lesson.browsers[0].is_closed);
    assert_eq!(lesson.take_public_events(), Vec::<String>::new(), "nobody went");
}

#[test]
fn whoever_checks_in_one_window_and_leaves_in_the_other_is_gone() {
    let mut lesson = Lesson::new();
    let class = lesson.join("a", Role::Receiving);
    check(&mut lesson, "a");
    lesson.take_public_events();
    lesson.leave(class, "left");
    assert_eq!(lesson.take_public_events(), ["left a: left"]);
}

#[test]
fn a_check_ends_with_its_peers_silence_and_leaves_nothing() {
    let mut lesson = Lesson::new();
    check(&mut lesson, "a");
    lesson.pass(6_200);
    assert_eq!(lesson.closed.len(), 1);
    assert!(lesson.core.stats().lessons.is_empty());
    assert_eq!(lesson.core.poll_timeout(), None);
}

#[test]
fn a_check_needs_a_grant_and_a_place_like_any_session() {
    let mut config = tongke_sfu::CoreConfig::new(super::support::CERTIFICATE.clone());
    config.max_legs_per_lesson = 1;
    let mut lesson = Lesson::new();
    lesson.core = tongke_sfu::Core::new(config, 1);
    let offer = Browser::watching(2000, 1, 1).offer;
    let mut other = grant("a", Role::Receiving);
    other.lesson = LessonScope::Only("art".parse().unwrap());
    let refused = lesson.core.join_check(lesson.now, &lesson_id(), &other, &offer).unwrap_err();
    assert_eq!(refused.code(), "grant_other_lesson");
    check(&mut lesson, "a");
    let own = grant("a", Role::Receiving);
    let refused = lesson.core.join_check(lesson.now, &lesson_id(), &own, &offer).unwrap_err();
    assert_eq!(refused, JoinError::LessonFull(1));
}
