//! What was seen of the line, as findings of the facts.

use super::order;
use super::reach::open;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Clock, Finding, Measured, Method, Outcome, Point, Way};
use tongke_measure::network::dscp::DscpFate;
use tongke_measure::network::path_mtu::PathMtu;
use tongke_measure::network::two_way::DirectionFigures;
use tongke_probe::{Idle, MarkedWay};

/// Points of the plot of round trips, at most.
const POINTS: usize = 60;
/// Who measured.
pub(super) const BY: &str = "node and relay";

/// This school.
pub(super) const fn here() -> Option<Way> {
    Some(Way::AtA)
}

pub(super) fn of_idle(idle: &Idle) -> Vec<Finding> {
    let mut all = vec![open(Quantity::Udp, idle.figures.answered > 0), round_trip(idle)];
    for (way, of) in [(Way::AToB, &idle.figures.out), (Way::BToA, &idle.figures.back)] {
        all.push(loss(way, of));
        all.push(variation(way, of));
        all.extend(order::of_direction(way, of, BY));
    }
    all
}

pub(super) fn of_marks(marked: MarkedWay) -> Vec<Finding> {
    vec![dscp(Way::AToB, marked.out), dscp(Way::BToA, marked.back)]
}

/// A probe goes there and back at its size, so the figure holds for both directions.
pub(super) fn of_mtu(found: PathMtu) -> Vec<Finding> {
    let PathMtu::Complete { mtu } = found else {
        return Finding::missing_alone(Quantity::Mtu, Cause::NoPackets, None).collect();
    };
    let measured = Measured { value: Some(f64::from(mtu)), ..Measured::new(1, Method::Rfc8899, BY) };
    let found = |way| Finding::measured(Quantity::Mtu, Some(way), measured.clone());
    vec![found(Way::AToB), found(Way::BToA)]
}

/// The relay's clock is the one that this machine's is compared with.
pub(super) fn clock(idle: &Idle) -> Option<Clock> {
    let clock = idle.clock?;
    Some(Clock {
        at: Way::AtA,
        offset_ms: -(clock.offset_us as f64) / 1e3,
        bound_ms: clock.bound_us as f64 / 1e3,
        stepped: idle.clock_steps > 0,
    })
}

fn round_trip(idle: &Idle) -> Finding {
    let Some(of) = idle.figures.round_trip else {
        return Finding::missing(Quantity::Rtt, None, Cause::NoPackets);
    };
    let measured = Measured {
        min: idle.round_trips.iter().map(|(_, ms)| *ms).min_by(f64::total_cmp),
        median: Some(of.p50),
        p95: Some(of.p95),
        max: Some(of.max),
        over_time: over_time(&idle.round_trips),
        ..Measured::new(of.n, Method::Stamp, BY)
    };
    Finding::measured(Quantity::Rtt, None, measured)
}

/// The round trips in so many stretches at most.
pub(super) fn over_time(round_trips: &[(f64, f64)]) -> Vec<Point> {
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

fn loss(way: Way, of: &DirectionFigures) -> Finding {
    let Some((share, (low, high))) = of.loss.share().zip(of.loss.interval()) else {
        return Finding::missing(Quantity::NetworkLoss, Some(way), Cause::NoPackets);
    };
    let bound = Some((share - low).max(high - share));
    let measured = Measured { value: Some(share), bound, ..Measured::new(of.loss.n, Method::Stamp, BY) };
    Finding::measured(Quantity::NetworkLoss, Some(way), measured)
}

fn variation(way: Way, of: &DirectionFigures) -> Finding {
    let Some(of) = of.variation else {
        return Finding::missing(Quantity::Pdv, Some(way), Cause::NoPackets);
    };
    let measured = Measured {
        min: Some(0.0),
        median: Some(of.pdv_p50),
        p95: Some(of.pdv_p95),
        p999: Some(of.pdv_p999),
        ..Measured::new(of.n, Method::Stamp, BY)
    };
    Finding::measured(Quantity::Pdv, Some(way), measured)
}

fn dscp(way: Way, fate: DscpFate) -> Finding {
    let word = match fate {
        DscpFate::Kept => "kept",
        DscpFate::Cleared => "cleared",
        // Some of the packets arrived with another one.
        DscpFate::Rewritten { .. } | DscpFate::Mixed => "rewritten",
        DscpFate::Unknown => return Finding::missing(Quantity::Dscp, Some(way), Cause::NoPackets),
    };
    Finding::new(Quantity::Dscp, Some(way), Outcome::Found(word.to_owned()))
}
