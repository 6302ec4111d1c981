//! Who talks in a room: a voice, or the test talker's sweeps (`tongke_measure::double_talk`), and what the room's echo
//! canceller takes of them while the loudspeaker sounds.

use super::{STEP, Spec};
use crate::capture::sound::Speech;
use crate::program;
use crate::sound::SAMPLE_RATE;

/// From the begin of a sweep to that of the next, in samples: 470 ms.
const PERIOD: usize = SAMPLE_RATE as usize / 1000 * 470;
/// A loudspeaker sounds from here on: −50 dBFS.
const SOUNDS: f32 = 0.003;
/// The canceller lets go so long after the last sound, in steps of the room: 150 ms.
const HELD: usize = SAMPLE_RATE as usize * 150 / 1000 / STEP;

pub(super) struct Talker {
    speech: Speech,
    speech_gain: f32,
    /// The program's sweep, backwards.
    sweep: Vec<f32>,
    sweep_gain: f32,
    /// Where in its period the sweep is.
    at: usize,
    ducked_gain: f32,
    held: usize,
}

impl Talker {
    pub(super) fn new(spec: &Spec) -> Self {
        Self {
            speech: Speech::new(1),
            speech_gain: spec.talker_gain,
            sweep: program::sweep().into_iter().rev().collect(),
            sweep_gain: spec.sweeps_gain,
            at: 0,
            ducked_gain: spec.ducked_gain,
            held: 0,
        }
    }

    /// The canceller knows what is played.
    pub(super) fn against(&mut self, played: &[f32]) {
        let sounds = played.iter().any(|sample| sample.abs() >= SOUNDS);
        self.held = if sounds { HELD } else { self.held.saturating_sub(1) };
    }

    /// The next sample, as the microphone gives it.
    pub(super) fn sample(&mut self) -> f32 {
        let speech = f32::from(self.speech.sample()) / 32_768.0;
        let sweep = self.sweep.get(self.at).copied().unwrap_or_default();
        self.at = (self.at + 1) % PERIOD;
        let gain = if self.held > 0 { self.ducked_gain } else { 1.0 };
        gain * (self.speech_gain * speech + self.sweep_gain * sweep)
    }
}
