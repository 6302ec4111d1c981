//! What happened when: one track for each kind of event.

use super::axis::{Axis, LEFT, RIGHT};
use super::{Anchor, Drawing, Ink, LETTERS, WIDTH};
use crate::number::plain;

/// Height of a track, with its name above it.
const TRACK: f64 = 30.0;
/// No event is narrower, so that a loss of 20 ms in half an hour is seen.
const NARROWEST: f64 = 1.4;

/// Events of one kind: begin and duration, in seconds.
pub(crate) struct Track {
    pub name: String,
    pub ink: Ink,
    pub events: Vec<(f64, f64)>,
}

/// Draws tracks over so many seconds.
pub(crate) fn time_line(seconds: f64, tracks: &[Track], x_name: &str) -> Drawing {
    let height = TRACK * tracks.len() as f64 + 2.0 * LETTERS + 10.0;
    let mut drawing = Drawing { width: WIDTH, height, shapes: Vec::new() };
    let x = Axis::across(0.0, seconds);
    for (index, track) in tracks.iter().enumerate() {
        let top = TRACK * index as f64;
        drawing.text(LEFT, top + LETTERS + 1.0, Anchor::Start, Ink::Text, &track.name);
        let bar = (top + LETTERS + 5.0, TRACK - LETTERS - 10.0);
        drawing.rect(LEFT, bar.0, WIDTH - LEFT - RIGHT, bar.1, Ink::Ground);
        for (begin, lasting) in &track.events {
            let (left, right) = (x.at(*begin), x.at(begin + lasting));
            drawing.rect(left, bar.0, (right - left).max(NARROWEST), bar.1, track.ink);
        }
    }
    let base = TRACK * tracks.len() as f64;
    drawing.line(vec![(LEFT, base), (WIDTH - RIGHT, base)], Ink::Soft, 0.7);
    for at in x.marks() {
        drawing.line(vec![(x.at(at), base), (x.at(at), base + 2.5)], Ink::Soft, 0.5);
        let text = plain(at, x.decimals());
        drawing.text(x.at(at), base + LETTERS + 3.5, Anchor::Middle, Ink::Soft, &text);
    }
    drawing.text(WIDTH - RIGHT, height - 2.0, Anchor::End, Ink::Soft, x_name);
    drawing
}
