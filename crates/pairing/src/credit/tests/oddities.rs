//! Bad input: clocks that go wrong, gaps, lessons across midnight, schools that were closed.

use super::story::*;
use crate::calendar::moment;
use crate::credit::Code;
use crate::credit::Status::{Held, NotHeld, PartlyHeld, Undecided};
use crate::evidence::{Got, Misfit};
use crate::lesson::Session;
use jiff::civil::date;
use tongke_protocol::record::{FactKind, LessonFact, Presence};

const HOUR_US: i64 = 3_600_000_000;

/// The same story, told by a clock that is off.
fn off_by(story: &Story, hours: i64, whose: &str) -> Story {
    let mut story = story.clone();
    for told in story.evidence.told.iter_mut().filter(|told| told.fact.id.starts_with(whose)) {
        let shift = |us: &mut u64| *us = us.saturating_add_signed(hours * HOUR_US);
        let LessonFact { at_us, what, .. } = &mut told.fact;
        shift(at_us);
        if let FactKind::Flow { from_us, until_us, .. } = what {
            [from_us, until_us].into_iter().for_each(shift);
        }
    }
    story
}

fn both_rooms() -> Story {
    let mut story = Story::default();
    story.room(SUPPORTING, 0..40, &[RECEIVING]).room(RECEIVING, 0..40, &[SUPPORTING]);
    story
}

#[test]
fn a_lesson_across_midnight_belongs_to_the_day_on_which_it_begins() {
    let start_us = moment(date(2019, 12, 31).at(23, 40, 0, 0));
    let end_us = moment(date(2020, 1, 1).at(0, 20, 0, 0));
    let session = Session { start_us, end_us, ..session(&[RECEIVING]) };
    let shift_us = start_us.micros_since(minute(0.0));
    let mut story = whole_lesson();
    for told in &mut story.evidence.told {
        told.fact.at_us = told.fact.at_us.saturating_add_signed(shift_us);
        told.received_us = told.received_us.offset_by_us(shift_us);
    }
    let policy = crate::policy::Policy::shipped();
    let decision = crate::credit::decide(&session, &story.evidence, &policy, end_us);
    assert_eq!((decision.status, decision.reason.minutes), (Held, Some(40.0)));
    assert_eq!(decision.day, date(2019, 12, 31));
}

#[test]
fn facts_from_the_future_count_for_nothing_and_leave_the_lesson_undecided() {
    let decision = off_by(&whole_lesson(), 8, "relay").decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::ClockOff));
    assert_eq!(decision.reason.minutes, Some(0.0));
    let [aside] = decision.set_aside.as_slice() else { panic!("{:?}", decision.set_aside) };
    assert_eq!((aside.why, aside.facts, aside.first_us), (Misfit::Future, 44, minute(480.0)));
    let decision = off_by(&both_rooms(), 8, "").decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::ClockOff));
}

#[test]
fn a_clock_that_is_hours_slow_tells_of_another_time_and_leaves_the_lesson_undecided() {
    for story in [off_by(&whole_lesson(), -8, "relay"), off_by(&both_rooms(), -8, "")] {
        let decision = story.decided(&session(&[RECEIVING]));
        assert_eq!((decision.status, decision.reason.code), (Undecided, Code::OtherTime));
    }
}

#[test]
fn one_rooms_wrong_clock_does_not_matter_while_the_relays_is_right() {
    let mut story = whole_lesson();
    story.room(RECEIVING, 0..40, &[SUPPORTING]);
    for hours in [-30, -8, 8, 30] {
        assert_eq!(off_by(&story, hours, RECEIVING).decided(&session(&[RECEIVING])).status, Held, "{hours}");
    }
}

#[test]
fn a_lesson_that_began_half_an_hour_late_counts_and_one_at_another_time_of_day_is_for_a_person_to_say() {
    let rooms = [(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)];
    let mut late = Story::default();
    late.relay(30..70, &rooms);
    assert_eq!(late.decided(&session(&[RECEIVING])).status, Held);
    let mut afternoon = Story::default();
    afternoon.relay(320..360, &rooms);
    let decision = afternoon.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::OtherTime));
}

#[test]
fn a_relay_that_died_in_mid_lesson_leaves_a_gap_and_no_verdict() {
    let rooms = [(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)];
    let mut story = Story::default();
    story.relay(0..15, &rooms);
    // It never saw them go.
    story.evidence.told.retain(|told| !matches!(told.fact.what, FactKind::Went { .. }));
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::Gaps));
    assert_eq!((decision.reason.minutes, decision.reason.possible_minutes), (Some(15.0), Some(40.0)));
    // At its next start it writes that they went when it saw them last: it still does not know more.
    for (room, id) in [(SUPPORTING, "relay-0-went"), (RECEIVING, "relay-1-went")] {
        story.went(room, 15.0);
        story.evidence.told.last_mut().unwrap().fact.id = id.into();
    }
    assert_eq!(story.decided(&session(&[RECEIVING])).status, Undecided);
    // Both came again, and now it is known how it went on.
    story.relay(20..26, &rooms);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.minutes), (Held, Some(21.0)));
}

