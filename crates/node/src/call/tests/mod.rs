mod line;
mod speech;

use crate::clock::MachineClock;
use crate::receive::PieceKind;
use jiff::Timestamp;
use line::*;
use std::collections::VecDeque;
use std::time::Duration;
use tongke_inspection::facts::{
    Cause, EventKind, Facts, Finding, Kind, OneSided, Outcome, Place, Places, Remark, RemarkCode, Scope,
    Time, VERSION, Way,
};
use tongke_inspection::judge::{Verdict, Why, judge};
use tongke_inspection::{Criteria, Quantity};
use tongke_measure::evidence::LossShare;
use tongke_media::program::Side;

/// Each finding as a document of facts takes it, and the document.
fn document(findings: Vec<Finding>) -> Facts {
    let place = |node: &str| Place { school: node.into(), room: String::new(), node: node.into() };
    let facts = Facts {
        version: VERSION,
        id: "test".into(),
        kind: Kind::Inspection,
        asked_by: "test".into(),
        places: Places { a: place("a"), b: Some(place("b")), relay: "http://relay".into() },
        time: Time {
            began: Timestamp::UNIX_EPOCH,
            ended: Timestamp::UNIX_EPOCH,
            utc_offset_minutes: 480,
            clocks: Vec::new(),
        },
        software: "test".into(),
        steps: Vec::new(),
        findings,
        notes: Vec::new(),
    };
    facts.to_json().unwrap();
    facts
}

#[test]
fn a_clean_line_is_measured_as_it_is() {
    let findings = Line::default().hold(MachineClock::start(), 14);
    let picture = measured(&findings, Quantity::GlassToGlass);
    assert!((picture.median.unwrap() - 90.0).abs() <= 1.0 && picture.n > 400, "{picture:?}");
    assert_eq!((picture.bound, picture.clock_bound_ms), (Some(1.7), Some(0.7)));
    let sound = measured(&findings, Quantity::MouthToEar);
    assert_eq!((sound.median, sound.bound), (Some(70.0), Some(0.7)));
    for (quantity, value) in [
        (Quantity::MarkerDecode, 1.0),
        (Quantity::AudioLoss, 0.0),
        (Quantity::ConcealedSeconds, 0.0),
        (Quantity::FreezeShare, 0.0),
        (Quantity::Freezes, 0.0),
        (Quantity::Ssim, 1.0),
    ] {
        assert_eq!(measured(&findings, quantity).value, Some(value), "{quantity}");
    }
    assert!((measured(&findings, Quantity::VideoFps).value.unwrap() - 30.0).abs() < 0.1);
    assert_eq!(of(&findings, Quantity::Resolution), &Outcome::Found("320×240".into()));
    assert_eq!(missing(&findings, Quantity::Telr).cause, Cause::NoDevice);
    assert_eq!(missing(&findings, Quantity::DoubleTalk).cause, Cause::NoDevice);
    document(findings);
}

#[test]
fn three_speech_scales_have_their_sources_and_no_value_where_none_is_published() {
    let findings = Line::default().hold(MachineClock::start(), 14);
    let fullband = measured(&findings, Quantity::SpeechMosFb);
    assert!(
        fullband.reference.iter().any(|said| said.to_string().contains("10.1145/3458751")),
        "{fullband:?}"
    );
    // Ie of 32 kbit/s is 16.14, between the rows of 31 and 34; 70 ms cost nothing.
    let rating = measured(&findings, Quantity::SpeechRatingFb).value.unwrap();
    assert!((rating - (148.0 - 16.14) / 1.48).abs() < 0.01, "{rating}");
    assert_eq!(missing(&findings, Quantity::SpeechMosWb).cause, Cause::NoPublishedValue);
    let narrowband = measured(&findings, Quantity::SpeechMosNb);
    let said: Vec<_> = narrowband.reference.iter().filter_map(Remark::code).collect();
    assert_eq!(said, [RemarkCode::Rated, RemarkCode::G711ForOpus, RemarkCode::TelrNotMeasured]);
}

