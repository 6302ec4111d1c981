//! Who, where, when, with what; how to read it; by what it can be checked.

use super::Pair;
use super::told::method_key;
use super::verdict::cause_key;
use crate::Source;
use crate::number;
use crate::texts::{Texts, clean, key};
use jiff::Timestamp;
use jiff::tz::Offset;
use std::collections::BTreeSet;
use tongke_inspection::Facts;
use tongke_inspection::facts::{Outcome, Place, Way};
use tongke_inspection::quantity::{Step, Unit};

pub(super) fn about(source: &Source<'_>, texts: &Texts) -> Vec<Pair> {
    let facts = &source.report.facts;
    let pair = |key: &str, text: String| Pair { name: texts.get(key), text };
    let mut pairs = vec![
        pair("about-asked-by", asked_by(texts, &facts.asked_by)),
        pair("about-place-a", place(texts, &facts.places.a)),
    ];
    pairs.extend(facts.places.b.as_ref().map(|b| pair("about-place-b", place(texts, b))));
    pairs.push(pair("about-relay", clean(&facts.places.relay)));
    pairs.push(pair("about-time", time(facts, texts)));
    pairs.push(pair("about-clocks", clocks(facts, texts)));
    pairs.push(pair("about-software", clean(&facts.software)));
    let title = &source.criteria.title;
    pairs.push(pair("about-criteria", format!("{} {}", clean(&title.name), clean(&title.version))));
    pairs.push(pair("about-id", clean(&facts.id)));
    pairs
}

/// Who asked: a person by name, or a machine's plan.
fn asked_by(texts: &Texts, asked_by: &str) -> String {
    match asked_by {
        "nightly test" => texts.get("asked-by-night"),
        "test before a lesson" => texts.get("asked-by-lesson"),
        "registry" => texts.get("asked-by-registry"),
        name => clean(name),
    }
}

fn place(texts: &Texts, place: &Place) -> String {
    let (school, node) = (clean(&place.school), clean(&place.node));
    let where_ = if place.room.is_empty() {
        school
    } else {
        format!("{school}{}{}", texts.get("list-comma"), clean(&place.room))
    };
    texts.with("about-place", &[("place", &where_), ("node", &node)])
}

fn time(facts: &Facts, texts: &Texts) -> String {
    let time = &facts.time;
    let offset = Offset::from_seconds(time.utc_offset_minutes * 60).unwrap_or(Offset::UTC);
    let civil = |moment: Timestamp| offset.to_datetime(moment);
    let (began, ended) = (civil(time.began), civil(time.ended));
    let day = |at: jiff::civil::DateTime| format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day());
    let clock = |at: jiff::civil::DateTime| format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    let until =
        if began.date() == ended.date() { clock(ended) } else { format!("{} {}", day(ended), clock(ended)) };
    let minutes = time.utc_offset_minutes.unsigned_abs();
    let sign = if time.utc_offset_minutes < 0 { '−' } else { '+' };
    let zone = format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    let began = format!("{} {}", day(began), clock(began));
    let seconds = time.ended.as_second() - time.began.as_second();
    let lasted =
        texts.with("time-lasted", &[("m", &(seconds / 60).to_string()), ("s", &(seconds % 60).to_string())]);
    texts.with("time-span", &[("began", &began), ("ended", &until), ("zone", &zone), ("lasted", &lasted)])
}

fn clocks(facts: &Facts, texts: &Texts) -> String {
    let one = |clock: &tongke_inspection::facts::Clock| {
        let place = if clock.at == Way::AtB { facts.places.b.as_ref() } else { Some(&facts.places.a) };
        let node = place.map_or_else(String::new, |place| clean(&place.node));
        let (offset, bound) =
            (number::number(Unit::Ms, clock.offset_ms), number::bound(Unit::Ms, clock.bound_ms));
        let key = if clock.stepped { "clock-stepped" } else { "clock-steady" };
        texts.with(key, &[("node", &node), ("offset", &offset), ("bound", &bound)])
    };
    let told: Vec<String> = facts.time.clocks.iter().map(one).collect();
    if told.is_empty() { texts.get("clocks-not-compared") } else { told.join(&texts.get("list-semicolon")) }
}

/// The key of a step.
pub(crate) fn step_key(step: Step) -> String {
    key("step", &super::verdict::snake(&format!("{step:?}")))
}

/// Every step, run or not.
pub(super) fn steps(facts: &Facts, texts: &Texts) -> Vec<Pair> {
    let all = [
        Step::Devices,
        Step::Reachability,
        Step::IdleLine,
        Step::Capacity,
        Step::LoadedLine,
        Step::Delay,
        Step::Media,
        Step::Echo,
    ];
    let told = |step: Step| {
        let text = match facts.step(step) {
            None => texts.get("step-no-record"),
            Some(record) => match record.not_run {
                None => texts.get("step-run"),
                Some(cause) => texts.with("step-not-run", &[("cause", &texts.get(&cause_key(cause)))]),
            },
        };
        Pair { name: texts.get(&step_key(step)), text }
    };
    all.into_iter().map(told).collect()
}

/// How to read it: what the verdicts and scopes mean, and the methods that were used.
pub(super) fn explained(facts: &Facts, texts: &Texts) -> Vec<Pair> {
    let pair = |name: &str, text: &str| Pair { name: texts.get(name), text: texts.get(text) };
    let mut pairs = vec![
        pair("explain-verdicts", "explain-verdicts-text"),
        pair("explain-basis", "explain-basis-text"),
        pair("explain-scopes", "explain-scopes-text"),
        pair("explain-mos", "explain-mos-text"),
    ];
    let mut methods = BTreeSet::new();
    for finding in &facts.findings {
        if let Outcome::Measured(measured) = &finding.outcome {
            methods.insert(measured.method);
        }
    }
    pairs.extend(methods.into_iter().map(|method| {
        let key = method_key(method);
        Pair { name: texts.get(&key), text: texts.get(&format!("{key}-text")) }
    }));
    pairs
}

/// By what it can be checked.
pub(super) fn seal(source: &Source<'_>, texts: &Texts) -> Vec<Pair> {
    let pair = |key: &str, text: String| Pair { name: texts.get(key), text };
    let title = &source.criteria.title;
    let mut pairs = vec![
        pair("seal-report", source.report.sha256().unwrap_or_default()),
        pair("seal-criteria", format!("{} {}, {}", clean(&title.name), clean(&title.version), title.sha256)),
    ];
    if source.report.criteria != *title {
        let signed = &source.report.criteria;
        let signed = format!("{} {}, {}", clean(&signed.name), clean(&signed.version), clean(&signed.sha256));
        pairs.push(pair("seal-other-criteria", signed));
    }
    let signer = match &source.signer {
        Some(signer) => {
            let (machine, key) = (clean(&signer.machine), signer.key.to_string());
            texts.with("seal-signed", &[("machine", &machine), ("key", &key)])
        }
        None => texts.get("seal-not-signed"),
    };
    pairs.push(pair("seal-signature", signer));
    pairs
}
