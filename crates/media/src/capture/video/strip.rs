//! Bands of the test scene that run past from right to left: drawn once, wider than the picture, and
//! shown from another column in each picture.

use crate::draw::{Area, Canvas, colour};
use crate::text::Mask;

/// A band over the whole width.
#[derive(Debug)]
pub(super) struct Strip {
    top: usize,
    height: usize,
    /// Width of the picture.
    shown: usize,
    /// Columns after which the content repeats.
    period: usize,
    data: Vec<u8>,
    px_per_s: u64,
}

impl Strip {
    /// Coloured figures on a bright ground.
    pub(super) fn passers_by(shown: usize, top: usize, height: usize) -> Self {
        let period = (height * 16).max(16) & !1;
        let colours = [colour(200, 60, 60), colour(60, 90, 190), colour(60, 150, 80), colour(220, 190, 60)];
        Self::new(shown, top, height, period, height as u64 * 2, |canvas, height| {
            canvas.fill(Area { x: 0, y: 0, w: canvas.width, h: height }, colour(150, 170, 190));
            for figure in 0..16 {
                let (x, colour) = (figure * height + height / 2, colours[figure * 7 % 4]);
                let head = height * (10 + figure % 4) / 60;
                canvas.disc((x as i64, (height / 3) as i64), head as i64, globe(figure));
                let body = Area { x: x - height / 5, y: height / 3 + head, w: height * 2 / 5, h: height };
                canvas.fill(body, colour);
            }
        })
    }

    /// A line of text.
    pub(super) fn ticker(shown: usize, top: usize, height: usize, text: &str) -> Self {
        let mask = Mask::line(text, (height * 3 / 4).max(6) as f32);
        let period = mask.width.max(16) & !1;
        Self::new(shown, top, height, period, height as u64 * 2, |canvas, height| {
            canvas.fill(Area { x: 0, y: 0, w: canvas.width, h: height }, colour(36, 44, 72));
            canvas.mask(&mask, 0, height / 8, colour(250, 220, 120));
        })
    }

    fn new(
        shown: usize,
        top: usize,
        height: usize,
        period: usize,
        px_per_s: u64,
        draw: impl FnOnce(&mut Canvas<'_>, usize),
    ) -> Self {
        let (top, height) = (top & !1, (height & !1).max(2));
        let mut tile = vec![128; period * height * 3 / 2];
        draw(&mut Canvas::over(&mut tile, period, height), height);
        let width = period + shown;
        let mut data = Vec::with_capacity(width * height * 3 / 2);
        let (luma, chroma) = tile.split_at(period * height);
        for (rows, columns) in [(luma, period), (chroma, period / 2)] {
            let wanted = if columns == period { width } else { width / 2 };
            for row in rows.chunks(columns) {
                data.extend(row.iter().cycle().take(wanted));
            }
        }
        Self { top, height, shown, period, data, px_per_s }
    }

    /// Whether the band covers this line.
    pub(super) fn holds(&self, line: usize) -> bool {
        (self.top..self.top + self.height).contains(&line)
    }

    /// The luma of a line it covers.
    pub(super) fn luma(&self, line: usize, elapsed_ms: u64) -> &[u8] {
        let start = (line - self.top) * (self.period + self.shown) + self.column(elapsed_ms);
        &self.data[start..start + self.shown]
    }

    /// Copies its chroma into the picture's planes.
    pub(super) fn copy_chroma(&self, u: &mut [u8], v: &mut [u8], elapsed_ms: u64) {
        let (width, shown) = ((self.period + self.shown) / 2, self.shown / 2);
        let luma = (self.period + self.shown) * self.height;
        let (from_u, from_v) = self.data[luma..].split_at(width * self.height / 2);
        let column = self.column(elapsed_ms) / 2;
        for (to, from) in [(u, from_u), (v, from_v)] {
            let rows = to.chunks_mut(shown).skip(self.top / 2).take(self.height / 2);
            for (to, from) in rows.zip(from.chunks(width)) {
                to.copy_from_slice(&from[column..column + shown]);
            }
        }
    }

    fn column(&self, elapsed_ms: u64) -> usize {
        ((elapsed_ms * self.px_per_s / 1000) as usize % self.period) & !1
    }
}

fn globe(figure: usize) -> [u8; 3] {
    [colour(232, 196, 160), colour(214, 170, 130), colour(240, 206, 176)][figure % 3]
}
