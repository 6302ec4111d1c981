//! What the meters of sound must show: known echoes, offsets and delays are found within their limits, and nothing is
//! said where there is nothing.

use tongke_measure::InputError;
use tongke_measure::chirp::{Detection, MouthToEar, Probe, Train, detect, normalised};
use tongke_measure::correlate::Weighting;
use tongke_measure::echo::{DoubleTalkType, Echo, Telr, TelrDb, erle_db};
use tongke_measure::emodel::{FullbandInput, g113};
use tongke_measure::lipsync::{FLASH_SPACING_MS, LipSyncResult, Picture, measure};
use tongke_measure::room::{Microphone, RoomFacts, RoomMeter};
use tongke_measure::speech::{NoScore, score};

const RATE_HZ: u32 = 16_000;

/// White noise in ±1, the same every time.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(self.0) / f64::from(1u32 << 31) - 1.0) as f32
    }
}

/// `gain`·sent, later by `delay_ms`, in noise of the amplitude `noise`.
fn returned(sent: &[f32], delay_ms: f64, gain: f32, noise: f32) -> Vec<f32> {
    let delay = (delay_ms * f64::from(RATE_HZ) / 1000.0).round() as usize;
    let mut hiss = Noise(7);
    (0..sent.len())
        .map(|i| {
            let echo = i.checked_sub(delay).map_or(0.0, |at| gain * sent[at]);
            echo + noise * hiss.next()
        })
        .collect()
}

fn train() -> Train {
    let probe = Probe::narrowband(RATE_HZ).expect("a usual rate");
    Train::new(probe, 4, 11).expect("a usual number")
}

#[test]
fn a_chirp_is_found_137_samples_late() {
    let probe = Probe::narrowband(8000).unwrap().samples;
    assert!((probe[100] - 0.129_461).abs() < 1e-6 && (probe[400] + 0.999_996).abs() < 1e-6);
    let mut hiss = Noise(1);
    let recorded: Vec<f32> = (0..1200usize)
        .map(|i| {
            let chirp = i.checked_sub(137).and_then(|at| probe.get(at)).map_or(0.0, |s| 0.3 * s);
            chirp + 0.1 * hiss.next()
        })
        .collect();
    let rho = normalised(&recorded, &probe).unwrap();
    let (lag, peak) = rho.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    assert_eq!(lag, 137);
    assert!((peak - 0.9097).abs() < 1e-4, "{peak}");
}

#[test]
fn an_echo_of_minus_30_db_at_180_ms_has_a_telr_of_40_db() {
    let speech = Train::new(Probe::speech_shaped(RATE_HZ).unwrap(), 4, 5).unwrap();
    for (train, weighting) in
        [(train(), Weighting::Matched), (train(), Weighting::Phat), (speech, Weighting::Phat)]
    {
        let sent = train.samples();
        for noise in [0.0, 0.001, 0.003] {
            let back = returned(&sent, 180.0, 10f32.powf(-30.0 / 20.0), noise);
            let echo = Echo::find(&sent, &back, RATE_HZ, 800.0, weighting).unwrap();
            let Echo::Found { loss_db, delay_ms, limit_db } = echo else { panic!("{noise}: {echo:?}") };
            assert!((loss_db - 30.0).abs() < 1.5 && limit_db > loss_db, "{noise}: {echo:?}");
            assert!((delay_ms - 180.0).abs() <= 0.1, "{noise}: {echo:?}");
            let Some(Telr::Measured(TelrDb(telr_db))) = echo.telr() else { panic!("{echo:?}") };
            assert!((telr_db - 40.0).abs() < 1.5, "{telr_db}");
        }
    }
}

#[test]
fn reverberation_counts_as_echo() {
    // Two reflections 20 ms apart, each of −30 dB: together −27 dB.
    let sent = train().samples();
    let mut back = returned(&sent, 180.0, 10f32.powf(-30.0 / 20.0), 0.0005);
    for (sample, late) in back.iter_mut().zip(returned(&sent, 200.0, 10f32.powf(-30.6 / 20.0), 0.0)) {
        *sample += late;
    }
    let echo = Echo::find(&sent, &back, RATE_HZ, 800.0, Weighting::Matched).unwrap();
    let Echo::Found { loss_db, .. } = echo else { panic!("{echo:?}") };
    assert!((loss_db - 27.3).abs() < 0.5, "{echo:?}");
}

