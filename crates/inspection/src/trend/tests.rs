use super::{COMPARED, Change, changes, courses};
use crate::facts::{Cause, Facts, Finding, Measured, Method, OneSided, Way};
use crate::{Criteria, Quantity};

const EMPTY: &str = include_str!("../../fixtures/empty.json");

/// A self-test that found this delay variation and capacity.
fn test(number: usize, pdv_ms: f64, ratio: f64, bound: f64) -> Facts {
    let mut facts = Facts::parse(EMPTY.as_bytes()).unwrap();
    facts.id = format!("test {number}");
    let pdv =
        Measured { p999: Some(pdv_ms), bound: Some(bound), ..Measured::new(1000, Method::Stamp, "node") };
    let capacity = Measured { value: Some(ratio), ..Measured::new(1, Method::Rfc9097, "node") };
    facts.findings = vec![
        Finding::measured(Quantity::Pdv, Some(Way::AToB), pdv),
        Finding::measured(Quantity::CapacityRatio, Some(Way::AToB), capacity),
    ];
    facts
}

fn told(now: &Facts, before: &[Facts]) -> Vec<Change> {
    changes(now, before, &Criteria::shipped())
}

fn steady(count: usize) -> Vec<Facts> {
    (0..count).map(|i| test(i, 20.0 + (i % 3) as f64, 3.0, 1.0)).collect()
}

#[test]
fn what_became_worse_or_better_is_told_with_the_median_before() {
    let changes = told(&test(99, 45.0, 4.0, 1.0), &steady(7));
    let [pdv, capacity] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((pdv.quantity, pdv.now, pdv.before, pdv.tests), (Quantity::Pdv, 45.0, 21.0, 7));
    assert!(!pdv.is_better, "more delay variation is worse");
    assert!(capacity.is_better && capacity.quantity == Quantity::CapacityRatio, "more capacity is better");
}

#[test]
fn a_difference_within_either_bound_is_no_change() {
    let before = steady(7);
    assert_eq!(told(&test(99, 21.9, 3.0, 0.1), &before), [], "the old values are known to 1 ms");
    assert_eq!(told(&test(99, 25.0, 3.0, 6.0), &before), [], "the new one is known to 6 ms");
    let scattered: Vec<Facts> = [5.0, 30.0, 8.0, 40.0, 20.0, 33.0, 10.0]
        .into_iter()
        .enumerate()
        .map(|(i, pdv_ms)| test(i, pdv_ms, 3.0, 0.0))
        .collect();
    assert_eq!(told(&test(99, 30.0, 3.0, 0.0), &scattered), [], "it was so on other days too");
}

#[test]
fn fewer_than_three_tests_are_no_trend_and_older_ones_are_forgotten() {
    assert_eq!(told(&test(99, 45.0, 3.0, 1.0), &steady(2)), []);
    let mut before: Vec<Facts> = (0..20).map(|i| test(i, 500.0, 3.0, 1.0)).collect();
    before.extend((20..20 + COMPARED).map(|i| test(i, 20.0, 3.0, 1.0)));
    assert_eq!(told(&test(99, 20.0, 3.0, 1.0), &before), []);
}

#[test]
fn another_relay_another_node_and_what_is_missing_are_not_compared() {
    let now = test(99, 45.0, 3.0, 1.0);
    let elsewhere = |change: fn(&mut Facts)| {
        let mut before = steady(7);
        before.iter_mut().for_each(change);
        told(&now, &before)
    };
    assert_eq!(elsewhere(|facts| facts.places.relay.push('2')), []);
    assert_eq!(elsewhere(|facts| facts.places.a.node.push('2')), []);
    let missing = |facts: &mut Facts| {
        facts.findings[0] = Finding::missing(Quantity::Pdv, Some(Way::AToB), Cause::NoPackets);
    };
    assert_eq!(elsewhere(missing), []);
    assert_eq!(elsewhere(|facts| facts.findings[0].way = Some(Way::BToA)), []);
    let one_sided = |facts: &mut Facts| {
        let capacity = Measured {
            value: Some(9.0),
            one_sided: Some(OneSided::AtLeast),
            ..Measured::new(1, Method::Rfc9097, "n")
        };
        facts.findings = vec![Finding::measured(Quantity::CapacityRatio, Some(Way::AToB), capacity)];
    };
    assert_eq!(elsewhere(one_sided), []);
}

#[test]
fn the_course_of_a_quantity_has_every_test_of_the_line_that_knows_it_and_ends_with_the_newest() {
    let mut before = steady(COMPARED + 3);
    before[1].places.relay = "https://another.example".into();
    before[2].findings.remove(0);
    let now = test(99, 45.0, 4.0, 1.0);
    let courses = courses(&now, &before, &Criteria::shipped());
    let [pdv, capacity] = &courses[..] else { panic!("{courses:?}") };
    assert_eq!((pdv.quantity, pdv.points.len()), (Quantity::Pdv, COMPARED + 2));
    assert_eq!((capacity.quantity, capacity.points.len()), (Quantity::CapacityRatio, COMPARED + 3));
    let values = |of: &super::Course| of.points.iter().map(|point| point.value).collect::<Vec<_>>();
    assert_eq!((values(pdv)[0], values(pdv).pop(), pdv.points[0].bound), (20.0, Some(45.0), 1.0));
}

#[test]
fn too_few_tests_have_no_course_and_later_ones_are_none_before() {
    let now = test(99, 45.0, 4.0, 1.0);
    assert!(courses(&now, &steady(2), &Criteria::shipped()).is_empty());
    let mut later = steady(7);
    later.iter_mut().for_each(|facts| facts.time.began += jiff::SignedDuration::from_hours(1));
    assert!(courses(&now, &later, &Criteria::shipped()).is_empty());
}
