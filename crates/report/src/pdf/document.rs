//! Pages of shapes as a PDF document (ISO 32000-1).

use super::PdfError;
use super::font::{Font, InUse};
use crate::plot::{Anchor, Drawing, Ink, Shape};
use crate::view::View;
use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

/// How much effort goes into packing; the same effort gives the same bytes.
const EFFORT: u8 = 6;
/// How much wider the lines of bold letters are, as a part of their size: there is one weight in the font.
const BOLD: f64 = 0.022;
/// The font's name within a page.
const FONT: Name<'static> = Name(b"F1");
/// The font's name: six letters mark it as a part of a font (§9.6.4).
const FONT_NAME: Name<'static> = Name(b"TONGKE+NotoSansSC");
/// Of the identity encoding (§9.7.5.2).
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Numbers of the objects that are there once.
struct Ids {
    catalog: Ref,
    pages: Ref,
    info: Ref,
    font: Ref,
    cid_font: Ref,
    descriptor: Ref,
    file: Ref,
    cmap: Ref,
}

/// Writes the document.
pub(super) fn write(pages: &[Drawing], font: &Font, view: &View) -> Result<Vec<u8>, PdfError> {
    let ids = Ids {
        catalog: Ref::new(1),
        pages: Ref::new(2),
        info: Ref::new(3),
        font: Ref::new(4),
        cid_font: Ref::new(5),
        descriptor: Ref::new(6),
        file: Ref::new(7),
        cmap: Ref::new(8),
    };
    let page_id = |index: usize| Ref::new(9 + 2 * i32::try_from(index).unwrap_or(i32::MAX / 4));
    let mut pdf = Pdf::new();
    let title = format!("{} {}", view.title, view.places);
    let mut catalog = pdf.catalog(ids.catalog);
    catalog.pages(ids.pages).lang(TextStr(view.language.tag()));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    pdf.document_info(ids.info).title(TextStr(&title)).creator(TextStr("Tongke")).subject(TextStr(&view.id));
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(ids.pages).kids((0..pages.len()).map(page_id)).count(count);
    let mut in_use = InUse::default();
    for (index, drawing) in pages.iter().enumerate() {
        let id = page_id(index);
        let content = Ref::new(id.get() + 1);
        let mut page = pdf.page(id);
        page.parent(ids.pages).contents(content);
        page.media_box(Rect::new(0.0, 0.0, drawing.width as f32, drawing.height as f32));
        page.resources().fonts().pair(FONT, ids.font);
        page.finish();
        let packed = compress_to_vec_zlib(&painted(drawing, font, &mut in_use), EFFORT);
        pdf.stream(content, &packed).filter(Filter::FlateDecode);
    }
    write_font(&mut pdf, &ids, font, &in_use)?;
    // The identifier (§14.4) is made of the report's own hash, so that it says nothing of when this was written.
    let id: Vec<u8> = view.seal.first().map_or_else(Vec::new, |seal| seal.text.bytes().take(16).collect());
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

fn write_font(pdf: &mut Pdf, ids: &Ids, font: &Font, in_use: &InUse) -> Result<(), PdfError> {
    let metrics = font.metrics();
    pdf.type0_font(ids.font)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(ids.cid_font)
        .to_unicode(ids.cmap);
    let mut cid_font = pdf.cid_font(ids.cid_font);
    cid_font
        .subtype(CidFontType::Type0)
        .base_font(FONT_NAME)
        .system_info(IDENTITY)
        .font_descriptor(ids.descriptor);
    cid_font.default_width(1000.0);
    cid_font.widths().consecutive(0, in_use.widths());
    cid_font.finish();
    let [left, bottom, right, top] = metrics.bbox;
    pdf.font_descriptor(ids.descriptor)
        .name(FONT_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(metrics.ascent)
        .descent(metrics.descent)
        .cap_height(metrics.cap_height)
        .stem_v(80.0)
        .font_file3(ids.file);
    let packed = compress_to_vec_zlib(&in_use.subset()?, EFFORT);
    let mut file = pdf.stream(ids.file, &packed);
    file.filter(Filter::FlateDecode).pair(Name(b"Subtype"), Name(b"OpenType"));
    file.finish();
    let mut cmap = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
    in_use.map_to(&mut cmap);
    let packed = compress_to_vec_zlib(cmap.finish().as_slice(), EFFORT);
    pdf.cmap(ids.cmap, &packed).filter(Filter::FlateDecode);
    Ok(())
}

/// A page's content stream. PDF counts from the lower left corner upwards.
fn painted(drawing: &Drawing, font: &Font, in_use: &mut InUse) -> Vec<u8> {
    let mut content = Content::new();
    let up = |y: f64| (drawing.height - y) as f32;
    for shape in &drawing.shapes {
        match shape {
            Shape::Rect { x, y, width, height, ink } => {
                fill(&mut content, *ink);
                content.rect(*x as f32, up(y + height), *width as f32, *height as f32).fill_nonzero();
            }
            Shape::Path { points, ink, filled, width } => {
                let Some(((x, y), rest)) = points.split_first() else { continue };
                if *filled {
                    fill(&mut content, *ink)
                } else {
                    stroke(&mut content, *ink, *width)
                }
                content.move_to(*x as f32, up(*y));
                for (x, y) in rest {
                    content.line_to(*x as f32, up(*y));
                }
                if *filled {
                    content.close_path().fill_nonzero()
                } else {
                    content.stroke()
                };
            }
            Shape::Text { x, y, size, anchor, ink, bold, text } => {
                let text = font.settable(text);
                let x = match anchor {
                    Anchor::Start => *x,
                    Anchor::Middle => x - font.width(&text, *size) / 2.0,
                    Anchor::End => x - font.width(&text, *size),
                };
                fill(&mut content, *ink);
                if *bold {
                    stroke(&mut content, *ink, size * BOLD);
                }
                let mode = if *bold { TextRenderingMode::FillStroke } else { TextRenderingMode::Fill };
                content.begin_text().set_font(FONT, *size as f32).set_text_rendering_mode(mode);
                content.next_line(x as f32, up(*y)).show(Str(&in_use.encode(font, &text))).end_text();
            }
        }
    }
    content.finish().to_vec()
}

fn fill(content: &mut Content, ink: Ink) {
    let [r, g, b] = ink.rgb().map(|part| f32::from(part) / 255.0);
    content.set_fill_rgb(r, g, b);
}

fn stroke(content: &mut Content, ink: Ink, width: f64) {
    let [r, g, b] = ink.rgb().map(|part| f32::from(part) / 255.0);
    content.set_stroke_rgb(r, g, b).set_line_width(width as f32);
}
