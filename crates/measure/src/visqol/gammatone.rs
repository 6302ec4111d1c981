//! What an ear's basilar membrane makes of sound: a bank of gammatone filters (M. Slaney, "An efficient implementation
//! of the Patterson-Holdsworth auditory filter bank", Apple TR 35, 1993), and its spectrogram.

use std::f64::consts::PI;

/// Samples a second that the bank is made for.
pub(super) const RATE_HZ: u32 = 16_000;
/// Filters.
pub(super) const BANDS: usize = 21;
const LOWEST_HZ: f64 = 50.0;
const HIGHEST_HZ: f64 = 8_000.0;
/// Samples of a frame: 80 ms.
pub(super) const FRAME: usize = 1280;
/// Samples from frame to frame: 20 ms.
pub(super) const HOP: usize = 320;
/// Glasberg and Moore's equivalent rectangular bandwidth: cf / 9.26449 + 24.7 Hz.
const EAR_Q: f64 = 9.264_49;
const MIN_BANDWIDTH_HZ: f64 = 24.7;

/// Levels of all bands in one frame.
pub(super) type Frame = [f64; BANDS];

/// One filter: four second-order sections with one denominator, without gain at its centre.
#[derive(Debug, Clone, Copy)]
struct Filter {
    /// Of each section's numerator `b0 + b1·z⁻¹`, the gain included in the first.
    numerators: [[f64; 2]; 4],
    /// Of the denominator `1 + a1·z⁻¹ + a2·z⁻²`.
    denominator: [f64; 2],
}

impl Filter {
    fn new(centre_hz: f64) -> Self {
        let t = 1.0 / f64::from(RATE_HZ);
        let omega = 2.0 * PI * centre_hz * t;
        let decay = (-1.019 * 2.0 * PI * (centre_hz / EAR_Q + MIN_BANDWIDTH_HZ) * t).exp();
        let denominator = [-2.0 * omega.cos() * decay, decay * decay];
        let (outer, inner) = ((3.0 + 2f64.powf(1.5)).sqrt(), (3.0 - 2f64.powf(1.5)).sqrt());
        let mut numerators =
            [outer, -outer, inner, -inner].map(|zero| [t, -t * decay * (omega.cos() + zero * omega.sin())]);
        let gain = numerators.iter().map(|b| response(*b, denominator, omega)).product::<f64>();
        numerators[0] = numerators[0].map(|b| b / gain);
        Self { numerators, denominator }
    }

    /// RMS of what the filter, at rest before it, makes of a frame.
    fn level(&self, frame: &[f64]) -> f64 {
        let [a1, a2] = self.denominator;
        let mut states = [[0.0; 2]; 4];
        let mut energy = 0.0;
        for sample in frame {
            let mut x = *sample;
            for ([b0, b1], [s1, s2]) in self.numerators.iter().zip(&mut states) {
                let y = b0 * x + *s1;
                *s1 = b1 * x - a1 * y + *s2;
                *s2 = -a2 * y;
                x = y;
            }
            energy += x * x;
        }
        (energy / frame.len() as f64).sqrt()
    }
}

/// Magnitude of a section's response.
fn response([b0, b1]: [f64; 2], [a1, a2]: [f64; 2], omega: f64) -> f64 {
    let magnitude = |zero: f64, one: f64, two: f64| {
        let real = zero + one * omega.cos() + two * (2.0 * omega).cos();
        let imaginary = one * omega.sin() + two * (2.0 * omega).sin();
        real.hypot(imaginary)
    };
    magnitude(b0, b1, 0.0) / magnitude(1.0, a1, a2)
}

/// The bank, the lowest band first.
#[derive(Debug, Clone)]
pub(super) struct Gammatone([Filter; BANDS]);

impl Gammatone {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|band| Filter::new(centre_hz(band))))
    }

    /// Levels of all whole frames, linear.
    pub(super) fn spectrogram(&self, samples: &[f64]) -> Vec<Frame> {
        let frames = samples.windows(FRAME).step_by(HOP);
        frames.map(|frame| self.0.map(|filter| filter.level(frame))).collect()
    }
}

/// Centres are evenly spaced on the scale of equivalent rectangular bandwidths; the highest is one step below
/// [`HIGHEST_HZ`].
fn centre_hz(band: usize) -> f64 {
    let offset_hz = EAR_Q * MIN_BANDWIDTH_HZ;
    let share = (BANDS - band) as f64 / BANDS as f64;
    let ratio = (LOWEST_HZ + offset_hz) / (HIGHEST_HZ + offset_hz);
    (HIGHEST_HZ + offset_hz) * ratio.powf(share) - offset_hz
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64) -> Vec<f64> {
        (0..RATE_HZ).map(|n| (2.0 * PI * hz * f64::from(n) / f64::from(RATE_HZ)).sin()).collect()
    }

    #[test]
    fn bands_rise_from_the_lowest_frequency_and_lie_closer_where_the_ear_is_finer() {
        let centres: Vec<f64> = (0..BANDS).map(centre_hz).collect();
        assert!((centres[0] - LOWEST_HZ).abs() < 1e-9 && centres[BANDS - 1] < HIGHEST_HZ);
        let steps: Vec<f64> = centres.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.windows(2).all(|pair| pair[1] > pair[0] && pair[0] > 0.0), "{steps:?}");
    }

    /// From 1 kHz on the first frame is long enough for the filter to have settled.
    #[test]
    fn a_tone_passes_its_own_band_unchanged_and_is_less_in_every_other() {
        let bank = Gammatone::new();
        for band in (0..BANDS).filter(|band| centre_hz(*band) > 1000.0) {
            let levels = bank.spectrogram(&sine(centre_hz(band)))[0];
            let own = levels[band];
            assert!((own - 0.5f64.sqrt()).abs() < 0.03, "{band}: {own}");
            for (other, level) in levels.iter().enumerate().filter(|(other, _)| *other != band) {
                assert!(*level < 0.7 * own, "{other} beside {band}: {level}");
            }
        }
    }

    #[test]
    fn a_second_has_forty_seven_frames() {
        assert_eq!(Gammatone::new().spectrogram(&vec![0.0; RATE_HZ as usize]).len(), 47);
        assert!(Gammatone::new().spectrogram(&[0.0; FRAME - 1]).is_empty());
    }
}
