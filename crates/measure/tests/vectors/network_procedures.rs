//! Procedures on the network: the rate search of RFC 9097, and the figures of RFC 6349 and RFC 8337.

use tongke_measure::network::capacity::{RateSearch, SearchSettings};
use tongke_measure::network::tcp;

/// Sequence errors and delay variation of each report, ms, and the row after it.
const REPORTS: [(u64, f64, u16); 16] = [
    (0, 5.0, 10),
    (0, 5.0, 20),
    (0, 5.0, 30),
    (0, 5.0, 40),
    (0, 5.0, 50),
    (0, 5.0, 60),
    (0, 50.0, 60),
    (0, 50.0, 60),
    (0, 95.0, 59),
    (0, 95.0, 58),
    (0, 95.0, 28),
    (0, 95.0, 27),
    (0, 5.0, 28),
    (0, 5.0, 29),
    (0, 5.0, 30),
    (12, 5.0, 29),
];

#[test]
fn the_rate_search_takes_the_rows_of_appendix_a() {
    let mut search = RateSearch::new(SearchSettings::default());
    for (i, (seq_errors, delay_variation_ms, row)) in REPORTS.into_iter().enumerate() {
        assert_eq!(search.on_report(seq_errors, delay_variation_ms).number(), row, "report {i}");
    }
}

#[test]
fn the_examples_of_rfc_6349_are_reproduced() {
    let (rate_bps, round_trip_ms) = (44.21e6, 25.0);
    assert!((tcp::bandwidth_delay_product_bits(rate_bps, round_trip_ms) - 1_105_250.0).abs() < 1e-4);
    assert_eq!(tcp::receive_window_bytes(rate_bps, round_trip_ms), 138_156);
    assert!((tcp::efficiency_percent(102_000, 2_000).unwrap() - 98.039).abs() < 1e-3);
    assert!((tcp::buffer_delay_percent(32.0, 25.0).unwrap() - 28.0).abs() < 1e-4);
}

#[test]
fn two_megabits_over_a_tenth_of_a_second_bear_one_loss_in_972_packets() {
    let target = tcp::TransportTarget::of(2e6, 100.0, 1448).unwrap();
    assert_eq!((target.window_packets, target.run_length_packets), (18, 972));
}
