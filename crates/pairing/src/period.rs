//! Periods of account, and how much of one is left.

use crate::calendar::Term;
use crate::id::TermId;
use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar year.
    Year(i16),
    /// A term.
    Term(TermId),
}

impl Period {
    /// As reported figures name it: `2019`, or the term's id.
    pub fn key(&self) -> String {
        match self {
            Period::Year(year) => year.to_string(),
            Period::Term(term) => term.to_string(),
        }
    }

    /// First and last day. None: the term is not known, or there is no such year.
    pub fn days(&self, terms: &[Term]) -> Option<(Date, Date)> {
        match self {
            Period::Year(year) => Some((Date::new(*year, 1, 1).ok()?, Date::new(*year, 12, 31).ok()?)),
            Period::Term(id) => terms.iter().find(|term| term.id == *id).map(|term| (term.first, term.last)),
        }
    }
}

/// Weeks of a period with at least one school day, Monday to Friday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Weeks {
    /// Those with a school day before the day it is counted on; that day's own week is among
    /// those left.
    pub gone: u32,
    /// Those with a school day on that day or later.
    pub left: u32,
}

/// The weeks of a period. A year's are those of its terms; if no term is known, all of them.
pub fn weeks(period: &Period, terms: &[Term], as_of: Date) -> Weeks {
    let Some((first, last)) = period.days(terms) else { return Weeks::default() };
    let inside: Vec<&Term> = match period {
        Period::Term(id) => terms.iter().filter(|term| term.id == *id).collect(),
        Period::Year(_) => terms.iter().filter(|term| term.first <= last && first <= term.last).collect(),
    };
    let is_school_day = |day: Date| {
        let weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let taught = |term: &&Term| term.first <= day && day <= term.last && !term.holidays.contains(&day);
        weekday && (inside.is_empty() || inside.iter().any(taught))
    };
    let mut left = Vec::new();
    let mut gone = Vec::new();
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
        if is_school_day(day) {
            let week = day.iso_week_date();
            let week = (week.year(), week.week());
            if day < as_of { &mut gone } else { &mut left }.push(week);
        }
    }
    left.dedup();
    gone.dedup();
    gone.retain(|week| left.first() != Some(week));
    Weeks { gone: gone.len() as u32, left: left.len() as u32 }
}

/// The term that begins in autumn of a year: the first with its first day in August to October.
pub fn autumn_term(year: i16, terms: &[Term]) -> Option<&Term> {
    let from = Date::new(year, 8, 1).unwrap_or(date(1970, 1, 1));
    let until = Date::new(year, 10, 31).unwrap_or(date(1970, 1, 1));
    terms.iter().filter(|term| from <= term.first && term.first <= until).min_by_key(|term| term.first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(id: &str, first: Date, last: Date, holidays: Vec<Date>) -> Term {
        let region = "yongjia".parse().unwrap();
        Term { id: id.parse().unwrap(), name: id.into(), region, first, last, holidays }
    }

    #[test]
    fn weeks_that_are_left_are_those_with_a_school_day() {
        // From Tuesday, 1 September to Sunday, 13 September 2020: two weeks.
        let short = term("short", date(2020, 9, 1), date(2020, 9, 13), vec![]);
        let of =
            |term: &Term, as_of| weeks(&Period::Term(term.id.clone()), std::slice::from_ref(term), as_of);
        assert_eq!(of(&short, date(2020, 8, 20)), Weeks { gone: 0, left: 2 });
        assert_eq!(of(&short, date(2020, 9, 4)), Weeks { gone: 0, left: 2 }, "Friday is still to come");
        assert_eq!(of(&short, date(2020, 9, 5)), Weeks { gone: 1, left: 1 });
        assert_eq!(of(&short, date(2020, 9, 12)), Weeks { gone: 2, left: 0 });
        // 国庆: the week of 5 to 9 October has no school day before the ninth.
        let holidays = (1..=8).map(|day| date(2020, 10, day)).collect();
        let october = term("o", date(2020, 9, 28), date(2020, 10, 9), holidays);
        assert_eq!(of(&october, date(2020, 9, 28)).left, 2);
        let all_of_it = (5..=9).map(|day| date(2020, 10, day)).collect();
        let october = term("o", date(2020, 9, 28), date(2020, 10, 9), all_of_it);
        assert_eq!(of(&october, date(2020, 9, 28)).left, 1);
    }

    #[test]
    fn a_year_without_terms_has_all_its_weeks_and_one_with_terms_theirs() {
        assert_eq!(weeks(&Period::Year(2019), &[], date(2019, 12, 2)).left, 5);
        let autumn = term("a", date(2019, 9, 2), date(2020, 1, 17), vec![]);
        assert_eq!(weeks(&Period::Year(2019), &[autumn], date(2019, 1, 1)).left, 18);
    }

    #[test]
    fn the_autumn_term_may_end_in_the_next_year() {
        let spring = term("s", date(2020, 2, 17), date(2020, 7, 3), vec![]);
        let autumn = term("a", date(2020, 9, 1), date(2021, 1, 22), vec![]);
        let terms = [spring, autumn];
        assert_eq!(autumn_term(2020, &terms).unwrap().id.as_str(), "a");
        assert!(autumn_term(2021, &terms).is_none());
    }
}
