//! What a wall's name says of it.

use crate::filmed::geometry::Point;
use std::str::FromStr;
use std::time::Duration;

/// How far the display is from the camera, in widths of the display.
const DISTANCE: f64 = 1.5;

/// A display and the camera before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spec {
    /// From a picture's coming to its being seen.
    pub delay: Duration,
    /// How long the camera gathers light.
    pub exposure: Duration,
    /// Width of the display, as a share of the camera's picture.
    pub size: f64,
    /// How far the camera is turned around its own axis, clockwise, in degrees.
    pub turn_deg: f64,
    /// How far it looks from the side, in degrees.
    pub lean_deg: f64,
    /// How far a point is spread by a lens out of focus, in pixels.
    pub blur_px: usize,
    /// Largest noise of a pixel, in levels of 256.
    pub noise: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            delay: Duration::ZERO,
            exposure: Duration::from_millis(8),
            size: 0.8,
            turn_deg: 0.0,
            lean_deg: 0.0,
            blur_px: 0,
            noise: 0.0,
        }
    }
}

impl FromStr for Spec {
    type Err = String;

    /// `delay_ms=60,exposure_ms=8,size=0.7,turn_deg=5,lean_deg=20,blur_px=1,noise=6`; what is left out is as in the
    /// default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut spec = Spec::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let value: f64 = value.trim().parse().map_err(|_| wrong(part))?;
            let ms = || Duration::from_secs_f64(value / 1e3);
            match key.trim() {
                "delay_ms" if (0.0..=1000.0).contains(&value) => spec.delay = ms(),
                "exposure_ms" if (0.0..=100.0).contains(&value) => spec.exposure = ms(),
                "size" if (0.1..=1.0).contains(&value) => spec.size = value,
                "turn_deg" if (-180.0..=180.0).contains(&value) => spec.turn_deg = value,
                "lean_deg" if (-60.0..=60.0).contains(&value) => spec.lean_deg = value,
                "blur_px" if (0.0..=8.0).contains(&value) => spec.blur_px = value as usize,
                "noise" if (0.0..=100.0).contains(&value) => spec.noise = value,
                _ => return Err(wrong(part)),
            }
        }
        Ok(spec)
    }
}

fn wrong(part: &str) -> String {
    format!(
        "'{part}' says nothing of a display and its camera; say delay_ms (0 to 1000), exposure_ms (0 to 100), size \
         (0.1 to 1), turn_deg (-180 to 180), lean_deg (-60 to 60), blur_px (0 to 8) or noise (0 to 100), as in \
         wall:delay_ms=60,size=0.7,lean_deg=20"
    )
}

impl Spec {
    /// Where the corners of a display of this size come to lie in the camera's picture, clockwise from the top left.
    pub(super) fn corners(&self, display: (u32, u32), picture: (u32, u32)) -> [Point; 4] {
        let ratio = f64::from(display.1) / f64::from(display.0);
        let (width, height) = (f64::from(picture.0), f64::from(picture.1));
        let (turn, lean) = (self.turn_deg.to_radians(), self.lean_deg.to_radians());
        [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]].map(|[x, y]| {
            let y = y * ratio;
            let far = DISTANCE + x * lean.sin();
            let (x, y) = (x * lean.cos() * DISTANCE / far, y * DISTANCE / far);
            let (x, y) = (x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos());
            let scale = self.size * width;
            [width / 2.0 + x * scale, height / 2.0 + y * scale]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_is_read_as_written_and_nonsense_is_named() {
        let spec: Spec = "delay_ms=62.5, turn_deg=-7, noise=9".parse().unwrap();
        let expected =
            Spec { delay: Duration::from_micros(62_500), turn_deg: -7.0, noise: 9.0, ..Spec::default() };
        assert_eq!(spec, expected);
        for bad in ["delay_ms=-1", "delay_ms", "size=0", "colour=3", "lean_deg=90", "noise=NaN"] {
            assert!(bad.parse::<Spec>().unwrap_err().contains(bad), "{bad}");
        }
    }

    #[test]
    fn straight_ahead_a_display_is_as_large_as_it_says_and_from_the_side_its_near_edge_is_longer() {
        let straight = Spec { size: 0.5, ..Spec::default() }.corners((1280, 720), (640, 360));
        assert_eq!(straight, [[160.0, 90.0], [480.0, 90.0], [480.0, 270.0], [160.0, 270.0]]);
        let [a, b, c, d] = Spec { lean_deg: 30.0, ..Spec::default() }.corners((1280, 720), (640, 360));
        assert!(d[1] - a[1] > 1.3 * (c[1] - b[1]));
    }
}
