//! Warnings of what a lesson meets in the timetable.

use super::Findings;
use crate::book::Book;
use crate::calendar;
use crate::clashes::{Needed, needed_by_both};
use crate::expand;
use crate::id::{PersonId, SchoolId, SlotId};
use crate::lesson::Session;
use crate::timetable::Slot;
use jiff::ToSpan as _;
use std::collections::BTreeMap;
use tongke_protocol::LessonId;

/// Warns of everybody and everything that these sessions need while others do. `slot` is whose they are.
pub(super) fn needed_twice(book: &Book, sessions: &[Session], slot: Option<&SlotId>, found: &mut Findings) {
    let (Some(from), Some(until)) =
        (sessions.iter().map(|it| it.start_us).min(), sessions.iter().map(|it| it.end_us).max())
    else {
        return;
    };
    let others: Vec<&Slot> =
        book.slots().filter(|it| Some(&it.id) != slot && meets(book, it, sessions)).collect();
    // What began the evening before may last until after midnight.
    let first = calendar::local(from).date().saturating_sub(1.day());
    let mut planned = expand::of_slots(book, others, first, calendar::local(until).date()).sessions;
    planned.retain(|session| book.session(&session.id).is_none());
    let entered: Vec<&Session> = book.sessions_between(from, until).collect();

    let mut met: BTreeMap<(Needed, String), (LessonId, u32)> = BTreeMap::new();
    for session in sessions {
        for other in planned.iter().chain(entered.iter().copied()) {
            for needed in needed_by_both(session, other) {
                let whose = other.slot.as_ref().map_or_else(|| other.id.to_string(), SlotId::to_string);
                met.entry((needed, whose)).or_insert_with(|| (session.id.clone(), 0)).1 += 1;
            }
        }
    }
    for ((needed, other), (first, times)) in met {
        let (code, field, who) = match needed {
            Needed::Person(person) => ("teacher_twice", "teacher", person.to_string()),
            Needed::Class(class) => ("class_twice", "classes", class),
            Needed::School(school) => ("school_twice", "start", school.to_string()),
        };
        let what = format!("{who} is in {other} at the same time, {times} times, first in {first}");
        found.warning(code, field, what, "move one of the two, or say which classes take part");
    }
}

fn meets(book: &Book, slot: &Slot, sessions: &[Session]) -> bool {
    let person = |it: &PersonId| slot.teacher.as_ref() == Some(it) || slot.assistants.contains(it);
    let pair = book.pair(&slot.pair);
    let school = |it: &SchoolId| pair.is_some_and(|pair| pair.schools().any(|of| of == it));
    sessions.iter().any(|session| {
        session.teacher.iter().chain(&session.assistants).any(person)
            || school(&session.supporting)
            || session.receiving.iter().any(school)
    })
}
