//! Known damage to a synthetic voice, heard as it should be.

use super::*;
use std::f64::consts::TAU;

const RATE: usize = SAMPLE_RATE_HZ as usize;

/// Numbers from −1 to 1, the same on every run.
fn noise(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

/// Syllables of voice and of hiss with moving formants, eight seconds. Each seed says something else.
fn voice(seed: u32) -> Vec<f32> {
    let mut draw = noise(seed);
    let mut hiss = noise(seed ^ 0x5555);
    let mut sound = Vec::new();
    let mut phase = 0.0;
    while sound.len() < 8 * RATE {
        let length = (RATE as f64 * (0.18 + 0.08 * draw())) as usize;
        let (pitch_hz, glide) = (140.0 + 50.0 * draw(), 0.2 * draw());
        let formants_hz = [500.0 + 250.0 * draw(), 1500.0 + 600.0 * draw(), 2600.0 + 300.0 * draw()];
        let (hissing, pause) = (draw() > 0.5, (RATE as f64 * (0.04 + 0.04 * draw())) as usize);
        for n in 0..length {
            let through = n as f64 / length as f64;
            let pitch_hz = pitch_hz * (1.0 + glide * through);
            phase += pitch_hz / RATE as f64;
            let near = |hz: f64, formant_hz: f64| 1.0 / (1.0 + ((hz - formant_hz) / 120.0).powi(2));
            let loudness =
                |hz: f64| formants_hz.iter().map(|formant_hz| near(hz, *formant_hz)).sum::<f64>() + 0.03;
            let voiced: f64 = (1..)
                .map(|harmonic| (f64::from(harmonic), pitch_hz * f64::from(harmonic)))
                .take_while(|(_, hz)| *hz < 7000.0)
                .map(|(harmonic, hz)| loudness(hz) * (TAU * harmonic * phase).sin() / harmonic.sqrt())
                .sum();
            let envelope = (std::f64::consts::PI * through).sin();
            let hiss = if hissing && through < 0.4 { 0.5 * hiss() } else { 0.01 * hiss() };
            sound.push(((0.12 * voiced + hiss) * envelope) as f32);
        }
        sound.extend(std::iter::repeat_n(0.0, pause));
    }
    sound
}

fn with_noise(sound: &[f32], below_db: f64) -> Vec<f32> {
    let level =
        (sound.iter().map(|sample| f64::from(sample * sample)).sum::<f64>() / sound.len() as f64).sqrt();
    let amplitude = level * 10f64.powf(-below_db / 20.0) * 3f64.sqrt();
    let mut noise = noise(99);
    sound.iter().map(|sample| sample + (amplitude * noise()) as f32).collect()
}

/// A share of packets of 20 ms is silence.
fn with_holes(sound: &[f32], share: f64) -> Vec<f32> {
    let mut draw = noise(7);
    let packets = sound.chunks(RATE / 50);
    packets
        .flat_map(|packet| {
            let lost = (draw() + 1.0) / 2.0 < share;
            packet.iter().map(move |sample| if lost { 0.0 } else { *sample })
        })
        .collect()
}

fn nsim(heard: &[f32]) -> f64 {
    compare(&voice(1), heard).unwrap().nsim
}

/// Each is worse than the one before, by so much that it is no accident.
fn falls(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[1] < pair[0] - 0.001)
}

/// visqol-rs 0.4.1 finds these similarities for the same pairs of signals. It compares patches of 30 frames, here they
/// have 20 as in ViSQOL's speech mode, and it chooses patches by another rule: the two differ by up to 0.035.
#[test]
fn similarities_are_those_of_another_implementation() {
    let noisy = |below_db| with_noise(&voice(1), below_db);
    let holes = |share| with_holes(&voice(1), share);
    let clipped = voice(1).iter().map(|sample| sample.clamp(-0.05, 0.05)).collect();
    let found = [
        (noisy(40.0), 0.9974),
        (noisy(30.0), 0.9848),
        (noisy(20.0), 0.9171),
        (noisy(10.0), 0.7864),
        (noisy(0.0), 0.5922),
        (holes(0.03), 0.9819),
        (holes(0.1), 0.9606),
        (holes(0.3), 0.8748),
        (clipped, 0.8033),
    ];
    for (heard, theirs) in found {
        let ours = nsim(&heard);
        assert!((ours - theirs).abs() < 0.035, "{ours} and {theirs}");
    }
}

