//! What is told beside the verdicts, and what belongs to every number: samples, spread, method, who measured.

use super::Told;
use super::remark::remark;
use super::verdict::{cause_key, snake};
use crate::Source;
use crate::number;
use crate::texts::{Texts, clean};
use crate::view::place::Places;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Finding, Measured, Method, Missing, Outcome};

/// Every finding that no criteria line judges, in the order of the quantities.
pub(super) fn told(source: &Source<'_>, texts: &Texts, places: &Places) -> Vec<Told> {
    let judged = |finding: &&Finding| source.criteria.line(finding.quantity).is_some();
    let mut findings: Vec<&Finding> =
        source.report.facts.findings.iter().filter(|finding| !judged(finding)).collect();
    findings.sort_by_key(|finding| (finding.quantity, finding.way, finding.scope));
    findings.into_iter().map(|finding| one(texts, places, finding)).collect()
}

fn one(texts: &Texts, places: &Places, finding: &Finding) -> Told {
    let (value, details) = match &finding.outcome {
        Outcome::Measured(measured) => {
            (figure(texts, finding.quantity, measured), details(texts, finding.quantity, measured, true))
        }
        Outcome::Found(word) => (self::word(texts, finding.quantity, word), String::new()),
        Outcome::Missing(Missing { cause, detail }) => {
            let key = if cause.is_not_tested() { "verdict-not-tested" } else { "verdict-undecided" };
            let mut why = texts.get(&cause_key(*cause));
            if let Some(detail) = detail {
                why = format!("{why}{}{}", texts.get("list-semicolon"), remark(texts, detail));
            }
            (texts.get(key), why)
        }
    };
    let place = match (finding.way, finding.quantity.definition().extent) {
        (None, tongke_inspection::quantity::Extent::Whole) => texts.get("place-whole"),
        (way, _) => places.way(way),
    };
    Told { name: texts.named("quantity", finding.quantity.name()), place, value, details }
}

fn figure(texts: &Texts, quantity: Quantity, measured: &Measured) -> String {
    let unit = quantity.definition().unit;
    let Measured { value, median, p95, max, .. } = *measured;
    match (value, median) {
        (Some(value), _) => number::judged(unit, value, measured.bound, measured.one_sided, None),
        (None, Some(median)) => {
            let median = number::judged(unit, median, measured.bound, measured.one_sided, None);
            texts.with("value-median", &[("value", &median)])
        }
        (None, None) => {
            p95.or(max).map_or_else(|| texts.get("no-value"), |value| number::number(unit, value))
        }
    }
}

fn word(texts: &Texts, quantity: Quantity, word: &str) -> String {
    // A quantity with words of its own has a text for each; others hold what a device said.
    if quantity.definition().words.is_empty() {
        clean(word)
    } else {
        texts.named("word", &word.replace('_', "-"))
    }
}

/// Samples, spread, method, who measured, and what the method leans on. Of what is no result no number is told.
pub(super) fn details(texts: &Texts, quantity: Quantity, measured: &Measured, is_result: bool) -> String {
    let unit = quantity.definition().unit;
    let mut parts = vec![texts.with("details-n", &[("n", &measured.n.to_string())])];
    let ranks = [
        ("min", measured.min),
        ("median", measured.median),
        ("p95", measured.p95),
        ("p999", measured.p999),
        ("max", measured.max),
    ];
    let ranks: Vec<String> = ranks
        .into_iter()
        .filter_map(|(name, value)| {
            let value = number::bare(unit, value?);
            Some(texts.with(&format!("details-{name}"), &[("value", &value)]))
        })
        .collect();
    if is_result && !ranks.is_empty() {
        parts.push(ranks.join(&texts.get("list-slash")));
    }
    if let Some(spread) = measured.spread.filter(|_| is_result) {
        parts.push(texts.with("details-spread", &[("value", &number::bare(unit, spread))]));
    }
    let (method, by) = (texts.get(&method_key(measured.method)), by(texts, &measured.by));
    parts.push(texts.with("details-method", &[("method", &method), ("by", &by)]));
    if let Some(bound) = measured.clock_bound_ms {
        let bound = number::number(tongke_inspection::quantity::Unit::Ms, bound);
        parts.push(texts.with("details-clock-bound", &[("bound", &bound)]));
    }
    parts.extend(measured.reference.iter().map(|said| remark(texts, said)));
    parts.join(&texts.get("list-semicolon"))
}

/// Who measured: a node by its name, or what stands in its place.
fn by(texts: &Texts, by: &str) -> String {
    match by {
        "node" => texts.get("by-node"),
        "relay" => texts.get("place-relay"),
        "node and relay" => texts.get("by-node-and-relay"),
        name => clean(name),
    }
}

/// The key of a method.
pub(crate) fn method_key(method: Method) -> String {
    format!("method-{}", snake(&format!("{method:?}")))
}
