//! The generated test sound: shaped like speech (voiced syllables through formants, hisses, pauses
//! between phrases), so that speech codecs, echo cancellers and level meters take it for speech, with
//! the beep of each beat standing alone in a short silence.

use super::{SampleSource, SoundOptions};
use crate::beat::{BEEP_HZ, Beats, DURATION};
use crate::capture::pace::Pace;
use crate::capture::{CaptureError, Identity};
use crate::sound::{FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE, SoundFrame};
use std::f32::consts::{PI, TAU};
use std::time::Duration;

/// Silence kept around a beep, so that its edges can be found, in microseconds.
const GUARD_US: i64 = 40_000;
/// Peak of the beep; about -12 dBov.
const BEEP_PEAK: f32 = 8_000.0;

/// First and second formant of six vowels in Hz, as an adult speaks them.
const VOWELS: [(f32, f32); 6] =
    [(730.0, 1090.0), (530.0, 1840.0), (270.0, 2290.0), (570.0, 840.0), (300.0, 870.0), (490.0, 1350.0)];

/// Makes the samples, one after the other.
#[derive(Debug)]
pub(crate) struct Speech {
    random: u32,
    /// Samples of the present syllable or pause that are still to come, and how many it has.
    left: u32,
    length: u32,
    voiced: bool,
    hiss: bool,
    syllables_left: u32,
    pitch_hz: f32,
    phase: f32,
    formants: [Resonator; 2],
    previous: f32,
}

impl Speech {
    pub(crate) fn new(seed: u16) -> Self {
        Self {
            random: u32::from(seed) * 2 + 0x9e37_79b1,
            left: 0,
            length: 1,
            voiced: false,
            hiss: false,
            syllables_left: 5,
            pitch_hz: 150.0,
            phase: 0.0,
            formants: [Resonator::default(); 2],
            previous: 0.0,
        }
    }

    /// The next sample.
    pub(crate) fn sample(&mut self) -> i16 {
        if self.left == 0 {
            self.next_part();
        }
        self.left -= 1;
        if !self.voiced {
            return 0;
        }
        let done = 1.0 - self.left as f32 / self.length as f32;
        let envelope = (PI * done).sin().powf(0.6);
        let noise = self.uniform() - 0.5;
        // Pitch falls a little through each syllable, as in statements.
        self.phase = (self.phase + self.pitch_hz * (1.1 - 0.2 * done) / SAMPLE_RATE as f32).fract();
        let glottis = 1.0 - 2.0 * self.phase + 0.05 * noise;
        if self.hiss && done < 0.3 {
            let high = noise - self.previous;
            self.previous = noise;
            return (high * envelope * 5_000.0) as i16;
        }
        let [first, second] = &mut self.formants;
        let voice = first.pass(glottis) + 0.5 * second.pass(glottis);
        (voice * envelope * 18_000.0).clamp(-26_000.0, 26_000.0) as i16
    }

    /// A syllable after a short closure, or the pause at the end of a phrase.
    fn next_part(&mut self) {
        let was_voiced = self.voiced;
        self.voiced = !was_voiced;
        let ms = if self.voiced {
            let (first, second) = VOWELS[(self.uniform() * 5.99) as usize];
            self.formants = [Resonator::new(first, 80.0), Resonator::new(second, 120.0)];
            self.pitch_hz = 115.0 + 90.0 * self.uniform();
            self.hiss = self.uniform() < 0.35;
            self.syllables_left = self.syllables_left.saturating_sub(1);
            120.0 + 120.0 * self.uniform()
        } else if self.syllables_left == 0 {
            self.syllables_left = 4 + (self.uniform() * 8.0) as u32;
            350.0 + 500.0 * self.uniform()
        } else {
            20.0 + 50.0 * self.uniform()
        };
        self.length = (ms * SAMPLE_RATE as f32 / 1000.0) as u32;
        self.left = self.length;
    }

    fn uniform(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        (self.random >> 8) as f32 / (1 << 24) as f32
    }
}

/// A two-pole resonance of unit gain at its frequency.
#[derive(Debug, Clone, Copy, Default)]
struct Resonator {
    gain: f32,
    a1: f32,
    a2: f32,
    y1: f32,
    y2: f32,
}

impl Resonator {
    fn new(hz: f32, bandwidth_hz: f32) -> Self {
        let rate = SAMPLE_RATE as f32;
        let radius = (-PI * bandwidth_hz / rate).exp();
        let angle = TAU * hz / rate;
        Self {
            gain: (1.0 - radius) * (1.0 - 2.0 * radius * (2.0 * angle).cos() + radius * radius).sqrt(),
            a1: 2.0 * radius * angle.cos(),
            a2: -radius * radius,
            y1: 0.0,
            y2: 0.0,
        }
    }

