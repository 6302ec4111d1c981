//! Looking things up in the book.

use super::Book;
use crate::agreement::{Agreement, Commitment};
use crate::calendar::Term;
use crate::id::{AgreementId, PairId, SchoolId, SlotId, TermId};
use crate::lesson::{Form, MAX_SESSION, Session};
use crate::pair::{Pair, Scope};
use crate::school::School;
use crate::timetable::{Bells, Slot};
use jiff::civil::Date;
use tongke_protocol::{LessonId, WallTime};

impl Book {
    /// A school.
    pub fn school(&self, id: &SchoolId) -> Option<&School> {
        self.schools.get(id.as_str())
    }

    /// All schools, by id.
    pub fn schools(&self) -> impl Iterator<Item = &School> {
        self.schools.all()
    }

    /// A pair.
    pub fn pair(&self, id: &PairId) -> Option<&Pair> {
        self.pairs.get(id.as_str())
    }

    /// All pairs, dissolved ones too, by id.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.all()
    }

    /// The pairs that a school is in on that day, in either role.
    pub fn pairs_of<'a>(&'a self, school: &'a SchoolId, day: Date) -> impl Iterator<Item = &'a Pair> {
        self.pairs().filter(move |pair| pair.stands_on(day) && pair.schools().any(|it| it == school))
    }

    /// The pairs in which both schools are on that day. None: they are no pair, and may be linked for a
    /// test all the same.
    pub fn pairs_between<'a>(
        &'a self,
        one: &'a SchoolId,
        other: &'a SchoolId,
        day: Date,
    ) -> impl Iterator<Item = &'a Pair> {
        let supports =
            |pair: &Pair, a: &SchoolId, b: &SchoolId| &pair.supporting == a && pair.receiving.contains(b);
        self.pairs().filter(move |pair| {
            pair.stands_on(day) && (supports(pair, one, other) || supports(pair, other, one))
        })
    }

    /// How far apart a pair's schools are; none: further than a province, or a school is not known.
    pub fn scope(&self, pair: &Pair) -> Option<Scope> {
        let supporting = self.school(&pair.supporting)?;
        pair.receiving
            .iter()
            .map(|receiving| supporting.scope_with(self.school(receiving)?))
            .try_fold(Scope::County, |widest, scope| Some(widest.max(scope?)))
    }

    /// An agreement.
    pub fn agreement(&self, id: &AgreementId) -> Option<&Agreement> {
        self.agreements.get(id.as_str())
    }

    /// All agreements, by id.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.all()
    }

    /// The agreements of a pair that are in force on that day for that form, signed or not.
    pub fn agreements_on<'a>(
        &'a self,
        pair: &'a PairId,
        day: Date,
        form: Form,
    ) -> impl Iterator<Item = &'a Agreement> {
        self.agreements().filter(move |it| {
            &it.pair == pair && (it.first..=it.last).contains(&day) && it.forms.contains(&form)
        })
    }

    /// What a school promised for a year; none: it gave no list, which is not an empty one.
    pub fn commitment(&self, school: &SchoolId, year: i16) -> Option<&Commitment> {
        self.commitments.get(&format!("{school}/{year}"))
    }

    /// All promises, by school and year.
    pub fn commitments(&self) -> impl Iterator<Item = &Commitment> {
        self.commitments.all()
    }

    /// A term.
    pub fn term(&self, id: &TermId) -> Option<&Term> {
        self.terms.get(id.as_str())
    }

    /// All terms, by id.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.all()
    }

    /// The term in which a day is for a school: its county's, else its city's, else its province's.
    pub fn term_on(&self, school: &SchoolId, day: Date) -> Option<&Term> {
        let school = self.school(school)?;
        let on = |term: &&Term| (term.first..=term.last).contains(&day);
        [&school.county, &school.city, &school.province]
            .into_iter()
            .find_map(|region| self.terms().find(|term| &term.region == region && on(term)))
    }

    /// The bells of a school on that day.
    pub fn bells_on(&self, school: &SchoolId, day: Date) -> Option<&Bells> {
        self.bells_of(school).filter(|bells| bells.since <= day).max_by_key(|bells| bells.since)
    }

    /// All bells of a school.
    pub fn bells_of(&self, school: &SchoolId) -> impl Iterator<Item = &Bells> {
        self.bells.beginning(format!("{school}/"))
    }

    /// An entry of the timetable.
    pub fn slot(&self, id: &SlotId) -> Option<&Slot> {
        self.slots.get(id.as_str())
    }

    /// The whole timetable, by id.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.all()
    }

    /// A session that was entered by itself, not what the timetable leads to.
    pub fn session(&self, id: &LessonId) -> Option<&Session> {
        self.sessions.get(id.as_str())
    }

    /// All sessions that were entered by themselves, by id.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.all()
    }

    /// Those of them that touch the time from `from` to `until`, by begin. One that lasts longer than
    /// [`MAX_SESSION`], which is refused when it is entered, may be missing.
    pub fn sessions_between(&self, from: WallTime, until: WallTime) -> impl Iterator<Item = &Session> {
        let longest = i64::try_from(MAX_SESSION.as_micros()).unwrap_or(i64::MAX);
        let earliest = from.offset_by_us(longest.saturating_neg());
        self.by_start
            .range(earliest.min(until)..until)
            .flat_map(|(_, ids)| ids)
            .filter_map(|id| self.session(id))
            .filter(move |session| session.end_us > from)
    }
}
