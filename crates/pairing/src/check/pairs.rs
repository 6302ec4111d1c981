//! Pairs, their agreements, and what schools promised.

use super::{Findings, lessons, schools, words};
use crate::agreement::{Agreement, Commitment};
use crate::book::Book;
use crate::calendar::{FIRST_DAY, LAST_DAY};
use crate::entry::{Entry, Thing};
use crate::id::{PairId, SchoolId};
use crate::lesson::Form;
use crate::pair::Pair;
use jiff::civil::Date;

/// Most receiving schools of a pair (一对二).
pub(super) const MAX_RECEIVING: usize = 2;
/// Most rounds of three years.
const MAX_ROUND: u8 = 20;

pub(super) fn pair(book: &Book, entry: &Entry, pair: &Pair, found: &mut Findings) {
    partners(&pair.supporting, &pair.receiving, MAX_RECEIVING, found);
    for (field, school) in fields(pair) {
        schools::known(book, field, school, found);
    }
    match pair.until {
        None => words::day("since", pair.since, found),
        Some(until) => {
            words::days(("since", pair.since), ("until", until), "pair_ends_before_it_begins", found);
        }
    }
    closed_before(book, pair, found);
    if found.is_bad() {
        return;
    }
    if let Some(known) = book.pair(&pair.id)
        && !known.schools().any(|school| pair.schools().any(|it| it == school))
    {
        let what = format!("'{}' is a pair of other schools already", pair.id);
        found.problem("id_in_use", "id", what, "choose another id for the new pair");
    }
    if book.scope(pair).is_none() {
        let what = "the schools are not in the same province";
        found.warning("beyond_the_province", "receiving", what, "look at where the schools belong");
    }
    twice(book, pair, found);
    lessons::that_fall_out(book, entry, |slot| slot.pair == pair.id, found);
}

fn fields(pair: &Pair) -> impl Iterator<Item = (&'static str, &SchoolId)> {
    let receiving = pair.receiving.iter().take(MAX_RECEIVING).map(|it| ("receiving", it));
    std::iter::once(("supporting", &pair.supporting)).chain(receiving)
}

/// Who supports and who receives: different schools, at least one receives.
pub(super) fn partners(supporting: &SchoolId, receiving: &[SchoolId], most: usize, found: &mut Findings) {
    if receiving.is_empty() {
        found.problem("nobody_receives", "receiving", "no receiving school is named", "name one");
    }
    if receiving.len() > most {
        let what = format!("{} receiving schools are named, at most {most} can be", receiving.len());
        found.problem("too_many_receiving", "receiving", what, "make another pair, or another session");
    }
    if receiving.contains(supporting) {
        let what = format!("'{supporting}' would be its own partner");
        found.problem("pair_with_itself", "receiving", what, "name another school on one side");
    }
    words::distinct("receiving", receiving, found);
}

fn closed_before(book: &Book, pair: &Pair, found: &mut Findings) {
    for (field, id) in fields(pair) {
        let Some(closed) = book.school(id).and_then(|school| school.closed.as_ref()) else { continue };
        if closed.last_day < pair.since {
            let what = format!("'{id}' was closed on {}, before the pair begins", closed.last_day);
            let hint = "name the school that took its place, or an earlier first day";
            found.problem("school_closed", field, what, hint);
        } else if pair.until.is_none_or(|until| until > closed.last_day) {
            let what = format!("'{id}' is closed since {}", closed.last_day);
            found.warning("pair_outlives_school", "until", what, "enter when the pair ends");
        }
    }
}

fn twice(book: &Book, pair: &Pair, found: &mut Findings) {
    let overlap = |other: &Pair| {
        let end = |pair: &Pair| pair.until.unwrap_or(LAST_DAY);
        other.since <= end(pair) && pair.since <= end(other)
    };
    for other in book.pairs().filter(|it| it.id != pair.id && overlap(it)) {
        let same = other.supporting == pair.supporting
            && other.receiving.iter().any(|school| pair.receiving.contains(school));
        if same {
            let what = format!("{} has the same schools at the same time", other.id);
            found.warning("pair_twice", "receiving", what, "end one of the two, or withdraw it");
        }
    }
}

pub(super) fn agreement(book: &Book, agreement: &Agreement, found: &mut Findings) {
    known_pair(book, &agreement.pair, found);
    let last = ("last", agreement.last);
    words::days(("first", agreement.first), last, "agreement_ends_before_it_begins", found);
    words::text("duties", &agreement.duties, found);
    words::distinct("forms", &agreement.forms, found);
    if let Some(signed) = agreement.signed {
        words::day("signed", signed, found);
        if signed > agreement.first {
            let what = format!("it was signed on {signed}, after its first day");
            found.warning("signed_late", "signed", what, "look at the days");
        }
    }
    if !(1..=MAX_ROUND).contains(&agreement.round) {
        let what = format!("round {} cannot be", agreement.round);
        found.problem("round_absurd", "round", what, "rounds are counted from 1");
    }
    if agreement.forms.is_empty() {
        found.warning("no_forms", "forms", "it names no form of help", "it covers no lesson so");
    }
    if book.agreement(&agreement.id).is_some_and(|known| known.pair != agreement.pair) {
        let what = format!("'{}' is another pair's agreement already", agreement.id);
        found.problem("id_in_use", "id", what, "choose another id");
    }
    let overlaps = |it: &&Agreement| {
        it.pair == agreement.pair
            && it.id != agreement.id
            && it.first <= agreement.last
            && agreement.first <= it.last
    };
    if let Some(other) = book.agreements().find(overlaps) {
        let what = format!("{} is in force at the same time", other.id);
        found.warning("agreements_overlap", "first", what, "end one as the other begins");
    }
}

/// The pair, which must be there.
pub(super) fn known_pair<'a>(book: &'a Book, id: &PairId, found: &mut Findings) -> Option<&'a Pair> {
    let pair = book.pair(id);
    if pair.is_none() {
        let what = format!("there is no pair '{id}'");
        let hint = "enter the pair first, or look at the id";
        found.lacks(Thing::new("pair", id.as_str()), "unknown_pair", "pair", what, hint);
    }
    pair
}

pub(super) fn commitment(book: &Book, it: &Commitment, found: &mut Findings) {
    schools::known(book, "school", &it.school, found);
    words::distinct("forms", &it.forms, found);
    if !(FIRST_DAY.year()..=LAST_DAY.year()).contains(&it.year) {
        found.problem("date_absurd", "year", format!("the year {} cannot be", it.year), "look at the year");
        return;
    }
    if it.forms.contains(&Form::SyncClass) {
        let what = "synchronised lessons are every pair's duty and nothing to promise";
        found.problem("not_to_promise", "forms", what, "leave sync_class out");
    }
    let day = |month, day| Date::new(it.year, month, day).unwrap_or(FIRST_DAY);
    let (first, last) = (day(1, 1), day(12, 31));
    let stands = |pair: &Pair| pair.since <= last && pair.until.is_none_or(|until| until >= first);
    if !book.pairs().any(|pair| stands(pair) && pair.schools().any(|school| *school == it.school)) {
        let what = format!("'{}' is in no pair in {}", it.school, it.year);
        found.warning("no_pair", "school", what, "look at the year, or enter the pair");
    }
}
