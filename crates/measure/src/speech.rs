//! A speech score of a connection that was measured: only where there was speech to measure.
//!
//! The models know nothing of a muted microphone or of a line on which nothing comes: without loss and delay both are
//! perfect to them. Whoever scores a measured call asks here.

use crate::emodel::{Estimate, Fullband, FullbandInput};
use crate::input::InputError;
use crate::room::{Microphone, RoomFacts};

/// Why a measured call has no score.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoScore {
    /// No packet of sound came.
    #[error("no sound arrived: there is nothing to score; check that the far side sends")]
    NothingArrived,
    /// Packets came, from a microphone that gives nothing.
    #[error(
        "the microphone is muted, unplugged or dead: there is nothing to score; switch it on and measure again"
    )]
    Muted,
    /// It was too short.
    #[error("less than a second of sound was heard: measure for longer")]
    TooLittle,
    /// The model has no answer there.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// The fullband score of what arrived: `packets` of sound, in which `room` was heard.
pub fn score(
    input: &FullbandInput,
    packets: u64,
    room: Option<&RoomFacts>,
) -> Result<Estimate<Fullband>, NoScore> {
    if packets == 0 {
        return Err(NoScore::NothingArrived);
    }
    match room.map(|room| room.microphone) {
        None | Some(Microphone::TooLittle) => Err(NoScore::TooLittle),
        Some(Microphone::Muted) => Err(NoScore::Muted),
        Some(Microphone::Quiet | Microphone::Sound) => Ok(input.estimate()?),
    }
}
