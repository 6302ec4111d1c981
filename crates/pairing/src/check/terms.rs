//! Terms and bells.

use super::{Findings, lessons, schools, words};
use crate::book::Book;
use crate::calendar::{Term, days_between};
use crate::entry::Entry;
use crate::expand::MAX_TERM_DAYS;
use crate::timetable::{Bells, common};

/// Most periods of a school's day, the early and the evening ones included.
const MAX_PERIODS: usize = 30;

pub(super) fn term(book: &Book, entry: &Entry, term: &Term, found: &mut Findings) {
    words::name("name", &term.name, found);
    words::days(("first", term.first), ("last", term.last), "term_ends_before_it_begins", found);
    let length = days_between(term.first, term.last).saturating_add(1);
    if length > MAX_TERM_DAYS {
        let what = format!("it has {length} days, at most {MAX_TERM_DAYS} can be");
        found.problem("term_too_long", "last", what, "look at the years");
    }
    words::list("holidays", &term.holidays, usize::try_from(MAX_TERM_DAYS).unwrap_or(0), found);
    if book.term(&term.id).is_some_and(|known| known.region != term.region) {
        let what = format!("'{}' is another region's term already", term.id);
        found.problem("id_in_use", "id", what, "choose another id");
    }
    if found.is_bad() {
        return;
    }
    if let Some(day) = term.holidays.iter().find(|day| !(term.first..=term.last).contains(*day)) {
        let what = format!("{day} is not within the term");
        found.warning("holiday_outside_term", "holidays", what, "look at the year");
    }
    let overlaps = |it: &&Term| {
        it.region == term.region && it.id != term.id && it.first <= term.last && term.first <= it.last
    };
    if let Some(other) = book.terms().find(overlaps) {
        let what = format!("{} has some of the same days", other.id);
        found.warning("terms_overlap", "first", what, "a lesson then is counted in one of them only");
    }
    lessons::that_fall_out(book, entry, |slot| slot.term == term.id, found);
}

pub(super) fn bells(book: &Book, bells: &Bells, found: &mut Findings) {
    schools::known(book, "school", &bells.school, found);
    words::day("since", bells.since, found);
    words::list("periods", &bells.periods, MAX_PERIODS, found);
    for period in &bells.periods {
        if period.end <= period.start {
            let what = format!("period {} ends at {}, not after {}", period.number, period.end, period.start);
            found.problem("period_ends_before_it_begins", "periods", what, "look at both bells");
        }
    }
    for pair in bells.periods.windows(2) {
        if pair[1].number <= pair[0].number || pair[1].start < pair[0].end {
            let what = format!("period {} does not follow period {}", pair[1].number, pair[0].number);
            found.problem("periods_overlap", "periods", what, "give them in order, without overlap");
        }
    }
    if bells.periods.first().is_some_and(|period| period.number == 0) {
        found.problem("period_zero", "periods", "there is no period 0", "periods are counted from 1");
    }
    if !found.is_bad() {
        partners_bells(book, bells, found);
    }
}

/// Lessons together need bells together (同步作息时间).
fn partners_bells(book: &Book, bells: &Bells, found: &mut Findings) {
    for pair in book.pairs_of(&bells.school, bells.since) {
        for partner in pair.schools().filter(|it| **it != bells.school) {
            let Some(theirs) = book.bells_on(partner, bells.since) else { continue };
            let shared = common(&[bells, theirs]).len();
            if shared < bells.periods.len() {
                let of = bells.periods.len();
                let what = format!("{shared} of {of} periods are the same as at {partner}, its partner");
                let hint = "lessons together fit only into periods that both have";
                found.warning("bells_differ", "periods", what, hint);
            }
        }
    }
}
