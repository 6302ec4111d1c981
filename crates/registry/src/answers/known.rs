//! What is known of the schools that a question is about, and of their partners: never of the whole registry.

use super::judging::Judging;
use super::places::Place;
use super::{AnswerError, Answers};
use crate::store::{Reading, TallyFilter};
use jiff::civil::Date;
use std::collections::BTreeSet;
use tongke_pairing::agreement::{Agreement, Commitment};
use tongke_pairing::book::Book;
use tongke_pairing::calendar::Term;
use tongke_pairing::entry::Reported;
use tongke_pairing::id::{PairId, SchoolId, TermId};
use tongke_pairing::inputs::{Basis, Inputs, Region};
use tongke_pairing::pair::Pair;
use tongke_pairing::period::{Period, autumn_term};
use tongke_pairing::rules::Owed;
use tongke_pairing::school::School;
use tongke_pairing::tally::Tally;

/// What targets, scores and reports are made from, of a few schools.
#[derive(Debug)]
pub(super) struct Known {
    schools: Vec<School>,
    pairs: Vec<Pair>,
    agreements: Vec<Agreement>,
    commitments: Vec<Commitment>,
    terms: Vec<Term>,
    tallies: Vec<Tally>,
    reported: Vec<Reported>,
    as_of: Date,
    basis: Basis,
}

/// Whose lessons are counted.
pub(super) enum Of<'a> {
    /// All schools of a region.
    Region(&'a Place),
    /// One school's, in its county.
    School(&'a School, &'a Place),
}

impl Known {
    /// As the rules take it.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            schools: &self.schools,
            pairs: &self.pairs,
            agreements: &self.agreements,
            commitments: &self.commitments,
            terms: &self.terms,
            tallies: &self.tallies,
            reported: &self.reported,
            as_of: self.as_of,
            basis: self.basis,
        }
    }

    /// The name of a school.
    pub fn name(&self, id: &SchoolId) -> String {
        self.school(id).map_or_else(|| id.to_string(), |school| school.name.clone())
    }

    /// Pairs that stand on a day of a time.
    pub fn standing(&self, (first, last): (Date, Date)) -> impl Iterator<Item = &Pair> {
        let stands = move |pair: &&Pair| pair.since <= last && pair.until.is_none_or(|until| first <= until);
        self.pairs.iter().filter(stands)
    }

    /// A school.
    pub fn school(&self, id: &SchoolId) -> Option<&School> {
        let at = self.schools.binary_search_by(|school| school.id.cmp(id)).ok()?;
        self.schools.get(at)
    }

    /// Schools of a region that are paired on a day of a time, in order.
    pub fn paired(&self, region: &Region, days: (Date, Date)) -> Vec<SchoolId> {
        let ids: BTreeSet<&SchoolId> = self.standing(days).flat_map(Pair::schools).collect();
        let ours = |id: &&SchoolId| self.school(id).is_some_and(|school| region.has(school));
        ids.into_iter().filter(ours).cloned().collect()
    }

    /// What stands, without what was counted and reported.
    fn of(book: &Book, of: &Of<'_>, judging: &Judging, as_of: Date) -> Known {
        let asked = |school: &School| match of {
            Of::Region(place) => place.region.has(school),
            Of::School(one, place) => school.id == one.id || (by_region(judging) && place.region.has(school)),
        };
        let ours: BTreeSet<&SchoolId> = book.schools().filter(|it| asked(it)).map(|it| &it.id).collect();
        let is_ours = |pair: &&Pair| pair.schools().any(|id| ours.contains(id));
        let pairs: Vec<Pair> = book.pairs().filter(is_ours).cloned().collect();
        let partners = pairs.iter().flat_map(Pair::schools);
        let all: BTreeSet<&SchoolId> = ours.iter().copied().chain(partners).collect();
        let ids: BTreeSet<&PairId> = pairs.iter().map(|pair| &pair.id).collect();
        let place = match of {
            Of::Region(place) | Of::School(_, place) => place,
        };
        let mut terms: Vec<Term> = place.terms(book).into_iter().cloned().collect();
        if let Period::Term(id) = &judging.span.period
            && terms.iter().all(|term| term.id != *id)
        {
            terms.extend(book.term(id).cloned());
        }
        Known {
            schools: all.iter().filter_map(|id| book.school(id)).cloned().collect(),
            agreements: book.agreements().filter(|it| ids.contains(&it.pair)).cloned().collect(),
            commitments: book.commitments().filter(|it| ours.contains(&it.school)).cloned().collect(),
            pairs,
            terms,
            tallies: Vec::new(),
            reported: Vec::new(),
            as_of,
            basis: judging.basis,
        }
    }

    /// Of what figures may be reported: schools, pairs and regions.
    fn things(&self, place: &Place) -> Vec<String> {
        let regions = std::iter::once(&place.region.id).chain(&place.inside);
        let regions = regions.map(|id| format!("region:{id}"));
        let schools = self.schools.iter().map(|school| format!("school:{}", school.id));
        regions.chain(schools).chain(self.pairs.iter().map(|pair| format!("pair:{}", pair.id))).collect()
    }
}

/// Whether results of a school may rest on what its whole county has: a choice of forms does.
fn by_region(judging: &Judging) -> bool {
    judging.rules.targets.iter().any(|target| target.owed == Owed::OneOf)
}

impl Answers<'_> {
    /// Reads what is known, as of a day; lessons that begin later than that day are not counted, if it is
    /// over.
    pub(super) async fn known(
        &self,
        reading: &mut Reading,
        of: Of<'_>,
        judging: &Judging,
        as_of: Date,
    ) -> Result<Known, AnswerError> {
        let mut known = Known::of(&reading.book(), &of, judging, as_of);
        let mut filter = self.counted(&known, judging, as_of);
        let place = match of {
            Of::School(_, place) if by_region(judging) => {
                filter.region = Some(place.region.id.clone());
                place
            }
            Of::School(school, place) => {
                filter.school = Some(school.id.clone());
                place
            }
            Of::Region(place) => {
                filter.region = Some(place.region.id.clone());
                place
            }
        };
        known.reported = reading.reported(&known.things(place)).await?;
        known.tallies = reading.tallies(&filter).await?;
        Ok(known)
    }

    /// The time of which counts are needed. The period's alone, unless a target is counted over another.
    fn counted(&self, known: &Known, judging: &Judging, as_of: Date) -> TallyFilter {
        let (first, last) = judging.days();
        let year = first.year();
        let other = judging.rules.targets.iter().any(|target| target.year == Some(year));
        let mut filter = in_period(&judging.span.period);
        if other {
            let autumn = autumn_term(year, &known.terms).map_or(year, |term| term.last.year());
            filter = TallyFilter { years: Some((year, last.year().max(autumn))), ..TallyFilter::default() };
        }
        filter.until_us = self.until(as_of);
        filter
    }

    /// The end of a day that is over. None: it is not over.
    pub(super) fn until(&self, day: Date) -> Option<tongke_protocol::WallTime> {
        let next = day.tomorrow().ok().filter(|_| day < self.today())?;
        Some(tongke_pairing::calendar::moment(next.at(0, 0, 0, 0)))
    }
}

/// What falls into a period.
pub(super) fn in_period(period: &Period) -> TallyFilter {
    let term = |id: &TermId| Some(id.clone());
    match period {
        Period::Year(year) => TallyFilter { years: Some((*year, *year)), ..TallyFilter::default() },
        Period::Term(id) => TallyFilter { term: term(id), ..TallyFilter::default() },
    }
}
