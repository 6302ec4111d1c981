//! Publishers whose clocks jump.

use crate::support::payload_types::{H264, OPUS};
use crate::support::{Lesson, Witness, capture, frame, sound};
use tongke_protocol::control::ClientMessage;
use tongke_protocol::event::{ClockReport, LessonEvent};
use tongke_protocol::{MediaKind, NtpTime, Role, TrackKind, WallTime};
use tongke_transport::quic::LegEvent;
use tongke_transport::rtp::AbsCaptureTime;
use tongke_transport::rtp::rtcp::{SenderInfo, write_sender_report};

const HOUR_US: i64 = 3_600_000_000;

#[test]
fn media_times_that_jump_by_hours_lose_no_packet_and_break_no_numbers() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    let watcher = lesson.watch("c", Role::Receiving, 1, 1);
    for number in 0..300_u32 {
        // Three hours ahead, and back, each second; with them the stamps of capture.
        let jump = if number / 50 % 2 == 1 { 3 * 3600 } else { 0 };
        let mut picture = frame(number, number == 0, 4);
        for packet in &mut picture {
            packet.header.timestamp = packet.header.timestamp.wrapping_add(jump * 90_000);
            let stamp = NtpTime(capture(number).capture.0.wrapping_add(u64::from(jump) << 32));
            packet.extensions.abs_capture_time = Some(AbsCaptureTime { capture: stamp, clock_offset: None });
        }
        let mut heard = sound(number);
        heard.header.timestamp = heard.header.timestamp.wrapping_sub(jump * 48_000);
        lesson.send(a, TrackKind::Camera, picture);
        lesson.send(a, TrackKind::Microphone, vec![heard]);
        witness.beat(&mut lesson);
        lesson.pass(20);
        lesson.browsers[watcher].check();
    }
    let video = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Video));
    assert_eq!(video.len(), 1200);
    assert!(video.windows(2).all(|two| two[1].0 == two[0].0 + 1), "numbers go on");
    let stamp = video[50 * 4].1.extensions.abs_capture_time.unwrap().capture;
    assert_eq!(
        stamp.0 - capture(50).capture.0,
        (3 * 3600) << 32,
        "the stamp is the publisher's, whatever it says"
    );
    let audio = lesson.schools[b].packets(lesson.schools[b].first_slot(MediaKind::Audio));
    assert_eq!(audio.len(), 300);
    let ssrc = lesson.browsers[watcher].sources()[0];
    assert_eq!(lesson.browsers[watcher].packets_of(ssrc).len(), 1200);
    assert_eq!(lesson.counters_of("math").forward_drops(), 0);
}

/// A browser whose clock is `offset_us` off reports on its camera, and with `both` on its microphone.
fn report(lesson: &mut Lesson, browser: usize, offset_us: i64, timestamps: [u32; 2], both: bool) {
    let ntp = NtpTime::from(lesson.now.wall.offset_by_us(offset_us));
    for (ssrc, rtp_timestamp) in [11, 13].into_iter().zip(timestamps).take(1 + usize::from(both)) {
        let info = SenderInfo { ssrc, ntp, rtp_timestamp, packets: 9, octets: 9 };
        lesson.browsers[browser].send_rtcp(|out| write_sender_report(out, &info, &[]));
    }
    lesson.settle();
}

#[test]
fn sender_reports_that_jump_by_hours_or_decades_never_tell_a_receiver_a_wrong_time() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.publish("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    let slot = lesson.schools[b].first_slot(MediaKind::Audio);
    let jumps = [
        0,
        5 * HOUR_US,
        -5 * HOUR_US,
        -56 * 365 * 24 * HOUR_US,
        0,
        9 * 365 * 24 * HOUR_US,
        -20 * 365 * 24 * HOUR_US,
    ];
    let mut told = 0;
    for number in 0..jumps.len() as u32 * 250 {
        let jump = jumps[number as usize / 250];
        for packet in frame(number, number % 50 == 0, 2) {
            lesson.browsers[a].send(11, H264, packet);
        }
        lesson.browsers[a].send(13, OPUS, sound(number));
        lesson.settle();
        if number % 25 == 0 {
            // Right after a jump only the camera has reported: the microphone's last report is of the old clock.
            let both = number % 250 >= 125;
            report(&mut lesson, a, jump, [number.wrapping_mul(3000), number.wrapping_mul(960)], both);
            lesson.browsers[a].check();
        }
        witness.beat(&mut lesson);
        lesson.pass(20);
        let heard = lesson.schools[b].packets(slot).last().map(|(_, packet)| packet.header.timestamp);
        for event in &lesson.schools[b].seen {
            let LegEvent::SenderClock { slot: of, ntp, rtp_timestamp } = event else { continue };
            if *of != slot {
                continue;
            }
            told += 1;
            // Now, on the relay's clock, is about the media time of the newest packet.
            let off_us = lesson.now.wall.micros_since(WallTime::from(*ntp));
            let off_ticks = heard.unwrap().wrapping_sub(*rtp_timestamp) as i32;
            assert!(
                off_us.abs() < 200_000 && off_ticks.abs() < 48_000,
                "{off_us} us, {off_ticks} ticks at {number}"
            );
        }
        lesson.forget();
    }
    assert!(told > 5, "{told} reports");
    assert_eq!(lesson.counters_of("math").forward_drops(), 0);
}

#[test]
fn clock_reports_that_jump_are_told_as_they_are_and_change_nothing_else() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    for (number, offset_us) in (0..).zip([0, HOUR_US, -HOUR_US, i64::MAX, i64::MIN]) {
        lesson.events.clear();
        let clock = ClockReport { offset_us, bound_us: u64::MAX };
        lesson.core.handle_control(lesson.now, lesson.schools[a].id, &ClientMessage::Clock(clock));
        lesson.send(a, TrackKind::Camera, frame(number, number == 0, 4));
        witness.beat(&mut lesson);
        let is_told =
            |event: &LessonEvent| matches!(event, LessonEvent::Clock { clock: told, .. } if *told == clock);
        assert_eq!(lesson.events.iter().filter(|told| is_told(&told.event)).count(), 1);
        lesson.pass(20);
    }
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    assert_eq!(lesson.schools[b].packets(slot).len(), 20);
}

#[test]
fn control_messages_without_end_are_cut_so_that_a_lesson_is_not_told_them_all() {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.join("a", Role::Supporting);
    lesson.events.clear();
    for number in 0..20_000 {
        let raised = ClientMessage::Hand { raised: number % 2 == 0 };
        lesson.core.handle_control(lesson.now, lesson.schools[a].id, &raised);
    }
    witness.beat(&mut lesson);
    let hands = lesson.events.iter().filter(|told| matches!(told.event, LessonEvent::Hand { .. })).count();
    assert!((900..=1_000).contains(&hands), "{hands} of 20,000");
    lesson.core.handle_control(lesson.now, lesson.schools[a].id, &ClientMessage::Bye);
    lesson.settle();
    assert_eq!(lesson.closed.len(), 1, "a goodbye is always heard");
}
