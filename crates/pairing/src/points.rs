//! Points of a score sheet, exact: a sheet's lines must add up to its total to the last digit.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use utoipa::ToSchema;

/// Parts of a point that are kept apart: the smallest deduction of the sources is 0.01 a percentage
/// point, pro rata with two digits.
const PARTS: i64 = 10_000;

/// Points, to four digits. In JSON and TOML a number.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(from = "f64", into = "f64")]
#[schema(value_type = f64)]
pub struct Points(i64);

impl Points {
    /// None.
    pub const ZERO: Points = Points(0);

    /// That many times as much.
    pub fn times(self, n: u32) -> Points {
        Points(self.0.saturating_mul(i64::from(n)))
    }

    /// That many times as much, rounded to four digits.
    pub fn scaled(self, by: f64) -> Points {
        // A float beyond i64 is cut to its bounds by `as`; NaN becomes 0.
        Points((self.0 as f64 * by).round() as i64)
    }

    /// No less than none.
    pub fn floored(self) -> Points {
        Points(self.0.max(0))
    }
}

impl From<f64> for Points {
    fn from(points: f64) -> Self {
        Points(PARTS).scaled(points)
    }
}

impl From<Points> for f64 {
    fn from(points: Points) -> f64 {
        points.0 as f64 / PARTS as f64
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(*self))
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Add for Points {
    type Output = Points;
    fn add(self, other: Points) -> Points {
        Points(self.0.saturating_add(other.0))
    }
}

impl Sub for Points {
    type Output = Points;
    fn sub(self, other: Points) -> Points {
        Points(self.0.saturating_sub(other.0))
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Points>>(all: I) -> Points {
        all.fold(Points::ZERO, Add::add)
    }
}

/// Points of which only a least and a greatest number are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointRange {
    /// Certainly no fewer.
    pub at_least: Points,
    /// Certainly no more.
    pub at_most: Points,
}

impl PointRange {
    /// Points that are known.
    pub fn exactly(points: Points) -> Self {
        Self { at_least: points, at_most: points }
    }

    /// None up to that many.
    pub fn up_to(points: Points) -> Self {
        Self { at_least: Points::ZERO, at_most: points }
    }

    /// Whether they are known.
    pub fn is_exact(self) -> bool {
        self.at_least == self.at_most
    }

    /// Both together.
    pub fn plus(self, other: PointRange) -> PointRange {
        PointRange { at_least: self.at_least + other.at_least, at_most: self.at_most + other.at_most }
    }

    /// What is left of `full` after this loss.
    pub fn lost_of(self, full: Points) -> PointRange {
        PointRange { at_least: full - self.at_most, at_most: full - self.at_least }
    }

    /// Both ends changed in the same way.
    pub fn map(self, change: impl Fn(Points) -> Points) -> PointRange {
        PointRange { at_least: change(self.at_least), at_most: change(self.at_most) }
    }
}

impl Sum for PointRange {
    fn sum<I: Iterator<Item = PointRange>>(all: I) -> PointRange {
        all.fold(PointRange::default(), PointRange::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_add_up_exactly() {
        let tenth = Points::from(0.1);
        assert_eq!((0..10).map(|_| tenth).sum::<Points>(), Points::from(1.0));
        assert_eq!(tenth.times(24), Points::from(2.4));
        assert_eq!(Points::from(0.01).scaled(3.4), Points::from(0.034));
    }

    #[test]
    fn a_loss_that_is_not_known_leaves_a_range() {
        let left = PointRange::up_to(Points::from(1.0)).lost_of(Points::from(10.0));
        assert_eq!(left, PointRange { at_least: Points::from(9.0), at_most: Points::from(10.0) });
    }

    #[test]
    fn it_is_a_number_in_json() {
        assert_eq!(serde_json::to_string(&Points::from(7.5)).unwrap(), "7.5");
        assert_eq!(serde_json::from_str::<Points>("0.1").unwrap(), Points::from(0.1));
    }
}
