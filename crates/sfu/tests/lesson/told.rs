//! What browsers say that their rooms sent and played.

use super::support::{Lesson, grant, lesson_id};
use tongke_protocol::Role;
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::record::{FactKind, GotFrom, ToldFlow};
use tongke_sfu::FlowError;

/// A teacher and the class "a", ten seconds into their lesson.
fn two_schools() -> (Lesson, usize) {
    let mut lesson = Lesson::new();
    lesson.join("t", Role::Supporting);
    let class = lesson.join("a", Role::Receiving);
    lesson.pass(10_000);
    lesson.facts.clear();
    (lesson, class)
}

/// A stretch of so many seconds that ends now.
fn stretch(lesson: &Lesson, seconds: u64) -> ToldFlow {
    let until_us = lesson.now.wall.as_unix_us();
    let got = vec![GotFrom { participant: "t".parse().unwrap(), audio_ms: 1_000, video_ms: 900 }];
    let from_us = until_us - seconds * 1_000_000;
    ToldFlow { seq: 7, from_us, until_us, sent_audio_ms: 1_000, sent_video_ms: 0, got }
}

fn tell(lesson: &mut Lesson, who: &str, role: Role, told: ToldFlow) -> Result<(), FlowError> {
    let told = lesson.core.note_flow(lesson.now, &lesson_id(), &grant(who, role), told);
    lesson.settle();
    told
}

#[test]
fn what_a_browser_says_of_its_room_is_written_down_as_its_own_word() {
    let (mut lesson, _) = two_schools();
    let told = stretch(&lesson, 5);
    tell(&mut lesson, "a", Role::Receiving, told.clone()).unwrap();
    let fact = lesson.facts.pop().unwrap();
    let FactKind::Flow { participant, seq: 7, from_us, until_us, got, .. } = fact.what else {
        panic!("{fact:?}")
    };
    assert_eq!((participant.as_str(), fact.at_us), ("a", until_us));
    assert_eq!((from_us, until_us, got), (told.from_us, told.until_us, told.got));
}

#[test]
fn what_cannot_be_so_is_not_written_down() {
    let (mut lesson, _) = two_schools();
    let changed = |lesson: &Lesson, change: fn(&mut ToldFlow)| {
        let mut told = stretch(lesson, 5);
        change(&mut told);
        told
    };
    let changes: [fn(&mut ToldFlow); 8] = [
        |told| told.until_us = told.from_us,
        |told| std::mem::swap(&mut told.until_us, &mut told.from_us),
        |told| told.from_us -= 296_000_000,
        |told| told.until_us += 11_000_000,
        |told| told.until_us = u64::MAX,
        |told| (told.from_us, told.until_us) = (1_000, 2_000_000),
        |told| told.got[0].video_ms = 5_002,
        |told| told.got = vec![told.got[0].clone(); 2],
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let told = changed(&lesson, change);
        let refused = tell(&mut lesson, "a", Role::Receiving, told).unwrap_err();
        assert!(matches!(refused, FlowError::Unreasonable(_)), "{at}: {refused}");
    }
    let told = stretch(&lesson, 5);
    assert_eq!(tell(&mut lesson, "o", Role::Observer, told.clone()), Err(FlowError::Role(Role::Observer)));
    assert_eq!(tell(&mut lesson, "b", Role::Receiving, told), Err(FlowError::NotInLesson));
    assert!(lesson.facts.is_empty());
}

#[test]
fn nobody_tells_more_often_than_minutes_pass_but_what_waited_may_come_at_once_and_after_leaving() {
    let (mut lesson, class) = two_schools();
    let tell_many = |lesson: &mut Lesson| {
        (0..50)
            .filter(|_| {
                let told = stretch(lesson, 5);
                tell(lesson, "a", Role::Receiving, told).is_ok()
            })
            .count()
    };
    assert_eq!(tell_many(&mut lesson), 12);
    // Coming again is no way around it.
    lesson.leave(class, "left");
    lesson.join("a", Role::Receiving);
    assert_eq!(tell_many(&mut lesson), 0);
    lesson.core.act(lesson.now, &lesson_id(), &grant("t", Role::Supporting), &LessonAction::End).unwrap();
    lesson.pass(60_000);
    assert_eq!(tell_many(&mut lesson), 6, "the last stretch is told on the way out");
    lesson.pass(300_000);
    let told = stretch(&lesson, 5);
    assert_eq!(tell(&mut lesson, "a", Role::Receiving, told), Err(FlowError::NotInLesson));
}
