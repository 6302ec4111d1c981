//! The luma plane of a picture: 8 bits, black 16, white 235 (BT.601 and BT.709, limited range).

use serde::{Deserialize, Serialize};

/// A luma plane that somebody else holds.
#[derive(Debug, Clone, Copy)]
pub struct Luma<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
}

/// What cannot be a luma plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LumaError {
    /// No sample in it.
    #[error("a picture of {width}x{height} has no sample; pass a picture of one sample at least")]
    Empty {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// Rows overlap.
    #[error("a row of {width} samples does not fit a stride of {stride}; pass the plane's own stride")]
    Stride {
        /// Samples in a row.
        width: usize,
        /// From row to row.
        stride: usize,
    },
    /// Fewer samples than the size says.
    #[error("the plane has {got} samples and its size needs {needed}; pass the whole plane")]
    TooShort {
        /// Samples there.
        got: usize,
        /// Samples needed.
        needed: usize,
    },
}

impl<'a> Luma<'a> {
    /// `samples` row by row, each row beginning `stride` after the one before; the last may end after `width`.
    pub fn new(samples: &'a [u8], width: usize, height: usize, stride: usize) -> Result<Self, LumaError> {
        if width == 0 || height == 0 {
            return Err(LumaError::Empty { width, height });
        }
        if stride < width {
            return Err(LumaError::Stride { width, stride });
        }
        let needed = (height - 1).saturating_mul(stride).saturating_add(width);
        if samples.len() < needed {
            return Err(LumaError::TooShort { got: samples.len(), needed });
        }
        Ok(Self { samples, width, height, stride })
    }

    /// Width and height in samples.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// One row, `width` samples.
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// All rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let luma = *self;
        (0..luma.height).map(move |y| luma.row(y))
    }
}

/// How bright a picture is and how much its brightness differs from place to place, in luma steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LumaStatistics {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

impl LumaStatistics {
    /// Of a whole plane.
    pub fn of(luma: Luma<'_>) -> Self {
        let (mut sum, mut squares) = (0u64, 0u64);
        for &sample in luma.rows().flatten() {
            sum += u64::from(sample);
            squares += u64::from(sample) * u64::from(sample);
        }
        let n = (luma.width * luma.height) as f64;
        let mean = sum as f64 / n;
        Self { mean, deviation: (squares as f64 / n - mean * mean).max(0.0).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_between_rows_does_not_count() {
        let plane = [10, 20, 99, 30, 40];
        let statistics = LumaStatistics::of(Luma::new(&plane, 2, 2, 3).unwrap());
        assert_eq!((statistics.mean, statistics.deviation), (25.0, 125f64.sqrt()));
    }

    #[test]
    fn what_is_no_plane_says_why() {
        let error = |samples: &[u8], width, height, stride| {
            Luma::new(samples, width, height, stride).unwrap_err().to_string()
        };
        assert!(error(&[0; 9], 0, 3, 3).starts_with("a picture of 0x3 has no sample"));
        assert!(error(&[0; 9], 3, 3, 2).starts_with("a row of 3 samples does not fit a stride of 2"));
        assert!(error(&[0; 7], 3, 3, 3).starts_with("the plane has 7 samples and its size needs 9"));
        assert!(Luma::new(&[0; 9], 3, usize::MAX, usize::MAX).is_err());
    }
}