#[test]
fn without_an_echo_the_loss_is_at_least_what_the_noise_allows() {
    let sent = train().samples();
    let mut limits = Vec::new();
    for noise in [0.0005, 0.01] {
        let quiet = Echo::find(&sent, &returned(&sent, 0.0, 0.0, noise), RATE_HZ, 800.0, Weighting::Matched);
        let Ok(Echo::NoneAboveNoise { at_least_db }) = quiet else { panic!("{quiet:?}") };
        limits.push(at_least_db);
        let telr = quiet.unwrap().telr();
        assert_eq!(telr, Some(Telr::AtLeast(TelrDb(10.0 + at_least_db))));
        // What is said to be the limit is one: an echo 1 dB louder is found.
        let gain = 10f32.powf(-(at_least_db as f32 - 1.0) / 20.0);
        let loud =
            Echo::find(&sent, &returned(&sent, 180.0, gain, noise), RATE_HZ, 800.0, Weighting::Matched);
        assert!(matches!(loud, Ok(Echo::Found { .. })), "{loud:?}");
    }
    // 26 dB more noise, 26 dB less to be said.
    assert!((limits[0] - limits[1] - 26.0).abs() < 0.1, "{limits:?}");
}

#[test]
fn two_echoes_are_no_one_loss() {
    let sent = train().samples();
    let mut back = returned(&sent, 20.0, 0.1, 0.001);
    for (sample, late) in back.iter_mut().zip(returned(&sent, 400.0, 0.08, 0.0)) {
        *sample += late;
    }
    let echo = Echo::find(&sent, &back, RATE_HZ, 800.0, Weighting::Matched).unwrap();
    let Echo::Several { delays_ms } = echo else { panic!("{echo:?}") };
    assert!((delays_ms[0] - 20.0).abs() < 1.0 && (delays_ms[1] - 400.0).abs() < 1.0, "{delays_ms:?}");
    assert_eq!(echo.telr(), None);
}

#[test]
fn a_muted_far_side_proves_no_echo_loss() {
    let sent = train().samples();
    let muted = vec![0.0; sent.len()];
    let echo = Echo::find(&sent, &muted, RATE_HZ, 800.0, Weighting::Matched);
    assert_eq!(echo, Err(InputError::Silent { what: "the returned signal" }));
    let echo = Echo::find(&muted, &sent, RATE_HZ, 800.0, Weighting::Matched);
    assert_eq!(echo, Err(InputError::Silent { what: "the sent signal" }));
}

#[test]
fn erle_is_the_power_that_the_canceller_takes() {
    let sent = train().samples();
    let residual: Vec<f32> = sent.iter().map(|s| s * 0.1).collect();
    assert!((erle_db(&sent, &residual).unwrap() - 20.0).abs() < 1e-4);
    assert!(erle_db(&sent, &vec![0.0; 100]).is_err());
}

#[test]
fn double_talk_is_classed_by_what_the_send_side_takes_away() {
    let class = |db| DoubleTalkType::from_send_attenuation(db).unwrap();
    for (db, want, telr_db) in [
        (0.0, DoubleTalkType::Type1, Some(37.0)),
        (3.0, DoubleTalkType::Type1, Some(37.0)),
        (3.1, DoubleTalkType::Type2a, Some(33.0)),
        (9.0, DoubleTalkType::Type2b, Some(27.0)),
        (12.0, DoubleTalkType::Type2c, Some(21.0)),
        (12.1, DoubleTalkType::Type3, None),
    ] {
        assert_eq!((class(db), class(db).least_telr_db()), (want, telr_db.map(TelrDb)), "{db} dB");
    }
    assert!(DoubleTalkType::SOURCE.contains("not verified"));
    assert!(DoubleTalkType::from_send_attenuation(-1.0).is_err());
}

#[test]
fn mouth_to_ear_is_found_for_both_probes_and_air_is_told_apart() {
    for probe in [Probe::wideband(RATE_HZ), Probe::narrowband(RATE_HZ), Probe::speech_shaped(RATE_HZ)] {
        let train = Train::new(probe.unwrap(), 5, 3).unwrap();
        let sent = train.samples();
        for delay_ms in [12.0, 150.0, 437.0] {
            let recorded = returned(&sent, delay_ms, 0.3, 0.02);
            let found = detect(&recorded, &train, 900.0).unwrap();
            let Detection::Found { lag_ms, found, played, .. } = found else {
                panic!("{:?} at {delay_ms}: {found:?}", train.probe.kind)
            };
            assert!((lag_ms - delay_ms).abs() < 0.2, "{lag_ms}, not {delay_ms}");
            assert_eq!((found, played), (5, 5));
        }
    }
    let air = MouthToEar::new(150.0, 1.0, 3.0).unwrap();
    assert!((air.acoustic_ms - 11.66).abs() < 0.01 && (air.without_air_ms - 138.34).abs() < 0.01);
    assert!(MouthToEar::new(5.0, 1.0, 3.0).is_err(), "sound is not quicker than sound");
}

