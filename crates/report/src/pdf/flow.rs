//! Sets text, boxes and drawings one below the other, over as many pages as they need.

use super::font::Font;
use super::wrap::wrap;
use crate::plot::{Anchor, Drawing, Ink, Shape};

/// A4, in points.
const PAGE: (f64, f64) = (595.28, 841.89);
/// Margins on the left and right.
const SIDE: f64 = 42.0;
/// Margin above.
const TOP: f64 = 44.0;
/// Margin below, in which the foot line stands.
const BOTTOM: f64 = 52.0;
/// Distance of lines, as a multiple of the letters' size.
const LEADING: f64 = 1.45;
/// How far the base line is below the top of its line, as a multiple of the size.
const RISE: f64 = 1.06;
/// Room around the letters of a badge.
const BADGE_PAD: f64 = 4.0;

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub size: f64,
    pub ink: Ink,
    pub bold: bool,
}

/// A cell of a row: where it begins within the row, how wide it is, and what stands there.
pub(super) struct Cell<'a> {
    pub x: f64,
    pub width: f64,
    pub style: Style,
    /// With a ground of its own, in the colours of this kind of verdict.
    pub badge: Option<&'a str>,
    pub text: &'a str,
}

/// Pages in the making.
pub(super) struct Flow<'a> {
    font: &'a Font,
    pages: Vec<Drawing>,
    y: f64,
}

