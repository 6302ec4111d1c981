//! What is wrong with what a measurement was given. A number outside the range in which a model is defined
//! is refused and not bent into it: a clamped input would leave as a plausible figure.

use std::ops::RangeInclusive;

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InputError {
    /// A model is not defined there.
    #[error("{what} is {value} {unit}; give it from {min} to {max} {unit}, where the model is defined")]
    OutOfRange {
        /// The quantity, in words.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The smallest value that is taken.
        min: f64,
        /// The largest.
        max: f64,
        /// Of all three.
        unit: &'static str,
    },
    /// Packets are lost, and nobody knows what that does to this codec.
    #[error(
        "{codec} lost packets and has no loss robustness factor (Bpl); give one with its source, or no score"
    )]
    NoLossRobustness {
        /// As its equipment names it.
        codec: String,
    },
    /// Bpl was measured under bursts, and BurstR says the same once more.
    #[error("Bpl of {codec} was measured under bursts: give BurstR as 1, or a Bpl for random loss")]
    BurstsTwice {
        /// As its equipment names it.
        codec: String,
    },
    /// Not enough of a signal.
    #[error("{what} has {given} samples and needs at least {needed}: record for longer")]
    TooShort {
        /// The signal, in words.
        what: &'static str,
        /// How many samples came.
        given: usize,
        /// How many it takes.
        needed: usize,
    },
    /// There is nothing in a signal: no evidence of anything, least of all of its quality.
    #[error("{what} is silent from beginning to end: is it muted or unplugged?")]
    Silent {
        /// The signal, in words.
        what: &'static str,
    },
    /// A sample that is no number.
    #[error("{what} holds a sample that is not a finite number: its source is broken")]
    NotFinite {
        /// The signal, in words.
        what: &'static str,
    },
}

/// `value`, if it lies in `range`.
pub(crate) fn within(
    what: &'static str,
    value: f64,
    range: RangeInclusive<f64>,
    unit: &'static str,
) -> Result<f64, InputError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(InputError::OutOfRange { what, value, min: *range.start(), max: *range.end(), unit })
}
