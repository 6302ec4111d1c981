//! RFC 3550 jitter, 48 kHz sound in packets of 960 ticks, and the round trip of its figure 2.

use std::time::{Duration, Instant};
use tongke_measure::Jitter;
use tongke_measure::jitter::IntegerJitter;
use tongke_measure::round_trip::RoundTrip;

/// Arrival in ticks, the jitter after it, and what a report carries of it.
const ARRIVALS: [(u32, f64, u32); 10] = [
    (0, 0.0, 0),
    (960, 0.0, 0),
    (2400, 30.0, 30),
    (3120, 43.125, 43),
    (3840, 55.429688, 55),
    (4800, 51.965332, 52),
    (7200, 138.717499, 138),
    (8160, 130.047655, 130),
    (7680, 211.919677, 211),
    (8640, 198.674697, 198),
];
/// The timestamps wrap on the way.
const FIRST_TS: u32 = 4_294_967_000;

#[test]
fn both_forms_of_the_jitter_are_reproduced() {
    let origin = Instant::now();
    let (mut jitter, mut integer) = (Jitter::new(48_000), IntegerJitter::new());
    for (i, (arrival, ticks, reported)) in ARRIVALS.into_iter().enumerate() {
        let rtp_ts = FIRST_TS.wrapping_add(i as u32 * 960);
        let arrived = origin + Duration::from_secs_f64(f64::from(arrival) / 48_000.0);
        jitter.on_packet(arrived, rtp_ts);
        integer.on_packet(arrival.wrapping_sub(7_000), rtp_ts);
        assert!((jitter.ticks() - ticks).abs() < 1e-4, "{i}: {} {ticks}", jitter.ticks());
        assert_eq!(integer.ticks(), reported, "{i}");
    }
    assert!((jitter.ms() - 198.674697 / 48.0).abs() < 1e-4);
}

#[test]
fn the_round_trip_of_figure_2_takes_a_little_over_six_seconds() {
    let round_trip = RoundTrip::from_report(0xb710_8000, 0xb705_2000, 0x0005_4000).unwrap();
    assert_eq!(round_trip, RoundTrip(0x0006_2000));
    assert_eq!(round_trip.ms(), 6125.0);
}
