//! A lesson on two cores: what those at a branch see, hear and are told.

use super::support::{Lesson, Spread, frame, grant, lesson_id, sound};
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{MediaKind, ParticipantId, Role, TrackKind};
use tongke_sfu::DropReason;
use tongke_transport::rtp::h264::is_keyframe_start;

fn id(name: &str) -> ParticipantId {
    name.parse().unwrap()
}

/// Numbers and payloads of what came in the first slot for pictures, or for sound.
fn came(lesson: &Lesson, school: usize, media: MediaKind) -> Vec<(u64, bytes::Bytes)> {
    let packets = lesson.schools[school].packets(lesson.schools[school].first_slot(media));
    packets.into_iter().map(|(number, packet)| (number, packet.payload)).collect()
}

fn is_whole(packets: &[(u64, bytes::Bytes)]) -> bool {
    packets.windows(2).all(|two| two[1].0 == two[0].0 + 1)
}

impl Spread {
    fn teacher(&mut self, action: &LessonAction) {
        self.home.core.act(self.home.now, &lesson_id(), &grant("t", Role::Supporting), action).unwrap();
        self.settle();
    }
}

#[test]
fn an_observer_at_a_branch_sees_and_hears_what_one_at_home_does() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let here = spread.home.join("here", Role::Observer);
    let there = spread.observe("there");
    let watching = spread.watch("watching");
    spread.film(teacher, 0..30, true);
    spread.speak(teacher, 0..25);
    for media in [MediaKind::Video, MediaKind::Audio] {
        let (at_home, at_branch) = (came(&spread.home, here, media), came(&spread.branch, there, media));
        let payloads = |all: &[(u64, bytes::Bytes)]| all.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
        assert_eq!(payloads(&at_home), payloads(&at_branch), "{media:?}");
        assert!(is_whole(&at_branch) && !at_branch.is_empty());
    }
    assert_eq!(spread.branch.browsers[watching].received.len(), 30 * 4 + 25);
    let total = spread.home.total();
    assert_eq!((total.trunk_packets, total.packets_out), (30 * 4 + 25, 30 * 4 + 25), "once for both of them");
    assert_eq!(spread.branch.total().packets_in, 0, "nothing came from publishers");
    assert_eq!(total.keyframe_requests, 0);
}

#[test]
fn a_first_observer_begins_with_a_replay_and_with_a_request_only_if_there_is_none() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    spread.film(teacher, 0..20, true);
    let first = spread.observe("first");
    let got = came(&spread.branch, first, MediaKind::Video);
    assert_eq!(got.len(), 80, "without any time passing");
    assert!(is_keyframe_start(&got[0].1));
    let second = spread.observe("second");
    assert_eq!(came(&spread.branch, second, MediaKind::Video).len(), 80);
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 0);

    spread.film(teacher, 20..70, false);
    let late = spread.observe("late");
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 1, "the publisher is asked at once");
    spread.film(teacher, 70..72, true);
    let got = came(&spread.branch, late, MediaKind::Video);
    assert_eq!(got.len(), 8);
    assert!(is_keyframe_start(&got[0].1));
    spread.pass(1000);
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 1, "and not again");
}

#[test]
fn a_track_that_begins_later_is_seen_from_its_first_packet_on() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let there = spread.observe("there");
    spread.film(teacher, 0..1, true);
    assert_eq!(came(&spread.branch, there, MediaKind::Video).len(), 4);
    spread.speak(teacher, 0..3);
    assert_eq!(came(&spread.branch, there, MediaKind::Audio).len(), 3);
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 0);
}

#[test]
fn a_branch_that_opens_in_the_middle_of_a_picture_gets_each_packet_once() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    spread.film(teacher, 0..3, true);
    let mut packets = frame(3, false, 4);
    let rest = packets.split_off(2);
    spread.home.send(teacher, TrackKind::Camera, packets);
    let there = spread.observe("there");
    spread.home.send(teacher, TrackKind::Camera, rest);
    spread.settle();
    let got = came(&spread.branch, there, MediaKind::Video);
    assert!(got.len() == 16 && is_whole(&got));
    assert_eq!(spread.branch.total().dropped(DropReason::Duplicate), 0);
}

#[test]
fn what_an_observer_lacks_the_branch_answers_alone() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let there = spread.observe("there");
    let mut count = 0;
    spread.branch.schools[there].lose_down = Box::new(move |datagram| {
        count += 1;
        // Pictures only: what is lost of the last sound nobody notices.
        datagram.len() > 400 && count % 7 == 0
    });
    spread.film(teacher, 0..30, true);
    spread.branch.schools[there].lose_down = Box::new(|_| false);
    spread.film(teacher, 30..40, false);
    let mut got = came(&spread.branch, there, MediaKind::Video);
    got.sort_by_key(|(number, _)| *number);
    assert!(got.len() == 160 && is_whole(&got));
    assert!(spread.branch.total().retransmitted > 5);
    assert_eq!(spread.home.total().retransmitted, 0);
}

#[test]
fn what_the_home_gets_late_comes_late_to_the_branch_too() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let there = spread.observe("there");
    spread.film(teacher, 0..3, true);
    let mut count = 0;
    spread.home.schools[teacher].lose_up = Box::new(move |_| {
        count += 1;
        count == 2
    });
    spread.film(teacher, 3..6, false);
    let mut got = came(&spread.branch, there, MediaKind::Video);
    got.sort_by_key(|(number, _)| *number);
    assert!(got.len() == 24 && is_whole(&got));
    assert!(spread.home.total().recovered > 0);
}

