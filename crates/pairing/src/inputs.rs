//! What targets, scores and reports are made from: plain slices of what the registry keeps.

use crate::agreement::{Agreement, Commitment};
use crate::amounts::{Amounts, Mixed, mixed_of};
use crate::calendar::Term;
use crate::entry::{Reported, Value};
use crate::id::{PairId, RegionId, SchoolId};
use crate::pair::{Pair, Scope};
use crate::period::Period;
use crate::school::School;
use crate::tally::Tally;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// What the registry knows, on a day.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Schools.
    pub schools: &'a [School],
    /// Pairs, dissolved ones too.
    pub pairs: &'a [Pair],
    /// Agreements.
    pub agreements: &'a [Agreement],
    /// What schools promised.
    pub commitments: &'a [Commitment],
    /// Terms.
    pub terms: &'a [Term],
    /// What was counted.
    pub tallies: &'a [Tally],
    /// What others report.
    pub reported: &'a [Reported],
    /// Up to which day all this is known, itself included.
    pub as_of: Date,
    /// Which numbers of lessons are judged.
    pub basis: Basis,
}

/// Which numbers of lessons are judged. They are never added: both speak of the same lessons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Those counted here.
    #[default]
    Counted,
    /// Those that others report (`count:…`, see [`crate::amounts`]).
    Reported,
}

/// A county, a city or a province.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Which.
    pub id: RegionId,
    /// Of which kind.
    pub level: Level,
}

/// Of which kind a region is: deductions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 县级.
    County,
    /// 市级.
    City,
    /// 省级: summed up, and scored by nobody.
    Province,
}

impl Region {
    /// Whether a school belongs to it.
    pub fn has(&self, school: &School) -> bool {
        match self.level {
            Level::County => school.county == self.id,
            Level::City => school.city == self.id,
            Level::Province => school.province == self.id,
        }
    }
}

