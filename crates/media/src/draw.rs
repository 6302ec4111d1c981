//! Drawing into I420 planes, by rows. Everything is clipped to the picture.

use crate::text::Mask;

/// A colour as Y, U and V, limited range, ITU-R BT.709.
pub(crate) type Colour = [u8; 3];

/// The colour of 8-bit red, green and blue.
pub(crate) fn colour(red: u8, green: u8, blue: u8) -> Colour {
    let [r, g, b] = [red, green, blue].map(|c| f32::from(c) / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        (16.0 + 219.0 * y).round() as u8,
        (128.0 + 224.0 * (b - y) / 1.8556).round() as u8,
        (128.0 + 224.0 * (r - y) / 1.5748).round() as u8,
    ]
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub x: usize,
    pub y: usize,
    pub w: usize,
    pub h: usize,
}

/// An I420 buffer being drawn into.
pub(crate) struct Canvas<'a> {
    pub width: usize,
    pub height: usize,
    pub y: &'a mut [u8],
    pub u: &'a mut [u8],
    pub v: &'a mut [u8],
}

impl<'a> Canvas<'a> {
    /// A canvas over a whole I420 buffer.
    pub(crate) fn over(data: &'a mut [u8], width: usize, height: usize) -> Self {
        let (y, chroma) = data.split_at_mut(width * height);
        let (u, v) = chroma.split_at_mut(width * height / 4);
        Self { width, height, y, u, v }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, area: Area, [y, u, v]: Colour) {
        let left = area.x.min(self.width);
        let right = (area.x + area.w).min(self.width);
        for line in area.y..(area.y + area.h).min(self.height) {
            self.y[line * self.width..][left..right].fill(y);
            if line.is_multiple_of(2) {
                let start = line / 2 * (self.width / 2);
                self.u[start..][left / 2..right / 2].fill(u);
                self.v[start..][left / 2..right / 2].fill(v);
            }
        }
    }

    /// Fills a circle, row by row.
    pub(crate) fn disc(&mut self, (cx, cy): (i64, i64), radius: i64, colour: Colour) {
        for line in (cy - radius).max(0)..(cy + radius).min(self.height as i64) {
            let dy = line - cy;
            let half = ((radius * radius - dy * dy).max(0) as f64).sqrt() as i64;
            let (left, right) = ((cx - half).max(0), (cx + half).min(self.width as i64));
            if left < right {
                let row = Area { x: left as usize, y: line as usize, w: (right - left) as usize, h: 1 };
                self.fill(row, colour);
            }
        }
    }

    /// Blends a mask with its top left corner at `x`, `y`.
    pub(crate) fn mask(&mut self, mask: &Mask, x: usize, y: usize, colour: Colour) {
        if x >= self.width {
            return;
        }
        let columns = mask.width.min(self.width - x);
        for (row, line) in (y..self.height).enumerate().take(mask.height) {
            let ink = &mask.coverage[row * mask.width..][..columns];
            blend(&mut self.y[line * self.width + x..][..columns], ink, colour[0]);
            if line % 2 == 0 {
                let start = line / 2 * (self.width / 2) + x / 2;
                for (column, ink) in ink.iter().enumerate().step_by(2).take(columns / 2 * 2) {
                    mix(&mut self.u[start + column / 2], *ink, colour[1]);
                    mix(&mut self.v[start + column / 2], *ink, colour[2]);
                }
            }
        }
    }

    /// Blends a mask with its middle at `x`.
    pub(crate) fn mask_centred(&mut self, mask: &Mask, x: usize, y: usize, colour: Colour) {
        self.mask(mask, x.saturating_sub(mask.width / 2) & !1, y, colour);
    }
}

fn blend(pixels: &mut [u8], ink: &[u8], value: u8) {
    for (pixel, &ink) in pixels.iter_mut().zip(ink) {
        mix(pixel, ink, value);
    }
}

fn mix(pixel: &mut u8, ink: u8, value: u8) {
    if ink > 0 {
        let (ink, old) = (i32::from(ink), i32::from(*pixel));
        *pixel = (old + (i32::from(value) - old) * ink / 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_the_primaries_have_their_limited_range_values() {
        assert_eq!(colour(0, 0, 0), [16, 128, 128]);
        assert_eq!(colour(255, 255, 255), [235, 128, 128]);
        assert_eq!(colour(255, 0, 0), [63, 102, 240]);
        assert_eq!(colour(0, 0, 255), [32, 240, 118]);
    }

    #[test]
    fn drawing_over_every_edge_is_clipped() {
        let mut data = vec![0; 32 * 16 * 3 / 2];
        let mut canvas = Canvas::over(&mut data, 32, 16);
        canvas.fill(Area { x: 30, y: 14, w: 100, h: 100 }, [1, 2, 3]);
        canvas.fill(Area { x: 99, y: 99, w: 1, h: 1 }, [1, 2, 3]);
        for at in [(-5, -5), (0, 15), (31, 0), (500, 500)] {
            canvas.disc(at, 10, [4, 5, 6]);
        }
        let mask = Mask::line("同课", 40.0);
        for (x, y) in [(0, 0), (31, 15), (40, 3), (3, 40)] {
            canvas.mask(&mask, x, y, [7, 8, 9]);
        }
    }
}
