//! What the policy makes of lessons that go well, less well, and not at all.

use super::story::*;
use crate::credit::Status::{Held, Live, NotHeld, PartlyHeld, Planned, Undecided};
use crate::credit::{Code, decide};
use crate::evidence::{Got, Interval, Media, Witness};
use crate::lesson::{Form, Noted, Purpose};
use crate::policy::Policy;

#[test]
fn a_lesson_that_the_relay_saw_from_bell_to_bell_is_held_for_both_schools() {
    let decision = whole_lesson().decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Held, Code::MediaFlowed));
    assert_eq!(decision.reason.minutes, Some(40.0));
    assert_eq!(decision.reason.needed_minutes, Some(20.0));
    assert_eq!(statuses(&decision), [Held, Held]);
    assert!(decision.schools[0].supporting && !decision.schools[1].supporting);
    assert_eq!((decision.policy.as_str(), decision.changes_at_us), ("tongke 1", None));
    // Forty counts of each room are one line of evidence each.
    let [_, pankeng] = decision.evidence.as_slice() else { panic!("{:?}", decision.evidence) };
    assert_eq!((pankeng.witness, &pankeng.got), (Witness::Relay, &Got::Together(Media::BOTH)));
    assert_eq!(pankeng.during, Interval { from_us: minute(0.0), until_us: minute(40.0) });
    assert_eq!(credit(&decision, RECEIVING).present, [pankeng.during]);
}

#[test]
fn until_its_end_a_lesson_is_planned_or_live_and_says_when_that_changes() {
    let at =
        |after| decide(&session(&[RECEIVING]), &whole_lesson().evidence, &Policy::shipped(), minute(after));
    let seen = [-1.0, 0.0, 39.0, 40.0].map(|after| (at(after).status, at(after).changes_at_us));
    let (start, end) = (Some(minute(0.0)), Some(minute(40.0)));
    assert_eq!(seen, [(Planned, start), (Live, end), (Live, end), (Held, None)]);
}

#[test]
fn nineteen_minutes_are_too_short_and_twenty_suffice() {
    let lesson = |minutes| {
        let mut story = Story::default();
        story.relay(0..minutes, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)]);
        story.decided(&session(&[RECEIVING]))
    };
    assert_eq!(lesson(20).status, Held);
    let short = lesson(19);
    assert_eq!((short.status, short.reason.code), (NotHeld, Code::TooShort));
    assert_eq!((short.reason.minutes, short.reason.possible_minutes), (Some(19.0), Some(19.0)));
}

#[test]
fn a_long_session_needs_half_of_its_time_and_one_planned_too_short_never_counts() {
    let mut long = session(&[RECEIVING]);
    long.end_us = minute(90.0);
    assert_eq!(whole_lesson().decided(&long).reason.needed_minutes, Some(45.0));
    assert_eq!(whole_lesson().decided(&long).status, NotHeld);
    let mut short = session(&[RECEIVING]);
    short.end_us = minute(15.0);
    let decision = whole_lesson().decided(&short);
    assert_eq!((decision.status, decision.reason.code), (NotHeld, Code::PlannedTooShort));
}

#[test]
fn minutes_that_are_interrupted_add_up() {
    let mut story = Story::default();
    for (from, until) in [(0, 8), (12, 20), (25, 29)] {
        story.relay(from..until, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)]);
    }
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.minutes), (Held, Some(20.0)));
}

#[test]
fn a_connection_on_which_nothing_flows_is_no_lesson_and_neither_is_one_without_sound() {
    for does in [SILENT, NO_SOUND] {
        let mut story = Story::default();
        story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, does)]);
        let decision = story.decided(&session(&[RECEIVING]));
        assert_eq!((decision.status, decision.reason.code), (NotHeld, Code::TooShort), "{does:?}");
        assert_eq!(decision.reason.minutes, Some(0.0));
    }
}

#[test]
fn a_muted_class_is_there_all_the_same_unless_the_policy_wants_it_heard() {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, HEARS_NOBODY), (RECEIVING, TAKES_PART)]);
    assert_eq!(story.decided(&session(&[RECEIVING])).status, Held);
    let mut study = session(&[RECEIVING]);
    study.purpose = Purpose::Help(Form::TeacherStudy);
    assert_eq!(story.decided(&study).status, NotHeld);
}

#[test]
fn an_observed_lesson_needs_nothing_back() {
    let watches = Does { sends: (0, 0), gets: (3000, 9000) };
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, Does { gets: (0, 0), ..TAKES_PART }), (RECEIVING, watches)]);
    assert_eq!(story.decided(&session(&[RECEIVING])).status, NotHeld);
    let mut observed = session(&[RECEIVING]);
    observed.purpose = Purpose::Help(Form::MasterObservation);
    assert_eq!(story.decided(&observed).status, Held);
}

#[test]
fn one_to_two_is_one_lesson_for_three_schools() {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART), (SECOND, TAKES_PART)]);
    let decision = story.decided(&session(&[RECEIVING, SECOND]));
    assert_eq!((decision.status, decision.credited().count()), (Held, 3));
    let twice_named = session(&[RECEIVING, SUPPORTING, RECEIVING, SECOND]);
    assert_eq!(story.decided(&twice_named).schools.len(), 3);
}

