//! Drawings as shapes. A page of HTML writes them as SVG, paper paints them; so both show the same.

mod axis;
mod histogram;
mod over_time;
mod svg;
mod time_line;

pub(crate) use histogram::histogram;
pub(crate) use over_time::{Band, OverTime, over_time};
pub(crate) use svg::svg;
pub(crate) use time_line::{Track, time_line};

/// Width of a plot, in points: two stand beside each other on A4.
pub(crate) const WIDTH: f64 = 250.0;
/// Height of a plot, in points.
pub(crate) const HEIGHT: f64 = 130.0;
/// Size of a plot's letters, in points.
pub(crate) const LETTERS: f64 = 7.0;

/// A drawing. Lengths are in points, x to the right, y down.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Drawing {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A filled rectangle.
    Rect { x: f64, y: f64, width: f64, height: f64, ink: Ink },
    /// A line through points; closed and filled, or not.
    Path { points: Vec<(f64, f64)>, ink: Ink, filled: bool, width: f64 },
    /// A line of text; `y` is its base line.
    Text { x: f64, y: f64, size: f64, anchor: Anchor, ink: Ink, bold: bool, text: String },
}

/// Which part of a text stands at its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Colours by their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Text,
    Soft,
    Line,
    Ground,
    Series,
    SeriesGround,
    Loss,
    Freeze,
    Excellent,
    Good,
    Pass,
    Fail,
    None,
    ExcellentGround,
    GoodGround,
    PassGround,
    FailGround,
    NoneGround,
}

impl Ink {
    /// Red, green and blue.
    pub(crate) const fn rgb(self) -> [u8; 3] {
        match self {
            Ink::Text => [0x1d, 0x23, 0x2b],
            Ink::Soft => [0x5b, 0x65, 0x70],
            Ink::Line => [0xd3, 0xd8, 0xde],
            Ink::Ground => [0xf4, 0xf6, 0xf8],
            Ink::Series => [0x1f, 0x5f, 0xa8],
            Ink::SeriesGround => [0xb4, 0xce, 0xea],
            Ink::Loss => [0xb4, 0x3a, 0x1c],
            Ink::Freeze => [0x6b, 0x3f, 0xa0],
            Ink::Excellent => [0x0f, 0x6b, 0x3a],
            Ink::Good => [0x1f, 0x5f, 0xa8],
            Ink::Pass => [0x86, 0x5a, 0x00],
            Ink::Fail => [0xb0, 0x1e, 0x1e],
            Ink::None => [0x4a, 0x52, 0x5c],
            Ink::ExcellentGround => [0xe3, 0xf3, 0xe9],
            Ink::GoodGround => [0xe4, 0xee, 0xf9],
            Ink::PassGround => [0xfb, 0xf1, 0xd8],
            Ink::FailGround => [0xfb, 0xe4, 0xe2],
            Ink::NoneGround => [0xea, 0xed, 0xf0],
        }
    }

    /// The colours of a verdict: letters and their ground.
    pub(crate) fn of_kind(kind: &str) -> (Ink, Ink) {
        match kind {
            "excellent" => (Ink::Excellent, Ink::ExcellentGround),
            "good" => (Ink::Good, Ink::GoodGround),
            "pass" => (Ink::Pass, Ink::PassGround),
            "fail" => (Ink::Fail, Ink::FailGround),
            _ => (Ink::None, Ink::NoneGround),
        }
    }
}

impl Drawing {
    fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.shapes.push(Shape::Rect { x, y, width, height, ink });
    }

    fn line(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64) {
        self.shapes.push(Shape::Path { points, ink, filled: false, width });
    }

    fn area(&mut self, points: Vec<(f64, f64)>, ink: Ink) {
        self.shapes.push(Shape::Path { points, ink, filled: true, width: 0.0 });
    }

    fn text(&mut self, x: f64, y: f64, anchor: Anchor, ink: Ink, text: &str) {
        let text = text.to_owned();
        self.shapes.push(Shape::Text { x, y, size: LETTERS, anchor, ink, bold: false, text });
    }
}
