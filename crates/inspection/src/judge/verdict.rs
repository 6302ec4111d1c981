//! The words of a verdict.

use crate::facts::Cause;
use serde::Serialize;

/// How good, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 优.
    Excellent,
    /// 良.
    Good,
    /// 合格.
    Pass,
    /// 不合格: no limit is met.
    Fail,
}

impl Grade {
    /// All of them, the best first.
    pub const ALL: [Grade; 4] = [Grade::Excellent, Grade::Good, Grade::Pass, Grade::Fail];
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One grade, whatever the bound.
    Graded(Grade),
    /// 临界: within its bound the value may lie on both sides of a limit. The worse side counts.
    Borderline {
        /// What it counts as.
        worse: Grade,
        /// What it may be.
        better: Grade,
    },
    /// 无法判定: it was tried, and what came of it is no evidence.
    Undecided(Why),
    /// 无效: there is a number, and it must not be believed.
    Invalid(Why),
    /// 未测: it was not tried.
    NotTested(Why),
}

impl Verdict {
    /// The grade that counts; none: nothing is known.
    pub const fn counts_as(self) -> Option<Grade> {
        match self {
            Verdict::Graded(grade) | Verdict::Borderline { worse: grade, .. } => Some(grade),
            Verdict::Undecided(_) | Verdict::Invalid(_) | Verdict::NotTested(_) => None,
        }
    }

    /// The verdict of a value that lies between two grades.
    pub(super) fn between(worse: Grade, better: Grade) -> Verdict {
        if worse == better { Verdict::Graded(worse) } else { Verdict::Borderline { worse, better } }
    }
}

/// Why there is no grade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was missing, and the facts name the cause.
    Missing(Cause),
    /// Its step ran and left nothing.
    NothingLeft,
    /// The facts say nothing of its step.
    NoRecord,
    /// The facts do not hold the number that is judged.
    NoStatistic,
    /// It is a word where a number is judged.
    NoNumber,
    /// Too few samples.
    TooFewSamples {
        /// How many there are.
        n: u64,
        /// How many the criteria ask for.
        needed: u64,
    },
    /// Only one side of the true value is known, and it is not the one that matters.
    OneSided,
    /// Too few markers could be read.
    MarkersUnreadable {
        /// Share that could be read.
        share: f64,
        /// Share that the criteria ask for.
        needed: f64,
    },
    /// Nothing says how many markers could be read.
    MarkersNotCounted,
    /// The two clocks are not known well enough.
    ClockBound {
        /// The bound, in ms.
        bound_ms: f64,
        /// What the criteria allow, in ms.
        allowed_ms: f64,
    },
    /// Nothing says how well the two clocks are known.
    ClockBoundUnknown,
    /// A clock jumped during the test.
    ClockStepped,
    /// Of the whole: a mandatory line says nothing.
    MandatoryMissing,
}
