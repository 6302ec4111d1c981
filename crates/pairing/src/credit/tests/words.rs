//! What people say stands above what machines saw.

use super::story::*;
use crate::credit::Code;
use crate::credit::Status::{Cancelled, Disputed, Held, NeverCounts, NotHeld, PartlyHeld, Undecided};
use crate::entry::{Dispute, Entry, Ruling, Says};
use crate::evidence::{Evidence, Word};
use crate::lesson::{Purpose, Session};

fn entry(says: Says) -> Entry {
    let at_us = minute(300.0);
    Entry { id: "e-1".into(), at_us, author: "adviser-9".into(), reason: "saw it myself".into(), says }
}

fn disputed(story: &Story) -> Story {
    let why = "the class was on an outing".to_owned();
    with_word(story, Says::Dispute(Dispute { lesson: session(&[]).id, why }))
}

fn ruled(story: &Story, held: bool, schools: &[&str]) -> Story {
    let schools = schools.iter().map(|school| school.parse().unwrap()).collect();
    with_word(story, Says::Ruling(Ruling { lesson: session(&[]).id, held, schools }))
}

fn with_word(story: &Story, says: Says) -> Story {
    let word = Word::of(&entry(says));
    let mut story = story.clone();
    story.evidence = Evidence { word, ..story.evidence };
    story
}

fn called_off() -> Session {
    Session { cancelled: Some("snow".into()), ..session(&[RECEIVING]) }
}

#[test]
fn a_disputed_lesson_counts_for_nobody_and_shows_what_it_would_be() {
    let decision = disputed(&whole_lesson()).decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Disputed, Code::Contested));
    assert_eq!(decision.reason.author.as_deref(), Some("adviser-9"));
    assert_eq!(decision.reason.detail.as_deref(), Some("the class was on an outing"));
    assert!(decision.schools.iter().all(|credit| credit.by_policy == Held && credit.status == Disputed));
}

#[test]
fn a_ruling_decides_for_all_schools_or_for_those_it_names() {
    let nothing = Story::default();
    let decision = ruled(&nothing, true, &[]).decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Held, Code::Ruled));
    assert_eq!(decision.schools[0].by_policy, Undecided);
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART), (SECOND, TAKES_PART)]);
    let one = ruled(&story, false, &[RECEIVING]).decided(&session(&[RECEIVING, SECOND]));
    assert_eq!((one.status, statuses(&one)), (PartlyHeld, vec![Held, NotHeld, Held]));
}

#[test]
fn the_supporting_school_stands_and_falls_with_the_receiving_ones() {
    let seen = |story: Story| statuses(&story.decided(&session(&[RECEIVING])));
    assert_eq!(seen(ruled(&whole_lesson(), false, &[RECEIVING])), [NotHeld, NotHeld]);
    assert_eq!(seen(ruled(&Story::default(), true, &[RECEIVING])), [Held, Held]);
    // Unless the ruling says otherwise, or is of a school that was not to take part.
    assert_eq!(seen(ruled(&whole_lesson(), false, &[SUPPORTING])), [NotHeld, Held]);
    assert_eq!(seen(ruled(&whole_lesson(), false, &[SECOND])), [Held, Held]);
}

#[test]
fn a_ruling_makes_no_lesson_of_a_test_and_none_of_what_is_still_to_come() {
    let test = Session { purpose: Purpose::Test, ..session(&[RECEIVING]) };
    assert_eq!(ruled(&whole_lesson(), true, &[]).decided(&test).status, NeverCounts);
    let tomorrow = Session { start_us: minute(1440.0), end_us: minute(1480.0), ..session(&[RECEIVING]) };
    assert!(!ruled(&Story::default(), true, &[]).decided(&tomorrow).counts());
}

#[test]
fn what_was_called_off_stays_so_unless_it_seems_to_have_taken_place() {
    let decision = Story::default().decided(&called_off());
    assert_eq!((decision.status, decision.reason.code), (Cancelled, Code::CalledOff));
    assert_eq!(decision.reason.detail.as_deref(), Some("snow"));
    let decision = whole_lesson().decided(&called_off());
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::CalledOffButHeld));
    assert_eq!(ruled(&whole_lesson(), true, &[]).decided(&called_off()).status, Held);
}
