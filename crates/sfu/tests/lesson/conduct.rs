//! Conducting a lesson: what actions do to media, sessions and everyone's knowledge of them.

use super::support::{Lesson, describe, frame, grant, lesson_id, sound};
use tongke_protocol::conduct::{LessonAction, LessonState};
use tongke_protocol::control::ClientMessage;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::FactKind;
use tongke_protocol::{Grant, MediaKind, Role, TrackKind, WallTime};
use tongke_sfu::{ActionError, Attendance, Audience, DropReason, JoinError};

impl Lesson {
    fn act(&mut self, name: &str, role: Role, action: &LessonAction) -> Result<Vec<String>, ActionError> {
        let acted = self.core.act(self.now, &lesson_id(), &grant(name, role), action);
        self.settle();
        acted.map(|acted| acted.facts)
    }

    fn teacher(&mut self, action: &LessonAction) {
        self.act("t", Role::Supporting, action).unwrap();
    }

    fn state(&self) -> LessonState {
        self.core.state_of(&lesson_id())
    }

    /// Events for one participant's streams or for classrooms only, in a few words.
    fn take_private_events(&mut self) -> Vec<(Audience, LessonEvent)> {
        let events = std::mem::take(&mut self.events);
        let private = events.into_iter().filter(|told| {
            let is_slot = matches!(told.event, LessonEvent::Slot { .. });
            !is_slot && !matches!(told.to, Audience::Lesson(_) | Audience::Leg(_))
        });
        private.map(|told| (told.to, told.event)).collect()
    }

    fn facts(&self) -> Vec<&FactKind> {
        self.facts.iter().map(|fact| &fact.what).collect()
    }
}

fn kind(fact: &FactKind) -> String {
    match fact {
        FactKind::Came { participant, .. } => format!("came {participant}"),
        FactKind::Went { participant, .. } => format!("went {participant}"),
        FactKind::Present { .. } => "present".into(),
        FactKind::Locked { .. } => "locked".into(),
        other => format!("{other:?}"),
    }
}

fn floor(to: Option<&str>) -> LessonAction {
    LessonAction::Floor { to: to.map(|to| to.parse().unwrap()) }
}

fn mute(whom: &str, muted: bool) -> LessonAction {
    LessonAction::Mute { participant: whom.parse().unwrap(), muted }
}

/// A teacher `t` and a class `a`; their indices.
fn two_schools() -> (Lesson, usize, usize) {
    let mut lesson = Lesson::new();
    let teacher = lesson.join("t", Role::Supporting);
    let class = lesson.join("a", Role::Receiving);
    lesson.take_public_events();
    (lesson, teacher, class)
}

#[test]
fn a_muted_class_is_not_forwarded_and_goes_on_without_a_gap_in_its_numbers() {
    let (mut lesson, teacher, class) = two_schools();
    let slot = lesson.schools[teacher].first_slot(MediaKind::Audio);
    let speak = |lesson: &mut Lesson, numbers: std::ops::Range<u32>| {
        for number in numbers {
            lesson.send(class, TrackKind::Microphone, vec![sound(number)]);
            lesson.pass(20);
        }
    };
    speak(&mut lesson, 0..5);
    lesson.teacher(&mute("a", true));
    speak(&mut lesson, 5..10);
    assert_eq!(lesson.schools[teacher].packets(slot).len(), 5, "muted");
    lesson.teacher(&mute("a", false));
    lesson.send(class, TrackKind::Microphone, vec![sound(10)]);
    let heard = lesson.schools[teacher].packets(slot);
    assert_eq!(heard.len(), 6, "the very next packet is heard");
    assert!(heard.windows(2).all(|two| two[1].0 == two[0].0 + 1));
    let passed = heard[5].1.header.timestamp.wrapping_sub(heard[4].1.header.timestamp);
    assert_eq!(passed, 6 * 960, "the stream's clock ran on");
    assert_eq!(lesson.take_public_events(), ["started a microphone", "state", "state"]);
}

