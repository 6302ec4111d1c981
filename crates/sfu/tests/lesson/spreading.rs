//! Spreading a lesson: who is sent to a branch, how it begins and ends, and what its home knows of it.

use super::support::{BRANCH, Lesson, Spread, grant, lesson_id, sound};
use tongke_protocol::conduct::LessonAction;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::FactKind;
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::{DropReason, JoinError, Site};

fn written(lesson: &mut Lesson) -> Vec<String> {
    let facts = std::mem::take(&mut lesson.facts).into_iter();
    facts
        .filter_map(|fact| match fact.what {
            FactKind::Came { participant, role, .. } => Some(format!("{participant} came as {role}")),
            FactKind::Went { participant, reason } => Some(format!("{participant} went: {reason}")),
            _ => None,
        })
        .collect()
}

fn place(lesson: &mut Lesson, name: &str, sites: &[Site]) -> Option<Site> {
    lesson.core.place(&lesson_id(), &name.parse().unwrap(), sites)
}

#[test]
fn who_is_at_a_branch_is_in_the_lesson_for_its_home() {
    let mut spread = Spread::with(|config| config.max_legs_per_lesson = 4);
    spread.home.join("t", Role::Supporting);
    written(&mut spread.home);
    let first = spread.observe("first");
    spread.observe("second");
    let watching = spread.watch("watching");
    assert_eq!(
        written(&mut spread.home),
        ["first came as observer", "second came as observer", "watching came as observer"]
    );
    let stats = spread.home.core.stats().lessons;
    assert_eq!((stats[0].participants, stats[0].is_branch), (4, false));
    assert!(spread.branch.core.stats().lessons[0].is_branch);
    let (lesson, observer) = (lesson_id(), grant("next", Role::Observer));
    assert_eq!(spread.home.core.vet(&lesson, &observer), Err(JoinError::LessonFull(4)));
    spread.home.core.note_presence(spread.home.now);
    spread.branch.core.note_presence(spread.branch.now);
    spread.settle();
    assert!(spread.branch.facts.is_empty(), "facts are the home's");
    let Some(FactKind::Present { participants }) = spread.home.facts.last().map(|fact| &fact.what) else {
        panic!("{:?}", spread.home.facts)
    };
    assert_eq!(participants.len(), 4);

    spread.branch.leave(first, "enough");
    spread.settle();
    let session = spread.branch.browsers[watching].joined.as_ref().unwrap().session.clone();
    let leg = spread.branch.core.find_session(&session).unwrap();
    spread.branch.core.leave(spread.branch.now, leg, "left");
    spread.settle();
    assert_eq!(written(&mut spread.home), ["first went: enough", "watching went: left"]);
    assert_eq!(spread.home.core.vet(&lesson, &observer), Ok(()));
    assert!(spread.home.core.is_known(&lesson, &"first".parse().unwrap()));
}

#[test]
fn the_last_who_leaves_a_branch_closes_it_and_its_trunk() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let there = spread.observe("there");
    spread.branch.leave(there, "enough");
    spread.settle();
    assert!(spread.branch.core.stats().lessons.is_empty());
    let carried = spread.carried_down;
    spread.film(teacher, 0..3, true);
    assert_eq!((spread.carried_down, spread.home.total().trunk_packets), (carried, 0));
    let again = spread.observe("again");
    spread.film(teacher, 3..4, true);
    assert!(spread.branch.schools[again].packet_count() > 0);
    spread.home.leave(teacher, "gone");
    spread.settle();
    assert_eq!(spread.home.core.stats().lessons.len(), 1, "somebody looks on still");
    spread.branch.leave(again, "enough");
    spread.settle();
    assert!(spread.home.core.stats().lessons.is_empty());
}

#[test]
fn a_branch_whose_home_is_gone_lets_everyone_go_to_come_again() {
    for is_shutdown in [true, false] {
        let mut spread = Spread::new();
        spread.home.join("t", Role::Supporting);
        spread.observe("there");
        spread.branch.take_public_events();
        if is_shutdown {
            spread.home.core.shutdown(spread.home.now, "the relay restarts");
        } else {
            spread.branch.core.site_lost(spread.branch.now, Site(1));
        }
        spread.settle();
        let last = spread.branch.events.last().map(|told| &told.event);
        assert!(matches!(last, Some(LessonEvent::Ending { reconnect: true, .. })), "{last:?}");
        assert_eq!(spread.branch.closed.len(), 1);
        assert!(spread.branch.core.stats().lessons.is_empty());
        assert_eq!(spread.home.core.stats().lessons.len(), usize::from(!is_shutdown));
        assert!(!is_shutdown || written(&mut spread.home).contains(&"there went: the relay restarts".into()));
    }
}

#[test]
fn a_branch_that_is_gone_is_forgotten_with_everyone_in_it() {
    let mut spread = Spread::with(|config| config.spread_after = 1);
    let teacher = spread.home.join("t", Role::Supporting);
    assert_eq!(place(&mut spread.home, "there", &[BRANCH]), Some(BRANCH));
    spread.observe("there");
    written(&mut spread.home);
    spread.home.core.site_lost(spread.home.now, BRANCH);
    assert_eq!(place(&mut spread.home, "there", &[Site(3)]), Some(Site(3)), "its seat is gone too");
    spread.home.settle();
    assert_eq!(written(&mut spread.home), ["there went: a part of the relay failed"]);
    spread.home.send(teacher, TrackKind::Microphone, vec![sound(0)]);
    assert!(spread.home.trunk.is_empty());
}

