//! Schools.

use super::{Findings, lessons, words};
use crate::book::{Book, Named};
use crate::entry::{Entry, Thing};
use crate::id::SchoolId;
use crate::school::{Closure, School};
use crate::timetable::Slot;

/// Most pupils of one school: the largest in the country have about half of that.
const MAX_PUPILS: u32 = 30_000;
/// Most other names of one school.
const MAX_ALIASES: usize = 20;

pub(super) fn school(book: &Book, entry: &Entry, school: &School, found: &mut Findings) {
    words::name("name", &school.name, found);
    words::list("aliases", &school.aliases, MAX_ALIASES, found);
    school.aliases.iter().take(MAX_ALIASES).for_each(|alias| words::name("aliases", alias, found));
    if school.pupils.is_some_and(|pupils| pupils > MAX_PUPILS) {
        let what = format!("no school has more than {MAX_PUPILS} pupils");
        found.problem("people_absurd", "pupils", what, "look at the number");
    }
    if let Some(closed) = &school.closed {
        closure(book, school, closed, found);
    }
    if found.is_bad() {
        return;
    }
    same_id(book, school, found);
    same_names(book, school, found);
    let at_school =
        |slot: &Slot| book.pair(&slot.pair).is_some_and(|pair| pair.schools().any(|it| *it == school.id));
    lessons::that_fall_out(book, entry, at_school, found);
}

fn closure(book: &Book, school: &School, closed: &Closure, found: &mut Findings) {
    words::day("closed.last_day", closed.last_day, found);
    if closed.into.as_ref() == Some(&school.id) {
        let hint = "name the school its pupils go to, or leave it out";
        found.problem("merged_into_itself", "closed.into", "a school cannot be merged into itself", hint);
    } else if let Some(into) = &closed.into {
        known(book, "closed.into", into, found);
    }
    let outlives = |until: Option<_>| until.is_none_or(|until| until > closed.last_day);
    let pairs = book.pairs().filter(|pair| pair.schools().any(|it| *it == school.id) && outlives(pair.until));
    for pair in pairs {
        let what = format!("pair {} stands longer than the school", pair.id);
        let hint = "enter when the pair ends, or who takes the school's place in it";
        found.warning("pair_outlives_school", "closed.last_day", what, hint);
    }
}

/// A school may be renamed, and may have been entered wrongly, but not both name and place at once.
fn same_id(book: &Book, school: &School, found: &mut Findings) {
    let Some(known) = book.school(&school.id) else { return };
    let names = |school: &School| -> Vec<String> {
        std::iter::once(&school.name).chain(&school.aliases).cloned().collect()
    };
    let shared = names(known).iter().any(|name| names(school).contains(name));
    if !shared && (known.county != school.county || known.stage != school.stage) {
        let what = format!("'{}' is {} already", school.id, known.name);
        found.problem("id_in_use", "id", what, "choose another id for the new school");
    }
}

fn same_names(book: &Book, school: &School, found: &mut Findings) {
    for name in std::iter::once(&school.name).chain(&school.aliases) {
        let mut others = match book.named(name, Some(&school.county)) {
            Named::One(id) => vec![id],
            Named::Several(ids) => ids,
            Named::Unknown { .. } => Vec::new(),
        };
        others.retain(|id| *id != school.id);
        if let Some(other) = others.first() {
            let what = format!("'{name}' may also be {other}");
            let hint = "lists that say only this cannot be matched; remove the alias that is wrong";
            found.warning("name_shared", "aliases", what, hint);
        }
    }
}

/// The school, which must be there.
pub(super) fn known<'a>(
    book: &'a Book,
    field: &str,
    id: &SchoolId,
    found: &mut Findings,
) -> Option<&'a School> {
    let school = book.school(id);
    if school.is_none() {
        let what = format!("there is no school '{id}'");
        let hint = "enter the school first, or look at the id";
        found.lacks(Thing::new("school", id.as_str()), "unknown_school", field, what, hint);
    }
    school
}
