//! Loss patterns of 20 ms packets, described in three ways: by the definition of RFC 3611 §4.7.2, by the code of its
//! Appendix A.2, and as a Gilbert model.

use tongke_measure::gilbert::GilbertElliott;
use tongke_measure::xr_voip::{Transitions, VoipCounters};
use tongke_measure::{LossPattern, LossSummary, Outcome};

/// `"3. L 2."` reads as `...L..`; D is discarded.
fn outcomes(text: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for word in text.split_whitespace() {
        let (count, symbol) = word.split_at(word.len() - 1);
        let outcome = match symbol {
            "L" => Outcome::Lost,
            "D" => Outcome::Discarded,
            _ => Outcome::Received,
        };
        outcomes.extend(vec![outcome; count.parse().unwrap_or(1)]);
    }
    outcomes
}

fn summary(text: &str) -> LossSummary {
    let mut pattern = LossPattern::new();
    outcomes(text).into_iter().for_each(|outcome| pattern.record(outcome));
    pattern.summary()
}

#[track_caller]
fn near(text: &str, value: Option<f64>, expected: Option<f64>, tolerance: f64) {
    let near = match (value, expected) {
        (Some(value), Some(expected)) => (value - expected).abs() < tolerance,
        (value, expected) => value == expected,
    };
    assert!(near, "{text}: {value:?}, not {expected:?}");
}

struct Defined {
    text: &'static str,
    /// Bursts: how many, packets in them, missing of those.
    bursts: (u64, u64, u64),
    gap_density: f64,
    gilbert: (f64, f64),
    burst_ratio: f64,
}

/// What has no burst comes as (0, 0, 0).
const DEFINED: [Defined; 6] = [
    Defined {
        text: "100. L 99.",
        bursts: (0, 0, 0),
        gap_density: 0.005,
        gilbert: (0.00505, 1.0),
        burst_ratio: 0.995,
    },
    Defined {
        text: "50. L 50. L 98.",
        bursts: (0, 0, 0),
        gap_density: 0.01,
        gilbert: (0.01015, 1.0),
        burst_ratio: 0.99,
    },
    Defined {
        text: "100. 3L 97.",
        bursts: (1, 3, 3),
        gap_density: 0.0,
        gilbert: (0.0051, 0.33333),
        burst_ratio: 2.955,
    },
    Defined {
        text: "100. L . L . L 95.",
        bursts: (1, 5, 3),
        gap_density: 0.0,
        gilbert: (0.01531, 1.0),
        burst_ratio: 0.985,
    },
    Defined {
        text: "100. 3L 50. L 46.",
        bursts: (1, 3, 3),
        gap_density: 0.005076,
        gilbert: (0.01026, 0.5),
        burst_ratio: 1.96,
    },
    Defined {
        text: "60. 2L . L 3. L 80. D 40. 4L 40.",
        bursts: (2, 12, 8),
        gap_density: 1.0 / 221.0,
        gilbert: (0.02242, 0.55556),
        burst_ratio: 1.73047,
    },
];

/// The example in the text of RFC 3611 §4.7.2.
const RFC_3611_TEXT: &str = "4. L 18. D 3. D . L 4. L 18. D 9.";

#[test]
fn the_definition_and_the_gilbert_model_are_reproduced() {
    for Defined { text, bursts: (count, packets, missing), gap_density, gilbert, burst_ratio } in DEFINED {
        let s = summary(text);
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        assert_eq!(s.bursts, count, "{text}");
        near(text, s.mean_burst_packets, share(packets, count), 1e-9);
        near(text, s.burst_density, share(missing, packets), 1e-9);
        near(text, s.gap_density, Some(gap_density), 1e-6);
        near(text, s.gilbert_p, Some(gilbert.0), 1e-5);
        near(text, s.gilbert_q, Some(gilbert.1), 1e-5);
        near(text, s.burst_ratio, Some(burst_ratio), 1e-5);
    }
}

#[test]
fn the_text_example_of_rfc_3611_has_one_burst_of_twelve_packets() {
    let s = summary(RFC_3611_TEXT);
    assert_eq!((s.expected, s.bursts, s.mean_burst_packets), (63, 1, Some(12.0)));
    near(RFC_3611_TEXT, s.burst_density, Some(0.3333), 1e-4);
    near(RFC_3611_TEXT, s.gap_density, Some(0.03922), 1e-5);
}

/// Pattern; c11, c13, c14, c22, c23, c33, ctotal; burst and gap density in 1/256; gap and burst in ms.
type Counted = (&'static str, [u64; 7], [f64; 4]);

const COUNTED: [Counted; 7] = [
    ("100. L 99.", [100, 1, 0, 0, 0, 0, 102], [256.0, 0.0, 2020.0, 20.0]),
    ("50. L 50. L 98.", [100, 1, 1, 0, 0, 0, 103], [256.0, 2.5347, 2040.0, 20.0]),
    ("100. 3L 97.", [100, 1, 0, 0, 0, 2, 104], [256.0, 0.0, 2020.0, 60.0]),
    ("100. L . L . L 95.", [100, 1, 0, 0, 2, 0, 106], [153.6, 0.0, 2020.0, 100.0]),
    ("100. 3L 50. L 46.", [150, 2, 0, 0, 0, 2, 156], [256.0, 0.0, 1520.0, 40.0]),
    ("60. 2L . L 3. L 80. D 40. 4L 40.", [180, 2, 1, 2, 2, 4, 195], [170.6667, 1.4144, 1830.0, 120.0]),
    (RFC_3611_TEXT, [36, 1, 1, 8, 4, 0, 55], [75.2941, 6.9189, 760.0, 340.0]),
];

#[test]
fn the_counters_of_appendix_a_2_are_reproduced_with_their_quirks() {
    for (text, [c11, c13, c14, c22, c23, c33, total], [burst, gap, gap_ms, burst_ms]) in COUNTED {
        let mut counters = VoipCounters::new();
        outcomes(text).into_iter().for_each(|outcome| counters.record(outcome));
        assert_eq!(counters.transitions(), Transitions { c11, c13, c14, c22, c23, c33 }, "{text}");
        assert_eq!(counters.transitions().total(), total, "{text}");
        let bursts = counters.bursts(20.0);
        near(text, Some(bursts.burst_density), Some(burst), 1e-4);
        near(text, Some(bursts.gap_density), Some(gap), 1e-4);
        near(text, bursts.gap_length_ms, Some(gap_ms), 1e-9);
        near(text, bursts.burst_length_ms, Some(burst_ms), 1e-9);
    }
}

/// Loss in per cent, mean run; p and r in per cent.
const NETEM: [([f64; 2], [f64; 2]); 6] = [
    ([1.0, 1.0], [1.010, 100.0]),
    ([1.0, 3.0], [0.337, 33.333]),
    ([2.0, 4.0], [0.510, 25.0]),
    ([0.5, 2.0], [0.251, 50.0]),
    ([3.0, 5.0], [0.619, 20.0]),
    ([5.0, 8.0], [0.658, 12.5]),
];

#[test]
fn the_parameters_of_netem_are_reproduced() {
    for ([loss, run], [p, r]) in NETEM {
        let model = GilbertElliott::from_loss(loss / 100.0, run).unwrap();
        assert!((model.p * 100.0 - p).abs() < 5.1e-4, "{loss} % in runs of {run}: {model}");
        assert!((model.r * 100.0 - r).abs() < 5.1e-4, "{loss} % in runs of {run}: {model}");
        assert_eq!(model.to_string(), format!("loss gemodel {p:.3}% {r:.3}% 100% 0%"));
    }
}
