//! Reads markers ([`crate::marker`]) that a camera films on a screen: at any place, size and angle, seen aslant,
//! blurred, unevenly lit.
//!
//! A marker's quiet border is a bright quadrilateral in a black rim. Its four corners say where the cells are; the
//! calibration cells say what is black and white there, and the checksum says whether all that was right. A camera
//! mostly stands still, so that a marker is read first where the last one was.

mod bright;
pub(crate) mod geometry;
pub(crate) mod luma;

use crate::marker::{self, COLUMNS, FIXED, MarkerError, Stamp};
use crate::picture::Picture;
use bright::Patches;
use geometry::{Homography, Point};
use luma::Luma;

/// Brightness that may part a screen's white from all else. A picture is looked over with two of them: the one that
/// helped last, and another one, in turn.
const THRESHOLDS: [u8; 5] = [120, 160, 85, 200, 60];
/// Least difference between black and white calibration cells of a filmed marker.
const SEPARATION: f64 = 35.0;
/// A cell nearer to the threshold than this share of the difference says nothing.
const DOUBT: f64 = 0.06;
/// Where a cell is looked at, from its middle, in cells: its edges carry its neighbours' light.
const SAMPLES: [f64; 3] = [-0.2, 0.0, 0.2];

/// What a picture shows of the markers that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// One that says this.
    Read(Stamp),
    /// One of which some cell cannot be told, or is told wrongly: the screen changed while it was exposed.
    Unreadable,
    /// None.
    Nothing,
}

/// Finds the markers of one session in a camera's pictures.
#[derive(Debug)]
pub struct MarkerFinder {
    session: u16,
    place: Option<Place>,
    /// The threshold that helped last, and the one whose turn it is.
    helped: usize,
    turn: usize,
    patches: Patches,
}

/// Where a marker is.
#[derive(Debug, Clone, Copy)]
struct Place {
    cells: Homography,
    columns: usize,
}

impl MarkerFinder {
    /// Looks for markers of this session alone: what other sessions show is nothing.
    pub fn new(session: u16) -> Self {
        Self { session, place: None, helped: 0, turn: 0, patches: Patches::default() }
    }

    /// Looks at a picture.
    pub fn look(&mut self, picture: &Picture) -> Sighting {
        let luma = Luma::of(picture);
        let last = self.place.map_or(Err(MarkerError::NoContrast), |place| place.read(&luma));
        let last = self.sighting(last);
        if let Sighting::Read(_) = last {
            return last;
        }
        let found = self.search(&luma);
        if found == Sighting::Nothing { last } else { found }
    }

    /// Looks the whole picture over; remembers where it found one.
    fn search(&mut self, luma: &Luma<'_>) -> Sighting {
        let mut patches = std::mem::take(&mut self.patches);
        let mut best = Sighting::Nothing;
        self.turn = (self.turn + 1) % THRESHOLDS.len();
        for which in [self.helped, self.turn] {
            patches.each(luma, THRESHOLDS[which], &mut |corners| {
                for place in Place::all(&corners) {
                    match self.sighting(place.read(luma)) {
                        Sighting::Nothing => {}
                        Sighting::Unreadable => best = Sighting::Unreadable,
                        read @ Sighting::Read(_) => {
                            (best, self.place, self.helped) = (read, Some(place), which);
                            return true;
                        }
                    }
                }
                false
            });
            if matches!(best, Sighting::Read(_)) {
                break;
            }
        }
        self.patches = patches;
        best
    }

    fn sighting(&self, read: Result<Stamp, MarkerError>) -> Sighting {
        match read {
            Ok(stamp) if stamp.session == self.session => Sighting::Read(stamp),
            Err(MarkerError::Checksum) => Sighting::Unreadable,
            Ok(_) | Err(_) => Sighting::Nothing,
        }
    }
}

impl Place {
    /// The ways in which a marker may lie in these corners: in rows of either length, whichever corner is its first.
    fn all(corners: &[Point; 4]) -> impl Iterator<Item = Place> + use<> {
        let corners = *corners;
        let turned = (0..4).map(move |by| [0, 1, 2, 3].map(|n| corners[(n + by) % 4]));
        turned.flat_map(|corners| COLUMNS.map(|columns| Place::within(&corners, columns))).flatten()
    }

    fn within(corners: &[Point; 4], columns: usize) -> Option<Place> {
        let (across, down) = ((columns + 2) as f64, (marker::CELLS / columns + 2) as f64);
        Some(Place { cells: Homography::onto(corners, across, down)?, columns })
    }

    /// Reads what is there. `Checksum`: a marker, but not all of it could be read.
    fn read(&self, luma: &Luma<'_>) -> Result<Stamp, MarkerError> {
        let cell = |index: usize| self.light(luma, index % self.columns, index / self.columns);
        let [black, white, black_too, white_too] = [0, 1, 2, 3].map(cell);
        let separation = white.min(white_too) - black.max(black_too);
        if separation < SEPARATION {
            return Err(MarkerError::NoContrast);
        }
        let threshold = (black + white + black_too + white_too) / 4.0;
        let fixed = |index| (cell(index) > threshold) == marker::fixed_is_white(index);
        if !(0..FIXED).all(fixed) || !self.is_quiet(luma, threshold) {
            return Err(MarkerError::Other);
        }
        let lights: Vec<f64> = (0..marker::CELLS).map(cell).collect();
        if lights.iter().any(|light| (light - threshold).abs() < DOUBT * separation) {
            return Err(MarkerError::Checksum);
        }
        marker::decode(|index| lights[index] > threshold)
    }

    /// Whether the border around the cells is white, at its corners and in the middles of its sides.
    fn is_quiet(&self, luma: &Luma<'_>, threshold: f64) -> bool {
        let (right, low) = ((self.columns + 1) as f64 + 0.5, (marker::CELLS / self.columns + 1) as f64 + 0.5);
        let along = |end: f64| [0.5, (0.5 + end) / 2.0, end];
        along(right).into_iter().all(|x| {
            along(low).into_iter().all(|y| {
                let inside = x > 0.5 && x < right && y > 0.5 && y < low;
                inside || luma.at(self.cells.map([x, y])) > threshold
            })
        })
    }

    /// Mean brightness of the middle of a cell.
    fn light(&self, luma: &Luma<'_>, column: usize, row: usize) -> f64 {
        let middle = [column as f64 + 1.5, row as f64 + 1.5];
        let around = SAMPLES.into_iter().flat_map(|x| SAMPLES.map(|y| [middle[0] + x, middle[1] + y]));
        let sum: f64 = around.map(|at| luma.at(self.cells.map(at))).sum();
        sum / (SAMPLES.len() * SAMPLES.len()) as f64
    }
}

#[cfg(test)]
mod tests;
