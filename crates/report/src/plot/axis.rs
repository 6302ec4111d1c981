//! Axes: from values to places, with round numbers at their marks.

use super::{Anchor, Drawing, HEIGHT, Ink, LETTERS, WIDTH};
use crate::number::plain;

/// Room on the left for the numbers.
pub(super) const LEFT: f64 = 34.0;
/// Room on the right.
pub(super) const RIGHT: f64 = 8.0;
/// Room above for the unit.
pub(super) const TOP: f64 = 14.0;
/// Room below for numbers and the axis's name.
pub(super) const BOTTOM: f64 = 24.0;
/// About how many marks an axis has.
const MARKS: f64 = 4.0;

/// One axis: which values lie between its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    step: f64,
    /// Where the low end is on the paper, and where the high one.
    ends: (f64, f64),
}

impl Axis {
    /// The horizontal axis, from end to end as given.
    pub(super) fn across(low: f64, high: f64) -> Axis {
        let high = if high > low { high } else { low + 1.0 };
        Axis { low, high, step: step(high - low), ends: (LEFT, WIDTH - RIGHT) }
    }

    /// The vertical axis; its ends are moved outwards to round numbers.
    pub(super) fn up(low: f64, high: f64) -> Axis {
        let high = if high > low { high } else { low + 1.0 };
        let step = step(high - low);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Axis { low, high, step, ends: (HEIGHT - BOTTOM, TOP) }
    }

    /// Where a value is on the paper. What lies beyond an end is drawn at it.
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.ends.0 + (self.ends.1 - self.ends.0) * part
    }

    pub(super) fn marks(&self) -> impl Iterator<Item = f64> + '_ {
        let first = (self.low / self.step).ceil() as i64;
        (first..)
            .map(|index| index as f64 * self.step)
            .take_while(|mark| *mark <= self.high + self.step * 1e-6)
    }

    pub(super) fn decimals(&self) -> usize {
        (-self.step.log10().floor()).max(0.0) as usize
    }
}

/// A round step: 1, 2 or 5 times a power of ten.
fn step(range: f64) -> f64 {
    let rough = range / MARKS;
    let power = 10_f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| rough <= power * times).unwrap_or(10.0);
    power * times
}

/// Draws both axes with their marks and names.
pub(super) fn draw(drawing: &mut Drawing, x: &Axis, y: &Axis, x_name: &str, y_name: &str) {
    for mark in y.marks() {
        let at = y.at(mark);
        drawing.line(vec![(LEFT, at), (WIDTH - RIGHT, at)], Ink::Line, 0.5);
        drawing.text(LEFT - 4.0, at + LETTERS * 0.35, Anchor::End, Ink::Soft, &plain(mark, y.decimals()));
    }
    for mark in x.marks() {
        let at = x.at(mark);
        drawing.line(vec![(at, HEIGHT - BOTTOM), (at, HEIGHT - BOTTOM + 2.5)], Ink::Soft, 0.5);
        let text = plain(mark, x.decimals());
        drawing.text(at, HEIGHT - BOTTOM + LETTERS + 3.5, Anchor::Middle, Ink::Soft, &text);
    }
    drawing.text(2.0, LETTERS, Anchor::Start, Ink::Soft, y_name);
    drawing.text(WIDTH - RIGHT, HEIGHT - 3.0, Anchor::End, Ink::Soft, x_name);
    drawing.line(vec![(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM)], Ink::Soft, 0.7);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_lie_between_the_ends() {
        let axis = Axis::up(3.0, 112.0);
        assert_eq!((axis.low, axis.high), (0.0, 150.0));
        assert_eq!(axis.marks().collect::<Vec<_>>(), [0.0, 50.0, 100.0, 150.0]);
        let axis = Axis::across(0.0, 0.0);
        assert!(axis.at(0.5).is_finite() && axis.marks().count() < 10);
    }

    #[test]
    fn up_is_up_and_what_lies_beyond_is_drawn_at_the_end() {
        let axis = Axis::up(0.0, 100.0);
        assert!(axis.at(100.0) < axis.at(0.0));
        assert_eq!(axis.at(1e9), axis.at(100.0));
    }
}
