//! One line of the criteria against the facts.

use super::{Grade, Line, Verdict, Why};
use crate::criteria::{self, Better, Criteria};
use crate::facts::{Facts, Finding, Kind, Measured, OneSided, Outcome, Scope, Statistic, Way};
use crate::quantity::{Extent, Quantity};

/// The verdicts of one criteria line: one for each way that belongs to the test, and each scope found there.
pub(super) fn judge(facts: &Facts, criteria: &Criteria, line: &criteria::Line) -> Vec<Line> {
    let mut judged = Vec::new();
    for way in ways(facts, line.quantity) {
        let here = |finding: &&Finding| finding.quantity == line.quantity && finding.way == way;
        let mut findings: Vec<&Finding> = facts.findings.iter().filter(here).collect();
        findings.sort_by_key(|finding| finding.scope);
        if findings.is_empty() {
            judged.push(told(facts, line, way, None, absent(facts, line.quantity)));
        }
        for finding in findings {
            judged.push(told(facts, line, way, Some(finding), verdict(facts, criteria, line, finding)));
        }
    }
    judged
}

/// The ways on which a quantity is asked in this test.
fn ways(facts: &Facts, quantity: Quantity) -> Vec<Option<Way>> {
    let alone = facts.kind == Kind::SelfTest;
    match quantity.definition().extent {
        Extent::Whole => vec![None],
        Extent::Place if alone => vec![Some(Way::AtA)],
        Extent::Place => vec![Some(Way::AtA), Some(Way::AtB)],
        Extent::Directed => {
            let of = |way| facts.find(quantity, way).is_some();
            let both = [Some(Way::AToB), Some(Way::BToA)];
            // A school by itself measures up and down the line, or there and back.
            let there_and_back = alone && (of(None) || !both.into_iter().any(of));
            let one_way = !alone || both.into_iter().any(of);
            there_and_back.then_some(None).into_iter().chain(both.into_iter().filter(|_| one_way)).collect()
        }
    }
}

fn told(
    facts: &Facts,
    line: &criteria::Line,
    way: Option<Way>,
    finding: Option<&Finding>,
    verdict: Verdict,
) -> Line {
    let measured = finding.and_then(measured);
    let scope = finding.and_then(|finding| finding.scope);
    let share = one_way_share(scope);
    Line {
        quantity: line.quantity,
        way,
        scope,
        statistic: line.statistic,
        value: measured.and_then(|measured| line.statistic.of(measured)),
        mandatory: line.mandatory_in.contains(&facts.kind),
        also: line.also.iter().map(|also| meets(also, line.statistic, measured, share, verdict)).collect(),
        verdict,
        advice: None,
    }
}

fn measured(finding: &Finding) -> Option<&Measured> {
    match &finding.outcome {
        Outcome::Measured(measured) => Some(measured),
        Outcome::Found(_) | Outcome::Missing(_) => None,
    }
}

/// Why a quantity that the facts do not name is not there.
fn absent(facts: &Facts, quantity: Quantity) -> Verdict {
    match facts.step(quantity.definition().step) {
        Some(record) => match record.not_run {
            Some(cause) if cause.is_not_tested() => Verdict::NotTested(Why::Missing(cause)),
            Some(cause) => Verdict::Undecided(Why::Missing(cause)),
            None => Verdict::Undecided(Why::NothingLeft),
        },
        None => Verdict::NotTested(Why::NoRecord),
    }
}

fn verdict(facts: &Facts, criteria: &Criteria, line: &criteria::Line, finding: &Finding) -> Verdict {
    let measured = match &finding.outcome {
        Outcome::Measured(measured) => measured,
        Outcome::Found(_) => return Verdict::Undecided(Why::NoNumber),
        Outcome::Missing(missing) if missing.cause.is_not_tested() => {
            return Verdict::NotTested(Why::Missing(missing.cause));
        }
        Outcome::Missing(missing) => return Verdict::Undecided(Why::Missing(missing.cause)),
    };
    if let Some(no_result) = no_result(facts, criteria, finding, measured) {
        return no_result;
    }
    if measured.n < line.samples_at_least {
        return Verdict::Undecided(Why::TooFewSamples { n: measured.n, needed: line.samples_at_least });
    }
    let share = one_way_share(finding.scope);
    match line.statistic.of(measured) {
        Some(value) => grade(line, share * value, share * measured.bound.unwrap_or(0.0), measured.one_sided),
        None => Verdict::Undecided(Why::NoStatistic),
    }
}

