//! What is played.

use crate::input::{InputError, within};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Which sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// A linear sweep.
    Chirp,
    /// Voiced syllables with a gliding pitch.
    SpeechShaped,
}

/// A sound to be found again.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Which.
    pub kind: ProbeKind,
    /// Samples per second.
    pub rate_hz: u32,
    /// −1 to 1.
    pub samples: Vec<f32>,
}

impl Probe {
    /// 100 ms from 300 to 3400 Hz: what every telephone band lets through.
    pub fn narrowband(rate_hz: u32) -> Result<Self, InputError> {
        Self::chirp(rate_hz, 300.0, 3400.0, 0.1)
    }

    /// 100 ms from 200 to 7000 Hz: sharper, for wideband codecs and up.
    pub fn wideband(rate_hz: u32) -> Result<Self, InputError> {
        Self::chirp(rate_hz, 200.0, 7000.0, 0.1)
    }

    /// A linear sweep under a Hann window.
    pub fn chirp(rate_hz: u32, from_hz: f64, to_hz: f64, seconds: f64) -> Result<Self, InputError> {
        let rate = within("sample rate", f64::from(rate_hz), 8_000.0..=192_000.0, "Hz")?;
        within("first frequency of the sweep", from_hz, 20.0..=rate / 2.0, "Hz")?;
        within("last frequency of the sweep", to_hz, from_hz..=rate / 2.0, "Hz")?;
        within("length of the sweep", seconds, 0.01..=2.0, "s")?;
        let n = (rate * seconds).round() as usize;
        let slope = (to_hz - from_hz) / (n as f64 / rate);
        let sample = |i: usize| {
            let t = i as f64 / rate;
            let phase = TAU * (from_hz * t + slope * t * t / 2.0);
            (phase.sin() * hann(i, n)) as f32
        };
        Ok(Self { kind: ProbeKind::Chirp, rate_hz, samples: (0..n).map(sample).collect() })
    }

    /// 600 ms that a speech detector takes for a voice: harmonics of a pitch that glides from 100 to 250 Hz, falling
    /// by 3 dB an octave up to 3400 Hz, in three syllables. The glide keeps the pitch from repeating itself.
    pub fn speech_shaped(rate_hz: u32) -> Result<Self, InputError> {
        let rate = within("sample rate", f64::from(rate_hz), 8_000.0..=192_000.0, "Hz")?;
        let (seconds, from_hz, to_hz) = (0.6, 100.0, 250.0);
        let n = (rate * seconds) as usize;
        let sample = |i: usize| {
            let t = i as f64 / rate;
            let pitch_hz = from_hz + (to_hz - from_hz) * t / seconds;
            let phase = TAU * (from_hz * t + (to_hz - from_hz) * t * t / (2.0 * seconds));
            let voice: f64 = (1..=34)
                .map(f64::from)
                .filter(|harmonic| harmonic * pitch_hz < 3400.0)
                .map(|harmonic| (harmonic * phase + harmonic * harmonic).sin() / harmonic.sqrt())
                .sum();
            let syllable = 0.4 + 0.6 * (TAU * 1.5 * t / seconds).sin().abs();
            (0.2 * voice * syllable * hann(i, n)) as f32
        };
        Ok(Self { kind: ProbeKind::SpeechShaped, rate_hz, samples: (0..n).map(sample).collect() })
    }
}

fn hann(i: usize, n: usize) -> f64 {
    0.5 - 0.5 * (TAU * i as f64 / (n - 1) as f64).cos()
}

/// A probe played several times, at intervals of 2.5 ± 0.3 s that do not repeat: a lag cannot be taken for another.
#[derive(Debug, Clone, PartialEq)]
pub struct Train {
    /// What is played.
    pub probe: Probe,
    /// At which samples each begins.
    pub starts: Vec<usize>,
}

impl Train {
    /// `count` times (2 to 12), the intervals drawn from `seed`.
    pub fn new(probe: Probe, count: usize, seed: u32) -> Result<Self, InputError> {
        within("number of probes", count as f64, 2.0..=12.0, "probes")?;
        let rate = f64::from(probe.rate_hz);
        let (mut at_s, mut state) = (0.5, seed);
        let starts = (0..count)
            .map(|_| {
                let start = (at_s * rate) as usize;
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                at_s += 2.5 + 0.3 * (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0);
                start
            })
            .collect();
        Ok(Self { probe, starts })
    }

    /// What is played, with half a second of silence before it and one and a half after it.
    pub fn samples(&self) -> Vec<f32> {
        let last = self.starts.last().copied().unwrap_or_default();
        let tail = self.probe.rate_hz as usize * 3 / 2;
        let mut samples = vec![0.0; last + self.probe.samples.len() + tail];
        for start in &self.starts {
            samples[*start..*start + self.probe.samples.len()].copy_from_slice(&self.probe.samples);
        }
        samples
    }
}
