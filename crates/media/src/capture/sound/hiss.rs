//! The hiss of a microphone in a silent room.

use super::{SampleSource, SoundOptions};
use crate::capture::CaptureError;
use crate::capture::pace::Pace;
use crate::sound::{FRAME_DURATION, FRAME_SAMPLES, SoundFrame};
use std::time::Duration;

/// Largest sample of the hiss: about -79 dBov. A microphone without any is a dead one.
const PEAK: i16 = 6;

pub(super) struct HissSource {
    pace: Pace,
    channels: u8,
    random: u32,
}

impl HissSource {
    pub(super) fn new(options: &SoundOptions) -> Self {
        let pace = Pace::new(50, Duration::from_millis(200));
        Self { pace, channels: options.channels, random: u32::from(options.identity.session) | 1 }
    }

    fn sample(&mut self) -> i16 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((self.random >> 16) as i16) % (PEAK + 1)
    }
}

impl SampleSource for HissSource {
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
        // A device gives a frame when its last sample is in, so its first one is 20 ms old.
        let captured = self.pace.wait() - FRAME_DURATION;
        let channels = self.channels;
        let samples = (0..FRAME_SAMPLES)
            .map(|_| self.sample())
            .flat_map(|sample| std::iter::repeat_n(sample, channels.into()))
            .collect();
        Ok(Some(SoundFrame { samples, channels, captured }))
    }

    fn describe(&self) -> String {
        "the hiss of a microphone".into()
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped() * FRAME_SAMPLES as u64
    }
}