#[test]
fn the_floor_decides_at_a_branch_too_who_is_shown() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let classes = ["a", "b"].map(|name| spread.home.join(name, Role::Receiving));
    let watching = spread.watch("watching");
    for number in 0..3 {
        for school in [teacher, classes[0], classes[1]] {
            spread.home.send(school, TrackKind::Camera, frame(number, number == 0, 2));
        }
        spread.pass(33);
    }
    let session = spread.branch.browsers[watching].joined.as_ref().unwrap().session.clone();
    let shown = |spread: &Spread| spread.branch.slots_of(&session, MediaKind::Video);
    assert_eq!(shown(&spread), ["t camera", "a camera"]);
    spread.teacher(&LessonAction::Floor { to: Some(id("b")) });
    assert_eq!(shown(&spread), ["t camera", "b camera"]);
    assert_eq!(spread.home.core.state_of(&lesson_id()), spread.branch.core.state_of(&lesson_id()));
    spread.home.leave(classes[1], "gone");
    spread.settle();
    assert_eq!(shown(&spread), ["t camera", "a camera"]);
}

#[test]
fn a_muted_class_falls_silent_at_a_branch_and_goes_on_without_a_gap() {
    let mut spread = Spread::new();
    spread.home.join("t", Role::Supporting);
    let class = spread.home.join("a", Role::Receiving);
    let there = spread.observe("there");
    spread.speak(class, 0..5);
    spread.teacher(&LessonAction::Mute { participant: id("a"), muted: true });
    let carried = spread.home.total().trunk_packets;
    spread.speak(class, 5..30);
    assert_eq!(spread.home.total().trunk_packets, carried, "it stays at home");
    spread.teacher(&LessonAction::Mute { participant: id("a"), muted: false });
    spread.speak(class, 30..35);
    let got = came(&spread.branch, there, MediaKind::Audio);
    assert_eq!(got.len(), 10);
    assert!(is_whole(&got));
    let last = sound(34).payload;
    assert_eq!(got.last().unwrap().1, last);
}

#[test]
fn events_at_a_branch_are_those_at_home_and_its_snapshot_is_the_same() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    spread.film(teacher, 0..1, true);
    let there = spread.observe("there");
    assert_eq!(spread.branch.greet, [lesson_id()], "whoever listens is greeted when all is known");
    assert!(spread.branch.take_public_events().is_empty());
    spread.home.take_public_events();
    let class = spread.home.join("a", Role::Receiving);
    spread.speak(class, 0..1);
    let hand = LessonAction::Hand { raised: true };
    spread.home.core.act(spread.home.now, &lesson_id(), &grant("a", Role::Receiving), &hand).unwrap();
    let clock = tongke_protocol::event::ClockReport { offset_us: 5, bound_us: 9 };
    assert!(spread.home.core.report_clock(&lesson_id(), &id("a"), clock));
    spread.teacher(&LessonAction::Say { text: "between teachers".into() });
    spread.teacher(&LessonAction::Floor { to: Some(id("a")) });
    let told = spread.home.take_public_events();
    assert_eq!(spread.branch.take_public_events(), told);
    assert_eq!(told, ["joined a", "started a microphone", "hand", "clock", "state", "hand"]);
    let same = |spread: &Spread| {
        let of = |lesson: &Lesson| lesson.core.snapshot_event(&lesson_id());
        assert_eq!(of(&spread.home), of(&spread.branch));
    };
    same(&spread);
    spread.home.leave(class, "gone");
    spread.settle();
    assert_eq!(spread.branch.take_public_events(), spread.home.take_public_events());
    same(&spread);
    let slots = spread.branch.slots_of(&spread.branch.schools[there].welcome.session, MediaKind::Video);
    assert!(slots.is_empty(), "taken with the events above");
}

#[test]
fn a_reopened_lesson_is_heard_of_by_whoever_went_on_listening() {
    let mut spread = Spread::new();
    spread.home.join("t", Role::Supporting);
    let there = spread.observe("there");
    spread.branch.core.set_listened(spread.branch.now, &lesson_id(), true);
    spread.branch.take_public_events();
    spread.teacher(&LessonAction::End);
    assert_eq!(spread.branch.closed.len(), 1);
    assert_eq!(spread.branch.closed[0].leg, spread.branch.schools[there].id);
    assert!(spread.home.core.snapshot_of_lesson(&lesson_id()).is_empty());
    let told = spread.branch.take_public_events();
    assert_eq!(told[0], "state");
    assert!(told.contains(&"ending".to_owned()));
    spread.teacher(&LessonAction::Reopen);
    assert_eq!(spread.branch.take_public_events(), ["state"]);
    spread.branch.core.set_listened(spread.branch.now, &lesson_id(), false);
    spread.settle();
    assert!(spread.home.core.stats().lessons.is_empty() && spread.branch.core.stats().lessons.is_empty());
    let ended = |event: &LessonEvent| matches!(event, LessonEvent::Snapshot { participants, .. } if participants.is_empty());
    assert!(ended(&spread.branch.core.snapshot_event(&lesson_id())));
}
