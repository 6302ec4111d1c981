//! What stands: schools, pairs, agreements, promises, terms, bells, timetable and sessions, as entries
//! say. Any order and any repetition of the same entries gives the same book.
//!
//! What people say about single lessons (head counts, disputes, rulings), figures that others report and
//! the lines of a 大课表 are no part of it: there is much of that and nobody plans by it. Whoever keeps it
//! decides by [`Entry::rank`] too.

mod lookup;
mod named;
mod names;
mod shelf;

pub use named::Named;

use crate::agreement::{Agreement, Commitment};
use crate::calendar::Term;
use crate::entry::{Entry, Says, Thing};
use crate::id::{RegionId, SchoolId};
use crate::lesson::Session;
use crate::pair::Pair;
use crate::school::School;
use crate::timetable::{Bells, Slot};
use names::Names;
use shelf::{Change, Shelf};
use std::collections::{BTreeMap, BTreeSet};
use tongke_protocol::{LessonId, WallTime};

/// The state that entries lead to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    schools: Shelf<School>,
    pairs: Shelf<Pair>,
    agreements: Shelf<Agreement>,
    commitments: Shelf<Commitment>,
    terms: Shelf<Term>,
    bells: Shelf<Bells>,
    slots: Shelf<Slot>,
    sessions: Shelf<Session>,
    /// Which schools are called so.
    names: Names,
    /// Sessions by their begin.
    by_start: BTreeMap<WallTime, BTreeSet<LessonId>>,
}

impl Book {
    /// The book that these entries lead to.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Book {
        let mut book = Book::default();
        for entry in entries {
            book.apply(entry);
        }
        book
    }

    /// Takes an entry in; says whether the book is another one now. An entry that is known, or about a
    /// thing of which something later is known, or of no concern to the book, changes nothing. What it
    /// says is not judged here: [`check`](crate::check::check) does that before it is accepted.
    pub fn apply(&mut self, entry: &Entry) -> bool {
        let key = entry.says.thing().key;
        match &entry.says {
            Says::School(it) => self.put_school(&key, entry, Some(it)),
            Says::Pair(it) => self.pairs.put(&key, entry, Some(it)).is_some(),
            Says::Agreement(it) => self.agreements.put(&key, entry, Some(it)).is_some(),
            Says::Commitment(it) => self.commitments.put(&key, entry, Some(it)).is_some(),
            Says::Term(it) => self.terms.put(&key, entry, Some(it)).is_some(),
            Says::Bells(it) => self.bells.put(&key, entry, Some(it)).is_some(),
            Says::Slot(it) => self.slots.put(&key, entry, Some(it)).is_some(),
            Says::Session(it) => self.put_session(&key, entry, Some(it)),
            Says::Withdrawn(thing) => self.withdraw(thing, entry),
            Says::HeadCount(_)
            | Says::Dispute(_)
            | Says::Ruling(_)
            | Says::Reported(_)
            | Says::LedgerRow(_)
            | Says::Settlement(_) => false,
        }
    }

    fn withdraw(&mut self, thing: &Thing, entry: &Entry) -> bool {
        let key = &thing.key;
        match thing.kind.as_str() {
            "school" => self.put_school(key, entry, None),
            "pair" => self.pairs.put(key, entry, None).is_some(),
            "agreement" => self.agreements.put(key, entry, None).is_some(),
            "commitment" => self.commitments.put(key, entry, None).is_some(),
            "term" => self.terms.put(key, entry, None).is_some(),
            "bells" => self.bells.put(key, entry, None).is_some(),
            "slot" => self.slots.put(key, entry, None).is_some(),
            "session" => self.put_session(key, entry, None),
            _ => false,
        }
    }

    fn put_school(&mut self, key: &str, entry: &Entry, school: Option<&School>) -> bool {
        let Some(Change { before }) = self.schools.put(key, entry, school) else { return false };
        if let Some(before) = before {
            self.names.remove(&before);
        }
        if let Some(school) = school {
            self.names.add(school);
        }
        true
    }

    fn put_session(&mut self, key: &str, entry: &Entry, session: Option<&Session>) -> bool {
        let Some(Change { before }) = self.sessions.put(key, entry, session) else { return false };
        if let Some(before) = before {
            let at_that_time = self.by_start.entry(before.start_us).or_default();
            at_that_time.remove(&before.id);
            if at_that_time.is_empty() {
                self.by_start.remove(&before.start_us);
            }
        }
        if let Some(session) = session {
            self.by_start.entry(session.start_us).or_default().insert(session.id.clone());
        }
        true
    }

    /// The entry by which a thing stands as it does, or was withdrawn; none: nothing was ever said.
    pub fn entry_of(&self, thing: &Thing) -> Option<(WallTime, &str)> {
        let key = &thing.key;
        match thing.kind.as_str() {
            "school" => self.schools.rank(key),
            "pair" => self.pairs.rank(key),
            "agreement" => self.agreements.rank(key),
            "commitment" => self.commitments.rank(key),
            "term" => self.terms.rank(key),
            "bells" => self.bells.rank(key),
            "slot" => self.slots.rank(key),
            "session" => self.sessions.rank(key),
            _ => None,
        }
    }

    /// Whether a thing is there now.
    pub fn stands(&self, thing: &Thing) -> bool {
        let key = &thing.key;
        match thing.kind.as_str() {
            "school" => self.schools.get(key).is_some(),
            "pair" => self.pairs.get(key).is_some(),
            "agreement" => self.agreements.get(key).is_some(),
            "commitment" => self.commitments.get(key).is_some(),
            "term" => self.terms.get(key).is_some(),
            "bells" => self.bells.get(key).is_some(),
            "slot" => self.slots.get(key).is_some(),
            "session" => self.sessions.get(key).is_some(),
            _ => false,
        }
    }

    /// Which school is meant by what people write: its full name, one of its aliases, or its name without
    /// county or town; ids too. `within` keeps to the schools of a county, city or province.
    pub fn named(&self, written: &str, within: Option<&RegionId>) -> Named {
        let belongs = |id: &SchoolId| match within {
            None => true,
            Some(region) => self.school(id).is_some_and(|school| school.belongs_to(region)),
        };
        if let Ok(id) = written.trim().parse::<SchoolId>()
            && self.school(&id).is_some()
            && belongs(&id)
        {
            return Named::One(id);
        }
        self.names.find(written, belongs)
    }
}

#[cfg(test)]
mod tests;
