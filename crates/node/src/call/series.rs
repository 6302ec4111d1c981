//! Samples over the time of a call, and the figures, the plot and the histogram that they come to.

use tongke_inspection::facts::{Histogram, Measured, Method, Point};

/// Samples kept: an hour of pictures at 120 a second. Later ones are not taken.
const MOST: usize = 432_000;
/// Points of a plot over time, at most.
const POINTS: f64 = 60.0;
/// The shortest stretch that a point stands for, in seconds.
const SHORTEST_S: f64 = 1.0;
/// Bins of a histogram, at most.
const BINS: f64 = 40.0;

/// Samples, each with its moment since the call's begin.
#[derive(Debug, Clone, Default)]
pub(super) struct Series(Vec<(f64, f64)>);

impl Series {
    pub(super) fn push(&mut self, at_s: f64, value: f64) {
        if self.0.len() < MOST && value.is_finite() {
            self.0.push((at_s.max(0.0), value));
        }
    }

    pub(super) fn n(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn median(&self) -> Option<f64> {
        quantile(&self.sorted(), 0.5)
    }

    pub(super) fn mean(&self) -> Option<f64> {
        let sum: f64 = self.0.iter().map(|(_, value)| value).sum();
        (!self.0.is_empty()).then(|| sum / self.0.len() as f64)
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.0.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// All that its samples say; none without any.
    pub(super) fn measured(&self, method: Method, by: &str) -> Option<Measured> {
        let sorted = self.sorted();
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let variance = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        Some(Measured {
            min: Some(min),
            median: quantile(&sorted, 0.5),
            p95: quantile(&sorted, 0.95),
            p999: quantile(&sorted, 0.999),
            max: Some(max),
            spread: Some(variance.sqrt()),
            over_time: self.over_time(),
            histogram: Some(histogram(&sorted, min, max)),
            ..Measured::new(self.n(), method, by)
        })
    }

    /// Its median, smallest and largest sample in each stretch of the call.
    fn over_time(&self) -> Vec<Point> {
        let mut in_order = self.0.clone();
        in_order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last_s = in_order.last().map_or(0.0, |(at_s, _)| *at_s);
        let stretch_s = (last_s / POINTS).max(SHORTEST_S).ceil();
        let of = |sample: &(f64, f64)| (sample.0 / stretch_s).floor();
        in_order
            .chunk_by(|a, b| of(a) == of(b))
            .filter_map(|stretch| {
                let mut values: Vec<f64> = stretch.iter().map(|(_, value)| *value).collect();
                values.sort_by(f64::total_cmp);
                let (low, high) = (values.first().copied(), values.last().copied());
                Some(Point {
                    at_s: of(stretch.first()?) * stretch_s,
                    value: quantile(&values, 0.5)?,
                    low,
                    high,
                })
            })
            .collect()
    }
}

/// By nearest rank.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Bins of 1, 2 or 5 times a power of ten, as narrow as their number allows.
fn histogram(sorted: &[f64], min: f64, max: f64) -> Histogram {
    let least = ((max - min) / (BINS - 1.0)).max(1e-3);
    let decade = 10f64.powf(least.log10().floor());
    let width = [1.0, 2.0, 5.0, 10.0].map(|of| of * decade).into_iter().find(|width| *width >= least);
    let width = width.unwrap_or(10.0 * decade);
    let from = (min / width).floor() * width;
    let mut counts = vec![0; ((max - from) / width).floor() as usize + 1];
    for value in sorted {
        let bin = (((value - from) / width) as usize).min(counts.len() - 1);
        counts[bin] += 1;
    }
    Histogram { from, width, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_in_the_order_of_their_size_and_every_sample_is_in_a_bin() {
        let mut series = Series::default();
        for i in 0..1000u32 {
            series.push(f64::from(i) * 0.1, 80.0 + f64::from((i * 389) % 1000) / 40.0);
        }
        let measured = series.measured(Method::StampSoftware, "here").unwrap();
        assert_eq!((measured.min, measured.max), (Some(80.0), Some(80.0 + 999.0 / 40.0)));
        assert_eq!(measured.median, Some(80.0 + 499.0 / 40.0));
        assert_eq!(measured.p95, Some(80.0 + 949.0 / 40.0));
        assert_eq!(measured.p999, Some(80.0 + 998.0 / 40.0));
        assert_eq!(measured.over_time.len(), 50, "100 s in stretches of 2 s");
        let histogram = measured.histogram.unwrap();
        assert_eq!((histogram.from, histogram.width), (80.0, 1.0));
        assert_eq!(histogram.counts.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn one_sample_is_a_figure_and_none_is_not() {
        let mut series = Series::default();
        assert!(series.measured(Method::Chirp, "here").is_none());
        series.push(3.0, -7.25);
        let measured = series.measured(Method::Chirp, "here").unwrap();
        assert_eq!((measured.n, measured.median, measured.p999), (1, Some(-7.25), Some(-7.25)));
        assert_eq!(measured.histogram.unwrap().counts, [1]);
    }
}
