//! Bringing what a file or device has to 48 kHz, 16 bit, and the channels asked for.

use crate::sound::{FRAME_SAMPLES, SAMPLE_RATE};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Mixes interleaved samples of `from` channels to `to` (1 or 2): more than two channels are averaged,
/// one is doubled.
pub(super) fn mix(samples: &[f32], from: usize, to: usize, out: &mut Vec<f32>) {
    for frame in samples.chunks_exact(from.max(1)) {
        match (frame, to) {
            ([left, right], 2) => out.extend([left, right]),
            (_, count) => {
                let mean = frame.iter().sum::<f32>() / frame.len() as f32;
                out.extend(std::iter::repeat_n(mean, count));
            }
        }
    }
}

/// Collects samples at any rate and gives whole 20 ms frames at 48 kHz.
pub(super) struct Framer {
    channels: usize,
    resampler: Option<Fft<f32>>,
    /// At the source's rate, waiting for the resampler to have a whole chunk.
    raw: Vec<f32>,
    /// At 48 kHz, waiting for a whole frame.
    ready: Vec<f32>,
}

impl Framer {
    /// A framer for interleaved samples of `channels` at `rate`; `None` when the rate makes no sense.
    pub(super) fn new(rate: u32, channels: usize) -> Option<Self> {
        let resampler = match rate {
            SAMPLE_RATE => None,
            // Chunks near 10 ms: short enough for a lesson, long enough for a clean filter.
            _ => Some(
                Fft::new(
                    rate as usize,
                    SAMPLE_RATE as usize,
                    rate as usize / 100,
                    channels,
                    FixedSync::Input,
                )
                .ok()?,
            ),
        };
        Some(Self { channels, resampler, raw: Vec::new(), ready: Vec::new() })
    }

    /// Adds interleaved samples at the source's rate.
    pub(super) fn push(&mut self, samples: &[f32]) {
        let Some(resampler) = &mut self.resampler else {
            self.ready.extend_from_slice(samples);
            return;
        };
        self.raw.extend_from_slice(samples);
        let mut used = 0;
        loop {
            let wanted = resampler.input_frames_next();
            let Some(chunk) = self.raw.get(used..used + wanted * self.channels) else { break };
            let input = InterleavedSlice::new(chunk, self.channels, wanted).expect("cut to this length");
            let room = resampler.output_frames_next();
            let start = self.ready.len();
            self.ready.resize(start + room * self.channels, 0.0);
            let mut output = InterleavedSlice::new_mut(&mut self.ready[start..], self.channels, room)
                .expect("made in this length");
            let (_, written) = resampler
                .process_into_buffer(&input, &mut output, None)
                .expect("both buffers have the lengths the resampler asked for");
            self.ready.truncate(start + written * self.channels);
            used += wanted * self.channels;
        }
        self.raw.drain(..used);
    }

    /// Samples per channel at 48 kHz that are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready.len() / self.channels
    }

    /// The next frame, if there is a whole one.
    pub(super) fn frame(&mut self) -> Option<Vec<i16>> {
        let length = FRAME_SAMPLES * self.channels;
        if self.ready.len() < length {
            return None;
        }
        let to_i16 = |s: f32| (s * 32_768.0).clamp(-32_768.0, 32_767.0) as i16;
        Some(self.ready.drain(..length).map(to_i16).collect())
    }

    /// Fills the last, started frame with silence.
    pub(super) fn finish(&mut self) {
        if let Some(resampler) = &self.resampler {
            let padding = resampler.input_frames_next() * self.channels;
            if !self.raw.is_empty() {
                self.push(&vec![0.0; padding]);
            }
        }
        let length = FRAME_SAMPLES * self.channels;
        let started = self.ready.len() % length;
        if started > 0 {
            self.ready.resize(self.ready.len() + length - started, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_averaged_doubled_or_kept() {
        let mixed = |samples: &[f32], from, to| {
            let mut out = Vec::new();
            mix(samples, from, to, &mut out);
            out
        };
        assert_eq!(mixed(&[0.5, -0.5, 1.0, 0.0], 2, 1), [0.0, 0.5]);
        assert_eq!(mixed(&[0.5], 1, 2), [0.5, 0.5]);
        assert_eq!(mixed(&[0.1, 0.2], 2, 2), [0.1, 0.2]);
        assert_eq!(mixed(&[0.25, 0.5, 0.75], 3, 1), [0.5]);
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_through_the_resampler() {
        for rate in [8_000u32, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let tone: Vec<f32> = (0..rate * 2)
                .map(|n| (std::f32::consts::TAU * 440.0 * n as f32 / rate as f32).sin() * 0.5)
                .collect();
            let mut framer = Framer::new(rate, 1).unwrap();
            tone.chunks(333).for_each(|chunk| framer.push(chunk));
            let frames: Vec<Vec<i16>> = std::iter::from_fn(|| framer.frame()).collect();
            assert!((97..=100).contains(&frames.len()), "{rate} Hz: {} frames", frames.len());
            let middle: Vec<i16> = frames[20..70].concat();
            let rises = middle.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
            assert!((438..=442).contains(&rises), "{rate} Hz: {rises} periods in a second");
            let peak = middle.iter().copied().max().unwrap();
            assert!((16_000..16_800).contains(&peak), "{rate} Hz: peak {peak}");
        }
    }

    #[test]
    fn the_last_started_frame_is_filled_up() {
        let mut framer = Framer::new(44_100, 2).unwrap();
        framer.push(&[0.1; 500]);
        assert!(framer.frame().is_none());
        framer.finish();
        assert!(framer.frame().is_some());
        assert!(framer.frame().is_none());
    }
}
