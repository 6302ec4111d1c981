//! A quantity over time: its median as a line, smallest to largest as a band, the grades behind it; or, where each
//! stretch has one value only, bars.

use super::axis::{self, Axis, LEFT, RIGHT};
use super::{Anchor, Drawing, HEIGHT, Ink, LETTERS, WIDTH};
use tongke_inspection::facts::Point;

/// What is drawn. Values are as they are printed.
pub(crate) struct OverTime<'a> {
    pub points: &'a [Point],
    /// What a value is multiplied with to be printed.
    pub factor: f64,
    /// The grades' bands, from the lowest values to the highest.
    pub bands: &'a [Band],
    pub x_name: &'a str,
    pub y_name: &'a str,
    pub bars: bool,
}

/// The values that belong to a grade.
pub(crate) struct Band {
    pub from: f64,
    pub until: f64,
    pub kind: &'static str,
    pub word: String,
}

/// Draws it.
pub(crate) fn over_time(of: &OverTime<'_>) -> Drawing {
    let mut drawing = Drawing { width: WIDTH, height: HEIGHT, shapes: Vec::new() };
    let scaled = |value: f64| value * of.factor;
    let low = of.points.iter().map(|point| scaled(point.low.unwrap_or(point.value))).fold(0.0, f64::min);
    let high = of.points.iter().map(|point| scaled(point.high.unwrap_or(point.value))).fold(0.0, f64::max);
    // The first limit above what was measured is shown, so that its distance is seen.
    let limit =
        of.bands.iter().map(|band| band.until).find(|until| *until >= high).filter(|until| until.is_finite());
    let y = Axis::up(low, limit.map_or(high, |limit| high.max(limit * 1.02)));
    let step = of.points.windows(2).map(|pair| pair[1].at_s - pair[0].at_s).fold(f64::INFINITY, f64::min);
    let step = if step.is_finite() && step > 0.0 { step } else { 1.0 };
    let (begin, end) =
        (of.points.first().map_or(0.0, |it| it.at_s), of.points.last().map_or(0.0, |it| it.at_s));
    let x = Axis::across(begin.min(0.0), end + if of.bars { step } else { 0.0 });
    for band in of.bands.iter().filter(|band| band.from < y.high && band.until > y.low) {
        let (top, bottom) = (y.at(band.until), y.at(band.from));
        drawing.rect(LEFT, top, WIDTH - LEFT - RIGHT, bottom - top, Ink::of_kind(band.kind).1);
    }
    axis::draw(&mut drawing, &x, &y, of.x_name, of.y_name);
    if of.bars {
        for point in of.points {
            let (left, right, top) = (x.at(point.at_s), x.at(point.at_s + step), y.at(scaled(point.value)));
            let width = (right - left - 1.0).max(0.5);
            drawing.rect(left + 0.5, top, width, y.at(0.0) - top, Ink::Series);
        }
    } else {
        let place = |point: &Point, value: f64| (x.at(point.at_s), y.at(scaled(value)));
        let above = of.points.iter().map(|point| place(point, point.high.unwrap_or(point.value)));
        let below = of.points.iter().rev().map(|point| place(point, point.low.unwrap_or(point.value)));
        drawing.area(above.chain(below).collect(), Ink::SeriesGround);
        drawing.line(of.points.iter().map(|point| place(point, point.value)).collect(), Ink::Series, 1.1);
    }
    for band in of.bands.iter().filter(|band| band.from < y.high && band.until > y.low) {
        let (top, bottom) = (y.at(band.until), y.at(band.from));
        if bottom - top > LETTERS + 2.0 {
            let (ink, text_y) = (Ink::of_kind(band.kind).0, top + LETTERS + 1.0);
            drawing.text(WIDTH - RIGHT - 3.0, text_y, Anchor::End, ink, &band.word);
        }
    }
    drawing
}
