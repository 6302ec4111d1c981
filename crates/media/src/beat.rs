//! The flash of the test scene and the beep of the test sound, at the same instants, and how a
//! receiver finds them again.
//!
//! Every 3 s, each time moved by up to 0.3 s so that a repetition cannot be mistaken for another beat,
//! a white square lights up for 120 ms while 1 kHz sounds. When is a function of the session and the
//! sender's wall clock alone, so scene and sound need not talk to each other, and a receiver that knows
//! the session and the clock offset knows when a beat was captured.

use crate::draw::Area;
use crate::picture::Picture;
use crate::sound::SAMPLE_RATE;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_protocol::WallTime;

/// How long flash and beep last.
pub const DURATION: Duration = Duration::from_millis(120);
/// Frequency of the beep, in Hz.
pub const BEEP_HZ: u32 = 1000;
/// Mean distance of two beats.
pub const PERIOD: Duration = Duration::from_secs(3);
/// How far a beat is moved at most, in microseconds, either way.
const SHIFT_US: u64 = 300_000;

/// The beats of one session.
#[derive(Debug, Clone, Copy)]
pub struct Beats {
    session: u16,
}

impl Beats {
    /// The beats of `session`.
    pub fn new(session: u16) -> Self {
        Self { session }
    }

    /// Start of the beat nearest to `wall`, on the same clock.
    pub fn nearest(&self, wall: WallTime) -> WallTime {
        let period_us = PERIOD.as_micros() as u64;
        let number = wall.as_unix_us() / period_us;
        let candidates = [number.saturating_sub(1), number, number + 1].map(|n| self.start(n));
        candidates.into_iter().min_by_key(|s| s.micros_since(wall).abs()).expect("three candidates")
    }

    /// The beat that lasts at `wall`, if any: its start.
    pub fn lasting_at(&self, wall: WallTime) -> Option<WallTime> {
        let start = self.nearest(wall);
        (0..DURATION.as_micros() as i64).contains(&wall.micros_since(start)).then_some(start)
    }

    fn start(&self, number: u64) -> WallTime {
        // SplitMix64: any good mixing of number and session will do, it only has to be the same here
        // and at the receiver.
        let mut x = number.wrapping_add(u64::from(self.session) << 48).wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let shift_us = (x ^ (x >> 31)) % (2 * SHIFT_US);
        WallTime((number * PERIOD.as_micros() as u64 + shift_us).saturating_sub(SHIFT_US))
    }
}

/// Where the test scene flashes.
pub(crate) fn flash_area(width: u32, height: u32) -> Area {
    let side = ((height / 5) & !15).max(16) as usize;
    Area { x: (width as usize).saturating_sub(side + 16) & !15, y: 16, w: side, h: side }
}

/// Finds the flashes in decoded pictures of the test scene.
#[derive(Debug)]
pub struct FlashDetector {
    lit: bool,
}

impl Default for FlashDetector {
    /// Lit: of a flash that lasts when the first picture comes nobody knows when it began, so it is none.
    fn default() -> Self {
        Self { lit: true }
    }
}

impl FlashDetector {
    /// Tells a picture shown at `shown`; gives `shown` back when it is the first of a flash. The
    /// flash began up to one picture interval earlier (±T/√12 around the middle).
    pub fn on_picture(&mut self, picture: &Picture, shown: Instant) -> Option<Instant> {
        let area = flash_area(picture.width(), picture.height());
        let (y, _, _) = picture.planes();
        let rows = y.chunks(picture.width() as usize).skip(area.y + area.h / 4).take(area.h / 2);
        let sum: usize = rows
            .flat_map(|row| row.iter().skip(area.x + area.w / 4).take(area.w / 2))
            .map(|&p| p as usize)
            .sum();
        let mean = sum / (area.h / 2 * (area.w / 2)).max(1);
        let was_lit = self.lit;
        // Between the two thresholds nothing changes: a half-transmitted picture is neither.
        self.lit = mean > if was_lit { 110 } else { 180 };
        (self.lit && !was_lit).then_some(shown)
    }
}

/// Samples of one step of the beep detector: 1 ms, one whole period of the beep.
const STEP: usize = (SAMPLE_RATE / BEEP_HZ) as usize;
/// Steps over which the tone must be pure before it counts.
const HELD: usize = 40;
/// Steps remembered to find where the tone rose.
const KEPT: usize = 100;

/// Finds the beeps in decoded sound, to 1 ms.
#[derive(Debug)]
pub struct BeepDetector {
    pending: Vec<f32>,
    /// Per millisecond: correlation with the beep's cosine and sine, and energy.
    steps: VecDeque<(f32, f32, f32)>,
    sounding: bool,
    reference: Vec<(f32, f32)>,
}

impl Default for BeepDetector {
    fn default() -> Self {
        let reference = (0..STEP)
            .map(|n| (std::f32::consts::TAU * n as f32 / STEP as f32).sin_cos())
            .map(|(sin, cos)| (cos, sin))
            .collect();
        Self { pending: Vec::new(), steps: VecDeque::new(), sounding: false, reference }
    }
}

impl BeepDetector {
    /// Tells interleaved samples of which the first is heard at `heard`. Gives the instant at which
    /// a beep began, once the beep has lasted long enough to be sure.
    pub fn on_samples(&mut self, samples: &[i16], channels: u8, heard: Instant) -> Option<Instant> {
        let before = self.pending.len();
        self.pending.extend(samples.chunks(channels.max(1).into()).map(|c| f32::from(c[0]) / 32768.0));
        let whole = self.pending.len() / STEP;
        let mut found = None;
        for step in 0..whole {
            let block = &self.pending[step * STEP..(step + 1) * STEP];
            let sums = block
                .iter()
                .zip(&self.reference)
                .fold((0.0, 0.0, 0.0), |(c, s, e), (x, (cos, sin))| (c + x * cos, s + x * sin, e + x * x));
            if let Some(steps_ago) = self.on_step(sums) {
                let end_ms = (step + 1) as f64 - before as f64 / STEP as f64;
                let onset_ms = end_ms - steps_ago as f64;
                found = Some(if onset_ms >= 0.0 {
                    heard + Duration::from_secs_f64(onset_ms / 1000.0)
                } else {
                    heard - Duration::from_secs_f64(-onset_ms / 1000.0)
                });
            }
        }
        self.pending.drain(..whole * STEP);
        found
    }

