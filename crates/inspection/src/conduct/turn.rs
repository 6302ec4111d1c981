//! What a node saw from itself, as the two places see it.

use super::Side;
use crate::facts::{Finding, Measured, Outcome, Way};

/// A way as seen from the node at `side` (at a: here; from a to b: from here outwards), as seen from outside.
pub fn way(side: Side, seen: Option<Way>) -> Option<Way> {
    match (side, seen?) {
        (Side::A, way) => Some(way),
        (Side::B, Way::AtA | Way::AtB) => Some(Way::AtB),
        (Side::B, Way::AToB) => Some(Way::BToA),
        (Side::B, Way::BToA) => Some(Way::AToB),
    }
}

/// A finding of the node at `side`, with its time line counted from the inspection's begin.
pub fn finding(side: Side, mut seen: Finding, began_s: f64) -> Finding {
    seen.way = way(side, seen.way);
    if let Outcome::Measured(measured) = &mut seen.outcome {
        later(measured, began_s);
    }
    seen
}

fn later(measured: &mut Measured, by_s: f64) {
    measured.over_time.iter_mut().for_each(|point| point.at_s += by_s);
    measured.events.iter_mut().for_each(|event| event.at_s += by_s);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_from_one_place_comes_in_at_the_other() {
        let seen = [Some(Way::AtA), Some(Way::AToB), Some(Way::BToA), None];
        assert_eq!(seen.map(|it| way(Side::A, it)), seen);
        let from_b = [Some(Way::AtB), Some(Way::BToA), Some(Way::AToB), None];
        assert_eq!(seen.map(|it| way(Side::B, it)), from_b);
    }
}
