//! From one place to the other by way of the relay: what follows from the leg up to it and the leg down from it, which
//! two nodes measured each for itself. Only what does follow; how is said with the number.

use crate::facts::{Finding, Measured, OneSided, Outcome, Point, RemarkCode, Way};
use crate::quantity::{Extent, Quantity, Step};

/// How two legs make a way.
enum Rule {
    /// Shares of packets that are lost on one leg or the other.
    Loss,
    /// Times by which packets are late: together at least the later one's, at most the sum.
    Lateness,
    /// The narrower leg decides.
    Least,
    /// What one leg does to packets stays done.
    Worst,
}

/// The rule of a quantity that nodes measure to the relay and back; none: it is of a whole way or a place already.
fn rule(quantity: Quantity) -> Option<Rule> {
    Some(match quantity {
        Quantity::NetworkLoss => Rule::Loss,
        Quantity::Pdv | Quantity::RttRise | Quantity::Reordered => Rule::Lateness,
        Quantity::CapacityRate | Quantity::CapacityRatio | Quantity::Mtu => Rule::Least,
        Quantity::Dscp => Rule::Worst,
        _ => return None,
    })
}

/// Whether a quantity is measured on the legs.
pub fn is_of_legs(quantity: Quantity) -> bool {
    let definition = quantity.definition();
    let lines = [Step::Reachability, Step::IdleLine, Step::Capacity, Step::LoadedLine];
    definition.extent != Extent::Place && lines.contains(&definition.step)
}

/// Whether the legs say something of the whole way. How losses of one leg meet those of the other nobody saw: their
/// bursts are told of no way.
pub fn follows(quantity: Quantity) -> bool {
    !is_of_legs(quantity) || rule(quantity).is_some() || quantity.definition().extent == Extent::Whole
}

/// The whole way, of the leg from its begin to the relay and the leg from the relay to its end.
pub fn way(quantity: Quantity, way: Way, up: &Finding, down: &Finding) -> Option<Finding> {
    let outcome = match (&up.outcome, &down.outcome) {
        (missing @ Outcome::Missing(_), _) | (_, missing @ Outcome::Missing(_)) => missing.clone(),
        (Outcome::Measured(up), Outcome::Measured(down)) => measured(&rule(quantity)?, up, down)?,
        (Outcome::Found(up), Outcome::Found(down)) => Outcome::Found(worst(up, down)),
        _ => return None,
    };
    Some(Finding::new(quantity, Some(way), outcome))
}

fn measured(rule: &Rule, up: &Measured, down: &Measured) -> Option<Outcome> {
    let joined = match rule {
        Rule::Loss => loss(up, down)?,
        Rule::Lateness => lateness(up, down)?,
        Rule::Least => least(up, down)?,
        Rule::Worst => return None,
    };
    Some(Outcome::Measured(Box::new(joined)))
}

/// What both have in common; no number yet.
fn blank(up: &Measured, down: &Measured, reference: RemarkCode) -> Measured {
    let by = if up.by == down.by { up.by.clone() } else { format!("{}; {}", up.by, down.by) };
    let by: String = by.chars().take(120).collect();
    Measured { reference: vec![reference.into()], ..Measured::new(up.n.min(down.n), up.method, &by) }
}

/// A packet comes if it survives both legs: 1 − (1 − p)(1 − q), if the two lose independently of each other. The
/// bound is that of the two ends of both intervals.
fn loss(up: &Measured, down: &Measured) -> Option<Measured> {
    let both = |p: f64, q: f64| 1.0 - (1.0 - p.clamp(0.0, 1.0)) * (1.0 - q.clamp(0.0, 1.0));
    let (p, q) = (up.value?, down.value?);
    let (of_p, of_q) = (up.bound.unwrap_or(0.0), down.bound.unwrap_or(0.0));
    let value = both(p, q);
    let bound = (both(p + of_p, q + of_q) - value).max(value - both(p - of_p, q - of_q));
    Some(Measured { value: Some(value), bound: Some(bound), ..blank(up, down, RemarkCode::LegsIndependent) })
}

