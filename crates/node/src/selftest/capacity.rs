//! How much the line carries each way (RFC 9097), in a line that the relay lends: not beside a lesson or another test.

use super::bench::{Bench, Found, Nothing, blocking, opened};
use super::findings::BY;
use super::load::media_bps;
use crate::link::Lease;
use std::net::SocketAddr;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, OneSided, Point, Way};
use tongke_measure::network::capacity::{Capacity, SearchSettings};
use tongke_probe::{CapacityRun, Direction, LoadError, LoadLine, Stopped};
use tongke_protocol::control::{LeaseRequest, LoadPurpose};

/// A line that was lent, and what it carries.
pub(super) struct Lent {
    pub lease: Lease,
    pub line: LoadLine,
    pub out: Capacity,
    pub back: Capacity,
}

impl From<LoadError> for Nothing {
    fn from(error: LoadError) -> Self {
        let cause = match &error {
            LoadError::Stopped(Stopped::LessonLive) => Cause::LessonLive,
            LoadError::Stopped(Stopped::GivenBack) => Cause::EndedEarly,
            LoadError::Line(_) | LoadError::NoAnswer => Cause::NoPackets,
        };
        Nothing::Missing(cause, Some(error.to_string().into()))
    }
}

pub(super) async fn capacity(bench: &mut Bench<'_>) -> Found {
    match measure(bench).await {
        Ok((lent, findings)) => {
            bench.lent = Ok(lent);
            Ok(findings)
        }
        Err(nothing) => {
            if let Nothing::Missing(cause, _) = &nothing {
                bench.lent = Err(*cause);
            }
            Err(nothing)
        }
    }
}

async fn measure(bench: &Bench<'_>) -> Result<(Lent, Vec<Finding>), Nothing> {
    let plan = &bench.plan.load;
    if plan.most_mbps == 0 {
        return Err(Cause::NotAsked.into());
    }
    let relay = bench.relay_over_udp()?;
    let asked =
        LeaseRequest { purpose: LoadPurpose::Packets, shared_address: plan.shared_address, seconds: None };
    let lease = Lease::take(&bench.http, asked).await?;
    let Some(session) = &lease.load else { return Err(Cause::NotAsked.into()) };
    let opened = opened(session.session, &session.key).map_err(Nothing::Refused)?;
    let mut line = LoadLine::new(SocketAddr::new(relay, session.port), opened);
    let settings = plan.settings(media_bps(bench.config), session.fastest_bps as f64);
    let (line, out, back) = blocking(move || {
        let out = measure_way(&mut line, Direction::Out, &settings)?;
        let back = measure_way(&mut line, Direction::Back, &settings)?;
        Ok::<_, LoadError>((line, out, back))
    })
    .await??;
    let findings = of_capacity(&out, &back, media_bps(bench.config));
    Ok((Lent { lease, line, out: out.capacity, back: back.capacity }, findings))
}

fn measure_way(
    line: &mut LoadLine,
    direction: Direction,
    settings: &SearchSettings,
) -> Result<CapacityRun, LoadError> {
    line.capacity(direction, settings, &mut |_| {})
}

fn of_capacity(out: &CapacityRun, back: &CapacityRun, media_bps: f64) -> Vec<Finding> {
    let mut all = Vec::new();
    for (way, run) in [(Way::AToB, out), (Way::BToA, back)] {
        all.push(rate(way, run, Quantity::CapacityRate, 1.0));
        all.push(rate(way, run, Quantity::CapacityRatio, media_bps));
    }
    let bytes = (out.bytes + back.bytes) as f64;
    let used = Measured { value: Some(bytes), ..Measured::new(1, Method::Rfc9097, BY) };
    all.push(Finding::measured(Quantity::DataUsed, None, used));
    all
}

/// The capacity, in multiples of `one`.
fn rate(way: Way, run: &CapacityRun, quantity: Quantity, one: f64) -> Finding {
    let (bps, one_sided) = match run.capacity {
        Capacity::Measured { bps, .. } => (bps, None),
        Capacity::AtLeast { bps, .. } => (bps, Some(OneSided::AtLeast)),
        Capacity::Unknown => return Finding::missing(quantity, Some(way), Cause::NoPackets),
    };
    let point =
        |(number, bps): (usize, f64)| Point { at_s: number as f64, value: bps / one, low: None, high: None };
    let seconds = run.seconds.iter().map(|second| second.rate_bps()).enumerate();
    let measured = Measured {
        value: Some(bps / one),
        one_sided,
        over_time: seconds.map(point).collect(),
        ..Measured::new(run.seconds.len() as u64, Method::Rfc9097, BY)
    };
    Finding::measured(quantity, Some(way), measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_inspection::facts::Outcome;
    use tongke_measure::network::capacity::SubInterval;

    fn run(capacity: Capacity) -> CapacityRun {
        let second = SubInterval { ip_bytes: 1_000_000, packets: 800, ..SubInterval::default() };
        CapacityRun { capacity, seconds: vec![second; 10], bytes: 12_000_000 }
    }

    fn measured(findings: &[Finding], quantity: Quantity, way: Option<Way>) -> &Measured {
        let found =
            findings.iter().find(|finding| finding.quantity == quantity && finding.way == way).unwrap();
        match &found.outcome {
            Outcome::Measured(measured) => measured,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_capacity_is_told_as_a_rate_as_a_multiple_of_media_and_with_its_data() {
        let out = run(Capacity::Measured { bps: 8e6, sub_interval: 0 });
        let back = run(Capacity::AtLeast { bps: 8e6, sub_interval: 0 });
        let all = of_capacity(&out, &back, 2e6);
        let there = measured(&all, Quantity::CapacityRatio, Some(Way::AToB));
        assert_eq!((there.value, there.one_sided, there.n), (Some(4.0), None, 10));
        assert_eq!((there.over_time[9].at_s, there.over_time[9].value), (9.0, 4.0));
        let here = measured(&all, Quantity::CapacityRate, Some(Way::BToA));
        assert_eq!((here.value, here.one_sided), (Some(8e6), Some(OneSided::AtLeast)));
        assert_eq!(measured(&all, Quantity::DataUsed, None).value, Some(24e6));
    }

    #[test]
    fn where_nothing_came_there_is_no_number() {
        let none = CapacityRun { capacity: Capacity::Unknown, seconds: Vec::new(), bytes: 0 };
        let all = of_capacity(&none, &none, 2e6);
        let missing = all.iter().filter(|finding| matches!(finding.outcome, Outcome::Missing(_)));
        assert_eq!(missing.count(), 4);
    }
}
