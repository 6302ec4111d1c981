//! A picture's brightness, as a reader of filmed markers looks at it.

use super::geometry::Point;
use crate::picture::Picture;

/// The luma plane of a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Luma<'a> {
    pub pixels: &'a [u8],
    pub width: usize,
    pub height: usize,
}

impl<'a> Luma<'a> {
    pub(crate) fn of(picture: &'a Picture) -> Self {
        Self {
            pixels: picture.planes().0,
            width: picture.width() as usize,
            height: picture.height() as usize,
        }
    }

    /// Brightness between the middles of pixels; what lies outside is as the nearest edge.
    pub(crate) fn at(&self, [x, y]: Point) -> f64 {
        let inside = |at: f64, size: usize| (at - 0.5).clamp(0.0, (size - 1) as f64);
        let (x, y) = (inside(x, self.width), inside(y, self.height));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let pixel = |x: usize, y: usize| f64::from(self.pixels[y * self.width + x]);
        let (part_x, part_y) = (x - left as f64, y - top as f64);
        let upper = pixel(left, top) * (1.0 - part_x) + pixel(right, top) * part_x;
        let lower = pixel(left, bottom) * (1.0 - part_x) + pixel(right, bottom) * part_x;
        upper * (1.0 - part_y) + lower * part_y
    }

    /// At half its size: each pixel the mean of four.
    pub(super) fn halved<'b>(&self, into: &'b mut Vec<u8>) -> &'b [u8] {
        into.clear();
        let width = self.width / 2 * 2;
        for rows in self.pixels.chunks_exact(2 * self.width) {
            let (upper, lower) = rows.split_at(self.width);
            let pairs = upper[..width].chunks_exact(2).zip(lower[..width].chunks_exact(2));
            into.extend(pairs.map(|(above, below)| {
                let sum =
                    u16::from(above[0]) + u16::from(above[1]) + u16::from(below[0]) + u16::from(below[1]);
                (sum / 4) as u8
            }));
        }
        into
    }
}