/// The inputs, findable by school. Made once for any number of questions.
#[derive(Debug)]
pub struct Index<'a> {
    pub(crate) all: Inputs<'a>,
    schools: HashMap<&'a SchoolId, &'a School>,
    pairs: HashMap<&'a SchoolId, Vec<&'a Pair>>,
    tallies: HashMap<&'a SchoolId, Vec<&'a Tally>>,
    agreements: HashMap<&'a PairId, Vec<&'a Agreement>>,
    commitments: HashMap<(&'a SchoolId, i16), &'a Commitment>,
    mixed: HashMap<SchoolId, Vec<(&'a str, Mixed)>>,
    reported: HashMap<(&'a str, &'a str), Vec<&'a Reported>>,
}

impl<'a> Index<'a> {
    /// Sorts the inputs. Reported numbers of lessons that cannot be read are left out: entries of that
    /// shape are refused when they come in.
    pub fn new(all: Inputs<'a>) -> Self {
        let mut it = Self {
            all,
            schools: all.schools.iter().map(|school| (&school.id, school)).collect(),
            pairs: HashMap::new(),
            tallies: HashMap::new(),
            agreements: HashMap::new(),
            commitments: all.commitments.iter().map(|it| ((&it.school, it.year), it)).collect(),
            mixed: HashMap::new(),
            reported: HashMap::new(),
        };
        for pair in all.pairs {
            pair.schools().for_each(|school| it.pairs.entry(school).or_default().push(pair));
        }
        for agreement in all.agreements {
            it.agreements.entry(&agreement.pair).or_default().push(agreement);
        }
        for tally in all.tallies {
            it.tallies.entry(&tally.school).or_default().push(tally);
        }
        for figure in all.reported {
            it.reported.entry((&figure.of, &figure.what)).or_default().push(figure);
            for mixed in mixed_of(figure, all.pairs).ok().flatten().unwrap_or_default() {
                it.mixed.entry(mixed.school.clone()).or_default().push((&figure.period, mixed));
            }
        }
        it
    }

    pub(crate) fn school(&self, id: &SchoolId) -> Option<&'a School> {
        self.schools.get(id).copied()
    }

    /// Pairs of a school that stand on a day of this time.
    pub(crate) fn pairs_of(&self, school: &SchoolId, days: (Date, Date)) -> impl Iterator<Item = &'a Pair> {
        let all = self.pairs.get(school).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(move |pair| stands_in(pair, days))
    }

    /// The day on which its first pair began.
    pub(crate) fn paired_since(&self, school: &SchoolId) -> Option<Date> {
        self.pairs.get(school)?.iter().map(|pair| pair.since).min()
    }

    /// Schools of a region that are paired on a day of this time, each once, in order.
    pub(crate) fn paired_schools(&self, region: &Region, days: (Date, Date)) -> Vec<&'a School> {
        let standing = self.all.pairs.iter().filter(|pair| stands_in(pair, days));
        let ids: BTreeSet<&SchoolId> = standing.flat_map(Pair::schools).collect();
        ids.into_iter().filter_map(|id| self.school(id)).filter(|school| region.has(school)).collect()
    }

    /// Pairs with a school in a region.
    pub(crate) fn pairs_in(&self, region: &Region, days: (Date, Date)) -> Vec<&'a Pair> {
        let here = |pair: &&Pair| {
            let mut schools = pair.schools().filter_map(|id| self.school(id));
            stands_in(pair, days) && schools.any(|school| region.has(school))
        };
        self.all.pairs.iter().filter(here).collect()
    }

    /// What a school has done in a period, by the basis that was asked for.
    pub(crate) fn amounts(&self, school: &SchoolId, period: &Period) -> Amounts {
        let mut amounts = Amounts::default();
        let counted = self.tallies.get(school).map_or(&[][..], Vec::as_slice);
        let falls_in = |tally: &&&Tally| match period {
            Period::Year(year) => tally.year == *year,
            Period::Term(term) => tally.term.as_ref() == Some(term),
        };
        match self.all.basis {
            Basis::Counted => counted.iter().filter(falls_in).for_each(|tally| amounts.add(tally)),
            Basis::Reported => {
                let key = period.key();
                let mixed = self.mixed.get(school).map_or(&[][..], Vec::as_slice);
                mixed.iter().filter(|(period, _)| *period == key).for_each(|(_, it)| amounts.add_mixed(it));
            }
        }
        amounts
    }

    pub(crate) fn commitment(&self, school: &SchoolId, year: i16) -> Option<&'a Commitment> {
        self.commitments.get(&(school, year)).copied()
    }

    /// A reported figure for one of these periods; the first that has one wins.
    pub(crate) fn figure(&self, of: &str, what: &str, periods: &[&str]) -> Option<&'a Reported> {
        let all = self.reported.get(&(of, what))?;
        periods.iter().find_map(|period| all.iter().copied().find(|it| it.period == *period))
    }

    /// A reported yes or no of a school.
    pub(crate) fn flag(&self, of: &str, what: &str, periods: &[&str]) -> Option<bool> {
        match self.figure(of, what, periods)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// How far apart a pair's schools are; none: one of them is not known.
    pub(crate) fn scope(&self, pair: &Pair) -> Option<Scope> {
        let schools: Vec<&School> = pair.schools().map(|id| self.school(id)).collect::<Option<_>>()?;
        let first = schools.first()?;
        if schools.iter().all(|it| it.county == first.county) {
            return Some(Scope::County);
        }
        let in_city = schools.iter().all(|it| it.city == first.city);
        Some(if in_city { Scope::City } else { Scope::Province })
    }

    /// Agreements of a pair.
    pub(crate) fn agreements(&self, pair: &PairId) -> &[&'a Agreement] {
        self.agreements.get(pair).map_or(&[][..], Vec::as_slice)
    }
}

fn stands_in(pair: &Pair, (first, last): (Date, Date)) -> bool {
    pair.since <= last && pair.until.is_none_or(|until| first <= until)
}