impl<'a> Flow<'a> {
    pub(super) fn new(font: &'a Font) -> Flow<'a> {
        let mut flow = Flow { font, pages: Vec::new(), y: 0.0 };
        flow.new_page();
        flow
    }

    /// How wide everything is.
    pub(super) const WIDTH: f64 = PAGE.0 - 2.0 * SIDE;

    fn new_page(&mut self) {
        self.pages.push(Drawing { width: PAGE.0, height: PAGE.1, shapes: Vec::new() });
        self.y = TOP;
    }

    fn page(&mut self) -> &mut Drawing {
        self.pages.last_mut().expect("there is a page from the beginning")
    }

    /// Begins a new page unless so much room is left.
    pub(super) fn need(&mut self, height: f64) {
        if self.y + height > PAGE.1 - BOTTOM && self.y > TOP {
            self.new_page();
        }
    }

    /// Leaves room, but not at the top of a page.
    pub(super) fn space(&mut self, height: f64) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Lines of text over the whole width.
    pub(super) fn paragraph(&mut self, text: &str, style: Style) {
        for line in wrap(self.font, text, style.size, Self::WIDTH) {
            self.need(style.size * LEADING);
            let y = self.y;
            self.text(SIDE, y, style, &line);
            self.y += style.size * LEADING;
        }
    }

    /// A line across the page.
    pub(super) fn rule(&mut self, ink: Ink, width: f64) {
        let y = self.y;
        let points = vec![(SIDE, y), (PAGE.0 - SIDE, y)];
        self.page().shapes.push(Shape::Path { points, ink, filled: false, width });
        self.y += 3.0;
    }

    fn text(&mut self, x: f64, y: f64, style: Style, text: &str) {
        let Style { size, ink, bold } = style;
        let (anchor, text) = (Anchor::Start, text.to_owned());
        self.page().shapes.push(Shape::Text { x, y: y + size * RISE, size, anchor, ink, bold, text });
    }

    fn lines(&self, cell: &Cell<'_>) -> Vec<String> {
        let pad = if cell.badge.is_some() { 2.0 * BADGE_PAD } else { 0.0 };
        wrap(self.font, cell.text, cell.style.size, cell.width - pad)
    }

    /// How high a row of cells is.
    pub(super) fn height(&self, cells: &[Cell<'_>]) -> f64 {
        let height = |cell: &Cell<'_>| self.lines(cell).len() as f64 * cell.style.size * LEADING;
        cells.iter().map(height).fold(0.0, f64::max)
    }

    /// Cells beside each other, kept on one page, on a ground if one is given.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], ground: Option<Ink>) {
        let height = self.height(cells);
        self.need(height + 2.0);
        let y = self.y;
        if let Some(ink) = ground {
            let (x, width) = (SIDE, Self::WIDTH);
            self.page().shapes.push(Shape::Rect { x, y, width, height: height + 2.0, ink });
        }
        for cell in cells {
            self.cell(y + 1.0, cell);
        }
        self.y += height + 2.0;
    }

    fn cell(&mut self, y: f64, cell: &Cell<'_>) {
        let lines = self.lines(cell);
        let step = cell.style.size * LEADING;
        let mut x = SIDE + cell.x;
        let mut style = cell.style;
        if let Some(kind) = cell.badge {
            let (ink, ground) = Ink::of_kind(kind);
            let widest = lines.iter().map(|line| self.font.width(line, style.size)).fold(0.0, f64::max);
            let (width, height) = (widest + 2.0 * BADGE_PAD, step * lines.len() as f64);
            self.page().shapes.push(Shape::Rect { x, y, width, height, ink: ground });
            (x, style.ink) = (x + BADGE_PAD, ink);
        }
        for (index, line) in lines.iter().enumerate() {
            self.text(x, y + step * index as f64, style, line);
        }
    }

    /// Two drawings beside each other, or one, each below its title.
    pub(super) fn drawings(&mut self, drawings: &[(&str, &Drawing)], style: Style) {
        let gap = Self::WIDTH - 2.0 * crate::plot::WIDTH;
        let titles: Vec<Vec<String>> = drawings
            .iter()
            .map(|(title, _)| wrap(self.font, title, style.size, crate::plot::WIDTH))
            .collect();
        let step = style.size * LEADING;
        let title_height = titles.iter().map(Vec::len).max().unwrap_or(0) as f64 * step;
        let height = drawings.iter().map(|(_, drawing)| drawing.height).fold(0.0, f64::max);
        self.need(title_height + height + 8.0);
        let top = self.y;
        for (index, ((_, drawing), title)) in drawings.iter().zip(titles).enumerate() {
            let x = SIDE + index as f64 * (crate::plot::WIDTH + gap);
            for (line_index, line) in title.iter().enumerate() {
                self.text(x, top + step * line_index as f64, style, line);
            }
            let shapes = drawing.shapes.iter().map(|shape| moved(shape, x, top + title_height));
            let shapes: Vec<Shape> = shapes.collect();
            self.page().shapes.extend(shapes);
        }
        self.y = top + title_height + height + 8.0;
    }

    /// The pages, each with a foot line: what stands on the left, and its number.
    pub(super) fn finish(mut self, left: &str, number: impl Fn(usize, usize) -> String) -> Vec<Drawing> {
        let all = self.pages.len();
        let (size, ink, bold) = (7.5, Ink::Soft, false);
        let y = PAGE.1 - BOTTOM + 26.0;
        let left = self.font.settable(left);
        for (index, page) in self.pages.iter_mut().enumerate() {
            let text = self.font.settable(&number(index + 1, all));
            let (from, until) = ((SIDE, y - 12.0), (PAGE.0 - SIDE, y - 12.0));
            page.shapes.push(Shape::Path {
                points: vec![from, until],
                ink: Ink::Line,
                filled: false,
                width: 0.5,
            });
            page.shapes.push(Shape::Text {
                x: SIDE,
                y,
                size,
                anchor: Anchor::Start,
                ink,
                bold,
                text: left.clone(),
            });
            page.shapes.push(Shape::Text { x: PAGE.0 - SIDE, y, size, anchor: Anchor::End, ink, bold, text });
        }
        self.pages
    }
}

fn moved(shape: &Shape, dx: f64, dy: f64) -> Shape {
    let mut shape = shape.clone();
    match &mut shape {
        Shape::Rect { x, y, .. } | Shape::Text { x, y, .. } => (*x, *y) = (*x + dx, *y + dy),
        Shape::Path { points, .. } => points.iter_mut().for_each(|(x, y)| (*x, *y) = (*x + dx, *y + dy)),
    }
    shape
}
