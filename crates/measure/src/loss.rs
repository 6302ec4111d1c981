//! How packets were lost: share, runs, bursts.

use serde::{Deserialize, Serialize};

/// A burst ends when this many packets in a row came (Gmin, RFC 3611 §4.7.2).
const GAP_MIN: u64 = 16;

/// What became of one expected packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It came in time.
    Received,
    /// It never came.
    Lost,
    /// It came too late to be of use.
    Discarded,
}

/// Takes the outcomes of one stream's packets in sequence order and describes the pattern.
#[derive(Debug, Clone, Default)]
pub struct LossPattern {
    expected: u64,
    lost: u64,
    discarded: u64,
    runs: u64,
    missing_before: Option<bool>,
    /// Transitions counted as `[from][to]`, 0 received, 1 missing.
    transitions: [[u64; 2]; 2],
    bursts: Bursts,
    open: Option<Burst>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bursts {
    count: u64,
    packets: u64,
    missing: u64,
}

/// A stretch of the stream from its first to its last missing packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Burst {
    first: u64,
    last: u64,
    missing: u64,
}

/// The pattern in numbers. Shares are 0 to 1; what has no base is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossSummary {
    /// Packets expected.
    pub expected: u64,
    /// Packets lost.
    pub lost: u64,
    /// Packets discarded.
    pub discarded: u64,
    /// Bursts by the definition of RFC 3611 §4.7.2: from a missing packet to a missing one, two at
    /// least, never 16 received in a row between.
    pub bursts: u64,
    /// Mean length of a burst, in packets.
    pub mean_burst_packets: Option<f64>,
    /// Share missing within bursts.
    pub burst_density: Option<f64>,
    /// Share missing outside bursts.
    pub gap_density: Option<f64>,
    /// Gilbert model: chance that a missing packet follows a received one.
    pub gilbert_p: Option<f64>,
    /// Gilbert model: chance that a received packet follows a missing one.
    pub gilbert_q: Option<f64>,
    /// Mean run of missing packets against that of random loss (G.107 BurstR); 1 is random.
    pub burst_ratio: Option<f64>,
}

impl LossPattern {
    /// Nothing expected yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What became of the next packet.
    pub fn record(&mut self, outcome: Outcome) {
        let missing = outcome != Outcome::Received;
        self.lost += u64::from(outcome == Outcome::Lost);
        self.discarded += u64::from(outcome == Outcome::Discarded);
        if let Some(before) = self.missing_before {
            self.transitions[usize::from(before)][usize::from(missing)] += 1;
        }
        if missing {
            self.runs += u64::from(self.missing_before != Some(true));
            self.extend_burst(self.expected);
        }
        self.missing_before = Some(missing);
        self.expected += 1;
    }

    fn extend_burst(&mut self, at: u64) {
        if let Some(open) = &mut self.open
            && at - open.last - 1 < GAP_MIN
        {
            open.last = at;
            open.missing += 1;
            return;
        }
        self.bursts = self.bursts.with(self.open.replace(Burst { first: at, last: at, missing: 1 }));
    }

    /// The pattern so far.
    pub fn summary(&self) -> LossSummary {
        let bursts = self.bursts.with(self.open);
        let missing = self.lost + self.discarded;
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let [from_received, from_missing] = self.transitions;
        LossSummary {
            expected: self.expected,
            lost: self.lost,
            discarded: self.discarded,
            bursts: bursts.count,
            mean_burst_packets: share(bursts.packets, bursts.count),
            burst_density: share(bursts.missing, bursts.packets),
            gap_density: share(missing - bursts.missing, self.expected - bursts.packets),
            gilbert_p: share(from_received[1], from_received[0] + from_received[1]),
            gilbert_q: share(from_missing[0], from_missing[0] + from_missing[1]),
            burst_ratio: share(missing, self.runs)
                .map(|mean_run| mean_run * (1.0 - missing as f64 / self.expected as f64)),
        }
    }
}

impl Bursts {
    /// With a finished stretch added; a lone missing packet is no burst.
    fn with(mut self, stretch: Option<Burst>) -> Bursts {
        if let Some(burst) = stretch.filter(|burst| burst.missing >= 2) {
            self.count += 1;
            self.packets += burst.last - burst.first + 1;
            self.missing += burst.missing;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_loss_has_no_ratio() {
        let mut pattern = LossPattern::new();
        (0..50).for_each(|_| pattern.record(Outcome::Received));
        let s = pattern.summary();
        assert_eq!((s.bursts, s.burst_ratio, s.gilbert_p, s.gilbert_q), (0, None, Some(0.0), None));
    }
}
