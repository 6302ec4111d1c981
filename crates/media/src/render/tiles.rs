//! Participants side by side in one window: where each goes, and I420 brought to the screen's pixels.

use crate::draw::Area;
use crate::picture::Picture;
use crate::text::Mask;

/// Height of a name in pixels of the window.
const NAME_PX: f32 = 26.0;
/// Dark grey between the tiles.
const BACKGROUND: u32 = 0x0018_181c;

/// The places of `count` tiles of 16:9 in a window: as many columns as make them largest.
pub(super) fn places(count: usize, width: usize, height: usize) -> Vec<Area> {
    if count == 0 {
        return Vec::new();
    }
    let tile_width = |columns: usize| {
        let rows = count.div_ceil(columns);
        (width / columns).min(height / rows * 16 / 9)
    };
    // On a tie the fewest columns win: two schools one above the other waste no more than side by side.
    let columns = (1..=count).rev().max_by_key(|&c| tile_width(c)).unwrap_or(1);
    let rows = count.div_ceil(columns);
    let (w, h) = (width / columns, height / rows);
    let place = |n: usize| {
        let row = n / columns;
        // The last row is centred when it is not full.
        let in_row = if row + 1 == rows { count - row * columns } else { columns };
        Area { x: (width - in_row * w) / 2 + n % columns * w, y: row * h, w, h }
    };
    (0..count).map(place).collect()
}

/// The part of `place` that a picture of this shape fills, centred.
fn fitted(place: Area, width: u32, height: u32) -> Area {
    let (width, height) = (width as usize, height as usize);
    let (w, h) = if place.w * height <= place.h * width {
        (place.w, place.w * height / width)
    } else {
        (place.h * width / height, place.h)
    };
    Area { x: place.x + (place.w - w) / 2, y: place.y + (place.h - h) / 2, w, h }
}

/// The window's pixels, 0x00RRGGBB.
#[derive(Debug, Default)]
pub(super) struct Screen {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u32>,
}

impl Screen {
    /// Makes it this size, empty.
    pub(super) fn clear(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.resize(width * height, BACKGROUND);
    }

    /// Draws a picture and its name into `place`.
    pub(super) fn tile(&mut self, place: Area, picture: &Picture, name: &Mask) {
        let area = fitted(place, picture.width(), picture.height());
        if area != place {
            // What an earlier picture of another shape left at the sides.
            for line in place.y..place.y + place.h {
                self.pixels[line * self.width + place.x..][..place.w].fill(BACKGROUND);
            }
        }
        self.picture(area, picture);
        if name.width > 0 {
            self.name(area, name);
        }
    }

    /// The mask of a name, made once per name.
    pub(super) fn name_mask(name: &str) -> Mask {
        Mask::line(name, NAME_PX)
    }

    fn picture(&mut self, area: Area, picture: &Picture) {
        if area.w == 0 || area.h == 0 {
            return;
        }
        let (from_w, from_h) = (picture.width() as usize, picture.height() as usize);
        let (y, u, v) = picture.planes();
        let columns: Vec<u32> = (0..area.w).map(|x| (x * from_w / area.w) as u32).collect();
        for line in 0..area.h {
            let source = line * from_h / area.h;
            let row = Row {
                y: &y[source * from_w..][..from_w],
                u: &u[source / 2 * (from_w / 2)..][..from_w / 2],
                v: &v[source / 2 * (from_w / 2)..][..from_w / 2],
            };
            let target = &mut self.pixels[(area.y + line) * self.width + area.x..][..area.w];
            if area.w == from_w { row.write(target) } else { row.write_at(target, &columns) }
        }
    }

    fn name(&mut self, place: Area, name: &Mask) {
        let (w, h) = ((name.width + 16).min(place.w), (name.height + 8).min(place.h));
        for line in 0..h {
            let start = (place.y + place.h - h + line) * self.width + place.x;
            for (column, pixel) in self.pixels[start..start + w].iter_mut().enumerate() {
                let dimmed = (*pixel >> 2) & 0x003f_3f3f;
                let ink = match (line.checked_sub(4), column.checked_sub(8)) {
                    (Some(y), Some(x)) if x < name.width && y < name.height => {
                        name.coverage[y * name.width + x]
                    }
                    _ => 0,
                };
                *pixel = dimmed + u32::from(ink) * 0xbf / 255 * 0x0001_0101;
            }
        }
    }
}

