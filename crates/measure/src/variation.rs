//! Delay variation, RFC 5481: PDV against the smallest delay (§4.2), IPDV from packet to packet (§4.1). For both,
//! the two clocks need not agree, only go equally fast.

use crate::Distribution;
use serde::{Deserialize, Serialize};

/// Takes the one-way delays of one stream's packets in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub struct DelayVariation {
    delays: Distribution,
    successive: Distribution,
    last: Option<(u64, f64)>,
}

/// Delay variation in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VariationMs {
    /// Packets.
    pub n: u64,
    /// Median of PDV.
    pub pdv_p50: f64,
    /// 95th percentile of PDV.
    pub pdv_p95: f64,
    /// 99.9th percentile of PDV: the largest of fewer than 1000 packets.
    pub pdv_p999: f64,
    /// IPDV, smallest; none without two packets in a row.
    pub ipdv_min: Option<f64>,
    /// IPDV, 95th percentile.
    pub ipdv_p95: Option<f64>,
    /// IPDV, largest.
    pub ipdv_max: Option<f64>,
}

impl DelayVariation {
    /// No packet yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Packet number `seq` took `delay_ms`, give or take what the clocks differ by. IPDV is between packets whose
    /// numbers follow each other: across a lost one there is none (RFC 3393).
    pub fn record(&mut self, seq: u64, delay_ms: f64) {
        self.delays.record_ms(delay_ms);
        if let Some((last_seq, last_ms)) = self.last
            && last_seq + 1 == seq
        {
            self.successive.record_ms(delay_ms - last_ms);
        }
        self.last = Some((seq, delay_ms));
    }

    /// The figures; none without packets.
    pub fn summary(&self) -> Option<VariationMs> {
        Some(VariationMs {
            n: self.delays.n(),
            pdv_p50: self.delays.variation_ms(0.5)?,
            pdv_p95: self.delays.variation_ms(0.95)?,
            pdv_p999: self.delays.variation_ms(0.999)?,
            ipdv_min: self.successive.min_ms(),
            ipdv_p95: self.successive.quantile_ms(0.95),
            ipdv_max: self.successive.max_ms(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variation_does_not_depend_on_what_the_clocks_differ_by() {
        let delays = |ahead_ms: f64| {
            let mut variation = DelayVariation::new();
            (0..2000u64).for_each(|i| variation.record(i, ahead_ms + (i % 100) as f64 * 0.5));
            variation.summary().unwrap()
        };
        let (near, far) = (delays(20.0), delays(-4_000.0));
        assert_eq!(near, far);
        assert_eq!((near.pdv_p50, near.pdv_p95, near.pdv_p999), (24.5, 47.0, 49.5));
        assert_eq!((near.ipdv_min, near.ipdv_max), (Some(-49.5), Some(0.5)));
    }

    #[test]
    fn there_is_no_successive_variation_across_a_lost_packet() {
        let mut variation = DelayVariation::new();
        assert_eq!(variation.summary(), None);
        variation.record(1, 10.0);
        variation.record(3, 90.0);
        assert_eq!(variation.summary().unwrap().ipdv_max, None);
        variation.record(4, 95.0);
        assert_eq!(variation.summary().unwrap().ipdv_max, Some(5.0));
    }
}
