use super::*;
use crate::ClockEstimate;

fn printed(value_ms: f64, bound_ms: f64) -> String {
    Delay::new(value_ms, bound_ms, Scope::SoftwareStamps).unwrap().to_string()
}

#[test]
fn a_delay_is_printed_to_what_its_bound_allows() {
    for (value_ms, bound_ms, expected) in [
        (60.0, 50.0, "60 ± 50 ms"),
        (61.3, 50.0, "60 ± 52 ms"),
        (61.3, 9.9, "60 ± 12 ms"),
        (123.456, 0.3, "123.5 ± 0.35 ms"),
        (123.456, 3.0, "123 ± 3.5 ms"),
        (-0.2, 4.0, "0 ± 4.2 ms"),
        (300.0, 120.0, "300 ± 120 ms"),
        (42.0, 0.0, "42.00 ± 0.050 ms"),
    ] {
        assert_eq!(printed(value_ms, bound_ms), expected, "{value_ms} {bound_ms}");
    }
    assert_eq!(Delay::new(f64::NAN, 1.0, Scope::Optical), None);
    assert_eq!(Delay::new(1.0, -1.0, Scope::Optical), None);
}

#[test]
fn a_wide_bound_makes_another_variant_that_still_prints_its_figure() {
    let mut run = DelayRun::software();
    let far = ClockEstimate { offset_us: 0, bound_us: 50_000, skew_ppm: None };
    (0..100).for_each(|i| run.record_stamped(i * 40_000, i * 40_000 + 60_000, &far));
    let outcome = run.outcome();
    assert_eq!(outcome.judgeable(), None);
    assert_eq!(
        outcome.to_string(),
        "60 ± 51 ms (scope A, software stamps); not to be judged: the clocks are known to ±50 ms, and ±10 ms \
         is the most; measure over one clock (scope C)"
    );
}

#[test]
fn the_largest_of_59_samples_bounds_the_95th_percentile() {
    let mut run = DelayRun::one_clock_loop(None);
    (0..58).for_each(|_| run.record_loop(200.0));
    assert_eq!(run.outcome().judgeable().unwrap().p95_at_most, None);
    run.record_loop(240.0);
    let outcome = run.outcome();
    assert_eq!(outcome.judgeable().unwrap().p95_at_most.unwrap().value_ms(), 120.0);
    assert_eq!(outcome.to_string(), "100.00 ± 0.050 ms (scope C, one clock, halved by symmetry)");
}

#[test]
fn a_set_clock_voids_two_clocks_and_not_one() {
    let mut optical = DelayRun::optical(None);
    optical.record_stamped(0, 90_000, &ClockEstimate { offset_us: 0, bound_us: 100, skew_ppm: None });
    optical.clock_steps(1);
    let void = OneWay::Invalid { reason: Invalid::ClockSet { steps: 1 }, summary: None };
    assert_eq!(optical.outcome(), void);
    let mut one_clock = DelayRun::one_clock_loop(None);
    one_clock.record_loop(90.0);
    one_clock.clock_steps(1);
    assert!(one_clock.outcome().judgeable().is_some());
}

#[test]
fn camera_and_display_add_their_quantisation_in_quadrature() {
    let refresh = Refresh { camera_period_ms: 1000.0 / 30.0, display_period_ms: 1000.0 / 60.0 };
    assert!((refresh.deviation_ms() - (9.6225f64.powi(2) + 4.8113f64.powi(2)).sqrt()).abs() < 1e-3);
    assert!((refresh.bias_ms() - 25.0).abs() < 1e-9);
    let mut run = DelayRun::optical(Some(refresh));
    run.record_stamped(0, 203_000, &ClockEstimate { offset_us: 0, bound_us: 1_000, skew_ppm: None });
    assert_eq!(run.outcome().judgeable().unwrap().p50.to_string(), "200 ± 15 ms");
}

#[test]
fn an_empty_run_has_no_figure() {
    assert_eq!(DelayRun::software().outcome().to_string(), "no figure: nothing was measured");
}
