//! What both nodes answered, as one document.

use super::{Asked, Inspection, Side, Stage, There, legs, turn};
use crate::facts::check::refuse;
use crate::facts::{
    Cause, Clock, Facts, Finding, Kind, Missing, Outcome, Place, Places, Remark, RemarkCode, Scope,
    StepRecord, Time, VERSION, Way,
};
use crate::quantity::{Extent, Quantity, Step};
use jiff::Timestamp;
use tongke_protocol::WallTime;
use tongke_protocol::inspect::Sight;

/// What is heard at one end of a way of the room at the other.
const ECHO: [Quantity; 3] = [Quantity::EchoIdte, Quantity::Telr, Quantity::EchoDelay];
/// Most remarks that are kept of a node.
const NOTES_OF_A_NODE: usize = 20;

/// The document; `ended` is this moment.
pub(super) fn of(inspection: &Inspection, ended: WallTime) -> Facts {
    let plan = &inspection.plan;
    let began = inspection.began.wall;
    let mut notes = Vec::new();
    let mut findings = findings(inspection, &mut notes);
    findings.extend(missing(inspection, &findings));
    findings.sort_by_key(|finding| (finding.quantity, finding.way, finding.scope));
    notes.extend(Side::BOTH.into_iter().flat_map(|side| remarks(inspection, side)));
    Facts {
        version: VERSION,
        id: plan.head.id.clone(),
        kind: Kind::Inspection,
        asked_by: plan.head.asked_by.clone(),
        places: Places {
            a: place(inspection, Side::A),
            b: Some(place(inspection, Side::B)),
            relay: plan.head.relay.clone(),
        },
        time: Time {
            began: timestamp(began),
            ended: timestamp(ended.max(began)),
            utc_offset_minutes: plan.head.utc_offset_minutes,
            clocks: Side::BOTH.into_iter().filter_map(|side| clock(inspection, side)).collect(),
        },
        software: plan.head.software.clone(),
        steps: Step::ALL.into_iter().map(|step| record(inspection, step)).collect(),
        findings,
        notes,
    }
}

fn timestamp(wall: WallTime) -> Timestamp {
    Timestamp::from_microsecond(wall.as_unix_us() as i64).unwrap_or(Timestamp::MAX)
}

fn place(inspection: &Inspection, side: Side) -> Place {
    let node = inspection.plan.head.node(side).to_string();
    let told = inspection.presence[side as usize].as_ref();
    let school = told.map(|told| told.school.clone()).filter(|school| !school.trim().is_empty());
    let room = told.map(|told| told.room.clone()).unwrap_or_default();
    Place { school: school.unwrap_or_else(|| node.clone()), room, node }
}

fn of_side(inspection: &Inspection, side: Side) -> impl Iterator<Item = &Asked> {
    inspection.asked.iter().filter(move |asked| asked.side == side)
}

/// One clock for each side: the last that was told, set at any time if it ever was.
fn clock(inspection: &Inspection, side: Side) -> Option<Clock> {
    let told = || of_side(inspection, side).filter_map(|asked| asked.job.clock());
    let last = told().last()?;
    Some(Clock {
        at: if side == Side::A { Way::AtA } else { Way::AtB },
        // Told is how far the relay's is ahead.
        offset_ms: 0.0 - last.report.offset_us as f64 / 1e3,
        bound_ms: last.report.bound_us as f64 / 1e3,
        stepped: told().any(|clock| clock.stepped),
    })
}

/// Why a side has no answer of a stage; none: it has one.
fn cause(inspection: &Inspection, stage: Stage, side: Side) -> Option<Missing> {
    let node = inspection.plan.head.node(side);
    let told = |cause: Cause, why: Remark| Missing { cause, detail: Some(why.of_node(node)) };
    let ended = || told(Cause::EndedEarly, RemarkCode::InspectionEnded.into());
    let asked = of_side(inspection, side).find(|asked| asked.stage == stage);
    match asked.map(|asked| &asked.job.state) {
        Some(super::State::Answered(_)) => None,
        Some(super::State::Failed(cause, why)) => Some(told(*cause, why.clone())),
        Some(super::State::Open) => Some(ended()),
        None => match &inspection.there[side as usize] {
            There::No(cause, why, _) => Some(told(*cause, why.clone())),
            There::Unknown | There::Yes if inspection.ending.is_some() => Some(ended()),
            // It was there, but the other one was not; or it is the other one's turn.
            There::Unknown | There::Yes => None,
        },
    }
}

fn is_answered(inspection: &Inspection, stage: Stage, side: Side) -> bool {
    let answered = |asked: &Asked| matches!(asked.job.state, super::State::Answered(_));
    of_side(inspection, side).any(|asked| asked.stage == stage && answered(asked))
}

