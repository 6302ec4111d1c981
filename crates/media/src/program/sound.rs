//! The sound of the program.

use super::{Fault, Program, Schedule, Side, Stretch};
use crate::beat::{BEEP_HZ, DURATION};
use crate::capture::sound::Speech;
use crate::sound::{SAMPLE_RATE, SoundFrame};
use std::f64::consts::TAU;
use std::ops::Range;
use tongke_protocol::{Now, WallTime};

/// A linear sweep over the telephone band, under a Hann window: what every codec and network lets through.
const SWEEP_HZ: (f64, f64) = (300.0, 3400.0);
const SWEEP_S: f64 = 0.1;
/// Peaks of sweep and beep; about −12 dBov.
const SWEEP_PEAK: f32 = 8_000.0;
const BEEP_PEAK: f32 = 8_000.0;
/// The beep rises and falls for so long, so that it does not click, µs.
const BEEP_EDGE_US: f32 = 2_000.0;
const SAMPLES_PER_MS: u64 = SAMPLE_RATE as u64 / 1000;
/// Frames' moments jitter by less than this, in samples: 20 ms.
const MOST_JITTER: u64 = 20 * SAMPLES_PER_MS;
/// Silence kept around a beep, so that its edges can be found, µs.
const GUARD_US: i64 = 40_000;

/// The sweep of the program, as it is played, at [`SAMPLE_RATE`]: full scale is 1.
pub fn sweep() -> Vec<f32> {
    let rate = f64::from(SAMPLE_RATE);
    let n = (rate * SWEEP_S).round() as usize;
    let (from_hz, to_hz) = SWEEP_HZ;
    let slope = (to_hz - from_hz) / SWEEP_S;
    let sample = |i: usize| {
        let t = i as f64 / rate;
        let window = 0.5 - 0.5 * (TAU * i as f64 / (n - 1) as f64).cos();
        let phase = TAU * (from_hz * t + slope * t * t / 2.0);
        (phase.sin() * window) as f32 * SWEEP_PEAK / 32_768.0
    };
    (0..n).map(sample).collect()
}

/// What the program says while an end speaks alone, its beep included: 48 kHz, full scale is 1. It follows from the
/// schedule alone, so that whoever hears it knows how it was said.
pub fn spoken(schedule: Schedule, side: Side, turn: Range<WallTime>) -> Vec<f32> {
    let mut voice = Voice::new(schedule, side);
    let numbers = number_of(turn.start)..number_of(turn.end);
    numbers.map(|number| f32::from(voice.sample(number)) / 32_768.0).collect()
}

/// Adds one end's part of the program to what its microphone hears.
pub struct ProgramSound {
    program: Program,
    clock: Now,
    voice: Voice,
    /// Number of the next sample, counted on the relay's clock. While something sounds samples are counted, and only
    /// in silence the clock is looked at again: frames' moments jitter, and offsets of clocks are corrected.
    next: Option<u64>,
}

/// One end's part, sample by sample.
struct Voice {
    schedule: Schedule,
    side: Side,
    words: Words,
    sweep: Vec<f32>,
}

/// The words of one stretch, and how many of their samples are said.
struct Words {
    begin: WallTime,
    said: u64,
    speech: Speech,
}

impl ProgramSound {
    /// `clock` is one moment on both clocks of this machine.
    pub fn new(program: Program, clock: Now) -> Self {
        let voice = Voice::new(program.schedule, program.side);
        Self { program, clock, voice, next: None }
    }

    /// Adds the program to a frame, by the moment at which it was captured.
    pub fn add(&mut self, frame: &mut SoundFrame) {
        if self.program.fault == Some(Fault::Muted) {
            frame.samples.fill(0);
            return;
        }
        let early_us = match self.program.fault {
            Some(Fault::SoundEarly { ms }) => i64::from(ms) * 1000,
            _ => 0,
        };
        let Some(relay) = self.program.clock.relay_time(self.clock.wall_of(frame.captured)) else { return };
        let relay = relay.offset_by_us(early_us);
        let silent = self.program.schedule.stretch(self.program.side, relay) == Stretch::Silent;
        let here = number_of(relay);
        let first = self.next.filter(|next| !silent && next.abs_diff(here) <= MOST_JITTER).unwrap_or(here);
        let channels = usize::from(frame.channels.max(1));
        for (number, samples) in (first..).zip(frame.samples.chunks_exact_mut(channels)) {
            let added = self.voice.sample(number);
            samples.iter_mut().for_each(|sample| *sample = sample.saturating_add(added));
        }
        self.next = Some(first + (frame.samples.len() / channels) as u64);
    }
}

