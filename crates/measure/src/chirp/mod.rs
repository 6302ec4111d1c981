//! Mouth to ear: a sound that is known is played, found again in a recording, and the time between is the delay.
//!
//! Echo cancellers and noise suppressors may eat what is no speech: where the sweep does not come through, the
//! speech-shaped probe is played instead, and the report says which one it was.

mod detect;
mod probe;

pub use detect::{Detection, MouthToEar, detect, normalised};
pub use probe::{Probe, ProbeKind, Train};
