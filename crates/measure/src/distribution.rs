//! A distribution of durations in bounded memory: a histogram of fixed resolution.

use std::fmt;
use std::time::Duration;
use tongke_protocol::facts::DistributionMs;

/// Buckets per millisecond: quantiles are exact to half a bucket, 0.05 ms.
const BUCKETS_PER_MS: f64 = 10.0;
/// Largest magnitude kept apart, in ms; what lies beyond counts in the outermost bucket, while the
/// largest and smallest sample are kept exactly.
const LIMIT_MS: f64 = 10_000.0;

/// Samples in milliseconds, of either sign. Memory grows with the largest magnitude seen (4 bytes
/// per 0.1 ms), to at most 800 KB, and not with the number of samples.
#[derive(Clone, Default)]
pub struct Distribution {
    /// Bucket `i` holds samples around `i / 10` ms.
    above: Vec<u32>,
    /// Bucket `i` holds samples around `-(i + 1) / 10` ms.
    below: Vec<u32>,
    n: u64,
    sum_ms: f64,
    min_ms: f64,
    max_ms: f64,
}

impl Distribution {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sample in milliseconds. What is not a finite number is left out.
    pub fn record_ms(&mut self, ms: f64) {
        if !ms.is_finite() {
            return;
        }
        let bucket = (ms.clamp(-LIMIT_MS, LIMIT_MS) * BUCKETS_PER_MS).round() as i64;
        let (side, index) = match usize::try_from(bucket) {
            Ok(index) => (&mut self.above, index),
            Err(_) => (&mut self.below, (-bucket - 1) as usize),
        };
        if side.len() <= index {
            side.resize(index + 1, 0);
        }
        side[index] = side[index].saturating_add(1);
        (self.min_ms, self.max_ms) =
            if self.n == 0 { (ms, ms) } else { (self.min_ms.min(ms), self.max_ms.max(ms)) };
        self.n += 1;
        self.sum_ms += ms;
    }

    /// Adds a sample in microseconds.
    pub fn record_us(&mut self, us: i64) {
        self.record_ms(us as f64 / 1000.0);
    }

    /// Adds a duration.
    pub fn record(&mut self, duration: Duration) {
        self.record_ms(duration.as_secs_f64() * 1000.0);
    }

    /// Adds all samples of another distribution.
    pub fn merge(&mut self, other: &Distribution) {
        if other.n == 0 {
            return;
        }
        for (mine, theirs) in [(&mut self.above, &other.above), (&mut self.below, &other.below)] {
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), 0);
            }
            for (bucket, more) in mine.iter_mut().zip(theirs) {
                *bucket = bucket.saturating_add(*more);
            }
        }
        (self.min_ms, self.max_ms) = if self.n == 0 {
            (other.min_ms, other.max_ms)
        } else {
            (self.min_ms.min(other.min_ms), self.max_ms.max(other.max_ms))
        };
        self.n += other.n;
        self.sum_ms += other.sum_ms;
    }

    /// How many samples there are.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The arithmetic mean.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum_ms / self.n as f64)
    }

    /// The smallest sample.
    pub fn min_ms(&self) -> Option<f64> {
        (self.n > 0).then_some(self.min_ms)
    }

    /// The largest sample.
    pub fn max_ms(&self) -> Option<f64> {
        (self.n > 0).then_some(self.max_ms)
    }

    /// The `q`-quantile by nearest rank (the `⌈q·n⌉`-th smallest sample), to 0.05 ms.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        if self.n == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * self.n as f64).ceil() as u64).clamp(1, self.n);
        let below = self.below.iter().enumerate().rev().map(|(i, count)| (-(i as f64) - 1.0, count));
        let above = self.above.iter().enumerate().map(|(i, count)| (i as f64, count));
        let mut seen = 0;
        for (bucket, count) in below.chain(above) {
            seen += u64::from(*count);
            if seen >= rank {
                return Some((bucket / BUCKETS_PER_MS).clamp(self.min_ms, self.max_ms));
            }
        }
        Some(self.max_ms)
    }

    /// Delay variation against the smallest delay (RFC 5481 §4.2, PDV) at quantile `q`.
    pub fn variation_ms(&self, q: f64) -> Option<f64> {
        self.quantile_ms(q).map(|at| at - self.min_ms)
    }

    /// The figures of a report; none without samples. `clock_bound_ms` is the hard error bound where
    /// two machines' clocks were compared.
    pub fn summary(&self, clock_bound_ms: Option<f64>) -> Option<DistributionMs> {
        Some(DistributionMs {
            n: self.n,
            p50: self.quantile_ms(0.5)?,
            p95: self.quantile_ms(0.95)?,
            p99: self.quantile_ms(0.99),
            max: self.max_ms()?,
            clock_bound_ms,
        })
    }
}

/// The figures, not the buckets.
impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.summary(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_a_tenth_of_a_millisecond_whatever_the_order() {
        let mut d = Distribution::new();
        for i in (1..=1000u32).map(|i| (i * 389) % 1000) {
            d.record_ms(f64::from(i) * 0.37);
        }
        // 0, 0.37, … 369.63: the 500th smallest is 499·0.37, the 950th 949·0.37.
        assert!((d.quantile_ms(0.5).unwrap() - 184.63).abs() <= 0.05);
        assert!((d.quantile_ms(0.95).unwrap() - 351.13).abs() <= 0.05);
        assert_eq!(d.max_ms(), Some(999.0 * 0.37));
        assert_eq!(d.min_ms(), Some(0.0));
    }

    #[test]
    fn samples_of_both_signs_are_ordered() {
        let mut d = Distribution::new();
        for ms in [-30.0, 20.0, -0.04, -10.0, 5.0] {
            d.record_ms(ms);
        }
        assert_eq!(d.quantile_ms(0.0), Some(-30.0));
        assert_eq!(d.quantile_ms(0.4), Some(-10.0));
        assert_eq!(d.quantile_ms(0.6), Some(0.0));
        assert_eq!(d.quantile_ms(1.0), Some(20.0));
    }

    #[test]
    fn a_sample_beyond_the_limit_keeps_its_value_as_the_maximum() {
        let mut d = Distribution::new();
        d.record_ms(1.0);
        d.record_ms(60_000.0);
        d.record_ms(f64::NAN);
        let summary = d.summary(Some(0.2)).unwrap();
        assert_eq!((summary.n, summary.max, summary.clock_bound_ms), (2, 60_000.0, Some(0.2)));
    }

    #[test]
    fn nothing_recorded_is_no_number() {
        assert_eq!(Distribution::new().summary(None), None);
        assert_eq!(Distribution::new().mean_ms(), None);
    }

    #[test]
    fn a_merged_distribution_is_that_of_all_samples() {
        let (mut a, mut b, mut all) = (Distribution::new(), Distribution::new(), Distribution::new());
        for i in 0..200 {
            let ms = f64::from(i * i % 173) - 40.0;
            if i % 3 == 0 {
                a.record_ms(ms)
            } else {
                b.record_ms(ms)
            }
            all.record_ms(ms);
        }
        a.merge(&b);
        assert_eq!(a.summary(None), all.summary(None));
        assert_eq!(a.min_ms(), all.min_ms());
    }

    #[test]
    fn variation_is_counted_from_the_smallest_delay() {
        let mut d = Distribution::new();
        for ms in [40.0, 41.0, 42.0, 90.0] {
            d.record_ms(ms);
        }
        assert_eq!(d.variation_ms(1.0), Some(50.0));
    }
}