#[test]
fn sound_against_picture_is_found_within_ten_milliseconds_from_minus_to_plus_200() {
    let clock = MachineClock::start();
    for (n, offset_ms) in (-200..=200).step_by(20).enumerate() {
        // Flashes begin anywhere in a picture's time.
        let first = Duration::from_micros(1_600) * n as u32;
        let line = Line { picture_ms: 300 + offset_ms, sound_ms: 300, first, ..Line::default() };
        let sync = measured(&line.hold(clock, 13), Quantity::LipSync).clone();
        for each in [sync.min, sync.median, sync.max] {
            assert!((each.unwrap() - offset_ms as f64).abs() <= 3.0, "{offset_ms}: {sync:?}");
        }
        assert!(sync.n >= 2 && sync.bound == Some(2.0));
    }
}

#[test]
fn one_damaged_marker_of_ten_makes_the_delay_invalid() {
    let spoil = |number: u32, mut picture: tongke_media::Picture| {
        if number.is_multiple_of(10) {
            // One cell, turned from black to white or back.
            let width = picture.width() as usize;
            let (luma, ..) = picture.planes_mut();
            for row in luma.chunks_mut(width).skip(96).take(16) {
                row[80..96].iter_mut().for_each(|sample| *sample = if *sample > 126 { 16 } else { 235 });
            }
        }
        Some(picture)
    };
    let line = Line { on_picture: Box::new(spoil), ..Line::default() };
    let findings = line.hold(MachineClock::start(), 8);
    let share = measured(&findings, Quantity::MarkerDecode).value.unwrap();
    assert!((share - 0.9).abs() < 0.01, "{share}");
    let judged = judge(&document(findings), &Criteria::shipped());
    let here = |line: &&tongke_inspection::judge::Line| {
        line.quantity == Quantity::GlassToGlass && line.way == Some(Way::BToA)
    };
    let verdict = judged.lines.iter().find(here).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Invalid(Why::MarkersUnreadable { .. })), "{verdict:?}");
}

#[test]
fn what_stands_still_and_what_is_invented_is_told_with_its_moment() {
    let line = Line {
        on_picture: Box::new(|number, picture| (!(210..225).contains(&number)).then_some(picture)),
        on_sound: Box::new(|number, samples| {
            let kind = if (310..313).contains(&number) { PieceKind::Concealed } else { PieceKind::Received };
            (samples, kind)
        }),
        packets: LossShare { lost: 3, n: 700 },
        ..Line::default()
    };
    let findings = line.hold(MachineClock::start(), 14);
    assert_eq!(measured(&findings, Quantity::Freezes).value, Some(1.0));
    let frozen = measured(&findings, Quantity::FreezeShare);
    let [event] = frozen.events[..] else { panic!("{frozen:?}") };
    assert_eq!(event.what, EventKind::Freeze);
    assert!((event.lasting_s - 16.0 / 30.0).abs() < 1e-3, "{event:?}");
    // Shown 90 ms after its capture; the call began with the first picture.
    assert!((event.at_s - 209.0 / 30.0).abs() < 0.01, "{event:?}");
    let loss = measured(&findings, Quantity::AudioLoss);
    assert_eq!(loss.value, Some(3.0 / 700.0));
    let [event] = loss.events[..] else { panic!("{loss:?}") };
    assert!((event.at_s - 6.18).abs() < 0.03 && (event.lasting_s - 0.06).abs() < 1e-6, "{event:?}");
    let concealed = measured(&findings, Quantity::ConcealedSeconds);
    assert_eq!((concealed.n, concealed.value), (14, Some(1.0 / 14.0)));
    assert_eq!(measured(&findings, Quantity::SeverelyConcealedSeconds).value, Some(1.0 / 14.0));
}

/// Own sound that comes back in the other's, 30 dB weaker and `delay_pieces` later; from the piece `grows` on a piece
/// later yet.
fn with_echo(clock: MachineClock, delay_pieces: usize, grows: Option<u32>) -> Line {
    let mut own = sound(program(Side::A, clock), clock);
    let gain = 10f64.powf(-30.0 / 20.0);
    let mut on_its_way: VecDeque<Vec<i16>> = (0..delay_pieces).map(|_| vec![0; 960]).collect();
    Line {
        sound_ms: 80,
        on_sound: Box::new(move |number, mut samples| {
            if grows == Some(number) {
                on_its_way.push_back(vec![0; 960]);
            }
            on_its_way.push_back(own(number));
            let back = on_its_way.pop_front().unwrap();
            for (sample, echo) in samples.iter_mut().zip(back) {
                *sample += (f64::from(echo) * gain) as i16;
            }
            (samples, PieceKind::Received)
        }),
        rooms: true,
        ..Line::default()
    }
}