#[test]
fn what_is_not_there_is_not_found_and_what_jumps_disagrees() {
    let train = Train::new(Probe::narrowband(RATE_HZ).unwrap(), 5, 3).unwrap();
    let sent = train.samples();
    let noise = detect(&returned(&sent, 0.0, 0.0, 0.1), &train, 900.0).unwrap();
    assert!(matches!(noise, Detection::NotFound { played: 5, .. }), "{noise:?}");
    // The last two probes come 40 ms later than the others.
    let jump = train.starts[3] - 1000;
    let mut recorded = returned(&sent, 100.0, 0.3, 0.01);
    let late = returned(&sent, 140.0, 0.3, 0.01);
    recorded[jump..].copy_from_slice(&late[jump..]);
    let jumped = detect(&recorded, &train, 900.0).unwrap();
    assert!(matches!(&jumped, Detection::Disagreeing { lags_ms } if lags_ms.len() == 5), "{jumped:?}");
    // Two copies of like strength: which is it?
    let mut twice = returned(&sent, 100.0, 0.3, 0.01);
    for (sample, more) in twice.iter_mut().zip(returned(&sent, 300.0, 0.25, 0.0)) {
        *sample += more;
    }
    let twice = detect(&twice, &train, 900.0).unwrap();
    assert!(matches!(twice, Detection::NotFound { .. }), "{twice:?}");
}

/// Twelve flashes and beeps, filmed at `fps`, sound `early_ms` before the picture, with noise in both.
fn scene(fps: f64, early_ms: f64, noise: f32) -> LipSyncResult {
    let (flashes, length_ms) = (12, 12.0 * FLASH_SPACING_MS + 1500.0);
    let flash = |k: u32| 713.0 + f64::from(k) * FLASH_SPACING_MS;
    let mut hiss = Noise(99);
    let mut pictures = Vec::new();
    let mut at_ms = 3.7;
    while at_ms < length_ms {
        let lit = (0..flashes).any(|k| (flash(k)..flash(k) + 133.0).contains(&at_ms));
        let luma = if lit { 210.0 } else { 40.0 } + f64::from(hiss.next() * noise * 100.0);
        pictures.push(Picture { at_ms, luma });
        at_ms += 1000.0 / fps;
    }
    let samples = (length_ms * f64::from(RATE_HZ) / 1000.0) as usize;
    let sound: Vec<f32> = (0..samples)
        .map(|i| {
            let t_ms = i as f64 * 1000.0 / f64::from(RATE_HZ);
            let beep = (0..flashes).map(|k| t_ms - (flash(k) - early_ms)).find(|t| (0.0..120.0).contains(t));
            let tone = beep.map_or(0.0, |t| 0.4 * (std::f64::consts::TAU * t).sin());
            tone as f32 + noise * hiss.next()
        })
        .collect();
    measure(&pictures, &sound, RATE_HZ).expect("a film with sound")
}

#[test]
fn sound_early_or_late_is_found_within_10_ms() {
    for fps in [15.0, 25.0, 30.0] {
        for noise in [0.0, 0.1] {
            for early_ms in (-200..=200).step_by(20).map(f64::from) {
                let result = scene(fps, early_ms, noise);
                let LipSyncResult::Measured(sync) = result else { panic!("{fps} {early_ms}: {result:?}") };
                assert!((sync.offset_ms - early_ms).abs() <= 10.0, "{fps} fps, {early_ms}: {sync:?}");
                assert!((sync.half_period_ms - 500.0 / fps).abs() < 0.1, "{sync:?}");
                assert_eq!((sync.pairs, sync.unpaired), (12, 0), "{fps} fps, {early_ms}, {noise}");
                // One event is within half a picture, and the millisecond of the envelope.
                assert!(sync.spread_ms <= 2.0 * sync.half_period_ms + 2.0, "{sync:?}");
            }
        }
    }
}

