//! SSIM and PSNR of a received picture against the one that was sent, on luma, matched by the marker's number.

use super::luma::Luma;
use serde::{Deserialize, Serialize};

/// Taps of the Gaussian window, and its deviation (Wang, Bovik, Sheikh, Simoncelli 2004).
const TAPS: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// Why two pictures cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SimilarityError {
    /// Sizes differ.
    #[error("the pictures are {a:?} and {b:?}; scale one to the other's size first")]
    Sizes {
        /// Width and height of the one.
        a: (usize, usize),
        /// Of the other.
        b: (usize, usize),
    },
    /// Too small for the window.
    #[error("a picture of {0:?} is smaller than SSIM's window of 11x11; compare larger pictures")]
    TooSmall((usize, usize)),
    /// Not the same picture.
    #[error("picture {received} was received and picture {sent} sent; match them by their markers")]
    OtherPicture {
        /// Number of the picture sent.
        sent: u32,
        /// Number read in the one received.
        received: u32,
    },
}

fn same_size(a: Luma<'_>, b: Luma<'_>) -> Result<(), SimilarityError> {
    if a.size() == b.size() { Ok(()) } else { Err(SimilarityError::Sizes { a: a.size(), b: b.size() }) }
}

/// Peak signal to noise ratio, dB; none for equal pictures, which have no noise.
pub fn psnr_db(a: Luma<'_>, b: Luma<'_>) -> Result<Option<f64>, SimilarityError> {
    same_size(a, b)?;
    let pairs = a.rows().flatten().zip(b.rows().flatten());
    let squares: u64 = pairs.map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
    let (width, height) = a.size();
    let mean = squares as f64 / (width * height) as f64;
    Ok((squares > 0).then(|| 10.0 * (255.0 * 255.0 / mean).log10()))
}

/// Structural similarity: 1 for equal pictures. Mean over all places where the whole window lies in the picture.
pub fn ssim(a: Luma<'_>, b: Luma<'_>) -> Result<f64, SimilarityError> {
    same_size(a, b)?;
    let (width, height) = a.size();
    if width < TAPS || height < TAPS {
        return Err(SimilarityError::TooSmall(a.size()));
    }
    let window = gaussian();
    let mut columns = vec![Moments::default(); width];
    let mut sum = 0.0;
    for top in 0..=height - TAPS {
        columns.fill(Moments::default());
        for (tap, weight) in window.iter().enumerate() {
            let rows = a.row(top + tap).iter().zip(b.row(top + tap));
            for (column, (&a, &b)) in columns.iter_mut().zip(rows) {
                column.add(&Moments::of(f64::from(a), f64::from(b)), *weight);
            }
        }
        for place in columns.windows(TAPS) {
            let mut moments = Moments::default();
            place.iter().zip(&window).for_each(|(column, weight)| moments.add(column, *weight));
            sum += moments.ssim();
        }
    }
    Ok(sum / ((width - TAPS + 1) * (height - TAPS + 1)) as f64)
}

fn gaussian() -> [f64; TAPS] {
    let middle = (TAPS / 2) as f64;
    let raw: [f64; TAPS] =
        std::array::from_fn(|i| (-(i as f64 - middle).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
    let sum: f64 = raw.iter().sum();
    raw.map(|weight| weight / sum)
}

/// Weighted means over a window: of both pictures, their squares and their product.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    a: f64,
    b: f64,
    aa: f64,
    bb: f64,
    ab: f64,
}

impl Moments {
    fn of(a: f64, b: f64) -> Self {
        Self { a, b, aa: a * a, bb: b * b, ab: a * b }
    }

    fn add(&mut self, other: &Moments, weight: f64) {
        self.a += weight * other.a;
        self.b += weight * other.b;
        self.aa += weight * other.aa;
        self.bb += weight * other.bb;
        self.ab += weight * other.ab;
    }

    fn ssim(&self) -> f64 {
        let Moments { a, b, aa, bb, ab } = *self;
        let (variance_a, variance_b, covariance) = (aa - a * a, bb - b * b, ab - a * b);
        (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variance_a + variance_b + C2))
    }
}

/// Compares pictures received with those sent, pair by pair.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PictureComparison {
    /// Pairs compared.
    pub n: u64,
    /// Pairs that were equal to the last sample; they have no PSNR.
    pub equal: u64,
    ssim_sum: f64,
    psnr_sum_db: f64,
    /// The lowest SSIM; none without pairs.
    pub ssim_min: Option<f64>,
}

impl PictureComparison {
    /// Compares the picture sent with the one received, each with the number of its marker. Returns the SSIM.
    pub fn compare(
        &mut self,
        sent: (u32, Luma<'_>),
        received: (u32, Luma<'_>),
    ) -> Result<f64, SimilarityError> {
        if sent.0 != received.0 {
            return Err(SimilarityError::OtherPicture { sent: sent.0, received: received.0 });
        }
        let similarity = ssim(sent.1, received.1)?;
        match psnr_db(sent.1, received.1)? {
            Some(db) => self.psnr_sum_db += db,
            None => self.equal += 1,
        }
        self.n += 1;
        self.ssim_sum += similarity;
        self.ssim_min = Some(self.ssim_min.map_or(similarity, |min| min.min(similarity)));
        Ok(similarity)
    }

    /// Mean SSIM; none without pairs.
    pub fn mean_ssim(&self) -> Option<f64> {
        (self.n > 0).then(|| self.ssim_sum / self.n as f64)
    }

    /// Mean PSNR of the pairs that were not equal, dB; none if all were.
    pub fn mean_psnr_db(&self) -> Option<f64> {
        (self.n > self.equal).then(|| self.psnr_sum_db / (self.n - self.equal) as f64)
    }
}

#[cfg(test)]
mod tests;