    /// One millisecond more; at the moment a beep is sure, how many milliseconds ago it began.
    fn on_step(&mut self, sums: (f32, f32, f32)) -> Option<usize> {
        if self.steps.len() == KEPT {
            self.steps.pop_front();
        }
        self.steps.push_back(sums);
        let held = self.steps.iter().rev().take(HELD);
        let (c, s, e) = held.clone().fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let count = (HELD * STEP) as f32;
        // 1 for a pure tone of this frequency, near 0 for anything else; and at least -46 dBov.
        let purity = 2.0 * (c * c + s * s) / (count * e).max(f32::MIN_POSITIVE);
        let loud = e / count > 2.5e-5;
        let sounds = self.steps.len() >= HELD && loud && purity > if self.sounding { 0.5 } else { 0.85 };
        let begins = sounds && !self.sounding;
        self.sounding = sounds;
        if begins { self.steps_since_rise((c * c + s * s).sqrt() / HELD as f32) } else { None }
    }

    /// Steps since the tone's amplitude crossed half of `steady`; `None` where it was heard from the
    /// first sample on, so that nobody knows when it began.
    fn steps_since_rise(&self, steady: f32) -> Option<usize> {
        self.steps.iter().rev().position(|(c, s, _)| (c * c + s * s).sqrt() <= steady / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_come_every_three_seconds_within_their_shift_and_differ_between_sessions() {
        let (one, other) = (Beats::new(1), Beats::new(2));
        let mut same = 0;
        for number in 1_000..2_000u64 {
            let middle = WallTime(number * 3_000_000);
            let beat = one.nearest(middle);
            assert!(beat.micros_since(middle).abs() <= 300_000);
            assert_eq!(one.nearest(beat), beat);
            assert_eq!(one.lasting_at(beat.offset_by_us(119_999)), Some(beat));
            assert_eq!(one.lasting_at(beat.offset_by_us(120_000)), None);
            assert_eq!(one.lasting_at(beat.offset_by_us(-1)), None);
            same += usize::from(other.nearest(middle) == beat);
        }
        assert!(same < 5);
    }

    #[test]
    fn a_beep_is_found_to_a_millisecond_whatever_the_frame_boundaries() {
        for offset in [0usize, 1, 47, 480, 955] {
            let mut samples = vec![0i16; 48_000];
            let onset = 24_000 + offset;
            for (n, sample) in samples[onset..onset + 5_760].iter_mut().enumerate() {
                *sample = ((std::f32::consts::TAU * n as f32 / 48.0).sin() * 9000.0) as i16;
            }
            let heard = Instant::now();
            let mut detector = BeepDetector::default();
            let found: Vec<Instant> = samples
                .chunks(960)
                .enumerate()
                .filter_map(|(n, frame)| {
                    detector.on_samples(frame, 1, heard + Duration::from_millis(20 * n as u64))
                })
                .collect();
            assert_eq!(found.len(), 1, "offset {offset}");
            let error_ms = found[0].duration_since(heard).as_secs_f64() * 1e3 - onset as f64 / 48.0;
            assert!(error_ms.abs() <= 1.0, "offset {offset}: {error_ms} ms");
        }
    }

    #[test]
    fn a_flash_or_beep_that_lasts_when_watching_begins_is_none_and_the_next_one_counts() {
        let start = Instant::now();
        let picture = |lit| {
            let mut picture = Picture::filled(640, 360, [16, 128, 128], start);
            picture.planes_mut().0.fill(if lit { 235 } else { 16 });
            picture
        };
        let mut detector = FlashDetector::default();
        let found =
            [true, true, false, true, true].map(|lit| detector.on_picture(&picture(lit), start).is_some());
        assert_eq!(found, [false, false, false, true, false]);

        let tone = |n: usize| ((std::f32::consts::TAU * n as f32 / 48.0).sin() * 9000.0) as i16;
        let (mut detector, mut found) = (BeepDetector::default(), Vec::new());
        for frame in 0..50 {
            // Of the first beep 80 ms are left; the second begins after 500 ms.
            let samples: Vec<i16> = (frame * 960..(frame + 1) * 960)
                .map(|n| if n < 3_840 || (24_000..29_760).contains(&n) { tone(n) } else { 0 })
                .collect();
            let heard = start + Duration::from_millis(20 * frame as u64);
            found.extend(detector.on_samples(&samples, 1, heard).map(|at| at.duration_since(start)));
        }
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].abs_diff(Duration::from_millis(500)) <= Duration::from_millis(1), "{found:?}");
    }

    #[test]
    fn noise_and_other_tones_are_no_beeps() {
        let mut state = 1u32;
        let noise: Vec<i16> = (0..96_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 18) as i16 - 8192
            })
            .collect();
        let tone: Vec<i16> = (0..96_000)
            .map(|n| ((std::f32::consts::TAU * n as f32 * 440.0 / 48e3).sin() * 9000.0) as i16)
            .collect();
        for samples in [noise, tone] {
            let mut detector = BeepDetector::default();
            assert!(samples.chunks(960).all(|f| detector.on_samples(f, 1, Instant::now()).is_none()));
        }
    }
}
