//! Sender and receiver reports.

use super::support::{Lesson, Spread, frame, sound};
use tongke_protocol::{MediaKind, NtpTime, Role, TrackKind, WallTime};
use tongke_transport::quic::LegEvent;

/// The moment on the relay's clock that a slot's media time stands for, in µs.
fn moment(lesson: &Lesson, school: usize, slot: u8, timestamp: u32, rate_hz: i64) -> i64 {
    let clock = lesson.schools[school].seen.iter().rev().find_map(|event| match event {
        LegEvent::SenderClock { slot: of, ntp, rtp_timestamp } if *of == slot => Some((*ntp, *rtp_timestamp)),
        _ => None,
    });
    let (ntp, at) = clock.expect("a sender report came");
    let since = i64::from(timestamp.wrapping_sub(at) as i32) * 1_000_000 / rate_hz;
    WallTime::from(ntp).as_unix_us() as i64 + since
}

#[test]
fn sound_and_picture_of_one_moment_stay_together_whatever_the_timestamps() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    // Picture n and the sound beside it are sent at the same moment; their media clocks have nothing
    // to do with each other, and the relay gives them new origins.
    for number in 0..90 {
        let mut picture = frame(number, number == 0, 2);
        picture.iter_mut().for_each(|packet| packet.header.timestamp = number * 2970);
        lesson.send(a, TrackKind::Camera, picture);
        let mut sound = sound(number);
        sound.header.timestamp = 77_000 + number * 1584;
        lesson.send(a, TrackKind::Microphone, vec![sound]);
        lesson.pass(33);
    }
    let (video, audio) =
        (lesson.schools[b].first_slot(MediaKind::Video), lesson.schools[b].first_slot(MediaKind::Audio));
    let picture = lesson.schools[b].packets(video).last().unwrap().1.header.timestamp;
    let heard = lesson.schools[b].packets(audio).last().unwrap().1.header.timestamp;
    let skew = moment(&lesson, b, video, picture, 90_000) - moment(&lesson, b, audio, heard, 48_000);
    assert!(skew.abs() < 2_000, "{skew} µs apart");
}

#[test]
fn sender_reports_tell_the_relays_clock_even_if_the_publishers_is_wrong() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    for number in 0..60 {
        // The publisher's clock is an hour behind.
        let mut its_now = lesson.now;
        its_now.wall = its_now.wall.offset_by_us(-3_600_000_000);
        for packet in frame(number, number == 0, 2) {
            lesson.schools[a].leg.send(its_now, TrackKind::Camera, packet);
        }
        lesson.settle();
        lesson.schools[a].leg.handle_timeout(its_now);
        lesson.settle();
        lesson.pass(33);
    }
    let clocks: Vec<NtpTime> = lesson.schools[b]
        .seen
        .iter()
        .filter_map(|event| match event {
            LegEvent::SenderClock { ntp, .. } => Some(*ntp),
            _ => None,
        })
        .collect();
    assert!(!clocks.is_empty());
    for ntp in clocks {
        let off = lesson.now.wall.micros_since(WallTime::from(ntp));
        assert!((0..3_000_000).contains(&off), "{off} µs off");
    }
}

#[test]
fn a_publisher_hears_how_much_of_its_media_got_lost() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let mut count = 0;
    lesson.schools[a].lose_up = Box::new(move |_| {
        count += 1;
        count % 5 == 0
    });
    lesson.film(a, TrackKind::Camera, 0..90, true);
    let losses: Vec<f32> = lesson.schools[a]
        .seen
        .iter()
        .filter_map(|event| match event {
            LegEvent::LossReport { fraction_lost, .. } => Some(*fraction_lost),
            _ => None,
        })
        .collect();
    assert!(losses.len() >= 2, "about one a second");
    assert!(losses.iter().any(|loss| (0.1..0.3).contains(loss)), "{losses:?}");
}

#[test]
fn round_trips_are_known_on_both_ends() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..90, true);
    let rtt = lesson.schools[a].leg.rtt().expect("reports were exchanged");
    assert!(rtt.as_millis() < 5, "{rtt:?} without any delay on the way");
}

#[test]
fn reports_at_a_branch_tell_the_same_moments_as_those_at_home() {
    let mut spread = Spread::new();
    let teacher = spread.home.join("t", Role::Supporting);
    let here = spread.home.join("here", Role::Observer);
    let there = spread.observe("there");
    for number in 0..90 {
        spread.home.send(teacher, TrackKind::Camera, frame(number, number == 0, 2));
        spread.home.send(teacher, TrackKind::Microphone, vec![sound(number)]);
        spread.pass(33);
    }
    for (media, rate_hz) in [(MediaKind::Video, 90_000), (MediaKind::Audio, 48_000)] {
        let of = |lesson: &Lesson, school: usize| {
            let slot = lesson.schools[school].first_slot(media);
            let last = lesson.schools[school].packets(slot).last().unwrap().1.header.timestamp;
            moment(lesson, school, slot, last, rate_hz)
        };
        let apart = of(&spread.home, here) - of(&spread.branch, there);
        assert!(apart.abs() < 1_000, "{media:?}: {apart} µs");
    }
}