/// One lateness after another. How the late packets of the legs meet nobody saw: the figure lies between the greater
/// one's and the sum, but for as many packets again as its percentile leaves out.
fn lateness(up: &Measured, down: &Measured) -> Option<Measured> {
    let span = |of: fn(&Measured) -> Option<f64>| {
        // A line that is quicker under load than idle is one that load does not slow.
        let (up, down) = (of(up)?.max(0.0), of(down)?.max(0.0));
        Some((up.max(down), up + down))
    };
    let all: [fn(&Measured) -> Option<f64>; 5] =
        [|it| it.value, |it| it.median, |it| it.p95, |it| it.p999, |it| it.max];
    let spans = all.map(span);
    let middle = |index: usize| spans[index].map(|(least, most)| (least + most) / 2.0);
    let half = spans.iter().flatten().map(|(least, most)| (most - least) / 2.0).max_by(f64::total_cmp)?;
    Some(Measured {
        value: middle(0),
        median: middle(1),
        p95: middle(2),
        p999: middle(3),
        max: middle(4),
        bound: Some(half + up.bound.unwrap_or(0.0) + down.bound.unwrap_or(0.0)),
        ..blank(up, down, RemarkCode::LegsLate)
    })
}

/// The smaller of both, and what is known of it. Where one is only known from below it is the smaller one at least.
fn least(up: &Measured, down: &Measured) -> Option<Measured> {
    let (first, second) = (up.value.or(up.median)?, down.value.or(down.median)?);
    let narrow = if first <= second { up } else { down };
    let one_sided = match (up.one_sided, down.one_sided) {
        (None, None) => None,
        (Some(OneSided::AtMost), _) | (_, Some(OneSided::AtMost)) => Some(OneSided::AtMost),
        // The other one, which is known, is the smaller.
        _ if narrow.one_sided.is_none() => None,
        _ => Some(OneSided::AtLeast),
    };
    let mut reference = vec![RemarkCode::LegsNarrower.into()];
    reference.extend(narrow.reference.iter().cloned());
    Some(Measured { one_sided, reference, ..narrow.clone() })
}

/// What became of a mark: a relay sets it anew, so either leg may lose it.
fn worst(up: &str, down: &str) -> String {
    let worst = ["cleared", "rewritten"].into_iter().find(|word| [up, down].contains(word));
    worst.unwrap_or(up).to_owned()
}

/// The round trip between the places, of both round trips to the relay. Its median lies, however they vary together,
/// between the sum of the smallest and the sum of the 95th percentiles; the sum of the medians is told.
pub fn round_trip(a: &Measured, b: &Measured) -> Option<Measured> {
    let sum = |of: fn(&Measured) -> Option<f64>| Some(of(a)? + of(b)?);
    let median = sum(|it| it.median)?;
    let below = sum(|it| it.min).map_or(median, |least| median - least);
    let above = sum(|it| it.p95).map_or(below, |most| most - median);
    Some(Measured {
        median: Some(median),
        bound: Some(below.max(above)),
        over_time: together(&a.over_time, &b.over_time),
        ..blank(a, b, RemarkCode::LegsRoundTrip)
    })
}

/// Two time lines that were taken at the same time, stretch by stretch.
fn together(a: &[Point], b: &[Point]) -> Vec<Point> {
    let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
    let both = a.iter().zip(b);
    both.map(|(a, b)| Point {
        at_s: a.at_s,
        value: a.value + b.value,
        low: sum(a.low, b.low),
        high: sum(a.high, b.high),
    })
    .collect()
}

