//! One delay with its bound and its scope.

use super::RESOLUTION_MS;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Between what a delay was measured, and on how many clocks. Printed beside every number; figures of different
/// scopes are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A: stamped just before the encoder, read just after the decoder, on two machines' clocks. Leaves out the
    /// camera with its processing, and the display.
    SoftwareStamps,
    /// B: from a screen or loudspeaker to a camera or microphone, on two machines' clocks. Leaves out nothing.
    Optical,
    /// C: one clock saw it leave and come back. The round trip is exact; half of it is one way by symmetry only.
    OneClockLoop,
}

impl Scope {
    /// The letter that stands for it in reports.
    pub fn letter(self) -> char {
        match self {
            Scope::SoftwareStamps => 'A',
            Scope::Optical => 'B',
            Scope::OneClockLoop => 'C',
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::SoftwareStamps => "scope A, software stamps",
            Scope::Optical => "scope B, optical or acoustic",
            Scope::OneClockLoop => "scope C, one clock, halved by symmetry",
        })
    }
}

/// A delay and its hard bound, in ms. The value is rounded to the bound's leading digit and the bound, to two
/// digits, upwards by as much: the true delay still lies within. Written as `60 ± 51 ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    value_ms: f64,
    bound_ms: f64,
    scope: Scope,
}

impl Delay {
    /// Rounds at once; none if a number is not finite or the bound is negative.
    pub fn new(value_ms: f64, bound_ms: f64, scope: Scope) -> Option<Delay> {
        if !(value_ms.is_finite() && bound_ms.is_finite() && bound_ms >= 0.0) {
            return None;
        }
        let mut bound = round_up(bound_ms.max(RESOLUTION_MS));
        loop {
            let rounded = round_to(value_ms, decade(bound));
            let wider = round_up(bound_ms.max(RESOLUTION_MS) + (value_ms - rounded).abs());
            if decade(wider) == decade(bound) {
                return Some(Delay { value_ms: rounded, bound_ms: wider, scope });
            }
            bound = wider;
        }
    }

    /// The value, as far as it is known.
    pub fn value_ms(&self) -> f64 {
        self.value_ms
    }

    /// How far the truth may lie from it, to either side.
    pub fn bound_ms(&self) -> f64 {
        self.bound_ms
    }

    /// Between what it was measured.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Least and greatest delay that the measurement allows; what is judged is the greatest.
    pub fn interval_ms(&self) -> (f64, f64) {
        ((self.value_ms - self.bound_ms).max(0.0), (self.value_ms + self.bound_ms).max(0.0))
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = (-decade(self.bound_ms)).max(0) as usize;
        let finer = (1 - decade(self.bound_ms)).max(0) as usize;
        // Minus zero would read as a sign of something.
        let (value, bound) = (self.value_ms + 0.0, self.bound_ms);
        write!(f, "{value:.decimals$} ± {bound:.finer$} ms")
    }
}

/// The power of ten of a number's leading digit.
fn decade(number: f64) -> i32 {
    // Tenths and hundredths have no exact form: what is meant as 0.1 must not count as 0.0999….
    (number * (1.0 + 1e-12)).log10().floor() as i32
}

fn round_to(value: f64, decade: i32) -> f64 {
    if decade < 0 {
        let parts = 10f64.powi(-decade);
        (value * parts).round() / parts
    } else {
        let step = 10f64.powi(decade);
        (value / step).round() * step
    }
}

/// Upwards, to two digits.
fn round_up(bound: f64) -> f64 {
    let decade = decade(bound) - 1;
    let near = round_to(bound, decade);
    if near >= bound * (1.0 - 1e-9) { near } else { round_to(near + 10f64.powi(decade), decade) }
}