/// What of a delay is held against a limit. Limits are of one way: there and back is judged by its half, which takes
/// both ways for alike.
fn one_way_share(scope: Option<Scope>) -> f64 {
    if scope == Some(Scope::C) { 0.5 } else { 1.0 }
}

/// The validity rules: what makes a number no result.
fn no_result(facts: &Facts, criteria: &Criteria, finding: &Finding, measured: &Measured) -> Option<Verdict> {
    let validity = &criteria.validity;
    if finding.quantity.has_scope() && measured.method.reads_markers() {
        let counted = facts.find(Quantity::MarkerDecode, finding.way).and_then(self::measured);
        let Some(share) = counted.and_then(|counted| counted.value) else {
            return Some(Verdict::Undecided(Why::MarkersNotCounted));
        };
        let needed = validity.marker_decode_share_at_least;
        if share < needed {
            return Some(Verdict::Invalid(Why::MarkersUnreadable { share, needed }));
        }
    }
    if finding.scope == Some(Scope::A) && finding.way.is_some() {
        if facts.clock_stepped() {
            return Some(Verdict::Invalid(Why::ClockStepped));
        }
        let Some(bound_ms) = measured.clock_bound_ms else {
            return Some(Verdict::Undecided(Why::ClockBoundUnknown));
        };
        let allowed_ms = validity.clock_bound_ms_at_most;
        if bound_ms > allowed_ms {
            return Some(Verdict::Invalid(Why::ClockBound { bound_ms, allowed_ms }));
        }
    }
    None
}

/// The grade of a value that is known to ± `bound`.
fn grade(line: &criteria::Line, value: f64, bound: f64, one_sided: Option<OneSided>) -> Verdict {
    let (low, high) = (value - bound, value + bound);
    let open_to_the_bad = match (line.better, one_sided) {
        (_, None) | (Better::Lower, Some(OneSided::AtMost)) | (Better::Higher, Some(OneSided::AtLeast)) => {
            false
        }
        (Better::Lower | Better::Within, Some(_)) | (Better::Higher, Some(OneSided::AtMost)) => true,
    };
    let (low, high) = match one_sided {
        Some(OneSided::AtLeast) if open_to_the_bad => (low, f64::INFINITY),
        Some(OneSided::AtMost) if open_to_the_bad => (f64::NEG_INFINITY, high),
        _ => (low, high),
    };
    let first = |meets: &dyn Fn(&criteria::Limit) -> bool| {
        Grade::ALL.into_iter().find(|grade| line.limit(*grade).is_none_or(meets)).unwrap_or(Grade::Fail)
    };
    let better = first(&|limit| limit.touches(low, high));
    let worse = first(&|limit| limit.contains(low, high));
    if open_to_the_bad && better != Grade::Fail {
        return Verdict::Undecided(Why::OneSided);
    }
    Verdict::between(worse, better)
}

/// Whether somebody else's limit is met by this share of the value; none: within its bound the value may meet it or not, or is no result.
fn meets(
    also: &criteria::Also,
    statistic: Statistic,
    measured: Option<&Measured>,
    share: f64,
    verdict: Verdict,
) -> Option<bool> {
    verdict.counts_as()?;
    let measured = measured.filter(|measured| measured.one_sided.is_none())?;
    let (value, bound) = (share * statistic.of(measured)?, share * measured.bound.unwrap_or(0.0));
    let (low, high) = (value - bound, value + bound);
    let contains =
        also.at_least.is_none_or(|limit| low >= limit) && also.at_most.is_none_or(|limit| high <= limit);
    let touches =
        also.at_least.is_none_or(|limit| high >= limit) && also.at_most.is_none_or(|limit| low <= limit);
    (contains == touches).then_some(contains)
}
