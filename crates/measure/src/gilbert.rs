//! Parameters of the Gilbert–Elliott loss model, as `tc netem` takes them: everything is lost in the bad state and
//! nothing in the good one.

use std::fmt;

/// Chances of going from state to state with each packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GilbertElliott {
    /// From good to bad, 0 to 1.
    pub p: f64,
    /// From bad to good, 0 to 1.
    pub r: f64,
}

impl GilbertElliott {
    /// The model that loses this share of the packets (0 to below 1) in runs of this mean length: r = 1/L,
    /// p = r·π/(1−π). None if there is no such model: a run is one packet at least, and p one at most.
    pub fn from_loss(share: f64, mean_run_packets: f64) -> Option<Self> {
        if !(0.0..1.0).contains(&share) || !mean_run_packets.is_finite() || mean_run_packets < 1.0 {
            return None;
        }
        let r = 1.0 / mean_run_packets;
        let p = r * share / (1.0 - share);
        (p <= 1.0).then_some(Self { p, r })
    }

    /// Share of packets lost: p/(p+r).
    pub fn share(&self) -> f64 {
        self.p / (self.p + self.r)
    }

    /// BurstR of G.107: 1/(p+r).
    pub fn burst_ratio(&self) -> f64 {
        1.0 / (self.p + self.r)
    }
}

/// As an argument of `tc qdisc … netem`.
impl fmt::Display for GilbertElliott {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss gemodel {:.3}% {:.3}% 100% 0%", self.p * 100.0, self.r * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_has_the_loss_it_was_made_for() {
        let model = GilbertElliott::from_loss(0.02, 4.0).unwrap();
        assert!((model.share() - 0.02).abs() < 1e-12);
        assert!((model.burst_ratio() - 4.0 * 0.98).abs() < 1e-12);
        assert_eq!(model.to_string(), "loss gemodel 0.510% 25.000% 100% 0%");
    }

    #[test]
    fn what_no_model_can_lose_is_none() {
        assert_eq!(GilbertElliott::from_loss(0.9, 1.0), None, "more runs than packets between them");
        assert_eq!(GilbertElliott::from_loss(0.1, 0.5), None);
        assert_eq!(GilbertElliott::from_loss(1.0, 5.0), None);
        assert_eq!(GilbertElliott::from_loss(f64::NAN, 5.0), None);
    }
}
