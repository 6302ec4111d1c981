//! What a camera makes of a display: a projection, light gathered over time, a lens, noise.

use super::spec::Spec;
use crate::filmed::geometry::{Homography, Point};
use crate::filmed::luma::Luma;
use crate::picture::Picture;
use std::sync::Arc;
use std::time::Instant;

/// Luma of the wall around the display, and of a display that shows nothing.
const AROUND: f32 = 110.0;
const DARK: f32 = 16.0;
/// Chroma of grey.
const GREY: u8 = 128;

/// Films one display.
pub(super) struct Film {
    spec: Spec,
    size: (u32, u32),
    sight: Option<Sight>,
    light: Vec<f32>,
    scratch: Vec<f32>,
    random: u32,
}

/// Where each pixel of the camera looks.
struct Sight {
    /// The display's pictures' size.
    size: (u32, u32),
    /// On the display; none: beside it.
    at: Vec<Option<Point>>,
}

impl Film {
    pub(super) fn new(spec: Spec, size: (u32, u32)) -> Self {
        Self { spec, size, sight: None, light: Vec::new(), scratch: Vec::new(), random: 0x2545_f491 }
    }

    /// The picture of what is seen: pictures, and for which share of the time.
    pub(super) fn expose(&mut self, seen: &[(f64, Picture)], at: Instant) -> Picture {
        let (width, height) = self.size;
        let pixels = width as usize * height as usize;
        self.light.clear();
        self.light.resize(pixels, if seen.is_empty() { AROUND } else { 0.0 });
        let lit: f64 = seen.iter().map(|(share, _)| share).sum();
        for (n, (share, shown)) in seen.iter().enumerate() {
            // What the display did not show yet was dark.
            let dark = if n == 0 { (1.0 - lit).max(0.0) as f32 * DARK } else { 0.0 };
            self.add(shown, *share as f32, dark, n == 0);
        }
        for _ in 0..2 {
            blur(&mut self.light, &mut self.scratch, width as usize, self.spec.blur_px);
        }
        let mut data = vec![GREY; Picture::size(width, height)];
        let noise = self.spec.noise as f32;
        for (pixel, light) in data.iter_mut().zip(&self.light) {
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = self.random as i32 as f32 / 2_147_483_648.0;
            *pixel = (light + noise * grain).round().clamp(0.0, 255.0) as u8;
        }
        Picture::new(width, height, Arc::new(data), at)
    }

    fn add(&mut self, shown: &Picture, share: f32, dark: f32, first: bool) {
        let size = (shown.width(), shown.height());
        if self.sight.as_ref().is_none_or(|sight| sight.size != size) {
            self.sight = Some(Sight { size, at: sight(&self.spec, size, self.size) });
        }
        let Some(sight) = &self.sight else { return };
        let luma = Luma::of(shown);
        for (light, looks_at) in self.light.iter_mut().zip(&sight.at) {
            match looks_at {
                Some(at) => *light += share * luma.at(*at) as f32 + dark,
                None if first => *light = AROUND,
                None => {}
            }
        }
    }
}

fn sight(spec: &Spec, display: (u32, u32), picture: (u32, u32)) -> Vec<Option<Point>> {
    let (width, height) = (f64::from(display.0), f64::from(display.1));
    let onto = Homography::onto(&spec.corners(display, picture), width, height);
    let Some(back) = onto.and_then(|onto| onto.inverse()) else { return Vec::new() };
    let rows = 0..picture.1;
    rows.flat_map(|y| (0..picture.0).map(move |x| [f64::from(x) + 0.5, f64::from(y) + 0.5]))
        .map(|pixel| {
            Some(back.map(pixel)).filter(|[x, y]| (0.0..width).contains(x) && (0.0..height).contains(y))
        })
        .collect()
}

/// Spreads each pixel evenly over a square of `reach` pixels to each side.
fn blur(light: &mut Vec<f32>, scratch: &mut Vec<f32>, width: usize, reach: usize) {
    if reach == 0 {
        return;
    }
    let height = light.len() / width;
    for (stride, length, lines, step) in [(1, width, height, width), (width, height, width, 1)] {
        scratch.clear();
        scratch.resize(light.len(), 0.0);
        for line in 0..lines {
            let at = |n: usize| line * step + n.min(length - 1) * stride;
            let mut sum: f32 = (0..=2 * reach).map(|n| light[at(n.saturating_sub(reach))]).sum();
            for n in 0..length {
                scratch[at(n)] = sum / (2 * reach + 1) as f32;
                sum += light[at(n + reach + 1)] - light[at(n.saturating_sub(reach))];
            }
        }
        std::mem::swap(light, scratch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lens_out_of_focus_spreads_light_and_loses_none() {
        let mut light = vec![0.0; 15 * 9];
        light[4 * 15 + 7] = 90.0;
        blur(&mut light, &mut Vec::new(), 15, 1);
        assert!((light.iter().sum::<f32>() - 90.0).abs() < 1e-3);
        assert!((light[3 * 15 + 8] - 10.0).abs() < 1e-4 && light[2 * 15 + 7].abs() < 1e-4);
        let mut even = vec![50.0; 15 * 9];
        blur(&mut even, &mut Vec::new(), 15, 3);
        assert!(even.iter().all(|pixel| (pixel - 50.0).abs() < 1e-3));
    }
}
