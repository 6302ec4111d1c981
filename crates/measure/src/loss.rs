//! How packets were lost: share, runs, bursts.

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
#[derive(Debug, Clone, Copy, PartialEq)]
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

    /// `"3· L 2·"` reads as `···L··`; D is discarded.
    fn pattern(text: &str) -> LossSummary {
        let mut pattern = LossPattern::new();
        for word in text.split_whitespace() {
            let symbol = word.chars().last().unwrap();
            let count = word[..word.len() - symbol.len_utf8()].parse().unwrap_or(1);
            let outcome = match symbol {
                'L' => Outcome::Lost,
                'D' => Outcome::Discarded,
                _ => Outcome::Received,
            };
            (0..count).for_each(|_| pattern.record(outcome));
        }
        pattern.summary()
    }

    #[track_caller]
    fn check(text: &str, bursts: (u64, f64, f64), gap_density: f64, p: f64, q: f64, burst_ratio: f64) {
        let s = pattern(text);
        let near = |value: Option<f64>, expected: f64, tolerance: f64| {
            assert!(
                (value.unwrap_or(0.0) - expected).abs() < tolerance,
                "{text}: {value:?} {expected} {s:?}"
            );
        };
        assert_eq!(s.bursts, bursts.0, "{text}");
        near(s.mean_burst_packets, bursts.1, 1e-9);
        near(s.burst_density, bursts.2, 1e-4);
        near(s.gap_density, gap_density, 1e-5);
        near(s.gilbert_p, p, 1e-5);
        near(s.gilbert_q, q, 1e-5);
        near(s.burst_ratio, burst_ratio, 1e-4);
    }

    #[test]
    fn the_vectors_are_reproduced() {
        let none = (0, 0.0, 0.0);
        check("100. L 99.", none, 0.005, 0.00505, 1.0, 0.995);
        check("50. L 50. L 98.", none, 0.01, 0.01015, 1.0, 0.99);
        check("100. 3L 97.", (1, 3.0, 1.0), 0.0, 0.0051, 0.33333, 2.955);
        check("100. L . L . L 95.", (1, 5.0, 0.6), 0.0, 0.01531, 1.0, 0.985);
        check("100. 3L 50. L 46.", (1, 3.0, 1.0), 0.005076, 0.01026, 0.5, 1.96);
        check(
            "60. 2L . L 3. L 80. D 40. 4L 40.",
            (2, 6.0, 8.0 / 12.0),
            1.0 / 221.0,
            0.02242,
            0.55556,
            1.73047,
        );
    }

    #[test]
    fn the_text_example_of_rfc_3611_has_one_burst_of_twelve_packets() {
        let s = pattern("4. L 18. D 3. D . L 4. L 18. D 9.");
        assert_eq!((s.expected, s.bursts, s.mean_burst_packets), (63, 1, Some(12.0)));
        assert!((s.burst_density.unwrap() - 0.3333).abs() < 1e-4);
        assert!((s.gap_density.unwrap() - 0.03922).abs() < 1e-5);
    }

    #[test]
    fn a_stream_without_loss_has_no_ratio() {
        let s = pattern("50.");
        assert_eq!((s.bursts, s.burst_ratio, s.gilbert_p, s.gilbert_q), (0, None, Some(0.0), None));
    }
}
