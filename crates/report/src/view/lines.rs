//! What is judged: each quantity with its limits, their grounds, and what was found on each way.

use super::remark::remark;
use super::verdict::{badge, grade, sentence, why};
use super::{Group, Limit, Row};
use crate::Source;
use crate::number;
use crate::texts::{Texts, clean};
use crate::view::place::Places;
use crate::view::told::details;
use tongke_inspection::criteria::{self, Mark};
use tongke_inspection::facts::{Finding, Measured, Outcome, Scope};
use tongke_inspection::judge::{Grade, Judgement, Line, Verdict};

pub(super) fn groups(
    source: &Source<'_>,
    texts: &Texts,
    places: &Places,
    judgement: &Judgement,
) -> Vec<Group> {
    let group = |line: &criteria::Line| {
        let rows = judgement.lines.iter().filter(|judged| judged.quantity == line.quantity);
        let rows: Vec<Row> = rows.map(|judged| row(source, texts, places, line, judged)).collect();
        let mandatory = line.mandatory_in.contains(&source.report.facts.kind);
        let statistic = texts.named("statistic", line.statistic.name());
        let key = if mandatory { "judged-mandatory" } else { "judged-optional" };
        let n = line.samples_at_least.to_string();
        Group {
            name: texts.named("quantity", line.quantity.name()),
            judged: texts.with(key, &[("statistic", &statistic), ("n", &n)]),
            limits: limits(texts, line),
            note: line
                .note
                .as_ref()
                .map_or_else(String::new, |note| clean(note.in_language(texts.language().tag()))),
            rows,
        }
    };
    source.criteria.lines.iter().map(group).collect()
}

fn limits(texts: &Texts, line: &criteria::Line) -> Vec<Limit> {
    let unit = line.quantity.definition().unit;
    let limit = |of: Grade| {
        let limit = line.limit(of)?;
        Some(Limit {
            grade: grade(texts, of),
            range: number::limit(unit, limit.at_least, limit.at_most),
            basis: basis(texts, limit),
        })
    };
    Grade::ALL.into_iter().filter_map(limit).collect()
}

/// On what ground a limit stands: never so that a proposal looks like a standard.
fn basis(texts: &Texts, limit: &criteria::Limit) -> String {
    let mark = texts.get(mark_key(limit.mark));
    let Some(source) = &limit.source else { return mark };
    let source = clean(source.in_language(texts.language().tag()));
    let key = match (limit.mark, limit.checked) {
        (Mark::Proposal, true) => "basis-leaning",
        (Mark::Proposal, false) => "basis-leaning-unchecked",
        (_, true) => "basis-source",
        (_, false) => "basis-source-unchecked",
    };
    texts.with(key, &[("mark", &mark), ("source", &source)])
}

/// The key of a mark.
pub(crate) fn mark_key(mark: Mark) -> &'static str {
    match mark {
        Mark::Binding => "mark-binding",
        Mark::Standard => "mark-standard",
        Mark::Vendor => "mark-vendor",
        Mark::Proposal => "mark-proposal",
    }
}

fn row(source: &Source<'_>, texts: &Texts, places: &Places, line: &criteria::Line, judged: &Line) -> Row {
    let here = |finding: &&Finding| {
        finding.quantity == judged.quantity && finding.way == judged.way && finding.scope == judged.scope
    };
    let finding = source.report.facts.findings.iter().find(here);
    let mut place = places.way(judged.way);
    if let Some(scope) = judged.scope {
        let scope = texts.get(&format!("scope-{scope:?}").to_lowercase());
        place = texts.with("place-in-scope", &[("place", &place), ("scope", &scope)]);
    }
    let mut whys = vec![sentence(&why(texts, judged.verdict))];
    whys.extend(half(texts, line, judged));
    whys.extend(also(texts, line, judged));
    if let Some(Outcome::Missing(missing)) = finding.map(|finding| &finding.outcome) {
        whys.extend(missing.detail.as_ref().map(|detail| remark(texts, detail)));
    }
    whys.retain(|why| !why.is_empty());
    let measured = finding.and_then(measured);
    Row {
        place,
        value: measured
            .map_or_else(|| texts.get("no-value"), |measured| value(texts, line, judged, measured)),
        details: measured.map_or_else(String::new, |measured| {
            let is_result = !matches!(judged.verdict, Verdict::Invalid(_));
            details(texts, judged.quantity, measured, is_result)
        }),
        badge: badge(texts, judged.verdict),
        why: whys.join(&texts.get("list-semicolon")),
    }
}

fn measured(finding: &Finding) -> Option<&Measured> {
    match &finding.outcome {
        Outcome::Measured(measured) => Some(measured),
        Outcome::Found(_) | Outcome::Missing(_) => None,
    }
}

/// The judged number; for what is no result only from where to where it may lie.
fn value(texts: &Texts, line: &criteria::Line, judged: &Line, measured: &Measured) -> String {
    let unit = line.quantity.definition().unit;
    let Some(value) = judged.value else { return texts.get("no-value") };
    match (judged.verdict, measured.bound) {
        (Verdict::Invalid(_), Some(bound)) => {
            texts.with("value-no-result", &[("range", &number::range(unit, value, bound))])
        }
        (Verdict::Invalid(_), None) => texts.get("no-value"),
        _ => number::judged(unit, value, measured.bound, measured.one_sided, Some(line)),
    }
}

/// Of a delay there and back, what was judged of it, and what that takes for granted.
fn half(texts: &Texts, line: &criteria::Line, judged: &Line) -> Option<String> {
    let whole = judged.value.filter(|_| judged.scope == Some(Scope::C))?;
    judged.verdict.counts_as()?;
    let half = number::judged(line.quantity.definition().unit, whole / 2.0, None, None, Some(line));
    Some(texts.with("half-by-symmetry", &[("half", &half)]))
}

/// What others' limits say.
fn also<'a>(
    texts: &'a Texts,
    line: &'a criteria::Line,
    judged: &'a Line,
) -> impl Iterator<Item = String> + use<'a> {
    let unit = line.quantity.definition().unit;
    line.also.iter().zip(&judged.also).filter_map(move |(also, met)| {
        let key = if (*met)? { "also-met" } else { "also-not-met" };
        let name = clean(also.name.in_language(texts.language().tag()));
        let range = number::limit(unit, also.at_least, also.at_most);
        Some(texts.with(key, &[("name", &name), ("range", &range)]))
    })
}