#[test]
fn what_was_heard_as_it_was_said_is_excellent() {
    let same = compare(&voice(1), &voice(1)).unwrap();
    assert!(same.nsim > 0.9999 && same.mos.value() > 4.99, "{same:?}");
    assert!((8..=20).contains(&same.patches), "{same:?}");
}

#[test]
fn delay_and_level_do_not_matter() {
    for (late, gain) in [(0, 0.2), (11_689, 1.0), (4321, 0.4)] {
        let mut heard = vec![0.0; late];
        heard.extend(voice(1).iter().map(|sample| sample * gain));
        let found = nsim(&heard);
        assert!(found > 0.99, "{late} samples, {gain}: {found}");
    }
    let early = &voice(1)[4000..];
    assert!(nsim(early) > 0.93, "half a second is missing: {}", nsim(early));
}

#[test]
fn a_jitter_buffer_that_grows_and_shrinks_in_mid_speech_costs_little() {
    let said = voice(1);
    let mut heard = said[..3 * RATE].to_vec();
    heard.extend(std::iter::repeat_n(0.0, RATE / 10));
    heard.extend(&said[3 * RATE..6 * RATE]);
    heard.extend(&said[6 * RATE + RATE / 10..]);
    assert!(nsim(&heard) > 0.9, "{}", nsim(&heard));
}

#[test]
fn more_noise_sounds_worse() {
    let values = [50.0, 40.0, 30.0, 20.0, 10.0, 0.0].map(|below_db| nsim(&with_noise(&voice(1), below_db)));
    assert!(falls(&values), "{values:?}");
}

#[test]
fn more_lost_packets_sound_worse() {
    let values = [0.0, 0.03, 0.1, 0.3].map(|share| nsim(&with_holes(&voice(1), share)));
    assert!(falls(&values), "{values:?}");
}

#[test]
fn a_telephone_s_band_is_less_than_the_whole() {
    // A moving average of 0.25 ms, twice, takes off what is high.
    let dull =
        |sound: &[f32]| sound.windows(4).map(|near| near.iter().sum::<f32>() / 4.0).collect::<Vec<f32>>();
    let value = nsim(&dull(&dull(&voice(1))));
    assert!((0.5..0.98).contains(&value), "{value}");
}

#[test]
fn other_words_and_noise_alone_are_bad() {
    let (other, hiss) = (nsim(&voice(2)), nsim(&with_noise(&voice(1), -40.0)));
    let bad = |value: f64| MosLqo::from_nsim(value).unwrap().value() < 2.0;
    assert!(bad(other) && bad(hiss), "{other} {hiss}");
}

#[test]
fn silence_and_scraps_have_no_quality() {
    let silent = |found: Result<Comparison, InputError>| matches!(found, Err(InputError::Silent { .. }));
    let (said, nothing) = (voice(1), vec![0.0; 8 * RATE]);
    assert!(silent(compare(&nothing, &said)) && silent(compare(&said, &nothing)));
    let faint: Vec<f32> = said.iter().map(|sample| sample * 0.001).collect();
    assert!(silent(compare(&faint, &said)) && silent(compare(&said, &faint)));
    let short = compare(&said[..RATE], &said);
    assert!(matches!(short, Err(InputError::TooShort { .. })), "{short:?}");
    assert!(matches!(compare(&said, &[f32::NAN]), Err(InputError::NotFinite { .. })));
}
