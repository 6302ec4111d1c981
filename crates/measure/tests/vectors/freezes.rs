//! Freezes: 120 pictures at an even rate, one of them late, by the text of W3C webrtc-stats and as libwebrtc counts.

use std::time::{Duration, Instant};
use tongke_measure::FreezeDetector;
use tongke_measure::picture::LibwebrtcFreezes;

/// Pictures per second, the late picture, by how many ms; freezes, and their total in seconds.
type Row = (f64, u32, f64, u64, f64);

/// When the pictures are shown, ms.
fn timeline(fps: f64, late: u32, extra_ms: f64) -> impl Iterator<Item = f64> {
    (0..120u32).map(move |i| f64::from(i) * 1000.0 / fps + if i >= late { extra_ms } else { 0.0 })
}

const W3C: [Row; 8] = [
    (30.0, 60, 149.9, 0, 0.0),
    (30.0, 60, 150.1, 1, 0.1834),
    (30.0, 60, 500.0, 1, 0.5333),
    (30.0, 10, 500.0, 0, 0.0),
    (15.0, 60, 149.0, 0, 0.0),
    (15.0, 60, 151.0, 1, 0.2177),
    (5.0, 60, 399.0, 0, 0.0),
    (5.0, 60, 401.0, 1, 0.601),
];

#[test]
fn the_rule_of_the_w3c_text_is_reproduced() {
    let origin = Instant::now();
    for (fps, late, extra_ms, freezes, total_s) in W3C {
        let mut detector = FreezeDetector::new();
        for ms in timeline(fps, late, extra_ms) {
            detector.on_frame(origin + Duration::from_secs_f64(ms / 1000.0));
        }
        let case = format!("{fps} fps, +{extra_ms} ms before {late}");
        assert_eq!(detector.freezes(), freezes, "{case}");
        assert!((detector.total().as_secs_f64() - total_s).abs() < 1e-4, "{case}: {:?}", detector.total());
    }
}

const LIBWEBRTC: [Row; 7] = [
    (30.0, 60, 100.0, 0, 0.0),
    (30.0, 60, 150.0, 0, 0.0),
    (30.0, 60, 155.0, 1, 0.188),
    (30.0, 60, 160.0, 1, 0.193),
    (30.0, 60, 500.0, 1, 0.533),
    (30.0, 10, 500.0, 1, 0.533),
    (30.0, 3, 500.0, 0, 0.0),
];

#[test]
fn what_libwebrtc_counts_is_reproduced() {
    for (fps, late, extra_ms, freezes, total_s) in LIBWEBRTC {
        let mut counter = LibwebrtcFreezes::new();
        timeline(fps, late, extra_ms).for_each(|ms| counter.on_frame(ms.round() as u64));
        let case = format!("{fps} fps, +{extra_ms} ms before {late}");
        assert_eq!(counter.freezes(), freezes, "{case}");
        assert_eq!(counter.total_ms() as f64 / 1000.0, total_s, "{case}");
    }
}
