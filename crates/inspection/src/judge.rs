//! From facts and criteria to verdicts: a pure function, the same on a node, at the registry and in a report.
//!
//! What is not known is never a pass. A value that its bound leaves on both sides of a limit is 临界 and judged to
//! the worse side. The worst mandatory line decides the whole.

mod line;
mod overall;
mod verdict;

pub use verdict::{Grade, Verdict, Why};

use crate::advice::{self, Advice, Beside};
use crate::criteria::{Criteria, Title};
use crate::facts::{Facts, Scope, Statistic, Way};
use crate::quantity::Quantity;
use serde::Serialize;

/// What follows from facts by criteria.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// By which criteria.
    pub criteria: Title,
    /// The whole.
    pub overall: Overall,
    /// Line by line, in the criteria's order.
    pub lines: Vec<Line>,
    /// What no line judges and yet asks for something to be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Beside>,
}

/// The verdict of the whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overall {
    /// 优 to 不合格, 临界, or 无法判定; nothing else.
    pub verdict: Verdict,
    /// The mandatory lines that decide it, as indices into [`Judgement::lines`].
    pub decided_by: Vec<usize>,
    /// The mandatory lines that say nothing.
    pub missing: Vec<usize>,
}

/// One quantity on one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Which.
    pub quantity: Quantity,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// For delays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Which of its numbers was judged.
    pub statistic: Statistic,
    /// That number, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Whether the whole waits for it.
    pub mandatory: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether others' limits are met, in the order of the criteria's `also`; none: not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Option<bool>>,
    /// What is likely the cause and what to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
}

/// Judges facts by criteria.
pub fn judge(facts: &Facts, criteria: &Criteria) -> Judgement {
    let mut lines: Vec<Line> =
        criteria.lines.iter().flat_map(|line| line::judge(facts, criteria, line)).collect();
    let advice: Vec<_> = lines.iter().map(|line| advice::of(line, facts, &lines)).collect();
    for (line, advice) in lines.iter_mut().zip(advice) {
        line.advice = advice;
    }
    let (overall, beside) = (overall::of(&lines), advice::beside(facts, criteria));
    Judgement { criteria: criteria.title.clone(), overall, lines, beside }
}

#[cfg(test)]
mod tests;