#[test]
fn a_black_camera_or_a_muted_microphone_has_no_lip_sync() {
    let dark = vec![
        Picture { at_ms: 0.0, luma: 16.0 },
        Picture { at_ms: 40.0, luma: 17.0 },
        Picture { at_ms: 80.0, luma: 16.0 },
    ];
    let mut hiss = Noise(5);
    let noise: Vec<f32> = (0..RATE_HZ).map(|_| 0.1 * hiss.next()).collect();
    assert_eq!(measure(&dark, &noise, RATE_HZ), Ok(LipSyncResult::NoFlash));
    let flash: Vec<Picture> = (0..25)
        .map(|i| Picture {
            at_ms: f64::from(i) * 40.0,
            luma: if (10..13).contains(&i) { 200.0 } else { 16.0 },
        })
        .collect();
    assert_eq!(measure(&flash, &noise, RATE_HZ), Ok(LipSyncResult::NoBeep));
    let muted = measure(&flash, &[0.0; 16_000], RATE_HZ);
    assert_eq!(muted, Err(InputError::Silent { what: "the recorded sound" }));
}

fn heard(samples: impl Iterator<Item = f32>) -> RoomFacts {
    let mut meter = RoomMeter::new(RATE_HZ);
    for chunk in samples.collect::<Vec<_>>().chunks(333) {
        meter.push(chunk);
    }
    meter.facts()
}

/// Two seconds.
fn seconds() -> std::ops::Range<u32> {
    0..2 * RATE_HZ
}

#[test]
fn a_muted_microphone_is_told_from_a_quiet_room() {
    let step = 1.0 / 32_768.0;
    for (what, samples) in [
        ("zeros", vec![0.0; 32_000]),
        ("one step of dither", seconds().map(|i| if i % 2 == 0 { step } else { 0.0 }).collect()),
        ("a stuck converter", vec![0.25; 32_000]),
    ] {
        let facts = heard(samples.into_iter());
        assert_eq!((facts.microphone, facts.level_dbfs), (Microphone::Muted, None), "{what}: {facts:?}");
    }
    let mut hiss = Noise(3);
    let quiet = heard(seconds().map(|_| 0.0005 * hiss.next()));
    // Evenly spread in ±0.0005: RMS 0.0005/√3.
    assert_eq!(quiet.microphone, Microphone::Quiet);
    assert!((quiet.noise_dbfs.unwrap() + 70.8).abs() < 0.6, "{quiet:?}");
    let mut hiss = Noise(3);
    let voice = heard(seconds().map(|i| {
        let speaks = i % RATE_HZ < RATE_HZ / 3;
        0.0005 * hiss.next() + if speaks { 0.1 * (i as f32 * 0.3).sin() } else { 0.0 }
    }));
    assert_eq!(voice.microphone, Microphone::Sound);
    assert!((voice.loud_dbfs.unwrap() + 23.0).abs() < 0.6, "{voice:?}");
    assert_eq!(heard((0..1000).map(|_| 0.1)).microphone, Microphone::TooLittle);
}

#[test]
fn clipping_is_six_samples_at_full_scale_in_a_row() {
    let mut hiss = Noise(8);
    let runs = [5, 6, 9, 1];
    let mut samples: Vec<f32> = (0..32_000).map(|_| 0.2 * hiss.next()).collect();
    for (at, run) in runs.into_iter().enumerate() {
        samples[at * 5000 + 100..][..run].fill(if at % 2 == 0 { 1.0 } else { -1.0 });
    }
    let facts = heard(samples.into_iter());
    assert_eq!((facts.clipped_runs, facts.clipped_samples, facts.peak), (2, 15, 1.0));
}

#[test]
fn a_muted_microphone_or_no_packet_has_no_score() {
    let input = FullbandInput::of(g113::evs_swb(24.4).unwrap());
    let muted = heard(std::iter::repeat_n(0.0, 32_000));
    assert_eq!(score(&input, 1000, Some(&muted)), Err(NoScore::Muted));
    assert_eq!(score(&input, 0, None), Err(NoScore::NothingArrived));
    assert_eq!(score(&input, 5, Some(&heard(std::iter::empty()))), Err(NoScore::TooLittle));
    let mut hiss = Noise(3);
    let live = heard(seconds().map(|_| 0.001 * hiss.next()));
    assert!((score(&input, 100, Some(&live)).unwrap().mos.value() - 4.4436).abs() < 1e-4);
}