#[test]
fn an_echo_of_30_db_is_a_telr_of_40() {
    let clock = MachineClock::start();
    // 180 ms in the room and 80 back: what the talker waits for.
    let findings = with_echo(clock, 9, None).hold(clock, 26);
    let telr = measured(&findings, Quantity::Telr);
    assert!((telr.value.unwrap() - 40.0).abs() <= 1.5 && telr.one_sided.is_none(), "{telr:?}");
    assert_eq!(telr.n, 4);
    let delay = measured(&findings, Quantity::EchoDelay).value.unwrap();
    assert!((delay - 260.0).abs() < 2.0, "{delay}");
    let idte = measured(&findings, Quantity::EchoIdte).value.unwrap();
    assert!((20.0..60.0).contains(&idte), "{idte}");
    let narrowband = measured(&findings, Quantity::SpeechMosNb);
    assert!(narrowband.reference.iter().any(|said| said.code() == Some(RemarkCode::TelrMeasured)));
    let way = findings.iter().find(|finding| finding.quantity == Quantity::Telr).unwrap().way;
    assert_eq!(way, Some(Way::AToB), "the other room makes it");
}

#[test]
fn a_buffer_that_grows_between_two_sweeps_does_not_weaken_their_echo() {
    let clock = MachineClock::start();
    // The first sweep is sent at 2.9 to 3.1 s, the second at 3.95 to 4.15.
    let findings = with_echo(clock, 9, Some(175)).hold(clock, 14);
    let telr = measured(&findings, Quantity::Telr);
    assert!((telr.value.unwrap() - 40.0).abs() <= 1.5 && telr.n == 2, "{telr:?}");
    let delay = measured(&findings, Quantity::EchoDelay);
    assert!((delay.bound.unwrap() - 20.0).abs() < 2.0, "what it changed by is told: {delay:?}");
}

#[test]
fn no_echo_is_at_least_what_would_have_been_found() {
    let clock = MachineClock::start();
    let findings = Line { rooms: true, ..Line::default() }.hold(clock, 14);
    let telr = measured(&findings, Quantity::Telr);
    assert_eq!(telr.one_sided, Some(OneSided::AtLeast));
    assert!(telr.value.unwrap() > 50.0, "{telr:?}");
    assert_eq!(measured(&findings, Quantity::EchoIdte).one_sided, Some(OneSided::AtMost));
    assert_eq!(missing(&findings, Quantity::EchoDelay).cause, Cause::SignalUnreadable);
}

#[test]
fn the_rooms_microphone_hears_the_others_sweeps_after_the_whole_way() {
    let clock = MachineClock::start();
    let mut far = sound(program(Side::B, clock), clock);
    // 240 ms after their capture they come out of the air, 26 dB weaker.
    let mut on_its_way: VecDeque<Vec<i16>> = (0..12).map(|_| vec![0; 960]).collect();
    let microphone = move |number| {
        on_its_way.push_back(far(number));
        on_its_way.pop_front().unwrap().into_iter().map(|sample| sample / 20).collect()
    };
    let line = Line { rooms: true, microphone: Some(Box::new(microphone)), ..Line::default() };
    let findings = line.hold(clock, 14);
    let acoustic = |it: &&Finding| it.quantity == Quantity::MouthToEar && it.scope == Some(Scope::B);
    let Outcome::Measured(heard) = &findings.iter().find(acoustic).unwrap().outcome else { panic!() };
    assert!((heard.median.unwrap() - 240.0).abs() <= 1.0 && heard.n == 2, "{heard:?}");
    document(findings);
}

