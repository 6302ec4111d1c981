//! What was seen, as findings of the facts.

use super::line::Seen;
use super::reach::Reached;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Clock, Finding, Measured, Method, Missing, Outcome, Point, Way};
use tongke_measure::network::dscp::DscpFate;
use tongke_measure::network::path_mtu::PathMtu;
use tongke_measure::network::two_way::DirectionFigures;

/// Points of the plot of round trips, at most.
const POINTS: usize = 60;
/// Who measured.
const BY: &str = "node and relay";

pub(super) fn of_reach(reached: &Reached) -> Vec<Finding> {
    let open = |is: Option<bool>, cause: Cause| match is {
        Some(true) => Outcome::Found("reachable".to_owned()),
        Some(false) => Outcome::Found("blocked".to_owned()),
        None => missing(cause),
    };
    let here = |quantity, outcome| finding(quantity, Some(Way::AtA), outcome);
    // Without the relay's answer nobody knows where to send datagrams.
    let tls_cause = if reached.address.is_some() { Cause::NotAsked } else { Cause::NoPackets };
    vec![
        here(Quantity::Tcp, open(Some(reached.address.is_some()), Cause::NoPackets)),
        here(Quantity::Tls, open(reached.tls, tls_cause)),
        here(Quantity::Udp, open(reached.udp, Cause::NoPackets)),
        here(Quantity::NatMapping, missing(Cause::NoSecondAddress)),
        here(Quantity::NatFiltering, missing(Cause::NoSecondAddress)),
    ]
}

pub(super) fn of_line(seen: Option<&Seen>) -> Vec<Finding> {
    let figures = seen.map(|seen| &seen.idle.figures);
    let mut all = vec![finding(Quantity::Rtt, None, seen.map_or(missing(Cause::NoPackets), round_trip))];
    for (way, of) in [(Way::AToB, figures.map(|it| &it.out)), (Way::BToA, figures.map(|it| &it.back))] {
        all.push(finding(Quantity::NetworkLoss, Some(way), of.map_or(missing(Cause::NoPackets), loss)));
        all.push(finding(Quantity::Pdv, Some(way), of.map_or(missing(Cause::NoPackets), variation)));
        all.push(finding(Quantity::Mtu, Some(way), mtu(seen.and_then(|seen| seen.mtu))));
        let fate = seen.and_then(|seen| seen.marked).map(|marked| match way {
            Way::AToB => marked.out,
            _ => marked.back,
        });
        all.push(finding(Quantity::Dscp, Some(way), dscp(fate)));
    }
    all
}

/// The relay's clock is the one that this machine's is compared with.
pub(super) fn clocks(seen: Option<&Seen>) -> Vec<Clock> {
    let clock = seen.and_then(|seen| seen.idle.clock.map(|clock| (clock, seen.idle.clock_steps)));
    let told = clock.map(|(clock, steps)| Clock {
        at: Way::AtA,
        offset_ms: -(clock.offset_us as f64) / 1e3,
        bound_ms: clock.bound_us as f64 / 1e3,
        stepped: steps > 0,
    });
    told.into_iter().collect()
}

fn finding(quantity: Quantity, way: Option<Way>, outcome: Outcome) -> Finding {
    Finding { quantity, unit: quantity.definition().unit, way, scope: None, outcome }
}

fn missing(cause: Cause) -> Outcome {
    Outcome::Missing(Missing { cause, detail: None })
}

fn measured(n: u64, method: Method) -> Measured {
    Measured {
        n,
        value: None,
        min: None,
        median: None,
        p95: None,
        p999: None,
        max: None,
        spread: None,
        bound: None,
        clock_bound_ms: None,
        one_sided: None,
        method,
        by: BY.to_owned(),
        reference: None,
        over_time: Vec::new(),
        histogram: None,
        events: Vec::new(),
    }
}

fn round_trip(seen: &Seen) -> Outcome {
    let Some(of) = seen.idle.figures.round_trip else { return missing(Cause::NoPackets) };
    Outcome::Measured(Box::new(Measured {
        min: seen.idle.round_trips.iter().map(|(_, ms)| *ms).min_by(f64::total_cmp),
        median: Some(of.p50),
        p95: Some(of.p95),
        max: Some(of.max),
        over_time: over_time(&seen.idle.round_trips),
        ..measured(of.n, Method::Stamp)
    }))
}

/// The round trips in so many stretches at most.
fn over_time(round_trips: &[(f64, f64)]) -> Vec<Point> {
    let mut sorted = round_trips.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let stretch = |part: &[(f64, f64)]| {
        let mut times: Vec<f64> = part.iter().map(|(_, ms)| *ms).collect();
        times.sort_by(f64::total_cmp);
        Some(Point {
            at_s: part.first()?.0,
            value: times[times.len() / 2],
            low: times.first().copied(),
            high: times.last().copied(),
        })
    };
    sorted.chunks(sorted.len().div_ceil(POINTS).max(1)).filter_map(stretch).collect()
}

fn loss(of: &DirectionFigures) -> Outcome {
    let Some((share, (low, high))) = of.loss.share().zip(of.loss.interval()) else {
        return missing(Cause::NoPackets);
    };
    let bound = (share - low).max(high - share);
    Outcome::Measured(Box::new(Measured {
        value: Some(share),
        bound: Some(bound),
        ..measured(of.loss.n, Method::Stamp)
    }))
}

fn variation(of: &DirectionFigures) -> Outcome {
    let Some(of) = of.variation else { return missing(Cause::NoPackets) };
    Outcome::Measured(Box::new(Measured {
        min: Some(0.0),
        median: Some(of.pdv_p50),
        p95: Some(of.pdv_p95),
        p999: Some(of.pdv_p999),
        ..measured(of.n, Method::Stamp)
    }))
}

/// A probe goes there and back at its size, so the figure holds for both directions.
fn mtu(found: Option<PathMtu>) -> Outcome {
    match found {
        Some(PathMtu::Complete { mtu }) => Outcome::Measured(Box::new(Measured {
            value: Some(f64::from(mtu)),
            ..measured(1, Method::Rfc8899)
        })),
        _ => missing(Cause::NoPackets),
    }
}

fn dscp(fate: Option<DscpFate>) -> Outcome {
    match fate {
        Some(DscpFate::Kept) => Outcome::Found("kept".to_owned()),
        Some(DscpFate::Cleared) => Outcome::Found("cleared".to_owned()),
        // Some of the packets arrived with another one.
        Some(DscpFate::Rewritten { .. } | DscpFate::Mixed) => Outcome::Found("rewritten".to_owned()),
        Some(DscpFate::Unknown) | None => missing(Cause::NoPackets),
    }
}