/// A step was taken if a side has an answer of it.
fn record(inspection: &Inspection, step: Step) -> StepRecord {
    let taken = Side::BOTH.into_iter().any(|side| is_answered(inspection, Stage::of(step, side), side));
    let why = || {
        let cause = |side| cause(inspection, Stage::of(step, side), side);
        cause(Side::A).or_else(|| cause(Side::B)).map_or(Cause::NodeDisappeared, |missing| missing.cause)
    };
    StepRecord { step, not_run: (!taken).then(why) }
}

/// What was answered, turned and joined. What cannot be true is left out, and that is said.
fn findings(inspection: &Inspection, notes: &mut Vec<Remark>) -> Vec<Finding> {
    let (a, b) = (answered(inspection, Side::A), answered(inspection, Side::B));
    let mut all = Vec::new();
    let whole = |finding: &Finding| !legs::is_of_legs(finding.quantity);
    for (side, seen) in [(Side::A, &a), (Side::B, &b)] {
        let turned = seen.iter().filter(|(_, finding)| whole(finding));
        all.extend(turned.map(|(began_s, finding)| turn::finding(side, finding.clone(), *began_s)));
    }
    for quantity in Quantity::ALL.iter().copied().filter(|it| legs::is_of_legs(*it) && legs::follows(*it)) {
        all.extend(joined(quantity, &a, &b));
    }
    leave_out_absent_rooms(&mut all);
    let mut kept: Vec<Finding> = Vec::new();
    for finding in all {
        let name = (finding.quantity, finding.way, finding.scope);
        if kept.iter().any(|other| (other.quantity, other.way, other.scope) == name) {
            continue;
        }
        match refuse(&finding, Kind::Inspection) {
            Ok(()) => kept.push(finding),
            Err(error) if notes.len() < NOTES_OF_A_NODE => {
                notes.push(Remark::of(RemarkCode::FigureLeftOut).with("problem", error));
            }
            Err(_) => {}
        }
    }
    kept
}

/// Whoever listens for an echo does not know whether there is a room that could give one: where a way ended in no room,
/// which its own node says, that nothing came back says nothing.
fn leave_out_absent_rooms(all: &mut [Finding]) {
    let absent = |finding: &Finding| match &finding.outcome {
        Outcome::Missing(missing) if missing.cause == Cause::NoDevice => Some((finding.way, missing.clone())),
        _ => None,
    };
    let in_air =
        |finding: &&Finding| finding.quantity == Quantity::MouthToEar && finding.scope == Some(Scope::B);
    let absent: Vec<(Option<Way>, Missing)> = all.iter().filter(in_air).filter_map(absent).collect();
    for (way, missing) in absent {
        let of_echo = |finding: &&mut Finding| finding.way == way && ECHO.contains(&finding.quantity);
        all.iter_mut().filter(of_echo).for_each(|it| it.outcome = Outcome::Missing(missing.clone()));
    }
}

/// A side's findings as it saw them, each with the second at which its task began.
fn answered(inspection: &Inspection, side: Side) -> Vec<(f64, Finding)> {
    let began = inspection.began.instant;
    let mut all = Vec::new();
    for asked in of_side(inspection, side) {
        if let super::State::Answered(findings) = &asked.job.state {
            let began_s = asked.job.began.saturating_duration_since(began).as_secs_f64();
            all.extend(findings.iter().map(|finding| (began_s, finding.clone())));
        }
    }
    all
}

fn seen(of: &[(f64, Finding)], quantity: Quantity, way: Option<Way>) -> Option<Finding> {
    let (began_s, finding) = of.iter().find(|(_, it)| it.quantity == quantity && it.way == way)?;
    Some(turn::finding(Side::A, finding.clone(), *began_s))
}

/// What both sides measured to the relay and back, as ways from one to the other.
fn joined(quantity: Quantity, a: &[(f64, Finding)], b: &[(f64, Finding)]) -> Vec<Finding> {
    let (out, back) = (Some(Way::AToB), Some(Way::BToA));
    if quantity.definition().extent == Extent::Whole {
        return whole(quantity, seen(a, quantity, None), seen(b, quantity, None)).into_iter().collect();
    }
    let mut ways = Vec::new();
    for (way, up, down) in [
        (Way::AToB, seen(a, quantity, out), seen(b, quantity, back)),
        (Way::BToA, seen(b, quantity, out), seen(a, quantity, back)),
    ] {
        if let Some((up, down)) = up.zip(down) {
            ways.extend(legs::way(quantity, way, &up, &down));
        }
    }
    ways
}

