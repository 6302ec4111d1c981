//! How often which value was seen.

use super::axis::{self, Axis};
use super::{Anchor, Drawing, HEIGHT, Ink, LETTERS, WIDTH};
use tongke_inspection::facts::Histogram;

/// Draws a histogram, with a mark at the number that is judged.
pub(crate) fn histogram(of: &Histogram, mark: Option<(f64, &str)>, x_name: &str, y_name: &str) -> Drawing {
    let mut drawing = Drawing { width: WIDTH, height: HEIGHT, shapes: Vec::new() };
    let most = of.counts.iter().copied().max().unwrap_or(0);
    let end = of.bins().last().map_or(of.from, |bin| bin.until);
    // The bins may leave out a tail in which the number lies.
    let ends = mark.map_or((of.from, end), |(value, _)| (of.from.min(value), end.max(value)));
    let (x, y) = (Axis::across(ends.0, ends.1), Axis::up(0.0, most.max(1) as f64));
    axis::draw(&mut drawing, &x, &y, x_name, y_name);
    for bin in of.bins().filter(|bin| bin.count > 0) {
        let (left, right, top) = (x.at(bin.from), x.at(bin.until), y.at(bin.count as f64));
        drawing.rect(left, top, (right - left - 0.4).max(0.4), y.at(0.0) - top, Ink::Series);
    }
    if let Some((value, name)) = mark {
        let at = x.at(value);
        drawing.line(vec![(at, y.at(y.high)), (at, y.at(0.0))], Ink::Fail, 0.9);
        let anchor = if at > WIDTH / 2.0 { Anchor::End } else { Anchor::Start };
        let beside = if at > WIDTH / 2.0 { at - 3.0 } else { at + 3.0 };
        drawing.text(beside, y.at(y.high) + LETTERS, anchor, Ink::Fail, name);
    }
    drawing
}
