//! What is said about lessons, by others, and in other ledgers.

use super::{Findings, schools, words};
use crate::book::Book;
use crate::entry::{Dispute, Entry, HeadCount, LedgerRow, Reported, Ruling, Settlement, Thing, Value};
use crate::expand;
use crate::id::SchoolId;
use crate::lesson::Session;
use tongke_protocol::LessonId;

/// Most people in one room.
const MAX_PEOPLE: u32 = 2_000;
/// Most lessons that a line of a 大课表 sums up.
const MAX_SUMMED: u32 = 10_000;

/// A lesson nobody planned may have taken place: what is said about it is kept all the same.
fn lesson(book: &Book, id: &LessonId, found: &mut Findings) -> Option<Session> {
    words::lesson("lesson", id, found);
    let session = expand::session(book, id);
    if session.is_none() {
        let what = format!("there is no lesson '{id}' in the timetable");
        found.warning("unknown_lesson", "lesson", what, "enter it, with its schools, so that it can count");
    }
    session
}

fn takes_part(session: &Session, field: &str, school: &SchoolId, found: &mut Findings) {
    if session.supporting != *school && !session.receiving.contains(school) {
        let what = format!("'{school}' does not take part in '{}'", session.id);
        found.problem("not_of_lesson", field, what, "look at the lesson and the school");
    }
}

pub(super) fn head_count(book: &Book, it: &HeadCount, found: &mut Findings) {
    schools::known(book, "school", &it.school, found);
    if it.pupils > MAX_PEOPLE || it.teachers > MAX_PEOPLE {
        let what = format!("{} pupils and {} teachers in one room cannot be", it.pupils, it.teachers);
        found.problem("people_absurd", "pupils", what, "look at the numbers");
    }
    if let Some(session) = lesson(book, &it.lesson, found) {
        takes_part(&session, "school", &it.school, found);
    }
}

pub(super) fn dispute(book: &Book, it: &Dispute, found: &mut Findings) {
    if it.why.trim().is_empty() {
        found.problem("reason_missing", "why", "it does not say what is wrong", "say it in a few words");
    }
    words::text("why", &it.why, found);
    lesson(book, &it.lesson, found);
}

pub(super) fn ruling(book: &Book, entry: &Entry, it: &Ruling, found: &mut Findings) {
    reason(entry, found);
    words::list("schools", &it.schools, words::MAX_LIST, found);
    words::distinct("schools", &it.schools, found);
    if let Some(session) = lesson(book, &it.lesson, found) {
        it.schools.iter().for_each(|school| takes_part(&session, "schools", school, found));
    }
}

/// What stands above the evidence, or takes something back, needs a reason.
pub(super) fn reason(entry: &Entry, found: &mut Findings) {
    if entry.reason.trim().is_empty() {
        let hint = "say in a few words what it rests on";
        found.problem("reason_missing", "reason", "it gives no reason", hint);
    }
}

pub(super) fn reported(book: &Book, it: &Reported, found: &mut Findings) {
    words::name("what", &it.what, found);
    words::name("source", &it.source, found);
    if !it.period.is_empty() {
        words::name("period", &it.period, found);
    }
    let (kind, id) = it.of.split_once(':').unwrap_or_default();
    let known = match kind {
        "school" => id.parse().is_ok_and(|id| book.school(&id).is_some()),
        "pair" => id.parse().is_ok_and(|id| book.pair(&id).is_some()),
        "region" => id.parse::<crate::id::RegionId>().is_ok(),
        _ => false,
    };
    if !known {
        let hint = "write school:ID, pair:ID or region:ID, and enter the school or pair first";
        found.lacks(Thing::new(kind, id), "of_what", "of", "it is about nothing that is known", hint);
    }
    match it.value {
        Value::Number(number) if !number.is_finite() => {
            found.problem("not_a_number", "value", "it is not a number", "look at the figure");
        }
        Value::Day(day) => words::day("value", day, found),
        Value::Number(_) | Value::Flag(_) => {}
    }
}

/// The names in a line are as they stand there, and need be nobody's here.
pub(super) fn ledger_row(it: &LedgerRow, found: &mut Findings) {
    words::name("ledger", &it.ledger, found);
    words::name("supporting", &it.supporting, found);
    words::list("receiving", &it.receiving, words::MAX_LIST, found);
    it.receiving.iter().take(words::MAX_LIST).for_each(|name| words::name("receiving", name, found));
    for (field, text) in [("subject", &it.subject), ("teacher", &it.teacher)] {
        text.iter().for_each(|text| words::name(field, text, found));
    }
    it.day.into_iter().for_each(|day| words::day("day", day, found));
    if it.row == 0 {
        found.problem("row_zero", "row", "there is no line 0", "lines are counted from 1");
    }
    if !(1..=MAX_SUMMED).contains(&it.lessons) {
        let what = format!("{} lessons in one line cannot be", it.lessons);
        found.problem("lessons_absurd", "lessons", what, "look at the number");
    }
    if it.receiving.is_empty() {
        found.warning(
            "nobody_receives",
            "receiving",
            "no receiving school is named",
            "it matches no lesson so",
        );
    }
}

pub(super) fn settlement(it: &Settlement, found: &mut Findings) {
    it.about.lesson.iter().for_each(|id| words::lesson("about.lesson", id, found));
    match &it.about.row {
        Some((ledger, _)) => words::name("about.row", ledger, found),
        None if it.about.lesson.is_none() => {
            let hint = "name the line, the lesson, or both";
            found.problem("of_what", "about", "it settles nothing", hint);
        }
        None => {}
    }
}
