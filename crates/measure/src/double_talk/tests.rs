use super::*;
use crate::echo::DoubleTalkType;
use std::f64::consts::TAU;

const RATE_HZ: u32 = 16_000;
const PER_MS: usize = RATE_HZ as usize / 1000;

/// What is drawn by lot, the same on every run: −1 to 1.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// A room in which a loudspeaker speaks for 4 s of each 12, and a talker sweeps.
#[derive(Clone, Copy)]
struct Room {
    seconds: usize,
    /// The talker's peak, and what the canceller takes of it while the loudspeaker sounds, dB.
    talker: f32,
    duck_db: f64,
    /// Of what is played, in what is heard.
    echo: f32,
    /// Largest sample.
    noise: f32,
    /// The talker's clock, in millionths.
    fast_ppm: f64,
}

const ROOM: Room = Room { seconds: 24, talker: 0.1, duck_db: 0.0, echo: 0.1, noise: 0.001, fast_ppm: 0.0 };

/// Voiced syllables of 180 ms with closures of 40 between them, at about −20 dBFS.
fn speech(seconds: usize) -> Vec<f32> {
    let (mut noise, mut phase) = (Noise(7), 0.0);
    (0..seconds * RATE_HZ as usize)
        .map(|i| {
            let (in_cycle, in_syllable) = (i / PER_MS % 12_000, i / PER_MS % 220);
            if !(2_000..6_000).contains(&in_cycle) || in_syllable >= 180 {
                return 0.0;
            }
            let envelope = (in_syllable as f64 / 180.0 * TAU / 2.0).sin();
            phase += (120.0 + 60.0 * (i as f64 / 3_000.0).sin()) / f64::from(RATE_HZ);
            let voice: f64 = (1..=20).map(|n| (f64::from(n) * phase * TAU).sin() / f64::from(n)).sum();
            (0.15 * envelope * voice) as f32 + 0.01 * envelope as f32 * noise.next()
        })
        .collect()
}

impl Room {
    /// What its microphone gives, and what its loudspeaker plays.
    fn sounds(&self) -> (Vec<f32>, Vec<f32>) {
        let far = speech(self.seconds);
        let ducked = 10f64.powf(-self.duck_db / 20.0) as f32;
        let mut noise = Noise(3);
        let mut near: Vec<f32> = (0..far.len())
            .map(|i| {
                self.noise * noise.next() + self.echo * i.checked_sub(12 * PER_MS).map_or(0.0, |i| far[i])
            })
            .collect();
        // It lets go 100 ms after the last sound.
        let mut last = None;
        let sounds: Vec<bool> = (0..far.len())
            .map(|i| {
                last = if far[i] == 0.0 { last } else { Some(i) };
                last.is_some_and(|last| i - last < 100 * PER_MS)
            })
            .collect();
        let sweep = sweep(RATE_HZ).unwrap().samples;
        let period = f64::from(PERIOD_MS) * PER_MS as f64 / (1.0 + self.fast_ppm * 1e-6);
        for start in (0..).map(|n| (1_234.0 + f64::from(n) * period) as usize) {
            let Some(into) = near.get_mut(start..start + sweep.len()) else { break };
            for (i, (to, sample)) in into.iter_mut().zip(&sweep).enumerate() {
                *to += self.talker * sample * if sounds[start + i] { ducked } else { 1.0 };
            }
        }
        (near, far)
    }

    /// In pieces, as a call has them.
    fn sweeps(&self) -> Vec<Sweep> {
        let (near, far) = self.sounds();
        let pieces = near.chunks(12 * RATE_HZ as usize).zip(far.chunks(12 * RATE_HZ as usize));
        pieces.flat_map(|(near, far)| hear(near, far, RATE_HZ).unwrap()).collect()
    }

    fn attenuation(&self) -> Result<Attenuation, NoAttenuation> {
        attenuation(&self.sweeps())
    }
}

#[test]
fn each_type_is_told_from_its_attenuation_within_a_decibel_though_echo_and_noise_are_as_loud_as_the_talker() {
    for (duck_db, class) in [
        (0.0, DoubleTalkType::Type1),
        (4.5, DoubleTalkType::Type2a),
        (8.0, DoubleTalkType::Type2b),
        (11.0, DoubleTalkType::Type2c),
        (15.0, DoubleTalkType::Type3),
    ] {
        for (echo, noise) in [(0.0, 0.001), (0.1, 0.002), (0.3, 0.01)] {
            let found = Room { duck_db, echo, noise, ..ROOM }.attenuation().unwrap();
            assert!((found.db - duck_db).abs() <= 1.0 && !found.is_at_least, "{duck_db} {echo}: {found:?}");
            assert!((found.db - duck_db).abs() <= found.bound_db + 0.2, "{duck_db} {echo}: {found:?}");
            assert_eq!(found.double_talk_type(), Some(class), "{duck_db} {echo}: {found:?}");
            assert!(found.alone >= 20 && found.together >= 8, "{found:?}");
        }
    }
}

