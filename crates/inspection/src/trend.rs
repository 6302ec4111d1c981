//! Whether a school's line and devices have become better or worse: a self-test against the ones before it.
//!
//! A change is told where it is larger than what is not known of either side: the bound of the new value, and of the
//! old ones their bound or, where that is wider, how far they lie apart from test to test.

use crate::criteria::{Better, Criteria};
use crate::facts::{Facts, Finding, Measured, Outcome, Scope, Statistic, Way};
use crate::quantity::Quantity;
use jiff::Timestamp;
use serde::Serialize;

/// A test is compared with so many before it.
pub const COMPARED: usize = 10;
/// Fewer earlier values are no trend.
pub const LEAST: usize = 3;

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Which quantity.
    pub quantity: Quantity,
    /// Where.
    pub way: Option<Way>,
    /// For delays.
    pub scope: Option<Scope>,
    /// Which of its numbers: the one that the criteria judge.
    pub statistic: Statistic,
    /// Its value now.
    pub now: f64,
    /// The median of the tests before.
    pub before: f64,
    /// Tests in that median.
    pub tests: usize,
    /// Whether it became better.
    pub is_better: bool,
}

/// How a quantity went from test to test.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Which quantity.
    pub quantity: Quantity,
    /// Where.
    pub way: Option<Way>,
    /// For delays.
    pub scope: Option<Scope>,
    /// Its value in each test that knows it, in the order of their time; the last one is of the newest test.
    pub points: Vec<CoursePoint>,
}

/// A quantity in one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoursePoint {
    /// When the test began.
    pub began: Timestamp,
    /// The number that the criteria judge, in the quantity's unit.
    pub value: f64,
    /// Bound of its error, ±; 0: as counted.
    pub bound: f64,
}

/// A value and how well it is known.
#[derive(Clone, Copy)]
struct Known {
    value: f64,
    bound: f64,
}

/// What has changed in `now` against the last of `before`, in the criteria's order. Of `before`, in the order of their
/// time, only tests with the same relay and node count: another line has other figures.
pub fn changes(now: &Facts, before: &[Facts], criteria: &Criteria) -> Vec<Change> {
    let comparable = comparable(now, before);
    let mut changes = Vec::new();
    for line in &criteria.lines {
        let findings = now.findings.iter().filter(|finding| finding.quantity == line.quantity);
        for finding in findings {
            let Some(new) = known(finding, line.statistic) else { continue };
            let old: Vec<Known> =
                comparable.iter().filter_map(|facts| known(alike(facts, finding)?, line.statistic)).collect();
            let Some(before) = middle(&old).filter(|_| old.len() >= LEAST) else { continue };
            let difference = new.value - before.value;
            if difference.abs() <= new.bound || difference.abs() <= before.bound {
                continue;
            }
            let is_better = match line.better {
                Better::Lower => difference < 0.0,
                Better::Higher => difference > 0.0,
                // Such values are best in the middle, which is 0.
                Better::Within => new.value.abs() < before.value.abs(),
            };
            changes.push(Change {
                quantity: finding.quantity,
                way: finding.way,
                scope: finding.scope,
                statistic: line.statistic,
                now: new.value,
                before: before.value,
                tests: old.len(),
                is_better,
            });
        }
    }
    changes
}

/// How each quantity of `now` went that the criteria judge and at least [`LEAST`] of the tests before know, in the
/// criteria's order. Of `before`, in the order of their time, only tests of the same line count.
pub fn courses(now: &Facts, before: &[Facts], criteria: &Criteria) -> Vec<Course> {
    let of_this_line: Vec<&Facts> = of_line(now, before).collect();
    let mut courses = Vec::new();
    for line in &criteria.lines {
        for finding in now.findings.iter().filter(|finding| finding.quantity == line.quantity) {
            let point = |facts: &Facts, finding: &Finding| {
                let Known { value, bound } = known(finding, line.statistic)?;
                Some(CoursePoint { began: facts.time.began, value, bound })
            };
            let Some(last) = point(now, finding) else { continue };
            let mut points: Vec<CoursePoint> =
                of_this_line.iter().filter_map(|facts| point(facts, alike(facts, finding)?)).collect();
            if points.len() >= LEAST {
                points.push(last);
                let Finding { quantity, way, scope, .. } = *finding;
                courses.push(Course { quantity, way, scope, points });
            }
        }
    }
    courses
}

/// The tests that `now` is compared with, the latest ones.
pub fn comparable<'a>(now: &Facts, before: &'a [Facts]) -> Vec<&'a Facts> {
    let mut last: Vec<&Facts> = of_line(now, before).rev().take(COMPARED).collect();
    last.reverse();
    last
}

/// Tests before `now` of the same node with the same relay.
fn of_line<'a>(now: &Facts, before: &'a [Facts]) -> impl DoubleEndedIterator<Item = &'a Facts> {
    before.iter().filter(|facts| {
        facts.kind == now.kind
            && facts.id != now.id
            && facts.time.began <= now.time.began
            && facts.places.relay == now.places.relay
            && facts.places.a.node == now.places.a.node
    })
}

fn alike<'a>(facts: &'a Facts, finding: &Finding) -> Option<&'a Finding> {
    facts.findings.iter().find(|other| {
        other.quantity == finding.quantity && other.way == finding.way && other.scope == finding.scope
    })
}

/// The number that is compared; none of what is known on one side only.
fn known(finding: &Finding, statistic: Statistic) -> Option<Known> {
    let Outcome::Measured(measured) = &finding.outcome else { return None };
    let Measured { one_sided, bound, .. } = **measured;
    let value = statistic.of(measured).filter(|_| one_sided.is_none())?;
    Some(Known { value, bound: bound.unwrap_or(0.0) })
}

/// The median of earlier values; as its bound the larger of theirs and of half the distance of their quartiles.
fn middle(old: &[Known]) -> Option<Known> {
    let sorted = |of: fn(&Known) -> f64| {
        let mut numbers: Vec<f64> = old.iter().map(of).collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let values = sorted(|known| known.value);
    let bounds = sorted(|known| known.bound);
    let at = |share: f64| values.get(((values.len() as f64 - 1.0) * share).round() as usize).copied();
    let spread = (at(0.75)? - at(0.25)?) / 2.0;
    let bound = *bounds.get(bounds.len() / 2)?;
    Some(Known { value: at(0.5)?, bound: bound.max(spread) })
}

#[cfg(test)]
mod tests;
