//! A self-test's facts as lines of text: what, the number with its bound, and its verdict where there is one.

use serde::Serialize;
use std::fmt::Write as _;
use tongke_inspection::facts::{Measured, Outcome, Way};
use tongke_inspection::judge::{Grade, Verdict};
use tongke_inspection::quantity::Unit;
use tongke_inspection::{Facts, Judgement, Quantity};

/// What is told, in this order, and how it is called.
const TOLD: [(Quantity, &str); 10] = [
    (Quantity::Tcp, "the relay over TCP"),
    (Quantity::Tls, "the relay over TLS"),
    (Quantity::Udp, "the relay over UDP"),
    (Quantity::NatMapping, "the NAT's mapping"),
    (Quantity::Rtt, "round trip"),
    (Quantity::NetworkLoss, "loss"),
    (Quantity::Pdv, "delay variation"),
    (Quantity::Mtu, "largest packet"),
    (Quantity::Dscp, "precedence mark (EF)"),
    (Quantity::NatFiltering, "the NAT's filter"),
];

/// The whole text.
pub fn tell(facts: &Facts, judgement: &Judgement) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = writeln!(out, "{} to {}:\n", facts.places.a.school, facts.places.relay);
    for (quantity, name) in TOLD {
        for finding in facts.findings.iter().filter(|finding| finding.quantity == quantity) {
            let told = outcome(&finding.outcome, quantity.definition().unit);
            let name = format!("{name}{}", way(finding.way));
            let verdict = verdict(judgement, quantity, finding.way);
            let _ = writeln!(out, "  {name:<36} {told}{verdict}");
        }
    }
    for clock in &facts.time.clocks {
        let stepped = if clock.stepped { "; it was set during the test" } else { "" };
        // Adding nothing makes a plus of a minus without a number.
        let (ahead, bound) = (clock.offset_ms + 0.0, clock.bound_ms);
        let _ = writeln!(
            out,
            "  {:<36} {ahead:+.2} ms ± {bound:.2} ms{stepped}",
            "this clock against the relay's"
        );
    }
    let skipped: Vec<_> = facts.steps.iter().filter(|step| step.not_run.is_some()).collect();
    if !skipped.is_empty() {
        let names: Vec<String> = skipped.iter().map(|record| spoken(&record.step)).collect();
        let _ = writeln!(out, "\nNot tested, and so no verdict on the whole: {}.", names.join(", "));
    }
    let blocked = |quantity| facts.find(quantity, Some(Way::AtA)).is_some_and(is_blocked);
    if let Some(remedy) = remedy(blocked(Quantity::Tcp), blocked(Quantity::Tls), blocked(Quantity::Udp)) {
        let _ = writeln!(out, "\n{remedy}");
    }
    out
}

fn is_blocked(finding: &tongke_inspection::facts::Finding) -> bool {
    matches!(&finding.outcome, Outcome::Found(word) if word == "blocked")
}

fn remedy(tcp: bool, tls: bool, udp: bool) -> Option<&'static str> {
    if tcp {
        return Some(
            "The relay cannot be reached. See that its address is right and that it runs; else this network's \
             firewall, or the line, is the reason.",
        );
    }
    if tls {
        return Some(
            "Something on the way answers in the relay's place, or this machine does not know the relay's authority: \
             give it with --relay-ca, and look at this network's proxy and at this machine's clock.",
        );
    }
    udp.then_some(
        "UDP is blocked, most likely by this network's firewall: open it to the relay's ports. Until then media goes \
         over TCP, where each lost packet holds up what follows.",
    )
}

fn way(way: Option<Way>) -> &'static str {
    match way {
        Some(Way::AToB) => ", to the relay",
        Some(Way::BToA) => ", from the relay",
        _ => "",
    }
}

fn outcome(outcome: &Outcome, unit: Unit) -> String {
    match outcome {
        Outcome::Found(word) => word.clone(),
        Outcome::Missing(missing) => format!("not known: {}", spoken(&missing.cause)),
        Outcome::Measured(measured) => numbers(measured, unit),
    }
}

/// A name of the facts, as words.
fn spoken(name: &impl Serialize) -> String {
    let json = serde_json::to_value(name).ok();
    json.as_ref().and_then(|json| json.as_str()).unwrap_or("something else").replace('_', " ")
}

fn numbers(measured: &Measured, unit: Unit) -> String {
    if let Some(value) = measured.value {
        let bound = measured.bound.map(|bound| format!(", at most {}", number(value + bound, unit)));
        return format!("{}{} (n = {})", number(value, unit), bound.unwrap_or_default(), measured.n);
    }
    let named = [
        ("median", measured.median),
        ("95 %", measured.p95),
        ("99.9 %", measured.p999),
        ("largest", measured.max),
    ];
    let told: Vec<String> = named
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", number(value?, unit))))
        .collect();
    format!("{} (n = {})", told.join(", "), measured.n)
}

fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ms if value < 10.0 => format!("{value:.2} ms"),
        Unit::Ms => format!("{value:.1} ms"),
        Unit::Share => format!("{:.2} %", value * 100.0),
        Unit::Bytes => format!("{value:.0} bytes"),
        _ => format!("{value:.2}"),
    }
}

fn verdict(judgement: &Judgement, quantity: Quantity, way: Option<Way>) -> String {
    let line = judgement.lines.iter().find(|line| line.quantity == quantity && line.way == way);
    match line.map(|line| line.verdict) {
        Some(Verdict::Graded(grade)) => format!("  → {}", word(grade)),
        Some(Verdict::Borderline { worse, better }) => {
            format!("  → {} or {}: counts as {}", word(better), word(worse), word(worse))
        }
        _ => String::new(),
    }
}

fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Excellent => "优 excellent",
        Grade::Good => "良 good",
        Grade::Pass => "合格 pass",
        Grade::Fail => "不合格 fail",
    }
}
