//! In which order packets were lost, and came.

use tongke_inspection::Quantity;
use tongke_inspection::facts::{Finding, Measured, Method, Way};
use tongke_measure::network::two_way::DirectionFigures;

/// Where nothing was lost there are no bursts to tell of; neither where nobody knows which packets were.
pub(super) fn of_direction(way: Way, of: &DirectionFigures, by: &str) -> Vec<Finding> {
    let told = |quantity: Quantity, n: u64, value: f64| {
        let measured = Measured { value: Some(value), ..Measured::new(n, Method::Stamp, by) };
        Finding::measured(quantity, Some(way), measured)
    };
    let mut all = Vec::new();
    if let Some(variation) = of.variation {
        let n = variation.n;
        all.push(told(Quantity::Reordered, n, of.reordered as f64 / n as f64));
    }
    if let Some(pattern) = of.pattern.filter(|pattern| pattern.lost > 0) {
        all.push(told(Quantity::LossBursts, pattern.expected, pattern.bursts as f64));
        let shares = [
            (Quantity::BurstRatio, pattern.burst_ratio),
            (Quantity::GilbertP, pattern.gilbert_p),
            (Quantity::GilbertQ, pattern.gilbert_q),
        ];
        all.extend(shares.into_iter().filter_map(|(name, value)| Some(told(name, pattern.expected, value?))));
    }
    all
}