/// A line with a room at this end, whose canceller takes this share of its talker while the loudspeaker sounds.
fn with_talker(clock: MachineClock, talker: Option<f32>, ducked: f32) -> Line {
    let mut far = sound(program(Side::B, clock), clock);
    // What b says is played 80 ms after its capture; the canceller lets go 200 ms after the last sound.
    let mut on_its_way: VecDeque<Vec<i16>> = (0..4).map(|_| vec![0; 960]).collect();
    let (mut last_loud, mut at) = (None, 0);
    let sweep = tongke_measure::double_talk::sweep(48_000).unwrap().samples;
    let microphone = move |number| {
        on_its_way.push_back(far(number));
        let played = on_its_way.pop_front().unwrap();
        last_loud = if played.iter().any(|sample| sample.abs() > 100) { Some(number) } else { last_loud };
        let gain = if last_loud.is_some_and(|last| number - last < 10) { ducked } else { 1.0 };
        let talks = played.into_iter().map(|sample| {
            let talk = sweep.get(at).copied().unwrap_or_default();
            at = (at + 1) % (48 * tongke_measure::double_talk::PERIOD_MS as usize);
            sample / 20 + (talker.unwrap_or_default() * gain * talk * 32_767.0) as i16
        });
        talks.collect()
    };
    Line { rooms: true, sound_ms: 80, microphone: Some(Box::new(microphone)), ..Line::default() }
}

#[test]
fn a_talker_that_goes_out_half_as_loud_while_the_loudspeaker_speaks_is_type_2b() {
    let clock = MachineClock::start();
    let findings = with_talker(clock, Some(0.1), 0.5).hold(clock, 26);
    let taken = measured(&findings, Quantity::DoubleTalkAttenuation);
    assert!((taken.value.unwrap() - 6.02).abs() <= 0.3 && taken.n >= 8, "{taken:?}");
    assert_eq!(of(&findings, Quantity::DoubleTalk), &Outcome::Found("2b".into()), "{taken:?}");
    document(findings);
}

#[test]
fn without_a_talker_or_with_too_little_of_one_there_is_no_type_and_the_reason_is_told() {
    let clock = MachineClock::start();
    for (talker, seconds, cause) in [(None, 13, Cause::NoTalker), (Some(0.1), 7, Cause::TalkerUnclear)] {
        let findings = with_talker(clock, talker, 0.5).hold(clock, seconds);
        for quantity in [Quantity::DoubleTalkAttenuation, Quantity::DoubleTalk] {
            assert_eq!(missing(&findings, quantity).cause, cause, "{quantity}");
        }
        document(findings);
    }
}

#[test]
fn a_clock_that_was_set_leaves_no_delay() {
    let findings = Line { clock_steps: 1, ..Line::default() }.hold(MachineClock::start(), 8);
    for quantity in [Quantity::GlassToGlass, Quantity::MouthToEar] {
        assert_eq!(missing(&findings, quantity).cause, Cause::ClockStepped);
    }
}

#[test]
fn what_is_muted_black_frozen_or_not_there_has_its_cause_and_no_number() {
    let clock = MachineClock::start();
    let muted = Line { on_sound: Box::new(|_, _| (vec![0; 960], PieceKind::Received)), ..Line::default() };
    let findings = muted.hold(clock, 8);
    for quantity in [
        Quantity::MouthToEar,
        Quantity::LipSync,
        Quantity::SpeechRatingFb,
        Quantity::SpeechMosFb,
        Quantity::SpeechMosWb,
        Quantity::SpeechMosNb,
    ] {
        assert_eq!(missing(&findings, quantity).cause, Cause::MicrophoneMuted, "{quantity}");
    }
    let seen = [
        Quantity::GlassToGlass,
        Quantity::LipSync,
        Quantity::FreezeShare,
        Quantity::VideoFps,
        Quantity::Ssim,
    ];
    let black = |_, picture: tongke_media::Picture| {
        let (width, height) = (picture.width(), picture.height());
        Some(tongke_media::Picture::filled(width, height, [16, 128, 128], picture.captured))
    };
    let findings = Line { on_picture: Box::new(black), ..Line::default() }.hold(clock, 8);
    seen.iter().for_each(|it| assert_eq!(missing(&findings, *it).cause, Cause::CameraBlack, "{it}"));

    let mut first = None;
    let frozen = move |_, picture: tongke_media::Picture| Some(first.get_or_insert(picture).clone());
    let findings = Line { on_picture: Box::new(frozen), ..Line::default() }.hold(clock, 8);
    seen.iter().for_each(|it| assert_eq!(missing(&findings, *it).cause, Cause::CameraFrozen, "{it}"));

    let findings = Line { on_picture: Box::new(|_, _| None), ..Line::default() }.hold(clock, 8);
    seen.iter().for_each(|it| assert_eq!(missing(&findings, *it).cause, Cause::NoPackets, "{it}"));
    assert!(measured(&findings, Quantity::MouthToEar).n > 100, "the sound counts all the same");
}