#[test]
fn what_did_not_fit_is_dropped_and_the_branch_is_told_everything_again() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let class = spread.home.join("a", Role::Receiving);
    let there = spread.observe("there");
    spread.film(teacher, 0..50, true);
    spread.film(class, 0..2, true);
    spread.is_full = Box::new(|batch| batch.to() == BRANCH);
    spread.home.send(teacher, TrackKind::Camera, super::support::frame(50, false, 4));
    spread.settle();
    assert_eq!(spread.home.total().dropped(DropReason::TrunkFull), 4);
    spread.home.leave(class, "gone");
    let floor = LessonAction::Floor { to: Some("t".parse().unwrap()) };
    let teacher_grant = grant("t", Role::Supporting);
    spread.home.core.act(spread.home.now, &lesson_id(), &teacher_grant, &floor).unwrap();
    spread.settle();
    spread.branch.greet.clear();
    spread.is_full = Box::new(|_| false);
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 0);
    spread.pass(150);
    assert_eq!(spread.branch.greet, [lesson_id()]);
    let of = |lesson: &Lesson| lesson.core.snapshot_event(&lesson_id());
    assert_eq!(of(&spread.home), of(&spread.branch), "the class is gone, the floor given");
    assert_eq!(spread.home.schools[teacher].keyframe_requests(), 1);
    let slot = spread.branch.schools[there].first_slot(MediaKind::Video);
    let before = spread.branch.schools[there].packets(slot).len();
    spread.film(teacher, 51..55, true);
    assert_eq!(spread.branch.schools[there].packets(slot).len(), before + 16);
}

#[test]
fn a_home_that_missed_who_came_and_went_is_told_everything_again() {
    let mut spread = Spread::new();
    spread.home.join("t", Role::Supporting);
    let first = spread.observe("first");
    written(&mut spread.home);
    spread.is_full = Box::new(|batch| batch.to() != BRANCH);
    spread.observe("second");
    spread.branch.leave(first, "enough");
    spread.settle();
    assert!(written(&mut spread.home).is_empty());
    spread.is_full = Box::new(|_| false);
    spread.pass(150);
    assert_eq!(written(&mut spread.home), ["first went: left", "second came as observer"]);
    assert_eq!(spread.home.core.stats().lessons[0].participants, 2);
}

#[test]
fn an_attach_that_got_lost_is_said_again() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    spread.is_full = Box::new(|_| true);
    let there = spread.observe("there");
    assert!(!spread.branch.core.is_synced(&lesson_id()));
    spread.is_full = Box::new(|_| false);
    spread.pass(150);
    assert!(spread.branch.core.is_synced(&lesson_id()));
    spread.film(teacher, 0..1, true);
    assert!(spread.branch.schools[there].packet_count() > 0);
}

#[test]
fn observers_stay_at_home_until_it_is_full_and_then_stay_where_they_were_sent() {
    let mut spread = Spread::with(|config| config.spread_after = 3);
    let far = Site(9);
    spread.home.join("t", Role::Supporting);
    spread.home.join("here", Role::Observer);
    assert_eq!(place(&mut spread.home, "x", &[BRANCH]), None);
    spread.home.join("a", Role::Receiving);
    assert_eq!(place(&mut spread.home, "x", &[BRANCH, far]), Some(BRANCH));
    assert_eq!(place(&mut spread.home, "x", &[far, BRANCH]), Some(BRANCH), "before it has a session");
    assert_eq!(place(&mut spread.home, "here", &[BRANCH, far]), None, "it has a session at home");
    assert_eq!(place(&mut spread.home, "y", &[]), None, "there is no other site");
    for name in ["x", "y", "z"] {
        assert_eq!(place(&mut spread.home, name, &[BRANCH, far]), Some(BRANCH));
        spread.observe(name);
    }
    assert_eq!(place(&mut spread.home, "u", &[BRANCH, far]), Some(far), "the branch is full");
    assert_eq!(place(&mut spread.home, "z", &[far]), Some(BRANCH), "where its session is");
}

#[test]
fn who_comes_as_a_class_is_called_home_from_its_branch() {
    let mut spread = Spread::new();
    spread.home.join("t", Role::Supporting);
    spread.observe("a");
    written(&mut spread.home);
    spread.home.join("a", Role::Receiving);
    spread.settle();
    assert_eq!(spread.branch.closed.len(), 1);
    assert_eq!(written(&mut spread.home), ["a went: joined again with another role", "a came as receiving"]);
    assert_eq!(spread.home.core.stats().lessons[0].participants, 2);
    assert!(spread.branch.core.stats().lessons.is_empty());
}

#[test]
fn a_class_that_joins_where_a_branch_was_makes_it_the_home() {
    let mut spread = Spread::new();
    spread.home.join("t", Role::Supporting);
    spread.observe("there");
    spread.branch.join("t", Role::Supporting);
    spread.settle();
    assert_eq!(spread.branch.closed.len(), 1, "the observer comes again");
    let stats = spread.branch.core.stats().lessons;
    assert_eq!((stats.len(), stats[0].is_branch, stats[0].participants), (1, false, 1));
    assert_eq!(spread.home.core.stats().lessons[0].participants, 1);
}
