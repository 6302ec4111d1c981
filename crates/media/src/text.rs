//! Text as coverage masks, for the test scene, the slides and the names in the window.
//!
//! The embedded font holds ASCII, what the scene writes and frequent characters of school names. What
//! it lacks is looked for in a font of the system, and drawn as an empty box where there is none.

use ab_glyph::{Font, FontRef, FontVec, PxScale, ScaleFont};
use std::sync::OnceLock;

static EMBEDDED: &[u8] = include_bytes!("../fonts/NotoSansSC-subset.otf");

/// Where Debian keeps fonts with Chinese characters, and the face inside a collection.
const SYSTEM: [(&str, u32); 5] = [
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/arphic/uming.ttc", 0),
];

/// How much of each pixel is ink, 0 to 255, row by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mask {
    pub width: usize,
    pub height: usize,
    pub coverage: Vec<u8>,
}

impl Mask {
    /// One line of text, `px` pixels high including the space for descenders.
    pub(crate) fn line(text: &str, px: f32) -> Mask {
        let scale = PxScale::from(px);
        let baseline = embedded().as_scaled(scale).ascent();
        let advances: Vec<(char, f32)> = text.chars().map(|c| (c, advance(c, scale))).collect();
        let width = advances.iter().map(|(_, a)| a).sum::<f32>().ceil() as usize;
        let height = px.ceil() as usize;
        let mut mask = Mask { width, height, coverage: vec![0; width * height] };
        let mut x = 0.0;
        for (c, advance) in advances {
            mask.glyph(c, scale, x, baseline);
            x += advance;
        }
        mask
    }

    fn glyph(&mut self, c: char, scale: PxScale, x: f32, baseline: f32) {
        let at = ab_glyph::point(x, baseline);
        let outlined = match system_for(c) {
            Some(font) => font.outline_glyph(font.glyph_id(c).with_scale_and_position(scale, at)),
            None => embedded().outline_glyph(embedded().glyph_id(c).with_scale_and_position(scale, at)),
        };
        let Some(outlined) = outlined else { return };
        let bounds = outlined.px_bounds();
        outlined.draw(|dx, dy, ink| {
            let (px, py) = (bounds.min.x as i64 + i64::from(dx), bounds.min.y as i64 + i64::from(dy));
            if (0..self.width as i64).contains(&px) && (0..self.height as i64).contains(&py) {
                let pixel = &mut self.coverage[py as usize * self.width + px as usize];
                *pixel = pixel.saturating_add((ink * 255.0) as u8);
            }
        });
    }
}

fn advance(c: char, scale: PxScale) -> f32 {
    match system_for(c) {
        Some(font) => font.as_scaled(scale).h_advance(font.glyph_id(c)),
        None => embedded().as_scaled(scale).h_advance(embedded().glyph_id(c)),
    }
}

fn embedded() -> &'static FontRef<'static> {
    static FONT: OnceLock<FontRef<'static>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(EMBEDDED).expect("the font was checked when it was added"))
}

/// The system's font, if the embedded one lacks `c` and the system's has it. Loaded at the first
/// character that needs it: it is some 20 MB.
fn system_for(c: char) -> Option<&'static FontVec> {
    static FONT: OnceLock<Option<FontVec>> = OnceLock::new();
    if embedded().glyph_id(c).0 != 0 {
        return None;
    }
    let font = FONT.get_or_init(|| {
        SYSTEM
            .iter()
            .find_map(|(path, face)| FontVec::try_from_vec_and_index(std::fs::read(path).ok()?, *face).ok())
    });
    font.as_ref().filter(|font| font.glyph_id(c).0 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scene_and_the_slides_need_no_system_font() {
        let mut written = String::from(" 0123456789:.-/");
        written.push_str(include_str!("capture/video/scene.rs"));
        written.push_str(include_str!("capture/video/slides.rs"));
        let wide = |c: char| ('\u{3000}'..'\u{ffff}').contains(&c) || c.is_ascii_graphic();
        for c in written.chars().filter(|&c| wide(c)) {
            assert_ne!(embedded().glyph_id(c).0, 0, "{c} is missing from the embedded font");
        }
    }

    #[test]
    fn chinese_characters_are_as_wide_as_high_and_have_ink() {
        let mask = Mask::line("同课", 40.0);
        assert!((50..=80).contains(&mask.width), "{}", mask.width);
        assert!(mask.coverage.iter().filter(|&&c| c > 128).count() > 200);
    }

    #[test]
    fn unknown_characters_take_their_place_without_a_panic() {
        assert!(Mask::line("\u{10ffff}龘\u{0}", 20.0).width > 0);
        assert_eq!(Mask::line("", 20.0).width, 0);
    }
}
