//! What a microphone says of its room: level, noise, clipping, silence; and a muted microphone told from a quiet room.

use serde::{Deserialize, Serialize};

/// A stretch over which a level is taken, ms.
const FRAME_MS: u32 = 20;
/// At or beyond this a sample is at full scale: 32767/32768.
const FULL_SCALE: f32 = 0.999_96;
/// So many samples at full scale in a row were cut off, and did not just touch it.
const CLIP_RUN: u32 = 6;
/// A frame whose samples span no more than two steps of 16 bits holds no sound: every real microphone hisses more.
const DEAD_SPAN: f32 = 2.0 / 32_768.0;
/// The histogram of levels: from −120 to 0 dBFS by half decibels.
const LOWEST_DBFS: f64 = -120.0;
const BINS: usize = 240;
/// A voice stands at least this far above the room, dB.
const SOUND_OVER_NOISE_DB: f64 = 10.0;
/// Shorter recordings say nothing of a room.
const LEAST_FRAMES: u64 = 50;

/// What the microphone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Microphone {
    /// Less than a second came: nothing can be said.
    TooLittle,
    /// Samples come and nothing is in them: muted, unplugged or dead.
    Muted,
    /// It hisses as a microphone does, and nothing stands out: a quiet room.
    Quiet,
    /// Something stands out of the room's noise.
    Sound,
}

/// The figures. Levels are RMS, dB below a full-scale square wave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RoomFacts {
    /// What the microphone does.
    pub microphone: Microphone,
    /// Whole frames of 20 ms heard.
    pub frames: u64,
    /// Of all samples; none of a dead microphone.
    pub level_dbfs: Option<f64>,
    /// The level that nine tenths of the frames exceed.
    pub noise_dbfs: Option<f64>,
    /// The level that a tenth of the frames exceeds: the voices.
    pub loud_dbfs: Option<f64>,
    /// The largest sample, 0 to 1.
    pub peak: f64,
    /// Runs of six and more samples at full scale.
    pub clipped_runs: u64,
    /// Samples in them.
    pub clipped_samples: u64,
    /// Share of frames with nothing in them, 0 to 1.
    pub dead_share: f64,
}

/// Listens to a microphone, in bounded memory however long.
#[derive(Debug, Clone)]
pub struct RoomMeter {
    frame_samples: u32,
    frame: Frame,
    levels: Vec<u64>,
    frames: u64,
    dead: u64,
    energy: f64,
    samples: u64,
    peak: f32,
    full_run: u32,
    clipped_runs: u64,
    clipped_samples: u64,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    samples: u32,
    sum: f64,
    squares: f64,
    low: f32,
    high: f32,
}

const EMPTY: Frame =
    Frame { samples: 0, sum: 0.0, squares: 0.0, low: f32::INFINITY, high: f32::NEG_INFINITY };

impl RoomMeter {
    /// For samples at this rate.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            frame_samples: (rate_hz / 1000 * FRAME_MS).max(1),
            frame: EMPTY,
            levels: vec![0; BINS],
            frames: 0,
            dead: 0,
            energy: 0.0,
            samples: 0,
            peak: 0.0,
            full_run: 0,
            clipped_runs: 0,
            clipped_samples: 0,
        }
    }

    /// More samples, −1 to 1. What is no number counts as silence.
    pub fn push(&mut self, samples: &[f32]) {
        for sample in samples.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }) {
            self.clip(sample);
            self.peak = self.peak.max(sample.abs());
            let frame = &mut self.frame;
            frame.samples += 1;
            frame.sum += f64::from(sample);
            frame.squares += f64::from(sample).powi(2);
            (frame.low, frame.high) = (frame.low.min(sample), frame.high.max(sample));
            if frame.samples == self.frame_samples {
                self.finish_frame();
            }
        }
    }

    fn clip(&mut self, sample: f32) {
        if sample.abs() < FULL_SCALE {
            self.full_run = 0;
            return;
        }
        self.full_run += 1;
        match self.full_run {
            CLIP_RUN => {
                self.clipped_runs += 1;
                self.clipped_samples += u64::from(CLIP_RUN);
            }
            run if run > CLIP_RUN => self.clipped_samples += 1,
            _ => {}
        }
    }

    fn finish_frame(&mut self) {
        let frame = std::mem::replace(&mut self.frame, EMPTY);
        self.frames += 1;
        if frame.high - frame.low <= DEAD_SPAN {
            self.dead += 1;
            return;
        }
        // A constant offset of the converter is no sound.
        let n = f64::from(frame.samples);
        let energy = (frame.squares - frame.sum * frame.sum / n).max(0.0);
        self.energy += energy;
        self.samples += u64::from(frame.samples);
        let level_dbfs = 10.0 * (energy / n).log10();
        let bin = ((level_dbfs - LOWEST_DBFS) * 2.0).clamp(0.0, (BINS - 1) as f64) as usize;
        self.levels[bin] += 1;
    }

    /// The level that `share` of the living frames do not exceed, to half a decibel.
    fn quantile_dbfs(&self, share: f64) -> Option<f64> {
        let living = self.frames - self.dead;
        let rank = ((share * living as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let bin = self.levels.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(LOWEST_DBFS + (bin as f64 + 0.5) / 2.0)
    }

    /// The figures so far.
    pub fn facts(&self) -> RoomFacts {
        let (noise_dbfs, loud_dbfs) = (self.quantile_dbfs(0.1), self.quantile_dbfs(0.9));
        let microphone = match (noise_dbfs, loud_dbfs) {
            _ if self.frames < LEAST_FRAMES => Microphone::TooLittle,
            // A noise suppressor lets a living microphone fall silent between words, but not for 99 frames of 100.
            _ if self.dead * 100 >= self.frames * 99 => Microphone::Muted,
            (Some(noise), Some(loud)) if loud - noise >= SOUND_OVER_NOISE_DB => Microphone::Sound,
            _ => Microphone::Quiet,
        };
        RoomFacts {
            microphone,
            frames: self.frames,
            level_dbfs: (self.samples > 0).then(|| 10.0 * (self.energy / self.samples as f64).log10()),
            noise_dbfs,
            loud_dbfs,
            peak: f64::from(self.peak),
            clipped_runs: self.clipped_runs,
            clipped_samples: self.clipped_samples,
            dead_share: if self.frames == 0 { 0.0 } else { self.dead as f64 / self.frames as f64 },
        }
    }
}
