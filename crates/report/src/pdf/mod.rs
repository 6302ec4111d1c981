//! The report on paper: pages are drawings like the plots on them ([`flow`] sets them), and [`document`] writes them
//! as PDF with the glyphs that they use ([`font`]).
//!
//! The PDF has no date but the inspection's, and its identifier is a hash: the same report gives the same bytes.

mod document;
mod flow;
mod font;
mod sections;
mod wrap;

use crate::view::View;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The font that comes with the program cannot be cut down to what is used.
    #[error("the font inside this program cannot be used: {0}; the program is damaged, install it anew")]
    Font(#[from] subsetter::Error),
}

/// The document.
pub(crate) fn render(view: &View) -> Result<Vec<u8>, PdfError> {
    let font = font::Font::embedded();
    let pages = sections::pages(view, &font);
    document::write(&pages, &font, view)
}
