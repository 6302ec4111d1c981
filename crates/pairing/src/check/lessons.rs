//! What lessons need, and what becomes of those that are planned.

use super::{Findings, words};
use crate::book::Book;
use crate::calendar;
use crate::entry::Entry;
use crate::expand;
use crate::id::{PersonId, SchoolId};
use crate::lesson::{Purpose, Session};
use crate::school::Stage;
use crate::timetable::Slot;
use std::collections::BTreeSet;

/// Most people who organise at receiving schools.
const MAX_ASSISTANTS: usize = 20;

/// Says how many lessons of the slots that are concerned there are no more if the entry is kept.
pub(super) fn that_fall_out(
    book: &Book,
    entry: &Entry,
    concerned: impl Fn(&Slot) -> bool,
    found: &mut Findings,
) {
    let slots: Vec<&Slot> = book.slots().filter(|slot| concerned(slot)).collect();
    if slots.is_empty() {
        return;
    }
    let mut after = book.clone();
    if !after.apply(entry) {
        return;
    }
    let of = |book: &Book| -> BTreeSet<(tongke_protocol::LessonId, SchoolId)> {
        let sessions =
            expand::of_slots(book, slots.iter().copied(), jiff::civil::Date::MIN, jiff::civil::Date::MAX);
        let each = |session: Session| session.receiving.into_iter().map(move |it| (session.id.clone(), it));
        sessions.sessions.into_iter().flat_map(each).collect()
    };
    let (before, after) = (of(book), of(&after));
    let lost: Vec<_> = before.difference(&after).collect();
    if let Some((first, school)) = lost.first() {
        let what = format!("{} planned lessons fall out, the first is {first} for {school}", lost.len());
        let hint = "enter others in their place, or correct what was meant";
        found.warning("lessons_fall_out", "", what, hint);
    }
}

/// What a lesson says of itself, whether weekly or single.
pub(super) struct About<'a> {
    pub subject: Option<&'a str>,
    pub grade: Option<u8>,
    pub classes: &'a [String],
    pub teacher: Option<&'a PersonId>,
    pub assistants: &'a [PersonId],
}

impl<'a> About<'a> {
    pub(super) fn slot(slot: &'a Slot) -> Self {
        let (subject, teacher) = (slot.subject.as_deref(), slot.teacher.as_ref());
        let (classes, assistants) = (slot.classes.as_slice(), slot.assistants.as_slice());
        About { subject, grade: slot.grade, classes, teacher, assistants }
    }

    pub(super) fn session(session: &'a Session) -> Self {
        let (subject, teacher) = (session.subject.as_deref(), session.teacher.as_ref());
        let (classes, assistants) = (session.classes.as_slice(), session.assistants.as_slice());
        About { subject, grade: session.grade, classes, teacher, assistants }
    }
}

/// Subject, grade, classes and people of a lesson at these schools.
pub(super) fn about(book: &Book, it: &About<'_>, schools: &[&SchoolId], found: &mut Findings) {
    if let Some(subject) = it.subject {
        words::name("subject", subject, found);
    }
    if let Some(grade) = it.grade {
        self::grade(book, grade, schools, found);
    }
    words::list("classes", it.classes, words::MAX_LIST, found);
    words::distinct("classes", it.classes, found);
    for class in it.classes.iter().take(words::MAX_LIST) {
        let school = class.split_once('/').filter(|(of, _)| schools.iter().any(|it| it.as_str() == *of));
        match school {
            Some((_, name)) => words::name("classes", name, found),
            None => {
                let hint = "write it as SCHOOL/CLASS, with a school that takes part";
                found.problem("class_of_no_school", "classes", "a class is of no school of the lesson", hint);
            }
        }
    }
    words::list("assistants", it.assistants, MAX_ASSISTANTS, found);
    words::distinct("assistants", it.assistants, found);
    if let Some(teacher) = it.teacher.filter(|teacher| it.assistants.contains(teacher)) {
        let what = format!("{teacher} would teach and organise at the other end");
        found.warning("teacher_twice", "assistants", what, "name somebody else at the receiving school");
    }
}

fn grade(book: &Book, grade: u8, schools: &[&SchoolId], found: &mut Findings) {
    if !(1..=9).contains(&grade) {
        let what = format!("there is no grade {grade}");
        found.problem("grade_absurd", "grade", what, "grades are 1 to 6 (小学) and 7 to 9 (初中)");
        return;
    }
    let has = |stage: Stage| match stage {
        Stage::Primary => grade <= 6,
        Stage::Junior => grade >= 7,
        Stage::NineYear => true,
    };
    for school in schools.iter().filter_map(|id| book.school(id)).filter(|school| !has(school.stage)) {
        let what = format!("{} has no grade {grade}", school.id);
        found.warning("grade_not_of_school", "grade", what, "look at the grade");
    }
}

/// What stands around these lessons of one slot, or this single one: agreements, bells, whether they
/// last over midnight.
pub(super) fn around(book: &Book, sessions: &[Session], found: &mut Findings) {
    let mut outside = BTreeSet::new();
    let mut uncovered = 0;
    for session in sessions {
        let (start, end) = (calendar::local(session.start_us), calendar::local(session.end_us));
        for school in std::iter::once(&session.supporting).chain(&session.receiving) {
            let bells =
                book.bells_on(school, start.date()).filter(|bells| !bells.fit(start.time(), end.time()));
            if bells.is_some() && outside.insert(school) {
                let what = format!("{} to {} is not by the bells of {school}", start.time(), end.time());
                found.warning("outside_bells", "start", what, "begin and end with a period of all schools");
            }
        }
        if let (Purpose::Help(form), Some(pair)) = (session.purpose, &session.pair) {
            uncovered += u32::from(book.agreements_on(pair, start.date(), form).next().is_none());
        }
    }
    if uncovered > 0 {
        let what = format!("no agreement of the pair covers {uncovered} of {} lessons", sessions.len());
        let hint = "enter the agreement, its days or its forms";
        found.warning("agreement_does_not_cover", "pair", what, hint);
    }
}

/// A lesson across midnight is possible and seldom meant.
pub(super) fn across_midnight(found: &mut Findings) {
    let hint = "it belongs to the day on which it begins; look at both times if that is not meant";
    found.warning("across_midnight", "end", "it ends on the next day", hint);
}
