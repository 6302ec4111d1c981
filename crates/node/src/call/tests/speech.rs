//! Speech through the codec of lessons, and packets of it that never come.

use super::line::*;
use crate::clock::MachineClock;
use crate::receive::PieceKind;
use std::time::Instant;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Measured};
use tongke_measure::visqol;
use tongke_media::SoundFrame;
use tongke_media::decode::OpusDecoder;
use tongke_media::encode::{OpusEncoder, SoundMode};
use tongke_media::program::{CYCLE, Schedule, Side, spoken};
use tongke_protocol::WallTime;

/// Three cycles, and what is heard late.
const SECONDS: u32 = 38;

/// A line with Opus at 32 kbit/s that loses so many of a hundred packets, by lot.
fn coded(loss_percent: u32) -> Line {
    let mut encoder = OpusEncoder::new(SoundMode::Speech, 1, 32_000).unwrap();
    let mut decoder = OpusDecoder::new(1).unwrap();
    let mut random = 1_u32;
    let on_sound = move |_, samples| {
        let captured = Instant::now();
        let packet = encoder.encode(&SoundFrame { samples, channels: 1, captured }).unwrap();
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if (random >> 16) % 100 < loss_percent {
            (decoder.conceal().unwrap(), PieceKind::Concealed)
        } else {
            (decoder.decode(&packet.data).unwrap(), PieceKind::Received)
        }
    };
    Line { on_sound: Box::new(on_sound), on_picture: Box::new(|_, _| None), ..Line::default() }
}

fn heard(loss_percent: u32) -> Measured {
    measured(&coded(loss_percent).hold(MachineClock::start(), SECONDS), Quantity::SpeechVisqol).clone()
}

#[test]
fn speech_that_loses_packets_is_heard_worse_than_speech_that_loses_none() {
    let [clean, tenth, third] = [0, 10, 30].map(heard);
    assert!(clean.n >= 3 && clean.reference[0].to_string().contains("ViSQOL"), "{clean:?}");
    let median = |of: &Measured| of.median.unwrap();
    // 4.60, 4.43 and 3.86.
    assert!(median(&clean) > 4.5, "{clean:?}");
    assert!(median(&tenth) < median(&clean) - 0.1, "{tenth:?}");
    assert!(median(&third) < median(&tenth) - 0.4, "{third:?}");
}

#[test]
fn two_turns_are_no_score_and_silence_is_none_at_all() {
    let short = Line::default().hold(MachineClock::start(), 25);
    let few = missing(&short, Quantity::SpeechVisqol);
    assert!(
        few.cause == Cause::EndedEarly && few.detail.as_ref().unwrap().to_string().contains("compared=2"),
        "{few:?}"
    );
    let muted =
        Line { on_sound: Box::new(|_, samples| (vec![0; samples.len()], PieceKind::Received)), ..coded(0) };
    let muted = muted.hold(MachineClock::start(), SECONDS);
    assert_eq!(missing(&muted, Quantity::SpeechVisqol).cause, Cause::MicrophoneMuted);
}

#[test]
fn every_turn_has_speech_enough_to_be_compared() {
    let schedule = Schedule::new(&"test-line".parse().unwrap());
    for cycle in 0..20 {
        let at = WallTime(cycle * CYCLE.as_micros() as u64);
        for side in [Side::A, Side::B] {
            let said: Vec<f32> =
                super::super::recording::decimated(&spoken(schedule, side, schedule.speaking(side, at)))
                    .collect();
            let same = visqol::compare(&said, &said).unwrap();
            assert!(same.patches >= 3 && same.mos.value() > 4.99, "cycle {cycle}, {side:?}: {same:?}");
        }
    }
}
