//! From the rate of calls to the rate of the comparison.

use std::f64::consts::PI;

/// Samples at the higher rate for one at the lower.
const FACTOR: usize = 3;
/// Taps on each side of the low-pass filter's middle.
const REACH: usize = 48;
/// The filter's corner, as part of the higher rate: 7.4 kHz of 48.
const CORNER: f64 = 7_400.0 / 48_000.0;

/// Sound at 48 kHz as sound at 16 kHz, without what lies above 8 kHz.
pub fn from_48_khz(samples: &[f32]) -> Vec<f32> {
    let taps: Vec<f64> = (0..=REACH).map(tap).collect();
    let gain = taps[0] + 2.0 * taps[1..].iter().sum::<f64>();
    let at = |n: usize, step: i64| {
        let place = n as i64 + step;
        usize::try_from(place)
            .ok()
            .and_then(|place| samples.get(place))
            .map_or(0.0, |sample| f64::from(*sample))
    };
    let filtered = |n: usize| {
        let sides =
            taps.iter().enumerate().skip(1).map(|(k, tap)| tap * (at(n, k as i64) + at(n, -(k as i64))));
        ((taps[0] * at(n, 0) + sides.sum::<f64>()) / gain) as f32
    };
    (0..samples.len()).step_by(FACTOR).map(filtered).collect()
}

/// Of an ideal low-pass filter under a Hann window.
fn tap(k: usize) -> f64 {
    let window = 0.5 + 0.5 * (PI * k as f64 / (REACH + 1) as f64).cos();
    let angle = 2.0 * PI * CORNER * k as f64;
    if k == 0 { 2.0 * CORNER } else { angle.sin() / (PI * k as f64) * window }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(hz: f64) -> f64 {
        let sine: Vec<f32> =
            (0..48_000).map(|n| (2.0 * PI * hz * f64::from(n) / 48_000.0).sin() as f32).collect();
        let sound = from_48_khz(&sine);
        assert_eq!(sound.len(), 16_000);
        let middle = &sound[1000..15_000];
        (middle.iter().map(|sample| f64::from(sample * sample)).sum::<f64>() / middle.len() as f64).sqrt()
            * 2f64.sqrt()
    }

    #[test]
    fn speech_passes_and_what_would_fold_back_does_not() {
        for hz in [100.0, 1000.0, 4000.0, 6500.0] {
            assert!((level_of(hz) - 1.0).abs() < 0.01, "{hz} Hz: {}", level_of(hz));
        }
        for hz in [9_000.0, 12_000.0, 20_000.0] {
            assert!(level_of(hz) < 0.01, "{hz} Hz: {}", level_of(hz));
        }
    }
}
