//! The neurogram similarity index NSIM: how alike two patches of auditory spectrograms are, in intensity and in
//! structure (A. Hines and N. Harte, "Speech intelligibility prediction using a neurogram similarity index measure",
//! Speech Communication 54, 2012), with ViSQOL's preparation of the levels.

use super::gammatone::{BANDS, Frame};

/// Lowest level that counts, dB.
const FLOOR_DB: f64 = -45.0;
/// Within a frame, what is further below its loudest band is not heard, dB.
const HEARD_DB: f64 = 45.0;
/// Stabilisers of intensity and structure, for levels whose range counts as 1.
const C1: f64 = 0.01 * 0.01;
const C3: f64 = 0.03 * 0.03 / 2.0;
/// The Gaussian window of 3 × 3, σ 0.5: its middle, sides and corners.
const WEIGHTS: [[f64; 3]; 3] = {
    const CORNER: f64 = 0.011_303_391_017_305_2;
    const SIDE: f64 = 0.083_825_147_544_263_3;
    const MIDDLE: f64 = 0.619_485_845_753_726;
    [[CORNER, SIDE, CORNER], [SIDE, MIDDLE, SIDE], [CORNER, SIDE, CORNER]]
};

/// Turns the levels of two spectrograms into decibels above their common floor.
pub(super) fn prepare(reference: &mut [Frame], heard: &mut [Frame]) {
    let decibels = |level: f64| (10.0 * level.max(f64::EPSILON).log10()).max(FLOOR_DB);
    for frame in reference.iter_mut().chain(heard.iter_mut()) {
        *frame = frame.map(decibels);
    }
    for (one, other) in reference.iter_mut().zip(heard.iter_mut()) {
        let loudest = one.iter().chain(other.iter()).copied().fold(FLOOR_DB, f64::max);
        for frame in [one, other] {
            *frame = frame.map(|level| level.max(loudest - HEARD_DB));
        }
    }
    let lowest = reference.iter().chain(heard.iter()).flatten().copied().fold(f64::INFINITY, f64::min);
    for frame in reference.iter_mut().chain(heard.iter_mut()) {
        *frame = frame.map(|level| level - lowest);
    }
}

/// Likeness of two patches with as many frames, 1 for equal ones; the mean over bands and frames.
pub(super) fn similarity(reference: &[Frame], heard: &[Frame]) -> f64 {
    let mut sum = 0.0;
    for frame in 0..reference.len() {
        for band in 0..BANDS {
            sum += likeness(reference, heard, frame, band);
        }
    }
    sum / (reference.len() * BANDS) as f64
}

/// At one place. Beyond the patch's edges it goes on as it ends.
fn likeness(reference: &[Frame], heard: &[Frame], frame: usize, band: usize) -> f64 {
    let (mut mean_r, mut mean_h, mut square_r, mut square_h, mut product) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (weights, beside) in WEIGHTS.iter().zip(around(frame, reference.len())) {
        for (weight, band) in weights.iter().zip(around(band, BANDS)) {
            let (r, h) = (reference[beside][band], heard[beside][band]);
            mean_r += weight * r;
            mean_h += weight * h;
            square_r += weight * r * r;
            square_h += weight * h * h;
            product += weight * r * h;
        }
    }
    let intensity = (2.0 * mean_r * mean_h + C1) / (mean_r * mean_r + mean_h * mean_h + C1);
    let variances = (square_r - mean_r * mean_r) * (square_h - mean_h * mean_h);
    // Rounding may leave a variance of nothing below zero.
    let structure = (product - mean_r * mean_h + C3) / (variances.max(0.0).sqrt() + C3);
    intensity * structure
}

/// The places before, at and after `n`, of `length`.
fn around(n: usize, length: usize) -> [usize; 3] {
    [n.saturating_sub(1), n, (n + 1).min(length - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(level: impl Fn(usize, usize) -> f64) -> Vec<Frame> {
        (0..20).map(|frame| std::array::from_fn(|band| level(frame, band))).collect()
    }

    #[test]
    fn the_window_weighs_one() {
        assert!((WEIGHTS.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn equal_patches_are_wholly_alike_others_less_and_opposites_less_than_nothing() {
        let up = |frame: usize, band: usize| if (frame + band).is_multiple_of(2) { 25.0 } else { 15.0 };
        let one = patch(up);
        let (louder, opposite) =
            (patch(|frame, band| 2.0 * up(frame, band)), patch(|frame, band| 40.0 - up(frame, band)));
        assert!((similarity(&one, &one) - 1.0).abs() < 1e-9);
        assert!((0.7..0.9).contains(&similarity(&one, &louder)), "{}", similarity(&one, &louder));
        assert!(similarity(&one, &opposite) < -0.9, "{}", similarity(&one, &opposite));
        assert!((similarity(&one, &louder) - similarity(&louder, &one)).abs() < 1e-12);
    }

    /// By hand: one bright frame and the quiet ones beside it, against nothing at all. Structure is 1 everywhere, since
    /// nothing varies in nothing; intensity is C1/(µ² + C1), µ being 0.893 568 at the bright edge, 0.106 432 beside it.
    #[test]
    fn a_bright_edge_against_silence_is_as_unlike_as_by_hand() {
        let one = patch(|frame, _| if frame == 0 { 1.0 } else { 0.0 });
        let none = patch(|_, _| 0.0);
        let at = |frame| likeness(&one, &none, frame, 5);
        assert!((at(0) - 0.000_125_225).abs() < 1e-8, "{}", at(0));
        assert!((at(1) - 0.008_750_6).abs() < 1e-6, "{}", at(1));
        assert!((at(2) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn levels_become_decibels_above_the_common_floor() {
        let mut loud = vec![[0.1; BANDS]];
        let mut quiet = vec![[0.0; BANDS]];
        loud[0][3] = 1.0;
        prepare(&mut loud, &mut quiet);
        assert!((loud[0][3] - 45.0).abs() < 1e-9 && (loud[0][0] - 35.0).abs() < 1e-9);
        assert_eq!(quiet[0], [0.0; BANDS]);
    }
}