/// What both sent.
pub fn volume(a: &Measured, b: &Measured) -> Option<Measured> {
    Some(Measured { value: Some(a.value? + b.value?), n: a.n + b.n, ..blank(a, b, RemarkCode::LegsSum) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::town::measured;
    use super::*;

    fn of_value(value: f64, bound: Option<f64>) -> Measured {
        Measured { bound, ..measured(value) }
    }

    #[test]
    fn what_survives_both_legs_has_arrived_and_the_bound_holds_both_bounds() {
        let joined = loss(&of_value(0.02, Some(0.01)), &of_value(0.10, Some(0.05))).unwrap();
        assert!((joined.value.unwrap() - 0.118).abs() < 1e-12, "{joined:?}");
        // 0.118 − (1 − 0.99 · 0.95): lower, it may be farther off than higher.
        assert!((joined.bound.unwrap() - 0.0585).abs() < 1e-12, "{joined:?}");
        let total = loss(&of_value(1.0, Some(0.1)), &of_value(0.5, None)).unwrap();
        assert_eq!(total.value, Some(1.0));
        assert!((total.bound.unwrap() - 0.05).abs() < 1e-12, "{total:?}");
    }

    #[test]
    fn one_lateness_after_another_lies_between_the_greater_one_and_the_sum() {
        let joined = lateness(&of_value(10.0, None), &of_value(8.0, None)).unwrap();
        assert_eq!((joined.p999, joined.bound), (Some(14.0), Some(4.0)));
        let quiet = lateness(&of_value(10.0, None), &of_value(0.0, None)).unwrap();
        assert_eq!((quiet.p999, quiet.bound), (Some(10.0), Some(0.0)));
        let quicker = lateness(&of_value(10.0, None), &of_value(-2.0, None)).unwrap();
        assert_eq!((quicker.p999, quicker.bound), (Some(10.0), Some(0.0)));
    }

    #[test]
    fn the_narrower_leg_decides_and_a_leg_that_may_be_wider_hides_nothing() {
        let at_least = |value| Measured { one_sided: Some(OneSided::AtLeast), ..of_value(value, Some(1.0)) };
        let known = of_value(20.0, Some(0.5));
        let of =
            |up: &Measured, down: &Measured| least(up, down).map(|it| (it.value, it.bound, it.one_sided));
        assert_eq!(of(&known, &at_least(50.0)), Some((Some(20.0), Some(0.5), None)));
        assert_eq!(of(&at_least(10.0), &known), Some((Some(10.0), Some(1.0), Some(OneSided::AtLeast))));
        assert_eq!(
            of(&at_least(10.0), &at_least(9.0)),
            Some((Some(9.0), Some(1.0), Some(OneSided::AtLeast)))
        );
    }

    #[test]
    fn a_mark_that_one_leg_loses_is_lost() {
        assert_eq!(worst("kept", "kept"), "kept");
        assert_eq!(worst("kept", "cleared"), "cleared");
        assert_eq!(worst("rewritten", "cleared"), "cleared");
    }

    #[test]
    fn round_trips_add_up_within_what_their_spread_allows() {
        let of = |min, median, p95| Measured {
            min: Some(min),
            median: Some(median),
            p95: Some(p95),
            ..measured(0.0)
        };
        let joined = round_trip(&of(10.0, 12.0, 20.0), &of(5.0, 6.0, 6.5)).unwrap();
        assert_eq!((joined.median, joined.bound, joined.p95), (Some(18.0), Some(8.5), None));
    }

    #[test]
    fn a_leg_that_was_not_measured_leaves_the_way_unmeasured_for_its_reason() {
        use crate::facts::{Cause, Missing};
        let leg = |outcome| Finding {
            quantity: Quantity::Pdv,
            unit: Quantity::Pdv.definition().unit,
            way: Some(Way::AToB),
            scope: None,
            outcome,
        };
        let missing = Outcome::Missing(Missing { cause: Cause::NoPackets, detail: None });
        let there = leg(Outcome::Measured(Box::new(measured(1.0))));
        let joined = way(Quantity::Pdv, Way::BToA, &there, &leg(missing.clone())).unwrap();
        assert_eq!((joined.way, joined.outcome), (Some(Way::BToA), missing));
    }
}