#[test]
fn counts_that_begin_anew_or_are_far_apart_say_nothing_of_the_time_between() {
    let rooms = [(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)];
    let mut story = Story::default();
    story.came(SUPPORTING, 0.0).came(RECEIVING, 0.0);
    story.present(1.0, 1, &rooms).present(30.0, 30, &rooms).present(31.0, 1, &rooms);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::Gaps));
    assert_eq!(decision.reason.minutes, Some(1.0));
}

#[test]
fn of_an_earlier_relay_that_did_not_count_what_it_forwarded_nobody_can_say_what_arrived() {
    let mut story = whole_lesson();
    for told in &mut story.evidence.told {
        if let FactKind::Present { participants } = &mut told.fact.what {
            let forget = |it: &mut Presence| (it.audio_packets_out, it.video_packets_out) = (None, None);
            participants.iter_mut().for_each(forget);
        }
    }
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.code), (Undecided, Code::Gaps));
    // What a relay got before it counts the rest is unknown only for the first minute.
    assert!(decision.evidence.iter().skip(1).any(|flow| flow.got == Got::Unknown), "{:?}", decision.evidence);
    story.room(SUPPORTING, 0..40, &[RECEIVING]).room(RECEIVING, 0..40, &[SUPPORTING]);
    assert_eq!(story.decided(&session(&[RECEIVING])).status, Held);
}

#[test]
fn a_school_that_was_closed_in_mid_term_keeps_what_it_has_and_gets_nothing_more() {
    let mut story = Story::default();
    story.relay(0..40, &[(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART), (SECOND, TAKES_PART)]);
    let closed_on = |day, story: &Story| {
        let mut story = story.clone();
        story.evidence.closed = vec![(RECEIVING.parse().unwrap(), day)];
        story.decided(&session(&[RECEIVING, SECOND]))
    };
    assert_eq!(closed_on(date(2019, 11, 27), &story).status, Held);
    // After its last day somebody seems to have taken part in its name.
    let decision = closed_on(date(2019, 11, 26), &story);
    assert_eq!((decision.status, statuses(&decision)), (PartlyHeld, vec![Held, Undecided, Held]));
    assert_eq!(credit(&decision, RECEIVING).reason.code, Code::ClosedButHeld);
    let decision = closed_on(date(2019, 11, 26), &Story::default());
    assert_eq!(credit(&decision, RECEIVING).status, NotHeld);
    assert_eq!(credit(&decision, RECEIVING).reason.code, Code::Closed);
}

#[test]
fn a_stretch_that_ends_before_it_begins_or_lasts_for_hours_is_set_aside() {
    let mut story = Story::default();
    story.stretch(RECEIVING, minute(10.0), minute(0.0), &[SUPPORTING]);
    story.stretch(RECEIVING, minute(0.0), minute(40.0), &[SUPPORTING]);
    story.stretch(SUPPORTING, minute(0.0), minute(40.0), &[RECEIVING]);
    let decision = story.decided(&session(&[RECEIVING]));
    assert_eq!((decision.status, decision.reason.minutes), (Undecided, Some(0.0)));
    assert_eq!((decision.set_aside[0].why, decision.set_aside[0].facts), (Misfit::Malformed, 3));
}

#[test]
fn other_rooms_and_absurd_sessions_change_nothing() {
    let mut story = Story::default();
    let rooms = [SUPPORTING, RECEIVING, "inspector", "3..", ".."].map(|room| (room, TAKES_PART));
    story.relay(0..40, &rooms);
    assert_eq!(story.decided(&session(&[RECEIVING])).reason.minutes, Some(40.0));
    let alone = story.decided(&session(&[]));
    assert_eq!((alone.status, alone.reason.code), (NotHeld, Code::NoReceivingSchool));
    let backwards = Session { end_us: minute(-40.0), ..session(&[RECEIVING]) };
    assert_eq!(story.decided(&backwards).reason.code, Code::PlannedTooShort);
}

#[test]
fn comings_and_goings_at_the_same_moment_are_read_in_the_relays_order() {
    let mut story = Story::default();
    story.facts_from(8);
    story.came(SUPPORTING, 0.0).went(SUPPORTING, 0.0).came(SUPPORTING, 0.0).came(RECEIVING, 0.0);
    let rooms = [(SUPPORTING, TAKES_PART), (RECEIVING, TAKES_PART)];
    for now in 1..=30 {
        story.present(now as f64, now, &rooms);
    }
    story.evidence.told.reverse();
    assert_eq!(story.decided(&session(&[RECEIVING])).reason.minutes, Some(30.0));
}