impl Voice {
    fn new(schedule: Schedule, side: Side) -> Self {
        let words = Words { begin: WallTime(0), said: 0, speech: Speech::new(0) };
        Self { schedule, side, words, sweep: sweep() }
    }

    fn sample(&mut self, number: u64) -> i16 {
        let (schedule, side, at) = (self.schedule, self.side, time_of(number));
        match schedule.stretch(side, at) {
            Stretch::Silent => 0,
            Stretch::Sweeps => {
                let since =
                    schedule.sweeps(side, at, at).filter_map(|start| number.checked_sub(number_of(start)));
                let sample = since.min().and_then(|since| self.sweep.get(since as usize));
                sample.map_or(0, |sample| (sample * 32_767.0) as i16)
            }
            Stretch::Speaks | Stretch::Together => {
                let words = self.words.sample(schedule.words(side, at), number);
                let beat = schedule.beats(side, at, at).map(|beat| at.micros_since(beat));
                match beat.min_by_key(|since_us| since_us.abs()) {
                    Some(us) if (0..DURATION.as_micros() as i64).contains(&us) => beep(us),
                    Some(us) if (-GUARD_US..DURATION.as_micros() as i64 + GUARD_US).contains(&us) => 0,
                    _ => words,
                }
            }
        }
    }
}

impl Words {
    /// A sample of the words that begin at a moment, wherever the last one was.
    fn sample(&mut self, (begin, seed): (WallTime, u16), number: u64) -> i16 {
        let wanted = number.saturating_sub(number_of(begin));
        if self.begin != begin || self.said > wanted {
            *self = Words { begin, said: 0, speech: Speech::new(seed) };
        }
        while self.said < wanted {
            self.speech.sample();
            self.said += 1;
        }
        self.said += 1;
        self.speech.sample()
    }
}

/// The number of the sample that is nearest to a moment.
fn number_of(at: WallTime) -> u64 {
    (at.as_unix_us() * SAMPLES_PER_MS + 500) / 1000
}

/// The moment of a sample.
fn time_of(number: u64) -> WallTime {
    WallTime(number * 1000 / SAMPLES_PER_MS)
}

