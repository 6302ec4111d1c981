//! The font that is set and embedded: which glyph a character has, how wide it is, and a font of those in use.

use pdf_writer::types::UnicodeCmap;
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

/// fonts/README.md says where it is from and what it holds.
static EMBEDDED: &[u8] = include_bytes!("../../fonts/NotoSansSC-names.otf");
/// PDF measures glyphs in thousandths of the size (ISO 32000-1 §9.2.4).
const THOUSAND: f64 = 1000.0;

/// The font.
pub(super) struct Font {
    face: Face<'static>,
}

/// What the document says of the font.
pub(super) struct Metrics {
    pub bbox: [f32; 4],
    pub ascent: f32,
    pub descent: f32,
    pub cap_height: f32,
}

impl Font {
    /// The font inside the program.
    pub(super) fn embedded() -> Font {
        Font { face: Face::parse(EMBEDDED, 0).expect("the font inside the program is tested") }
    }

    /// The text as it can be set: a character without a glyph is told by its number.
    pub(super) fn settable(&self, text: &str) -> String {
        let mut settable = String::with_capacity(text.len());
        for c in text.chars() {
            match self.face.glyph_index(c) {
                Some(_) => settable.push(c),
                None => settable.push_str(&format!("〔U+{:04X}〕", u32::from(c))),
            }
        }
        settable
    }

    fn glyph(&self, c: char) -> GlyphId {
        self.face.glyph_index(c).unwrap_or_default()
    }

    /// Width of a character at size 1.
    pub(super) fn advance(&self, c: char) -> f64 {
        let advance = self.face.glyph_hor_advance(self.glyph(c)).unwrap_or(self.face.units_per_em());
        f64::from(advance) / f64::from(self.face.units_per_em())
    }

    /// Width of a line of text.
    pub(super) fn width(&self, text: &str, size: f64) -> f64 {
        text.chars().map(|c| self.advance(c)).sum::<f64>() * size
    }

    /// Ascent, descent and so on, in thousandths.
    pub(super) fn metrics(&self) -> Metrics {
        let scale = |units: i16| (f64::from(units) / f64::from(self.face.units_per_em()) * THOUSAND) as f32;
        let bbox = self.face.global_bounding_box();
        Metrics {
            bbox: [scale(bbox.x_min), scale(bbox.y_min), scale(bbox.x_max), scale(bbox.y_max)],
            ascent: scale(self.face.ascender()),
            descent: scale(self.face.descender()),
            cap_height: scale(self.face.capital_height().unwrap_or(self.face.ascender())),
        }
    }
}

/// The glyphs that a document uses, numbered anew in the order of their first use.
#[derive(Default)]
pub(super) struct InUse {
    remapper: GlyphRemapper,
    /// By their new number: the character, and its width in thousandths.
    glyphs: BTreeMap<u16, (char, f32)>,
}

impl InUse {
    /// The bytes that show a text: two for each glyph.
    pub(super) fn encode(&mut self, font: &Font, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            let number = self.remapper.remap(font.glyph(c).0);
            self.glyphs.entry(number).or_insert((c, (font.advance(c) * THOUSAND) as f32));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// A font of these glyphs, as an OpenType file.
    pub(super) fn subset(&self) -> Result<Vec<u8>, subsetter::Error> {
        subsetter::subset(EMBEDDED, 0, &self.remapper)
    }

    /// Widths in the order of the glyphs' numbers, from 0.
    pub(super) fn widths(&self) -> Vec<f32> {
        let last = self.glyphs.keys().last().copied().unwrap_or(0);
        (0..=last)
            .map(|number| self.glyphs.get(&number).map_or(THOUSAND as f32, |(_, width)| *width))
            .collect()
    }

    /// Which characters the glyphs are: for searching and copying.
    pub(super) fn map_to(&self, cmap: &mut UnicodeCmap) {
        for (number, (c, _)) in &self.glyphs {
            cmap.pair(*number, *c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_character_of_the_texts_has_a_glyph() {
        let font = Font::embedded();
        for text in Language::ALL.into_iter().flat_map(crate::texts::sources) {
            let printed = text.replace('\n', "");
            assert!(font.settable(&printed) == printed, "{}", font.settable(&printed));
        }
    }
}
