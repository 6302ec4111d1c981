//! Two clocks: NTP's offset and delay, and the skew by least squares.

use tongke_measure::ClockSample;
use tongke_measure::clock::least_squares;

/// t1 to t4 in ms; θ and δ in ms.
const PROBES: [([u64; 4], [f64; 2]); 2] =
    [([100_000, 100_350, 100_351, 100_101], [300.0, 100.0]), ([0, 65, 66, 41], [45.0, 40.0])];

#[test]
fn offset_and_delay_of_a_probe_are_reproduced() {
    for (times, [theta, delta]) in PROBES {
        let [t1_us, t2_us, t3_us, t4_us] = times.map(|ms| ms * 1000);
        let sample = ClockSample { t1_us, t2_us, t3_us, t4_us };
        assert_eq!([sample.theta_us() / 1000.0, sample.delta_us() as f64 / 1000.0], [theta, delta]);
    }
}

#[test]
fn the_skew_is_reproduced() {
    let points = [(0.0, 10.0), (60.0, 10.0031), (120.0, 10.0059), (180.0, 10.0091), (240.0, 10.0119)];
    let line = least_squares(points.into_iter()).unwrap();
    assert!((line.slope * 1e6 - 49.6667).abs() < 1e-4);
    assert!((line.intercept - 10.00004).abs() < 1e-9);
}