/// The beep, microseconds after its start.
fn beep(at_us: i64) -> i16 {
    let edge_us = at_us.min(DURATION.as_micros() as i64 - at_us) as f32;
    let envelope = (edge_us / BEEP_EDGE_US).min(1.0);
    ((at_us as f32 * 1e-6 * BEEP_HZ as f32 * std::f32::consts::TAU).sin() * BEEP_PEAK * envelope) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beat::BeepDetector;
    use crate::program::CYCLE;
    use crate::sound::{FRAME_DURATION, FRAME_SAMPLES};
    use std::time::{Duration, Instant};

    const START: WallTime = WallTime(150_000_000 * 12_000_000);
    /// The relay's clock is 5 s ahead in these tests.
    const AHEAD_US: i64 = 5_000_000;

    /// What an end sounds from the beginning of a cycle on, its frames' moments off by `jitter_us` in turn.
    fn sounded(side: Side, fault: Option<Fault>, seconds: u32, jitter_us: u64) -> Vec<i16> {
        let clock = Now { instant: Instant::now(), wall: START.offset_by_us(-AHEAD_US) };
        let program = Program { fault, ..Program::new(&"test-1".parse().unwrap(), side) };
        program.clock.set(AHEAD_US);
        let mut sound = ProgramSound::new(program, clock);
        (0..seconds * 50)
            .flat_map(|n| {
                let jitter = Duration::from_micros(jitter_us) * (n % 2);
                let captured = clock.instant + n * FRAME_DURATION + jitter;
                let mut frame = SoundFrame { samples: vec![0; FRAME_SAMPLES], channels: 1, captured };
                sound.add(&mut frame);
                frame.samples
            })
            .collect()
    }

    fn beeps(samples: &[i16]) -> Vec<f64> {
        let (mut detector, start) = (BeepDetector::default(), Instant::now());
        let frames = samples.chunks(FRAME_SAMPLES).enumerate();
        let found =
            frames.filter_map(|(n, frame)| detector.on_samples(frame, 1, start + n as u32 * FRAME_DURATION));
        found.map(|at| at.duration_since(start).as_secs_f64() * 1e3).collect()
    }

    #[test]
    fn beeps_are_where_the_schedule_has_them_and_earlier_when_the_sound_is() {
        let schedule = Schedule::new(&"test-1".parse().unwrap());
        let expected: Vec<f64> =
            schedule.beats(Side::A, START, START).map(|beat| beat.micros_since(START) as f64 / 1e3).collect();
        for (fault, early_ms) in [(None, 0.0), (Some(Fault::SoundEarly { ms: 200 }), 200.0)] {
            let found = beeps(&sounded(Side::A, fault, CYCLE.as_secs() as u32, 0));
            assert_eq!(found.len(), 2);
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected + early_ms).abs() <= 1.0, "{found} {expected}");
            }
        }
    }

    #[test]
    fn sweeps_are_whole_however_the_frames_moments_jitter_and_all_else_of_their_stretch_is_silent() {
        let samples = sounded(Side::B, None, 12, 3_000);
        let schedule = Schedule::new(&"test-1".parse().unwrap());
        let probe = sweep();
        let mut stretch = samples[72 * 4_800..100 * 4_800].to_vec();
        for start in schedule.sweeps(Side::B, START, START) {
            let at = (start.micros_since(START) as usize * 48 + 500) / 1000 - 72 * 4_800;
            // Up to the jitter itself: the clock is followed where it is silent only.
            let near = |shift: usize| {
                let taken = &stretch[at - 200 + shift..][..probe.len()];
                taken.iter().zip(&probe).all(|(a, b)| (f32::from(*a) - b * 32_767.0).abs() <= 1.0)
            };
            let shift = (0..400).find(|shift| near(*shift)).expect("a whole sweep");
            stretch[at - 200 + shift..][..probe.len()].fill(0);
        }
        assert!(stretch[200..stretch.len() - 200].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn what_is_said_in_a_turn_is_known_beforehand_and_other_words_each_time() {
        let schedule = Schedule::new(&"test-1".parse().unwrap());
        for side in [Side::A, Side::B] {
            let samples = sounded(side, None, 24, 0);
            let said = [0, 1].map(|cycle| {
                let turn = schedule.speaking(side, START.offset_by_us(cycle * CYCLE.as_micros() as i64));
                let from = (turn.start.micros_since(START) * 48 / 1000) as usize;
                let said = spoken(schedule, side, turn);
                let heard =
                    samples[from..from + said.len()].iter().map(|sample| f32::from(*sample) / 32_768.0);
                assert!(heard.eq(said.iter().copied()), "{side:?}, cycle {cycle}");
                said
            });
            assert_eq!(said[0].len(), 105_600, "2.2 s");
            let alike = said[0].iter().zip(&said[1]).filter(|(a, b)| a == b).count();
            assert!(alike < 52_800, "{side:?}: {alike} samples are the same");
        }
    }

    #[test]
    fn it_speaks_in_its_turn_and_is_silent_in_the_others_and_before_the_clock_is_known() {
        let samples = sounded(Side::B, None, 12, 0);
        assert!(samples[5 * 48_000..7 * 48_000].iter().any(|sample| *sample != 0));
        assert!(samples[10 * 48_000..].iter().any(|sample| *sample != 0));
        assert!(samples[..4 * 48_000].iter().all(|sample| *sample == 0), "the other's turn");
        assert!(sounded(Side::B, Some(Fault::Muted), 12, 0).iter().all(|sample| *sample == 0));

        let clock = Now { instant: Instant::now(), wall: START };
        let mut early = ProgramSound::new(Program::new(&"test-1".parse().unwrap(), Side::A), clock);
        let mut frame = SoundFrame { samples: vec![0; FRAME_SAMPLES], channels: 1, captured: clock.instant };
        early.add(&mut frame);
        assert!(frame.samples.iter().all(|sample| *sample == 0));
    }
}