#[test]
fn a_microphone_that_comes_while_its_class_is_muted_is_silent_until_the_class_has_the_floor() {
    let (mut lesson, teacher, class) = two_schools();
    lesson.teacher(&mute("a", true));
    lesson.send(class, TrackKind::Microphone, vec![sound(0)]);
    assert_eq!(lesson.schools[teacher].packet_count(), 0);
    lesson.act("a", Role::Receiving, &LessonAction::Microphone { open: false }).unwrap();
    lesson.act("a", Role::Receiving, &LessonAction::Hand { raised: true }).unwrap();
    lesson.take_public_events();
    lesson.teacher(&floor(Some("a")));
    lesson.send(class, TrackKind::Microphone, vec![sound(1)]);
    assert_eq!(lesson.schools[teacher].packet_count(), 1);
    assert_eq!(lesson.take_public_events(), ["state", "hand"], "who is called upon takes its hand down");
    lesson.teacher(&floor(None));
    lesson.send(class, TrackKind::Microphone, vec![sound(2)]);
    assert_eq!(lesson.schools[teacher].packet_count(), 1);
}

#[test]
fn the_class_with_the_floor_takes_the_slot_of_another_and_a_silent_one_gives_way() {
    let (mut lesson, _, a) = two_schools();
    let b = lesson.join("b", Role::Receiving);
    let seer = lesson.join_with("o", Role::Observer, &[], (1, 1)).unwrap();
    let session = lesson.schools[seer].welcome.session.clone();
    for school in [a, b] {
        lesson.send(school, TrackKind::Camera, frame(0, true, 2));
        lesson.send(school, TrackKind::Microphone, vec![sound(0)]);
    }
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["a camera"]);
    lesson.teacher(&mute("a", true));
    assert_eq!(lesson.slots_of(&session, MediaKind::Audio), ["b microphone"]);
    lesson.teacher(&floor(Some("b")));
    assert_eq!(lesson.slots_of(&session, MediaKind::Video), ["b camera"]);
}

#[test]
fn courseware_ends_at_once_and_comes_again_only_when_it_is_shared_again() {
    let (mut lesson, teacher, class) = two_schools();
    let share = |active| LessonAction::Share { active };
    lesson.send(teacher, TrackKind::Screen, frame(0, true, 2));
    lesson.take_public_events();
    lesson.teacher(&share(false));
    assert_eq!(lesson.take_public_events(), ["ended t screen"]);
    lesson.send(teacher, TrackKind::Screen, frame(1, true, 2));
    assert_eq!(lesson.schools[class].packet_count(), 2);
    assert_eq!(lesson.total().dropped(DropReason::Ended), 2);
    lesson.teacher(&share(true));
    lesson.send(teacher, TrackKind::Screen, frame(2, true, 2));
    assert_eq!(lesson.schools[class].packet_count(), 4);
    assert_eq!(lesson.take_public_events(), ["started t screen"]);
}

#[test]
fn a_locked_lesson_takes_back_whoever_was_in_it_and_nobody_else() {
    let (mut lesson, _, class) = two_schools();
    lesson.leave(class, "connection lost");
    lesson.teacher(&LessonAction::Lock { locked: true });
    let stranger = lesson.join_with("b", Role::Receiving, &[], (1, 1));
    assert_eq!(stranger.unwrap_err(), JoinError::Locked);
    let observer = grant("o", Role::Observer);
    assert_eq!(lesson.core.pass(&lesson_id(), &observer).unwrap_err(), JoinError::Locked);
    lesson.join("a", Role::Receiving);
    lesson.join("i", Role::Inspector);
    lesson.teacher(&LessonAction::Lock { locked: false });
    lesson.join("b", Role::Receiving);
}

#[test]
fn an_ended_lesson_lets_everyone_go_and_nobody_in_until_it_is_reopened() {
    let (mut lesson, _, _) = two_schools();
    let browser = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.events.clear();
    lesson.teacher(&LessonAction::End);
    assert_eq!(lesson.take_public_events()[..2], ["state", "ending"]);
    assert_eq!(lesson.closed.len(), 3);
    assert!(lesson.browsers[browser].is_closed);
    assert!(lesson.core.stats().lessons.is_empty());
    let refused = lesson.join_with("a", Role::Receiving, &[], (1, 1));
    assert_eq!(refused.unwrap_err(), JoinError::Ended);
    let pass = lesson.core.pass(&lesson_id(), &grant("a", Role::Receiving)).unwrap();
    assert!(pass.state.ended && !pass.is_publishing);
    assert_eq!(lesson.act("t", Role::Supporting, &floor(None)), Err(ActionError::Ended));
    lesson.teacher(&LessonAction::Reopen);
    assert_eq!(lesson.take_public_events(), ["state"]);
    lesson.join("a", Role::Receiving);
}

