//! How much a number of samples can say: when a largest sample bounds a quantile, and what "nothing was lost"
//! still allows.

use serde::{Deserialize, Serialize};

/// Quantile of the normal distribution for a two-sided interval of 95 %.
const Z_95: f64 = 1.959_964;

/// The least n at which the largest of n independent samples is, with this confidence, an upper bound of the
/// `quantile`: the chance `quantile`ⁿ that all lie below it must be at most what the confidence leaves.
///
/// Both are between 0 and 1, neither included.
pub fn samples_for_bound(quantile: f64, confidence: f64) -> u64 {
    ((1.0 - confidence).ln() / quantile.ln()).ceil() as u64
}

/// Whether the largest of `n` samples is a 95 % upper confidence bound for the 95th percentile: from 59 on,
/// because 0.95⁵⁹ = 0.0485.
pub fn max_bounds_p95(n: u64) -> bool {
    n >= samples_for_bound(0.95, 0.95)
}

/// How many of `n` packets were lost, and what share that allows. Packets are taken as independent; where loss
/// comes in bursts the interval is too narrow, and the number of bursts says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossShare {
    /// Lost.
    pub lost: u64,
    /// Sent.
    pub n: u64,
}

impl LossShare {
    /// The share, 0 to 1; none if nothing was sent.
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.lost as f64 / self.n as f64)
    }

    /// Between what the true share lies with 95 % confidence: up to 3/n when nothing was lost (the rule of
    /// three), by Wilson's score interval otherwise.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let share = self.share()?;
        let n = self.n as f64;
        if self.lost == 0 {
            return Some((0.0, (3.0 / n).min(1.0)));
        }
        let middle = share + Z_95 * Z_95 / (2.0 * n);
        let reach = Z_95 * (share * (1.0 - share) / n + (Z_95 / (2.0 * n)).powi(2)).sqrt();
        let whole = 1.0 + Z_95 * Z_95 / n;
        Some((((middle - reach) / whole).max(0.0), ((middle + reach) / whole).min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_nine_samples_bound_the_95th_percentile_and_fifty_eight_do_not() {
        assert_eq!(samples_for_bound(0.95, 0.95), 59);
        assert!(max_bounds_p95(59) && !max_bounds_p95(58));
        assert_eq!(samples_for_bound(0.99, 0.95), 299);
        assert_eq!(samples_for_bound(0.5, 0.95), 5);
    }

    #[test]
    fn nothing_lost_of_three_thousand_still_allows_a_tenth_of_a_percent() {
        assert_eq!(LossShare { lost: 0, n: 3000 }.interval(), Some((0.0, 0.001)));
        assert_eq!(LossShare { lost: 0, n: 2 }.interval(), Some((0.0, 1.0)));
        assert_eq!(LossShare { lost: 0, n: 0 }.interval(), None);
    }

    #[test]
    fn the_interval_of_a_loss_is_wilsons() {
        // 10 of 100: 0.0552 to 0.1744, the textbook's numbers.
        let (low, high) = LossShare { lost: 10, n: 100 }.interval().unwrap();
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
        let (_, high) = LossShare { lost: 5, n: 5 }.interval().unwrap();
        assert!((high - 1.0).abs() < 1e-12);
    }
}
