//! Entries of the timetable.

use super::lessons::{self, About};
use super::{Findings, at_once, pairs, words};
use crate::book::Book;
use crate::calendar;
use crate::entry::Thing;
use crate::expand::{self, MAX_TERM_DAYS, Plan, Why};
use crate::id::SchoolId;
use crate::lesson::MAX_SESSION;
use crate::pair::Pair;
use crate::timetable::{Slot, When};
use std::time::Duration;

pub(super) fn slot(book: &Book, slot: &Slot, found: &mut Findings) {
    let pair = pairs::known_pair(book, &slot.pair, found);
    if book.term(&slot.term).is_none() {
        let what = format!("there is no term '{}'", slot.term);
        let hint = "enter the term first, or look at the id";
        found.lacks(Thing::new("term", slot.term.as_str()), "unknown_term", "term", what, hint);
    }
    if book.slot(&slot.id).is_some_and(|known| known.pair != slot.pair) {
        let what = format!("'{}' is in another pair's timetable already", slot.id);
        found.problem("id_in_use", "id", what, "choose another id");
    }
    // Its lessons are named after it, so they are all tests or none is.
    words::lesson("id", &expand::lesson_id(&slot.id, calendar::FIRST_DAY), found);
    times(slot, found);
    words::list("except", &slot.except, usize::try_from(MAX_TERM_DAYS).unwrap_or(0), found);
    words::distinct("receiving", &slot.receiving, found);
    if let Some(pair) = pair {
        let schools: Vec<&SchoolId> = schools(slot, pair, found);
        lessons::about(book, &About::slot(slot), &schools, found);
    }
    if found.is_bad() {
        return;
    }
    let mut plan = expand::of_slot(book, slot);
    left_out(slot, &plan, found);
    whose_term(book, slot, pair, found);
    plan.sessions.retain(|session| book.session(&session.id).is_none());
    lessons::around(book, &plan.sessions, found);
    at_once::needed_twice(book, &plan.sessions, Some(&slot.id), found);
}

fn times(slot: &Slot, found: &mut Findings) {
    if let When::Once { day } = slot.when {
        words::day("when", day, found);
    }
    if slot.start == slot.end {
        found.problem("no_length", "end", "it ends when it begins", "enter both bells");
        return;
    }
    let day = Duration::from_hours(24);
    let between = slot.end.duration_since(slot.start);
    let length = if slot.end > slot.start { between.unsigned_abs() } else { day - between.unsigned_abs() };
    if length > MAX_SESSION {
        let what = format!("it lasts {} minutes, from {} to {}", length.as_secs() / 60, slot.start, slot.end);
        let hint = "a session lasts at most 12 hours; the two times may have changed places";
        found.problem("session_too_long", "end", what, hint);
    } else if slot.end < slot.start {
        lessons::across_midnight(found);
    }
}

fn schools<'a>(slot: &'a Slot, pair: &'a Pair, found: &mut Findings) -> Vec<&'a SchoolId> {
    for school in slot.receiving.iter().filter(|it| !pair.receiving.contains(it)) {
        let what = format!("'{school}' is not a receiving school of pair {}", pair.id);
        found.problem("not_of_pair", "receiving", what, "leave it out, or enter the pair anew");
    }
    let receiving = if slot.receiving.is_empty() { &pair.receiving } else { &slot.receiving };
    std::iter::once(&pair.supporting).chain(receiving).collect()
}

fn left_out(slot: &Slot, plan: &Plan, found: &mut Findings) {
    let not_at_all = |why: &Why| match why {
        Why::PairNotStanding => "pair_not_standing",
        Why::SchoolClosed { .. } | Why::NobodyReceives => "school_closed",
        Why::OutsideTerm => "outside_term",
        Why::NoTerm => "unknown_term",
        Why::NoPair => "unknown_pair",
        Why::NoSchool => "unknown_school",
        Why::NotOfPair => "not_of_pair",
        Why::CalledOff | Why::Holiday => "no_lessons",
    };
    let meant = |why: &Why| matches!(why, Why::CalledOff | Why::Holiday);
    let unforeseen = plan.left_out.iter().filter(|left| !meant(&left.why));
    let on = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |day| format!(" on {day}"));
    match (plan.sessions.is_empty(), unforeseen.clone().next()) {
        (true, Some(left)) => {
            let what = format!("no lesson can take place: {}{}", words_for(&left.why), on(left.day));
            let field = if matches!(left.why, Why::OutsideTerm) { "when" } else { "pair" };
            found.problem(
                not_at_all(&left.why),
                field,
                what,
                "look at the days of the term, the pair and the schools",
            );
        }
        (true, None) => {
            let hint = "withdraw it if it never was to be";
            found.warning("no_lessons", "when", "no day is left on which it takes place", hint);
        }
        (false, Some(left)) => {
            let (count, why) = (unforeseen.count(), words_for(&left.why));
            let what =
                format!("{count} lessons do not take place or lack a school: {why} first{}", on(left.day));
            found.warning("lessons_fall_out", "when", what, "enter others in their place");
        }
        (false, None) => {}
    }
    let strays = slot.except.iter().filter(|day| {
        let id = expand::lesson_id(&slot.id, **day);
        calendar::is_plausible(**day)
            && !plan
                .left_out
                .iter()
                .any(|left| left.day.is_some_and(|day| expand::lesson_id(&slot.id, day) == id))
    });
    if let Some(day) = strays.into_iter().next() {
        let what = format!("there is no lesson on {day} to call off");
        found.warning("nothing_to_call_off", "except", what, "look at the day");
    }
}

fn words_for(why: &Why) -> &'static str {
    match why {
        Why::CalledOff => "called off",
        Why::Holiday => "a holiday",
        Why::OutsideTerm => "outside the term",
        Why::NoTerm => "the term has no days",
        Why::NoPair => "no such pair",
        Why::PairNotStanding => "the pair does not stand",
        Why::NotOfPair => "not a school of the pair",
        Why::NoSchool => "no such school",
        Why::SchoolClosed { .. } => "a school is closed",
        Why::NobodyReceives => "no receiving school is left",
    }
}

fn whose_term(book: &Book, slot: &Slot, pair: Option<&Pair>, found: &mut Findings) {
    let (Some(term), Some(pair)) = (book.term(&slot.term), pair) else { return };
    let mut schools = pair.schools().filter_map(|id| book.school(id));
    if !schools.any(|school| school.belongs_to(&term.region)) {
        let what = format!("the term {} is not that of any of the schools", term.id);
        found.warning("term_of_another_region", "term", what, "look at the term");
    }
}