#[test]
fn actions_are_for_those_who_may_and_who_are_there() {
    let (mut lesson, _, _) = two_schools();
    let say = || LessonAction::Say { text: "好".into() };
    let role = lesson.act("a", Role::Receiving, &LessonAction::End).unwrap_err();
    assert_eq!(role, ActionError::Role { role: Role::Receiving, action: "end" });
    lesson.join("o", Role::Observer);
    assert_eq!(lesson.act("o", Role::Observer, &say()).unwrap_err().code(), "role_may_not");
    assert_eq!(lesson.act("c", Role::Receiving, &say()), Err(ActionError::NotInLesson));
    let unknown = lesson.act("t", Role::Supporting, &mute("c", true)).unwrap_err();
    assert_eq!(unknown.code(), "participant_unknown");
    lesson.take_public_events();
    let leg = lesson.schools[0].id;
    lesson.core.handle_control(lesson.now, leg, &ClientMessage::Act { of: mute("a", true) });
    lesson.settle();
    assert_eq!(lesson.take_public_events(), ["state"], "nodes act on their control stream");
    assert_eq!(lesson.state().muted.len(), 1);
}

#[test]
fn messages_go_to_classrooms_only_and_are_repeated_to_those_who_come_back() {
    let (mut lesson, _, _) = two_schools();
    lesson.act("a", Role::Receiving, &LessonAction::Say { text: "听不清".into() }).unwrap();
    let told = lesson.take_private_events();
    let [(Audience::Classrooms(_), LessonEvent::Message { message })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((message.name.as_str(), message.text.as_str()), ("A", "听不清"));
    let greeted = |role| lesson.core.greeting(&lesson_id(), &"a".parse().unwrap(), role).len();
    assert_eq!((greeted(Role::Receiving), greeted(Role::Observer)), (2, 1));
}

#[test]
fn a_participant_hears_which_of_its_sessions_the_relay_ended() {
    let mut lesson = Lesson::new();
    let first = lesson.publish("a", Role::Receiving);
    let session = |lesson: &Lesson, at: usize| lesson.browsers[at].joined.as_ref().unwrap().session.clone();
    let replaced = session(&lesson, first);
    let second = lesson.publish("a", Role::Receiving);
    let told = lesson.take_private_events();
    assert!(
        matches!(&told[..], [(Audience::Participant(..), LessonEvent::SessionEnded { session, replaced: true, .. })] if *session == replaced),
        "{told:?}"
    );
    lesson.pass(10_000);
    let lost = session(&lesson, second);
    let told = lesson.take_private_events();
    assert!(
        matches!(&told[..], [(_, LessonEvent::SessionEnded { session, replaced: false, reason })] if *session == lost && !reason.is_empty()),
        "{told:?}"
    );
    let third = lesson.publish("a", Role::Receiving);
    let leg = lesson.browsers[third].joined.as_ref().unwrap().leg;
    lesson.core.leave(lesson.now, leg, "left");
    lesson.settle();
    assert!(lesson.take_private_events().is_empty(), "who leaves need not be told");
}

#[test]
fn comings_goings_and_decisions_are_written_down_each_under_its_own_name() {
    let (mut lesson, teacher, class) = two_schools();
    lesson.join("o", Role::Observer);
    lesson.offer_to_watch("never-connects", Role::Receiving);
    lesson.send(class, TrackKind::Microphone, vec![sound(0), sound(1)]);
    lesson.send(class, TrackKind::Camera, frame(0, true, 3));
    lesson.core.note_presence(lesson.now);
    lesson.settle();
    let Some(FactKind::Present { participants }) = lesson.facts().pop() else { panic!("no presence") };
    let seen: Vec<_> =
        participants.iter().map(|p| (p.participant.as_str(), p.audio_packets, p.video_packets)).collect();
    assert_eq!(seen, [("t", 0, 0), ("a", 2, 3), ("o", 0, 0)]);
    let sent: Vec<_> = participants.iter().map(|p| (p.audio_packets_out, p.video_packets_out)).collect();
    assert_eq!(sent, [(Some(2), Some(3)), (Some(0), Some(0)), (Some(2), Some(3))], "each but the sender");
    let names = lesson.act("t", Role::Supporting, &LessonAction::Lock { locked: true }).unwrap();
    assert_eq!(names, [lesson.facts.last().unwrap().id.clone()]);
    lesson.leave(teacher, "left");
    let facts: Vec<String> = lesson.facts().into_iter().map(kind).collect();
    assert_eq!(facts, ["came t", "came a", "came o", "present", "locked", "went t"]);
    let mut ids: Vec<_> = lesson.facts.iter().map(|fact| fact.id.clone()).collect();
    ids.dedup();
    assert!(ids.len() == 6 && ids.iter().all(|id| id.starts_with(lesson.core.name())));
}

#[test]
fn who_comes_again_as_something_else_went_and_came() {
    let (mut lesson, _, _) = two_schools();
    lesson.facts.clear();
    lesson.join("a", Role::Observer);
    let [FactKind::Present { .. }, FactKind::Went { .. }, FactKind::Came { role: Role::Observer, .. }] =
        lesson.facts()[..]
    else {
        panic!("{:?}", lesson.facts())
    };
}

#[test]
fn what_an_earlier_run_wrote_down_holds_in_this_one() {
    let mut lesson = Lesson::new();
    let known =
        Attendance { participant: "a".parse().unwrap(), role: Role::Receiving, until: lesson.now.wall };
    let state = LessonState { muted: vec!["a".parse().unwrap()], locked: true, ..LessonState::default() };
    lesson.core.restore(lesson.now, &lesson_id(), state.clone(), vec![known]);
    assert!(lesson.core.is_known(&lesson_id(), &"a".parse().unwrap()));
    let expires_unix_s = lesson.now.wall.as_unix_us() / 1_000_000;
    let ended = Grant { expires_unix_s, ..grant("a", Role::Receiving) };
    let later = WallTime(lesson.now.wall.0 + 60_000_000);
    assert!(lesson.core.may_return(&lesson_id(), &ended, later));
    assert!(lesson.join_with("b", Role::Receiving, &[], (1, 1)).is_err(), "still locked");
    let a = lesson.join("a", Role::Receiving);
    lesson.join("i", Role::Inspector);
    lesson.send(a, TrackKind::Microphone, vec![sound(0)]);
    assert_eq!(lesson.schools[1].packet_count(), 0, "still muted");
    let greeting = lesson.core.greeting(&lesson_id(), &"a".parse().unwrap(), Role::Receiving);
    let LessonEvent::Snapshot { relay, state: told, .. } = &greeting[0] else {
        panic!("{}", describe(&greeting[0]))
    };
    assert_eq!((relay.as_str(), told), (lesson.core.name(), &state));
}

#[test]
fn what_flowed_until_somebody_went_is_written_down_before_and_once_for_all_who_go_together() {
    let (mut lesson, _, class) = two_schools();
    let observer = lesson.join("o", Role::Observer);
    lesson.send(class, TrackKind::Microphone, vec![sound(0), sound(1)]);
    lesson.facts.clear();
    lesson.leave(observer, "enough");
    lesson.core.shutdown(lesson.now, "the relay is being restarted");
    lesson.settle();
    let facts = lesson.facts();
    let FactKind::Present { participants } = &facts[1] else { panic!("{facts:?}") };
    let seen: Vec<_> =
        participants.iter().map(|p| (p.participant.as_str(), p.audio_packets, p.audio_packets_out)).collect();
    assert_eq!(seen, [("t", 0, Some(2)), ("a", 2, Some(0))]);
    let kinds: Vec<String> = facts.into_iter().map(kind).collect();
    assert_eq!(kinds, ["went o", "present", "went t", "went a"]);
}
