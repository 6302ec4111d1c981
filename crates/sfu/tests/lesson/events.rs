//! What a lesson tells: hands, clocks, greetings, the end.

use super::support::{Lesson, describe, frame, grant, lesson_id};
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::control::ClientMessage;
use tongke_protocol::event::{ClockReport, LessonEvent};
use tongke_protocol::{Role, TrackKind};
use tongke_sfu::JoinError;

#[test]
fn hands_and_clocks_are_told_and_stay_in_the_snapshot() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Receiving);
    let clock = ClockReport { offset_us: -5, bound_us: 300 };
    let id = "a".parse().unwrap();
    lesson.take_public_events();
    lesson.core.handle_control(lesson.now, lesson.schools[a].id, &ClientMessage::Hand { raised: true });
    assert!(lesson.core.report_clock(&lesson_id(), &id, clock));
    let again = LessonAction::Hand { raised: true };
    let school = grant("a", Role::Receiving);
    assert!(lesson.core.act(lesson.now, &lesson_id(), &school, &again).is_ok(), "the same again is no news");
    lesson.settle();
    assert_eq!(lesson.take_public_events(), ["hand", "clock"]);
    let snapshot = lesson.core.snapshot_of_lesson(&lesson_id());
    assert_eq!((snapshot[0].hand_raised, snapshot[0].clock), (true, Some(clock)));
}

#[test]
fn an_event_stream_begins_with_the_state_and_the_filled_slots() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.send(a, TrackKind::Camera, frame(0, true, 2));
    let browser = lesson.watch("b", Role::Receiving, 2, 1);
    let greeting = lesson.core.greeting(&lesson_id(), &"b".parse().unwrap(), Role::Receiving);
    assert_eq!(greeting.len(), 2);
    assert!(matches!(&greeting[0], LessonEvent::Snapshot { participants, .. } if participants.len() == 2));
    let LessonEvent::Slot { session, slot: 0, source: Some(source), .. } = &greeting[1] else {
        panic!("{greeting:?}")
    };
    assert_eq!(session, &lesson.browsers[browser].joined.as_ref().unwrap().session);
    assert_eq!(source.participant.as_str(), "a");
    let empty = lesson.core.greeting(&"art".parse().unwrap(), &"b".parse().unwrap(), Role::Receiving);
    assert!(matches!(&empty[..], [LessonEvent::Snapshot { participants, .. }] if participants.is_empty()));
}

#[test]
fn a_goodbye_ends_the_session() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Receiving);
    lesson.core.handle_control(lesson.now, lesson.schools[a].id, &ClientMessage::Bye);
    lesson.settle();
    assert_eq!(lesson.closed.len(), 1);
    assert_eq!(lesson.take_public_events(), ["joined a", "left a: left the lesson"]);
}

#[test]
fn a_shutdown_tells_all_and_lets_nobody_in_any_more() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let browser = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.take_public_events();
    lesson.core.shutdown(lesson.now, "the relay restarts");
    lesson.settle();
    let Some(LessonEvent::Ending { reconnect: true, .. }) = lesson.events.first().map(|event| &event.event)
    else {
        panic!("{:?}", lesson.events.first().map(|event| describe(&event.event)))
    };
    assert_eq!(lesson.closed.len(), 2);
    assert!(lesson.closed.iter().any(|closed| closed.leg == lesson.schools[a].id));
    assert!(lesson.browsers[browser].is_closed, "browsers hear it by DTLS");
    let refused =
        lesson.core.join_whep(lesson.now, &lesson_id(), &grant("c", Role::Receiving), "v=0").unwrap_err();
    assert_eq!(refused, JoinError::ShuttingDown);
}
