//! Figures that others publish, beside what is counted here: whether ours lead to theirs, by which
//! definition, and what theirs imply. A published figure never replaces a counted one.

use crate::count::Count;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number of ours by one definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Defined {
    /// What it is: a stable code, listed in docs/rules.md.
    pub definition: String,
    /// The number; shares are 0 to 1.
    pub value: f64,
}

/// A published figure beside ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Which figure.
    pub what: String,
    /// What was published.
    pub published: f64,
    /// By whom.
    pub source: String,
    /// Ours, by each definition that it may have.
    pub ours: Vec<Defined>,
    /// Definitions by which ours is the same; none: it cannot be reproduced.
    pub same_by: Vec<String>,
}

/// Sets a published figure beside ours. They are the same if they do not differ by half of `digit`, the
/// last digit that was printed: 0.01 for `120 %`, 1 for a count.
pub fn compare(what: &str, (published, source): (f64, &str), ours: Vec<Defined>, digit: f64) -> Compared {
    let same = |it: &&Defined| (it.value - published).abs() <= digit / 2.0;
    Compared {
        what: what.to_owned(),
        published,
        source: source.to_owned(),
        same_by: ours.iter().filter(same).map(|it| it.definition.clone()).collect(),
        ours,
    }
}

/// What a total is of a duty of so much per school. None: without schools or without a duty.
pub fn rate(total: u32, schools: u32, need: u32) -> Option<f64> {
    let owed = f64::from(schools) * f64::from(need);
    (owed > 0.0).then(|| f64::from(total) / owed)
}

/// How many lessons there were, if a total credits each to between one school and `schools_each`.
pub fn distinct_lessons(school_credited: u32, schools_each: u32) -> Count {
    Count::between(school_credited.div_ceil(schools_each.max(1)), school_credited)
}

/// Of how many a part is such a share, printed to `digit`: 32 that are 31.7 % are of 101. None: no
/// whole number fits.
pub fn implied_whole(part: u32, share: f64, digit: f64) -> Option<Count> {
    let fits = |whole: &u32| (f64::from(part) / f64::from(*whole) - share).abs() <= digit / 2.0;
    let nearest = (f64::from(part) / share).round();
    if !(1.0..=1e6).contains(&nearest) {
        return None;
    }
    let nearest = nearest as u32;
    // What fits is a run of numbers about the nearest one.
    let below = (1..=nearest).rev().take_while(fits).last();
    let above = (nearest..).take_while(fits).last();
    Some(Count::between(below?, above?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_that_are_31_7_per_cent_are_of_about_a_hundred_and_one() {
        assert_eq!(implied_whole(32, 0.317, 0.001), Some(Count::exactly(101)));
        assert_eq!(implied_whole(1, 0.5, 0.1), Some(Count::exactly(2)));
        assert_eq!(implied_whole(1, 0.9, 0.01), None);
        assert_eq!(implied_whole(5, 0.0, 0.01), None);
    }

    #[test]
    fn six_hundred_and_sixty_eight_credits_are_334_to_668_lessons() {
        assert_eq!(distinct_lessons(668, 2), Count::between(334, 668));
        assert_eq!(distinct_lessons(668, 3), Count::between(223, 668), "one supporting, two receiving");
        assert_eq!(distinct_lessons(7, 2), Count::between(4, 7));
    }
}
