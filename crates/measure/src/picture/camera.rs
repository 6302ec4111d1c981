//! A camera that delivers pictures and shows nothing: black, dark, or the same picture again and again.

use super::luma::{Luma, LumaStatistics};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Mean luma up to which an even picture is black: the lens is covered, or the camera sends no picture.
const BLACK_MEAN: f64 = 24.0;
/// Luma deviation up to which a picture is even: a covered sensor's noise stays below.
const EVEN_DEVIATION: f64 = 4.0;
/// Mean luma below which a picture is dark: people cannot be made out.
const DARK_MEAN: f64 = 50.0;
/// A picture that is the same, sample by sample, for so long is frozen: a live sensor has noise.
const FROZEN_AFTER: Duration = Duration::from_secs(3);
/// Share of pictures that makes a fault of the whole run.
const MOST: f64 = 0.5;
/// Each so many samples, across and down, one is compared with the picture before.
const SPARSE: usize = 8;

/// Watches a camera at the place where its pictures are captured, before any encoder: what a decoder shows is the
/// same for seconds on end wherever nothing moves. The limits are proposals without a standard behind them.
///
/// Memory: a 64th of the largest picture.
#[derive(Debug, Clone, Default)]
pub struct CameraWatch {
    last: Vec<u8>,
    unchanged_since: Option<Instant>,
    last_at: Option<Instant>,
    longest_unchanged: Duration,
    pictures: u64,
    black: u64,
    dark: u64,
    mean_sum: f64,
}

/// What is wrong with a camera's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraFault {
    /// No picture came.
    NoPictures,
    /// Most pictures are black.
    Black,
    /// Most pictures are dark.
    Dark,
    /// The same picture stood for so long, though pictures were delivered.
    Frozen {
        /// How long, at the longest, in milliseconds.
        unchanged_ms: u64,
    },
}

impl CameraWatch {
    /// No picture yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A picture was captured at `at`.
    pub fn on_picture(&mut self, at: Instant, luma: Luma<'_>) {
        let statistics = LumaStatistics::of(luma);
        self.pictures += 1;
        self.mean_sum += statistics.mean;
        let black = statistics.mean <= BLACK_MEAN && statistics.deviation <= EVEN_DEVIATION;
        self.black += u64::from(black);
        self.dark += u64::from(!black && statistics.mean < DARK_MEAN);
        if self.changed(luma) || self.unchanged_since.is_none() {
            self.unchanged_since = Some(at);
        }
        self.last_at = Some(at);
        self.longest_unchanged = self.longest_unchanged.max(self.unchanged());
    }

    /// Whether a sample differs from the picture before; keeps this picture's.
    fn changed(&mut self, luma: Luma<'_>) -> bool {
        let samples = luma.rows().step_by(SPARSE).flat_map(|row| row.iter().step_by(SPARSE).copied());
        let changed = !samples.clone().eq(self.last.iter().copied());
        if changed {
            self.last.clear();
            self.last.extend(samples);
        }
        changed
    }

    fn unchanged(&self) -> Duration {
        match (self.unchanged_since, self.last_at) {
            (Some(since), Some(last)) => last.saturating_duration_since(since),
            _ => Duration::ZERO,
        }
    }

    /// Pictures seen.
    pub fn pictures(&self) -> u64 {
        self.pictures
    }

    /// Mean luma of all pictures; none without any.
    pub fn mean_luma(&self) -> Option<f64> {
        (self.pictures > 0).then(|| self.mean_sum / self.pictures as f64)
    }

    /// For how long the same picture was delivered, at the longest.
    pub fn longest_unchanged(&self) -> Duration {
        self.longest_unchanged
    }

    /// What is wrong, the worst first; none if nothing is. A black picture counts as black even if it is frozen.
    pub fn fault(&self) -> Option<CameraFault> {
        let most = |pictures: u64| pictures as f64 > MOST * self.pictures as f64;
        if self.pictures == 0 {
            return Some(CameraFault::NoPictures);
        }
        if most(self.black) {
            return Some(CameraFault::Black);
        }
        if self.longest_unchanged >= FROZEN_AFTER {
            let unchanged_ms = self.longest_unchanged.as_millis() as u64;
            return Some(CameraFault::Frozen { unchanged_ms });
        }
        most(self.black + self.dark).then_some(CameraFault::Dark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 64;

    /// A room of this brightness with the noise of a sensor; `seed` is another moment.
    fn room(brightness: u8, noise: u8, seed: u32) -> Vec<u8> {
        let mut state = seed.wrapping_mul(747_796_405) | 1;
        (0..SIZE * SIZE)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let grain = ((state >> 24) as u8) % (noise + 1);
                brightness.saturating_add((i % 40) as u8 * (brightness / 40)) + grain
            })
            .collect()
    }

    fn watched(picture: impl Fn(u32) -> Vec<u8>) -> CameraWatch {
        let origin = Instant::now();
        let mut watch = CameraWatch::new();
        for i in 0..150u32 {
            let plane = picture(i);
            watch.on_picture(
                origin + Duration::from_millis(40) * i,
                Luma::new(&plane, SIZE, SIZE, SIZE).unwrap(),
            );
        }
        watch
    }

    #[test]
    fn a_lit_room_has_no_fault() {
        let watch = watched(|i| room(90, 3, i));
        assert_eq!(watch.fault(), None);
        assert!(watch.mean_luma().unwrap() > 90.0);
        assert_eq!((watch.pictures(), watch.longest_unchanged()), (150, Duration::ZERO));
    }

    #[test]
    fn a_covered_lens_is_black_and_a_room_without_light_is_dark() {
        assert_eq!(watched(|i| room(16, 3, i)).fault(), Some(CameraFault::Black));
        assert_eq!(watched(|_| vec![16; SIZE * SIZE]).fault(), Some(CameraFault::Black));
        assert_eq!(watched(|i| room(30, 9, i)).fault(), Some(CameraFault::Dark));
        assert_eq!(CameraWatch::new().fault(), Some(CameraFault::NoPictures));
    }

    #[test]
    fn the_same_picture_again_and_again_is_frozen_even_if_it_moved_before() {
        assert_eq!(watched(|_| room(90, 3, 7)).fault(), Some(CameraFault::Frozen { unchanged_ms: 5_960 }));
        let late = watched(|i| room(90, 3, i.min(60)));
        assert_eq!(late.fault(), Some(CameraFault::Frozen { unchanged_ms: 3_560 }));
        assert_eq!(watched(|i| room(90, 3, i / 60)).fault(), None, "never for three seconds");
    }
}
