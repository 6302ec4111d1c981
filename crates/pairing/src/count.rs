//! Numbers that are not known exactly, and verdicts with a third answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number of which only a least and a greatest value are known. Both equal: it is known.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// It is certainly no less.
    pub at_least: u32,
    /// It is certainly no more.
    pub at_most: u32,
}

impl Count {
    /// A number that is known.
    pub fn exactly(n: u32) -> Self {
        Self { at_least: n, at_most: n }
    }

    /// One that lies between two.
    pub fn between(at_least: u32, at_most: u32) -> Self {
        Self { at_least, at_most: at_most.max(at_least) }
    }

    /// Whether it is known.
    pub fn is_exact(self) -> bool {
        self.at_least == self.at_most
    }

    /// Whether it is `need` or more.
    pub fn reaches(self, need: u32) -> Verdict {
        Verdict::of(self.at_least >= need, self.at_most >= need)
    }

    /// By how much it falls short of `need`.
    pub fn short_of(self, need: u32) -> Count {
        Count::between(need.saturating_sub(self.at_most), need.saturating_sub(self.at_least))
    }

    /// The sum of two numbers that do not depend on each other.
    pub fn plus(self, other: Count) -> Count {
        Count {
            at_least: self.at_least.saturating_add(other.at_least),
            at_most: self.at_most.saturating_add(other.at_most),
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.is_exact() {
            true => write!(f, "{}", self.at_least),
            false => write!(f, "{} to {}", self.at_least, self.at_most),
        }
    }
}

/// Whether something that was asked for is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not, or not yet.
    Short,
    /// What is known does not say. Never a guess.
    Undecided,
    /// It is not asked of this school.
    NotOwed,
}

impl Verdict {
    /// From whether it holds in every case that fits what is known, and in at least one.
    pub fn of(certain: bool, possible: bool) -> Self {
        match (certain, possible) {
            (true, _) => Verdict::Met,
            (false, true) => Verdict::Undecided,
            (false, false) => Verdict::Short,
        }
    }

    /// The verdict if both hold.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::NotOwed, it) | (it, Verdict::NotOwed) => it,
            (Verdict::Short, _) | (_, Verdict::Short) => Verdict::Short,
            (Verdict::Met, Verdict::Met) => Verdict::Met,
            _ => Verdict::Undecided,
        }
    }
}

/// Why a number or a verdict is what it is: a stable code, and what belongs to it. Texts for people are
/// the pages' matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// Stable: `counted`, `split_unknown`, `no_figure`, `not_due`, …; docs/rules.md lists them.
    pub code: String,
    /// Names and numbers that belong to it.
    #[serde(default)]
    pub detail: String,
}

impl Why {
    /// A reason that says all by its code.
    pub fn code(code: &str) -> Self {
        Self { code: code.to_owned(), detail: String::new() }
    }

    /// A reason with what belongs to it.
    pub fn with(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_met_short_or_undecided() {
        let table = [
            (Count::exactly(12), Verdict::Met),
            (Count::exactly(11), Verdict::Short),
            (Count::between(12, 18), Verdict::Met),
            (Count::between(0, 18), Verdict::Undecided),
            (Count::between(0, 11), Verdict::Short),
        ];
        for (count, verdict) in table {
            assert_eq!(count.reaches(12), verdict, "{count}");
        }
        assert_eq!(Count::between(0, 18).short_of(12), Count::between(0, 12));
    }

    #[test]
    fn two_verdicts_together() {
        use Verdict::{Met, NotOwed, Short, Undecided};
        assert_eq!(Met.and(Undecided), Undecided);
        assert_eq!(Undecided.and(Short), Short);
        assert_eq!(NotOwed.and(Met), Met);
    }
}