fn whole(quantity: Quantity, a: Option<Finding>, b: Option<Finding>) -> Option<Finding> {
    let (a, b) = (a?, b?);
    let outcome = match (a.outcome, b.outcome) {
        (missing @ Outcome::Missing(_), _) | (_, missing @ Outcome::Missing(_)) => missing,
        (Outcome::Measured(a), Outcome::Measured(b)) => {
            let joined = match quantity {
                Quantity::Rtt => legs::round_trip(&a, &b)?,
                _ => legs::volume(&a, &b)?,
            };
            Outcome::Measured(Box::new(joined))
        }
        _ => return None,
    };
    Some(Finding { quantity, unit: quantity.definition().unit, way: None, scope: None, outcome })
}

/// What should have been measured and was not, where it is known why.
fn missing(inspection: &Inspection, found: &[Finding]) -> Vec<Finding> {
    let mut all = Vec::new();
    for quantity in Quantity::ALL.iter().copied().filter(|quantity| legs::follows(*quantity)) {
        let definition = quantity.definition();
        for (way, sides) in asked_of(definition.extent) {
            let mut why =
                sides.iter().filter_map(|side| cause(inspection, Stage::of(definition.step, *side), *side));
            let Some(why) = why.next() else { continue };
            for scope in scopes_of(quantity, inspection.plan.sight) {
                let is_it = |it: &Finding| (it.quantity, it.way, it.scope) == (quantity, way, scope);
                if !found.iter().any(is_it) {
                    let outcome = Outcome::Missing(why.clone());
                    all.push(Finding { quantity, unit: definition.unit, way, scope, outcome });
                }
            }
        }
    }
    all
}

/// The scopes in which a quantity is asked for; none, once: it has no scopes.
fn scopes_of(quantity: Quantity, sight: Sight) -> Vec<Option<Scope>> {
    match (quantity, sight) {
        (Quantity::GlassToGlass, Sight::Screen) => [Scope::A, Scope::B, Scope::C].map(Some).to_vec(),
        _ if quantity.has_scope() => vec![Some(Scope::A)],
        _ => vec![None],
    }
}

/// The ways on which two schools are asked, and whose answers they hang on: first the side that would have seen it.
fn asked_of(extent: Extent) -> Vec<(Option<Way>, Vec<Side>)> {
    match extent {
        Extent::Whole => vec![(None, vec![Side::A, Side::B])],
        Extent::Place => vec![(Some(Way::AtA), vec![Side::A]), (Some(Way::AtB), vec![Side::B])],
        Extent::Directed => {
            vec![(Some(Way::AToB), vec![Side::B, Side::A]), (Some(Way::BToA), vec![Side::A, Side::B])]
        }
    }
}

/// What a node remarks, and its own leg in figures: joined, nobody would see whose it is.
fn remarks(inspection: &Inspection, side: Side) -> Vec<Remark> {
    let mut notes = Vec::new();
    if let Some(told) = &inspection.presence[side as usize] {
        notes.push(Remark::of(RemarkCode::NodeSoftware).with("software", &told.software));
    }
    notes.extend(leg(&answered(inspection, side)));
    notes.extend(of_side(inspection, side).flat_map(|asked| asked.job.notes()));
    notes.truncate(NOTES_OF_A_NODE);
    let node = inspection.plan.head.node(side);
    notes.into_iter().map(|note| note.of_node(node)).filter(|note| note.check("notes").is_ok()).collect()
}

fn leg(seen: &[(f64, Finding)]) -> Vec<Remark> {
    let measured = |quantity, way| {
        let (_, finding) = seen.iter().find(|(_, it)| it.quantity == quantity && it.way == way)?;
        match &finding.outcome {
            Outcome::Measured(measured) => measured.value.or(measured.median),
            _ => None,
        }
    };
    let rtt = measured(Quantity::Rtt, None)
        .map(|ms| Remark::of(RemarkCode::LegRoundTrip).with("ms", format!("{ms:.1}")));
    let both = |quantity, code, factor: f64, names: [&str; 2]| {
        let up = measured(quantity, Some(Way::AToB))? * factor;
        let down = measured(quantity, Some(Way::BToA))? * factor;
        let [up_name, down_name] = names;
        Some(Remark::of(code).with(up_name, format!("{up:.2}")).with(down_name, format!("{down:.2}")))
    };
    let loss = both(Quantity::NetworkLoss, RemarkCode::LegLoss, 100.0, ["up_percent", "down_percent"]);
    let rate = both(Quantity::CapacityRate, RemarkCode::LegCapacity, 1e-6, ["up_mbps", "down_mbps"]);
    [rtt, loss, rate].into_iter().flatten().collect()
}