    fn pass(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a1 * self.y1 + self.a2 * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

/// Speech and beeps as one track.
pub(super) struct SpeechSource {
    speech: Speech,
    beats: Beats,
    identity: Identity,
    channels: u8,
    pace: Pace,
}

impl SpeechSource {
    pub(super) fn new(options: &SoundOptions) -> Self {
        let identity = options.identity.clone();
        Self {
            speech: Speech::new(identity.session),
            beats: Beats::new(identity.session),
            channels: options.channels,
            // Sound catches up after a stall of the thread; a long one is left out.
            pace: Pace::new(50, Duration::from_millis(200)),
            identity,
        }
    }

    /// The frame whose first sample belongs to wall time `start_us`.
    fn samples(&mut self, start_us: u64) -> Vec<i16> {
        let mut samples = Vec::with_capacity(FRAME_SAMPLES * usize::from(self.channels));
        let beat = self.beats.nearest(tongke_protocol::WallTime(start_us + 10_000));
        let beep_us = DURATION.as_micros() as i64;
        for n in 0..FRAME_SAMPLES {
            let at_us = start_us as i64 - beat.as_unix_us() as i64 + n as i64 * 1_000_000 / 48_000;
            let speech = self.speech.sample();
            let sample = if (0..beep_us).contains(&at_us) {
                beep(at_us)
            } else if (-GUARD_US..beep_us + GUARD_US).contains(&at_us) {
                0
            } else {
                speech
            };
            samples.extend(std::iter::repeat_n(sample, self.channels.into()));
        }
        samples
    }
}

/// The beep, microseconds after its start; 2 ms of rise and fall keep it from clicking.
fn beep(at_us: i64) -> i16 {
    let edge_us = at_us.min(DURATION.as_micros() as i64 - at_us);
    let envelope = (edge_us as f32 / 2_000.0).min(1.0);
    ((at_us as f32 * 1e-6 * BEEP_HZ as f32 * TAU).sin() * BEEP_PEAK * envelope) as i16
}

impl SampleSource for SpeechSource {
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
        // A device gives a frame when its last sample is in, so its first one is 20 ms old.
        let captured = self.pace.wait() - FRAME_DURATION;
        let start_us = self.identity.clock.wall_of(captured).as_unix_us();
        Ok(Some(SoundFrame { samples: self.samples(start_us), channels: self.channels, captured }))
    }

    fn describe(&self) -> String {
        "generated test speech with a beep about every 3 s".into()
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped() * FRAME_SAMPLES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beat::BeepDetector;
    use crate::decode::OpusDecoder;
    use crate::encode::{OpusEncoder, SoundMode};
    use std::time::Instant;

    #[test]
    fn it_speaks_with_pauses_and_never_clips() {
        let mut speech = Speech::new(1);
        let samples: Vec<i16> = (0..480_000).map(|_| speech.sample()).collect();
        let silent = samples.iter().filter(|&&s| s == 0).count() as f32 / samples.len() as f32;
        let peak = samples.iter().map(|s| i32::from(*s).abs()).max().unwrap();
        let frame = SoundFrame { samples, channels: 1, captured: Instant::now() };
        assert!((0.15..0.6).contains(&silent), "{silent} of the time is pause");
        assert!((4_000..26_000).contains(&peak), "peak {peak}");
        assert!((-32.0..-14.0).contains(&frame.level_dbov()), "{} dBov", frame.level_dbov());
    }

    #[test]
    fn the_beeps_are_found_again_after_opus_at_the_times_of_the_beats() {
        let mut source =
            SpeechSource::new(&SoundOptions { identity: Identity::new(9, ""), ..Default::default() });
        let clock = source.identity.clock;
        let mut encoder = OpusEncoder::new(SoundMode::Speech, 1, 40_000).unwrap();
        let mut decoder = OpusDecoder::new(1).unwrap();
        let mut detector = BeepDetector::default();
        let mut found = 0;
        for n in 0..1500u32 {
            let captured = clock.instant + n * FRAME_DURATION;
            let samples = source.samples(clock.wall_of(captured).as_unix_us());
            let packet = encoder.encode(&SoundFrame { samples, channels: 1, captured }).unwrap();
            let heard = decoder.decode(&packet.data).unwrap();
            if let Some(at) = detector.on_samples(&heard, 1, captured) {
                let wall = clock.wall_of(at);
                let late_ms = wall.micros_since(source.beats.nearest(wall)) as f64 / 1e3;
                // Opus looks 6.5 ms ahead and its decoder therefore gives everything that much later.
                assert!((4.0..10.0).contains(&late_ms), "beep {late_ms} ms after its beat");
                found += 1;
            }
        }
        assert!((9..=11).contains(&found), "{found} beeps in 30 s");
    }
}
