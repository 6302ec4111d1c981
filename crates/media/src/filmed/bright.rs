//! Bright patches of a picture, and which of them have the outline of a marker.

use super::geometry::{Line, Point, area, corners, distance, line, meeting, minus};
use super::luma::Luma;

/// Wider pictures are looked over at half their size: an outline is found as well, in a quarter of the time.
const HALVED_ABOVE: usize = 800;
/// Smaller patches, in pixels of what is looked over, are no marker that could be read.
const LEAST: usize = 80;
/// What of its outline a marker fills with white: its border, and half of its cells.
const FILLED: std::ops::Range<f64> = 0.35..0.93;
/// Places on each side where its exact edge is looked for.
const PROBES: usize = 24;
/// An edge is a step of brightness of so much.
const STEP: f64 = 25.0;

/// Looks pictures over. Keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Patches {
    halved: Vec<u8>,
    pixels: Vec<Pixel>,
    stack: Vec<usize>,
    /// Where the patch that is looked at ends.
    rim: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pixel {
    Dark,
    Bright,
    /// Bright, and of a patch that was looked at.
    Seen,
}

impl Patches {
    /// Tells the corners of each patch brighter than `threshold` that may be a marker, clockwise, until `found` is
    /// content with one.
    pub(super) fn each(&mut self, luma: &Luma<'_>, threshold: u8, found: &mut dyn FnMut([Point; 4]) -> bool) {
        let step = if luma.width > HALVED_ABOVE { 2 } else { 1 };
        let (width, height) = (luma.width / step, luma.height / step);
        let seen = if step == 1 { luma.pixels } else { luma.halved(&mut self.halved) };
        let pixel = |pixel: &u8| if *pixel > threshold { Pixel::Bright } else { Pixel::Dark };
        self.pixels.clear();
        self.pixels.extend(seen.iter().take(width * height).map(pixel));
        let mut from = 0;
        while let Some(ahead) = self.pixels[from..].iter().position(|pixel| *pixel == Pixel::Bright) {
            from += ahead;
            let count = self.take_patch(from, width, height, step as f64);
            if count >= LEAST
                && let Some(outline) = corners(&self.rim)
                && FILLED.contains(&((count * step * step) as f64 / area(&outline)))
                && found(sharpened(luma, &outline))
            {
                return;
            }
        }
    }

    /// Goes over the patch of a pixel and keeps its rim; gives its number of pixels.
    fn take_patch(&mut self, first: usize, width: usize, height: usize, step: f64) -> usize {
        self.rim.clear();
        self.stack.push(first);
        self.pixels[first] = Pixel::Seen;
        let mut count = 0;
        while let Some(at) = self.stack.pop() {
            count += 1;
            let (x, y) = (at % width, at / width);
            let mut is_rim = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
            let beside = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then(|| at + 1),
                (y > 0).then(|| at - width),
                (y + 1 < height).then(|| at + width),
            ];
            for at in beside.into_iter().flatten() {
                match self.pixels[at] {
                    Pixel::Dark => is_rim = true,
                    Pixel::Bright => {
                        self.pixels[at] = Pixel::Seen;
                        self.stack.push(at);
                    }
                    Pixel::Seen => {}
                }
            }
            if is_rim {
                self.rim.push([(x as f64 + 0.5) * step, (y as f64 + 0.5) * step]);
            }
        }
        count
    }
}

/// Corners to a fraction of a pixel: where lines along the four edges meet, which blur does not round.
fn sharpened(luma: &Luma<'_>, outline: &[Point; 4]) -> [Point; 4] {
    let side = |n: usize| edge(luma, outline[n % 4], outline[(n + 1) % 4]);
    let Some([top, right, bottom, left]) = all([side(0), side(1), side(2), side(3)]) else { return *outline };
    let met = [meeting(left, top), meeting(top, right), meeting(right, bottom), meeting(bottom, left)];
    all(met).unwrap_or(*outline)
}

fn all<T: Copy>(of: [Option<T>; 4]) -> Option<[T; 4]> {
    let [Some(a), Some(b), Some(c), Some(d)] = of else { return None };
    Some([a, b, c, d])
}

/// The line along an edge that runs roughly from one corner to the next, bright on its right.
fn edge(luma: &Luma<'_>, from: Point, to: Point) -> Option<Line> {
    let along = minus(to, from);
    let length = distance(to, from);
    if length < 4.0 {
        return None;
    }
    let outwards = [along[1] / length, -along[0] / length];
    // A cell is a 7th to a 22nd of a side: the border is as wide.
    let reach = (length / 24.0).clamp(2.0, 12.0);
    let steps = (4.0 * reach) as i32;
    let points: Vec<Point> = (0..PROBES)
        .filter_map(|n| {
            let share = 0.06 + 0.88 * n as f64 / (PROBES - 1) as f64;
            let at = |off: f64| [0, 1].map(|n| from[n] + share * along[n] + off * outwards[n]);
            let profile: Vec<(f64, f64)> = (-steps..=steps)
                .map(|step| f64::from(step) / f64::from(steps) * reach)
                .map(|off| (off, luma.at(at(off))))
                .collect();
            falls_at(&profile).map(at)
        })
        .collect();
    line(&points)
}

/// Where brightness falls through the middle of its extremes, going outwards; none: it does not.
fn falls_at(profile: &[(f64, f64)]) -> Option<f64> {
    let values = profile.iter().map(|(_, value)| *value);
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let middle = (low + high) / 2.0;
    if high - low < STEP {
        return None;
    }
    let pair = profile.windows(2).rev().find(|pair| pair[0].1 >= middle && pair[1].1 < middle)?;
    let ((off, before), (next, after)) = (pair[0], pair[1]);
    Some(off + (next - off) * (before - middle) / (before - after))
}
