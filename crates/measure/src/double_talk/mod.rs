//! Double talk: how much weaker a room's talker goes out while its loudspeaker speaks.
//!
//! The talker is a sound that the room's echo canceller does not know: falling sweeps, one each [`PERIOD_MS`], from a
//! device that lies where the teacher stands. Each is found in what the room's microphone gives ([`hear()`]), with the
//! level that the matched filter says, which neither the loudspeaker's echo nor other voices move. The steady period
//! tells where a sweep must be that was taken away altogether. [`attenuation()`] then compares the sweeps of moments in
//! which the loudspeaker sounded with those in which it was silent.

mod attenuation;
mod hear;

pub use attenuation::{Attenuation, NoAttenuation, attenuation};
pub use hear::{Sweep, hear};

use crate::chirp::Probe;
use crate::input::InputError;

/// From the begin of a sweep to that of the next, ms: no whole part of a second, nor of what the program of a measured
/// call repeats.
pub const PERIOD_MS: u32 = 470;

/// The talker's sweep: 100 ms from 3400 down to 300 Hz, the narrowband probe backwards, so that it is not taken for one.
/// The page of signals sounds the same (`web/assets/signal/sounds.js`).
pub fn sweep(rate_hz: u32) -> Result<Probe, InputError> {
    let mut probe = Probe::narrowband(rate_hz)?;
    probe.samples.reverse();
    Ok(probe)
}

#[cfg(test)]
mod tests;
