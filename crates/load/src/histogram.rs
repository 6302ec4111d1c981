//! How long things took: counts in buckets whose width grows with the value, as in HDR histograms.

/// Buckets to each doubling: a percentile is at most 1/64 too great.
const PER_DOUBLING: u64 = 64;
const BITS: u32 = PER_DOUBLING.trailing_zeros();
/// Values of up to 2^40 ns, which is 18 minutes; greater ones count as that.
const MAX: u64 = (1 << 40) - 1;
const BUCKETS: usize = bucket(MAX) + 1;

/// Times in nanoseconds, counted.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max_ns: u64,
}

/// What a person wants to know of a [`Histogram`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Percentiles {
    /// Values.
    pub count: u64,
    /// Half were at most this, in ms.
    pub p50_ms: f64,
    /// 99 % were.
    pub p99_ms: f64,
    /// 99.9 % were.
    pub p999_ms: f64,
    /// All were.
    pub max_ms: f64,
}

const fn bucket(value_ns: u64) -> usize {
    if value_ns < PER_DOUBLING {
        return value_ns as usize;
    }
    let exponent = u64::BITS - 1 - value_ns.leading_zeros() - BITS;
    let within = (value_ns >> exponent) - PER_DOUBLING;
    ((exponent as u64 + 1) * PER_DOUBLING + within) as usize
}

/// The greatest value of a bucket.
fn upper(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PER_DOUBLING {
        return bucket;
    }
    let exponent = bucket / PER_DOUBLING - 1;
    ((bucket % PER_DOUBLING + PER_DOUBLING + 1) << exponent) - 1
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], count: 0, max_ns: 0 }
    }
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value_ns: u64) {
        self.counts[bucket(value_ns.min(MAX))] += 1;
        self.count += 1;
        self.max_ns = self.max_ns.max(value_ns);
    }

    /// Adds another's values.
    pub fn merge(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.count += other.count;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What this share of the values did not exceed, in ns; 0 if there are none.
    pub fn at(&self, share: f64) -> u64 {
        let wanted = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(bucket).min(self.max_ns);
            }
        }
        self.max_ns
    }

    /// Which share of the values was greater than this.
    pub fn share_above(&self, limit_ns: u64) -> f64 {
        let above: u64 = self.counts.iter().skip(bucket(limit_ns.min(MAX)) + 1).sum();
        above as f64 / self.count.max(1) as f64
    }

    /// In short.
    pub fn percentiles(&self) -> Percentiles {
        let ms = |ns: u64| ns as f64 / 1e6;
        Percentiles {
            count: self.count,
            p50_ms: ms(self.at(0.5)),
            p99_ms: ms(self.at(0.99)),
            p999_ms: ms(self.at(0.999)),
            max_ms: ms(self.max_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cover_all_values_in_order() {
        for value in (0..200_000).chain((18..40).map(|bits| (1_u64 << bits) + 77)) {
            let of = bucket(value);
            assert!(upper(of) >= value && (of == 0 || upper(of - 1) < value), "{value}");
            assert!(upper(of) - value <= value / PER_DOUBLING);
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_values() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|ms| histogram.add(ms * 1_000_000));
        let Percentiles { count, p50_ms, p99_ms, p999_ms, max_ms } = histogram.percentiles();
        assert_eq!((count, max_ms), (1_000, 1_000.0));
        for (is, should) in [(p50_ms, 500.0), (p99_ms, 990.0), (p999_ms, 999.0)] {
            assert!(is >= should && is <= should * 1.016, "{is} {should}");
        }
        assert!((histogram.share_above(900_000_000) - 0.1).abs() < 0.01);
    }

    #[test]
    fn one_value_is_all_percentiles_and_none_is_zero() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentiles(), Percentiles::default());
        histogram.add(7);
        assert_eq!((histogram.at(0.0), histogram.at(0.5), histogram.at(1.0)), (7, 7, 7));
    }

    #[test]
    fn merged_is_as_if_counted_in_one() {
        let (mut a, mut b, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for value in 0..5_000_u64 {
            if value % 3 == 0 {
                a.add(value * value)
            } else {
                b.add(value * value)
            }
            both.add(value * value);
        }
        a.merge(&b);
        assert_eq!(a.percentiles(), both.percentiles());
    }

    #[test]
    fn values_beyond_the_range_count_as_the_greatest() {
        let mut histogram = Histogram::default();
        histogram.add(u64::MAX);
        assert_eq!(histogram.count(), 1);
        assert!(histogram.at(0.5) >= MAX - MAX / PER_DOUBLING);
    }
}