#[test]
fn one_of_two_receiving_schools_is_a_lesson_partly_held() {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)]);
    let decision = story.decided(&session(&[RECEIVING, SECOND]));
    assert_eq!((decision.status, decision.reason.code), (PartlyHeld, Code::SomeSchools));
    assert_eq!(statuses(&decision), [Held, Held, NotHeld]);
    assert_eq!(credit(&decision, SECOND).reason.code, Code::Absent);

    let mut policy = Policy::shipped();
    policy.forms.sync_class.receiving_schools = 2;
    let decision = decide(&session(&[RECEIVING, SECOND]), &story.evidence, &policy, minute(99.0));
    assert_eq!(statuses(&decision), [NotHeld; 3]);
    assert_eq!(credit(&decision, RECEIVING).reason.code, Code::TooFewReceiving);
}

#[test]
fn a_teacher_alone_gave_no_lesson_and_neither_did_a_class_that_waited() {
    for (room, code) in [(SUPPORTING, Code::Absent), (RECEIVING, Code::OtherEndAbsent)] {
        let mut story = Story::default();
        story.relay(0..40, &[(room, TAKES_PART)]);
        let decision = story.decided(&session(&[RECEIVING]));
        assert_eq!((decision.status, decision.reason.code), (NotHeld, code), "{room}");
    }
}

#[test]
fn of_what_nobody_tells_nothing_is_said_but_a_relay_that_reported_is_a_witness_that_nobody_came() {
    let mut story = Story::default();
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::NoEvidence));
    assert_eq!(decision.reason.possible_minutes, Some(40.0));
    story.evidence.relay_reported = vec![Interval { from_us: minute(-60.0), until_us: minute(100.0) }];
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (NotHeld, Code::Absent));
}

#[test]
fn the_rooms_alone_suffice_unless_the_policy_wants_both_witnesses() {
    let mut story = Story::default();
    story.room(SUPPORTING, 0..40, &[RECEIVING]).room(RECEIVING, 0..40, &[SUPPORTING]);
    assert_eq!(story.decided(&session(&[RECEIVING])).status, Held);
    let mut strict = Policy::shipped();
    strict.witness.one_suffices = false;
    let alone = decide(&session(&[RECEIVING]), &story.evidence, &strict, minute(99.0));
    assert_eq!((alone.status, alone.reason.code), (Undecided, Code::Gaps));
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)]);
    let both = decide(&session(&[RECEIVING]), &story.evidence, &strict, minute(99.0));
    assert_eq!(both.status, Held);
}

#[test]
fn one_room_that_speaks_for_itself_says_nothing_of_the_other() {
    let mut story = Story::default();
    story.room(RECEIVING, 0..40, &[SUPPORTING]);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::Gaps));
    assert_eq!((decision.reason.minutes, decision.reason.possible_minutes), (Some(0.0), Some(40.0)));
}

#[test]
fn witnesses_who_contradict_each_other_decide_nothing_where_it_matters() {
    let mut story = whole_lesson();
    story.room(RECEIVING, 0..25, &[]);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::WitnessesDisagree));
    assert_eq!((decision.reason.minutes, decision.reason.possible_minutes), (Some(15.0), Some(40.0)));
    // Twenty minutes of which nobody doubts are enough.
    let mut story = whole_lesson();
    story.room(RECEIVING, 0..20, &[]);
    assert_eq!(story.decided(&session(&[RECEIVING])).status, Held);
}

#[test]
fn a_room_that_claims_a_lesson_without_the_relay_is_not_believed() {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, SILENT)]);
    story.room(SUPPORTING, 0..40, &[RECEIVING]).room(RECEIVING, 0..40, &[SUPPORTING]);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::WitnessesDisagree));
}

#[test]
fn a_school_with_two_rooms_is_in_the_lesson_with_what_they_do_together() {
    let only_sends = Does { gets: (0, 0), ..TAKES_PART };
    let only_shows = Does { sends: (0, 0), ..TAKES_PART };
    let mut story = Story::default();
    let rooms = [(SUPPORTING, TAKES_PART), ("pankeng.front", only_sends), ("pankeng.screen", only_shows)];
    story.relay(0..40, &rooms);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.rooms.len()), (Held, 3));
}

#[test]
fn tests_and_inspections_never_count_however_well_they_went() {
    for purpose in [Purpose::Test, Purpose::Inspection] {
        // 实验小学 and 路口小学 are no pair, and were linked by the inspectors on site.
        let mut linked = session(&[RECEIVING]);
        (linked.purpose, linked.pair) = (purpose, None);
        let decision = whole_lesson().decided(&linked);
        assert_eq!(
            (decision.status, decision.reason.code),
            (crate::credit::Status::NeverCounts, Code::NoHelp)
        );
        assert!(!decision.counts() && decision.credited().count() == 0);
    }
}

#[test]
fn what_was_noted_by_hand_counts_without_media_once_its_time_is_over() {
    let mut noted = session(&[RECEIVING]);
    noted.purpose = Purpose::Help(Form::TeacherStudy);
    noted.noted = Some(Noted { source: "minutes of 27 November".into(), present: Vec::new() });
    let decision = Story::default().decided(&noted);
    assert_eq!((decision.status, decision.reason.code), (Held, Code::NotedByHand));
    assert_eq!(decision.reason.detail.as_deref(), Some("minutes of 27 November"));
    let before = decide(&noted, &Story::default().evidence, &Policy::shipped(), minute(-5.0));
    assert_eq!(before.status, Planned);
}