/// One line of a picture.
struct Row<'a> {
    y: &'a [u8],
    u: &'a [u8],
    v: &'a [u8],
}

impl Row<'_> {
    /// At its own width.
    fn write(&self, target: &mut [u32]) {
        let chroma = self.u.iter().zip(self.v);
        for ((pixels, luma), (&u, &v)) in target.chunks_exact_mut(2).zip(self.y.chunks_exact(2)).zip(chroma) {
            let tint = Tint::of(u, v);
            pixels[0] = tint.pixel(luma[0]);
            pixels[1] = tint.pixel(luma[1]);
        }
    }

    /// At another width, by nearest sample.
    fn write_at(&self, target: &mut [u32], columns: &[u32]) {
        for (pixel, &column) in target.iter_mut().zip(columns) {
            let column = column as usize;
            *pixel = Tint::of(self.u[column / 2], self.v[column / 2]).pixel(self.y[column]);
        }
    }
}

/// What U and V add to red, green and blue (ITU-R BT.709, limited range), in 1/256.
struct Tint {
    red: i32,
    green: i32,
    blue: i32,
}

impl Tint {
    #[inline]
    fn of(u: u8, v: u8) -> Self {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        Self { red: 459 * v, green: -55 * u - 136 * v, blue: 541 * u }
    }

    #[inline]
    fn pixel(&self, y: u8) -> u32 {
        let luma = 298 * (i32::from(y) - 16) + 128;
        let byte = |c: i32| ((luma + c) >> 8).clamp(0, 255) as u32;
        byte(self.red) << 16 | byte(self.green) << 8 | byte(self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::colour;
    use std::time::Instant;

    #[test]
    fn tiles_fill_the_window_without_overlap_for_any_number() {
        for count in 1..=12 {
            let places = places(count, 1280, 720);
            assert_eq!(places.len(), count);
            for (n, a) in places.iter().enumerate() {
                assert!(a.x + a.w <= 1280 && a.y + a.h <= 720 && a.w > 200, "{count}: {a:?}");
                for b in &places[n + 1..] {
                    let apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
                    assert!(apart, "{count}: {a:?} {b:?}");
                }
            }
        }
        assert_eq!(places(1, 1280, 720), [Area { x: 0, y: 0, w: 1280, h: 720 }]);
        assert_eq!(places(4, 1280, 720)[3], Area { x: 640, y: 360, w: 640, h: 360 });
        assert_eq!(places(3, 1280, 720)[2].x, 320, "the lonely one is centred");
        assert!(places(0, 1280, 720).is_empty());
    }

    #[test]
    fn colours_reach_the_screen_as_they_were_drawn() {
        let mut screen = Screen::default();
        for [r, g, b] in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [90, 160, 30]] {
            let picture = Picture::filled(32, 16, colour(r, g, b), Instant::now());
            for (width, height) in [(32, 16), (20, 10), (100, 50)] {
                screen.clear(width, height);
                let place = Area { x: 0, y: 0, w: width, h: height };
                screen.tile(place, &picture, &Mask::default());
                let shown = screen.pixels[width * height / 2 + width / 2].to_be_bytes();
                for (got, wanted) in shown[1..].iter().zip([r, g, b]) {
                    assert!(got.abs_diff(wanted) <= 3, "{:?} shown as {shown:?}", [r, g, b]);
                }
            }
        }
    }

    #[test]
    fn pictures_keep_their_shape_and_odd_windows_do_no_harm() {
        let picture = Picture::filled(16, 32, [235, 128, 128], Instant::now());
        let name = Screen::name_mask("永嘉县实验小学 a very long name that is wider than the window");
        for (width, height) in [(1, 1), (7, 3), (333, 77), (64, 64)] {
            let mut screen = Screen::default();
            screen.clear(width, height);
            for place in places(3, width, height) {
                screen.tile(place, &picture, &name);
            }
        }
        assert_eq!(fitted(Area { x: 0, y: 0, w: 64, h: 64 }, 16, 32), Area { x: 16, y: 0, w: 32, h: 64 });
    }
}