#[test]
fn a_talker_that_is_taken_away_altogether_is_type_3_and_at_least() {
    let found = Room { duck_db: 80.0, ..ROOM }.attenuation().unwrap();
    assert!(found.is_at_least && found.db > 20.0, "{found:?}");
    assert_eq!(found.double_talk_type(), Some(DoubleTalkType::Type3));
    // Where noise hides the little that would be left, at least is no type.
    let found = Room { duck_db: 80.0, talker: 0.02, noise: 0.045, echo: 0.0, ..ROOM }.attenuation().unwrap();
    assert!(found.is_at_least && found.db < 12.0, "{found:?}");
    assert_eq!(found.double_talk_type(), None);
}

#[test]
fn the_talkers_level_is_what_the_filter_says_and_its_clock_may_be_off() {
    for fast_ppm in [-100.0, 0.0, 100.0] {
        let sweeps = Room { fast_ppm, ..ROOM }.sweeps();
        assert!((46..=51).contains(&sweeps.len()), "{}", sweeps.len());
        let alone: Vec<f64> =
            sweeps.iter().filter(|s| s.silent_dbfs < -100.0).filter_map(|s| s.level_db).collect();
        assert!(alone.len() > 20 && alone.iter().all(|db| (db + 20.0).abs() < 0.2), "{alone:?}");
    }
}

#[test]
fn speech_its_echo_noise_and_rising_sweeps_are_no_talker() {
    for noise in [0.0, 0.001, 0.1] {
        let silent = Room { talker: 0.0, echo: 0.5, noise, ..ROOM };
        assert_eq!(silent.attenuation(), Err(NoAttenuation::NoTalker), "{noise}");
    }
    let (mut near, far) = Room { talker: 0.0, ..ROOM }.sounds();
    let rising = Probe::narrowband(RATE_HZ).unwrap().samples;
    for start in (0..near.len() - rising.len()).step_by(PERIOD_MS as usize * PER_MS) {
        near[start..][..rising.len()].iter_mut().zip(&rising).for_each(|(to, sample)| *to += 0.1 * sample);
    }
    assert_eq!(hear(&near, &far, RATE_HZ), Ok(Vec::new()));
}

#[test]
fn too_few_moments_of_a_kind_are_no_figure() {
    let sweeps = Room { duck_db: 6.0, ..ROOM }.sweeps();
    let together = |sweep: &&Sweep| sweep.sounding_dbfs > -60.0;
    let alone: Vec<Sweep> = sweeps.iter().filter(|sweep| !together(sweep)).copied().collect();
    assert_eq!(attenuation(&alone), Err(NoAttenuation::LoudspeakerSilent));
    let few: Vec<Sweep> = alone.iter().chain(sweeps.iter().filter(together).take(5)).copied().collect();
    assert!(matches!(attenuation(&few), Err(NoAttenuation::TooFew { together: 5, .. })), "{few:?}");
    let both: Vec<Sweep> = sweeps.iter().filter(together).copied().collect();
    assert!(matches!(attenuation(&both), Err(NoAttenuation::TooFew { .. })));
}

#[test]
fn a_sweep_just_after_the_loudspeaker_fell_silent_counts_for_neither_kind() {
    let counted = |sweeps: &[Sweep]| match attenuation(sweeps) {
        Ok(found) => found.alone + found.together,
        Err(none) => panic!("{none}"),
    };
    let sweeps = ROOM.sweeps();
    let just_after: Vec<Sweep> = sweeps
        .iter()
        .filter(|sweep| sweep.sounding_dbfs < -60.0 && sweep.silent_dbfs > -60.0)
        .copied()
        .collect();
    assert!(just_after.len() >= 2, "{sweeps:?}");
    let more: Vec<Sweep> = sweeps.iter().chain(&just_after).copied().collect();
    assert_eq!(counted(&more), counted(&sweeps));
}

#[test]
fn the_sweep_is_the_one_that_the_page_of_signals_sounds() {
    #[derive(serde::Deserialize)]
    struct Talker {
        period_ms: u32,
        rate_hz: u32,
        length: usize,
        every: usize,
        samples: Vec<f32>,
    }
    let kept: Talker = serde_json::from_str(include_str!("../../tests/samples/talker.json")).unwrap();
    let sweep = sweep(kept.rate_hz).unwrap().samples;
    assert_eq!((PERIOD_MS, sweep.len()), (kept.period_ms, kept.length));
    let every: Vec<f32> = sweep.into_iter().step_by(kept.every).collect();
    assert_eq!(every.len(), kept.samples.len());
    every.iter().zip(&kept.samples).for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
}
