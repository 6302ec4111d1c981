use super::*;
use tongke_inspection::facts::Outcome;
use tongke_measure::network::capacity::SubInterval;
use tongke_measure::network::two_way::TwoWayRun;

const MEDIA_BPS: f64 = 2e6;

fn fastest(plan: LoadPlan, relay_bps: f64) -> f64 {
    plan.settings(MEDIA_BPS, relay_bps).fastest.rate_bps()
}

#[test]
fn no_line_is_loaded_faster_than_the_plan_the_relay_and_the_bill_allow() {
    let plan = LoadPlan::default();
    assert_eq!(fastest(plan, f64::INFINITY), 120e6);
    assert_eq!(fastest(plan, 50e6), 50e6);
    assert_eq!(fastest(LoadPlan { most_mbps: 30, ..plan }, 50e6), 30e6);
    assert_eq!(fastest(LoadPlan { metered: true, ..plan }, 50e6), 5e6, "1.5 times 2, and 2 more");
    assert_eq!(fastest(LoadPlan { metered: true, most_mbps: 3, ..plan }, 50e6), 3e6);
}

fn idle(ms: &[f64]) -> Idle {
    Idle {
        figures: TwoWayRun::new().figures(None),
        clock: None,
        clock_steps: 0,
        round_trips: ms.iter().enumerate().map(|(number, ms)| (number as f64, *ms)).collect(),
    }
}

fn held(mbps: u64) -> Held {
    let second = SubInterval { ip_bytes: mbps * 125_000, ..SubInterval::default() };
    Held { seconds: vec![second; 5], bytes: 0 }
}

#[test]
fn the_rise_is_counted_from_the_idle_line() {
    let finding = rise(Way::AToB, &[20.0; 50], &idle(&[25.0; 50]), &held(8), 8e6);
    let Outcome::Measured(measured) = finding.outcome else { panic!("{finding:?}") };
    assert_eq!((measured.n, measured.median, measured.p95), (50, Some(5.0), Some(5.0)));
    assert!(measured.over_time.iter().all(|point| point.value == 5.0 && point.low == Some(5.0)));
}

#[test]
fn a_line_that_was_not_loaded_says_nothing_of_load() {
    let cause = |finding: Finding| match finding.outcome {
        Outcome::Missing(missing) => missing.cause,
        other => panic!("{other:?}"),
    };
    let loaded = idle(&[25.0; 50]);
    assert_eq!(cause(rise(Way::AToB, &[20.0], &loaded, &held(3), 8e6)), Cause::NoPackets);
    assert_eq!(cause(rise(Way::AToB, &[20.0], &idle(&[]), &held(8), 8e6)), Cause::NoPackets);
    assert_eq!(cause(rise(Way::AToB, &[], &loaded, &held(8), 8e6)), Cause::NotAsked);
}
