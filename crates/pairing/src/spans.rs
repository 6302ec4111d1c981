//! Sets of moments. Credit is computed with them: unions and cuts depend neither on the order of what is
//! put in nor on its repetition, and so credit does not.

use crate::evidence::Interval;
use tongke_protocol::WallTime;

/// A set of moments, as stretches of time in order that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Interval>);

impl Spans {
    /// The moments that are in any of `intervals`. One that ends before it begins holds none.
    pub fn of(intervals: impl IntoIterator<Item = Interval>) -> Spans {
        let mut sorted: Vec<Interval> = intervals.into_iter().filter(|it| !it.is_empty()).collect();
        sorted.sort_unstable();
        let mut spans: Vec<Interval> = Vec::with_capacity(sorted.len());
        for next in sorted {
            match spans.last_mut() {
                Some(last) if next.from_us <= last.until_us => {
                    last.until_us = last.until_us.max(next.until_us)
                }
                _ => spans.push(next),
            }
        }
        Spans(spans)
    }

    /// In this set, in the other, or in both.
    pub fn or(&self, other: &Spans) -> Spans {
        Spans::of(self.iter().chain(other.iter()))
    }

    /// In both sets.
    pub fn and(&self, other: &Spans) -> Spans {
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        let mut spans = Vec::new();
        while let ([a, ..], [b, ..]) = (left, right) {
            let both = Interval { from_us: a.from_us.max(b.from_us), until_us: a.until_us.min(b.until_us) };
            spans.extend((!both.is_empty()).then_some(both));
            if a.until_us <= b.until_us {
                left = &left[1..];
            } else {
                right = &right[1..];
            }
        }
        Spans(spans)
    }

    /// In this set and not in the other.
    pub fn without(&self, other: &Spans) -> Spans {
        self.and(&other.complement())
    }

    /// Every moment that is not in the set.
    fn complement(&self) -> Spans {
        let mut from_us = WallTime(0);
        let mut spans = Vec::with_capacity(self.0.len() + 1);
        for span in &self.0 {
            spans.push(Interval { from_us, until_us: span.from_us });
            from_us = span.until_us;
        }
        spans.push(Interval { from_us, until_us: WallTime(u64::MAX) });
        Spans(spans.into_iter().filter(|it| !it.is_empty()).collect())
    }

    /// How long it is altogether.
    pub fn length_us(&self) -> u64 {
        self.0.iter().map(Interval::length_us).fold(0, u64::saturating_add)
    }

    /// Whether it holds no moment.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its stretches, in order.
    pub fn iter(&self) -> impl Iterator<Item = Interval> + '_ {
        self.0.iter().copied()
    }
}

impl From<Interval> for Spans {
    fn from(interval: Interval) -> Spans {
        Spans::of([interval])
    }
}

impl From<Spans> for Vec<Interval> {
    fn from(spans: Spans) -> Vec<Interval> {
        spans.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(from: u64, until: u64) -> Interval {
        Interval { from_us: WallTime(from), until_us: WallTime(until) }
    }

    /// The set as a person would check it: moment by moment.
    fn moments(spans: &Spans) -> Vec<u64> {
        (0..40).filter(|at| spans.iter().any(|it| it.from_us.0 <= *at && *at < it.until_us.0)).collect()
    }

    fn any_spans() -> impl Strategy<Value = Spans> {
        let any_span = (0_u64..40, 0_u64..40).prop_map(|(a, b)| span(a, b));
        proptest::collection::vec(any_span, 0..6).prop_map(Spans::of)
    }

    #[test]
    fn stretches_that_touch_are_one_and_backward_ones_are_none() {
        let spans = Spans::of([span(5, 9), span(1, 3), span(3, 5), span(20, 12), span(1, 3)]);
        assert_eq!(spans, Spans::of([span(1, 9)]));
        assert_eq!(spans.length_us(), 8);
        assert!(Spans::of([span(4, 4)]).is_empty());
    }

    proptest! {
        #[test]
        fn unions_and_cuts_hold_the_moments_they_say(a in any_spans(), b in any_spans()) {
            let (in_a, in_b) = (moments(&a), moments(&b));
            let expect = |f: &dyn Fn(bool, bool) -> bool| -> Vec<u64> {
                (0..40).filter(|at| f(in_a.contains(at), in_b.contains(at))).collect()
            };
            prop_assert_eq!(moments(&a.or(&b)), expect(&|a, b| a || b));
            prop_assert_eq!(moments(&a.and(&b)), expect(&|a, b| a && b));
            prop_assert_eq!(moments(&a.without(&b)), expect(&|a, b| a && !b));
            prop_assert_eq!(a.and(&b).length_us(), moments(&a.and(&b)).len() as u64);
            prop_assert_eq!(a.and(&b), Spans::of(b.and(&a).iter()));
        }
    }
}
