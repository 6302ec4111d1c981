//! Media from school to school over QUIC.

use super::support::{Lesson, frame, sound};
use tongke_protocol::{MediaKind, Role, TrackKind};

#[test]
fn two_schools_see_and_hear_each_other_and_payloads_are_unchanged() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    for number in 0..10 {
        lesson.send(a, TrackKind::Camera, frame(number, number == 0, 4));
        lesson.send(a, TrackKind::Microphone, vec![sound(number)]);
        lesson.send(b, TrackKind::Camera, frame(number, number == 0, 3));
        lesson.pass(33);
    }
    let video = lesson.schools[b].first_slot(MediaKind::Video);
    let got = lesson.schools[b].packets(video);
    let sent: Vec<_> = (0..10).flat_map(|number| frame(number, number == 0, 4)).collect();
    assert_eq!(got.len(), sent.len());
    for ((at, (_, got)), sent) in got.iter().enumerate().zip(&sent) {
        assert_eq!(got.payload, sent.payload, "packet {at}");
        assert_eq!(got.header.marker, sent.header.marker);
        assert_eq!(got.extensions, sent.extensions, "capture time and all");
        assert_eq!(got.header.payload_type, 96);
    }
    assert!(got.windows(2).all(|two| two[1].0 == two[0].0 + 1), "numbers without gaps");
    let audio = lesson.schools[b].first_slot(MediaKind::Audio);
    assert_eq!(lesson.schools[b].packets(audio).len(), 10);
    let back = lesson.schools[a].first_slot(MediaKind::Video);
    assert_eq!(lesson.schools[a].packets(back).len(), 30);
}

#[test]
fn nobody_gets_its_own_tracks_back() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..3, true);
    lesson.send(a, TrackKind::Microphone, vec![sound(0)]);
    assert_eq!(lesson.schools[a].packet_count(), 0);
}

#[test]
fn one_supporting_and_eight_receiving_schools_all_get_each_other() {
    let mut lesson = Lesson::new();
    let schools: Vec<usize> = (0..9)
        .map(|at| lesson.join(&format!("s{at}"), if at == 0 { Role::Supporting } else { Role::Receiving }))
        .collect();
    for &school in &schools {
        lesson.send(school, TrackKind::Camera, frame(0, true, 2));
        lesson.send(school, TrackKind::Microphone, vec![sound(0)]);
    }
    lesson.pass(20);
    for &school in &schools {
        assert_eq!(lesson.schools[school].packet_count(), 8 * 3, "school {school}");
    }
}

#[test]
fn packets_wait_for_the_end_of_their_picture_but_no_longer_than_5_ms() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..1, true);
    let before = lesson.schools[b].packet_count();
    let mut packets = frame(1, false, 4);
    let rest = packets.split_off(2);
    lesson.send(a, TrackKind::Camera, packets);
    assert_eq!(lesson.schools[b].packet_count(), before, "the picture has not ended");
    lesson.pass(4);
    assert_eq!(lesson.schools[b].packet_count(), before);
    lesson.pass(1);
    assert_eq!(lesson.schools[b].packet_count(), before + 2, "5 ms are over");
    lesson.send(a, TrackKind::Camera, rest);
    assert_eq!(lesson.schools[b].packet_count(), before + 4, "its last packet takes the others along");
}

#[test]
fn under_load_packets_wait_for_the_end_of_their_picture_longer_but_not_for_ever() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..1, true);
    lesson.core.set_load(0.95);
    let before = lesson.schools[b].packet_count();
    lesson.send(a, TrackKind::Camera, frame(1, false, 4)[..2].to_vec());
    lesson.pass(9);
    assert_eq!(lesson.schools[b].packet_count(), before);
    lesson.pass(1);
    assert_eq!(lesson.schools[b].packet_count(), before + 2, "10 ms are over");
}

#[test]
fn sound_never_waits() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    for number in 0..5 {
        lesson.send(a, TrackKind::Microphone, vec![sound(number)]);
        assert_eq!(lesson.schools[b].packet_count(), number as usize + 1);
    }
}

#[test]
fn a_picture_whose_last_packet_is_lost_leaves_with_the_next_one() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..1, true);
    let before = lesson.schools[b].packet_count();
    let mut packets = frame(1, false, 3);
    packets.truncate(2);
    lesson.send(a, TrackKind::Camera, packets);
    lesson.send(a, TrackKind::Camera, frame(2, false, 3)[..1].to_vec());
    assert_eq!(lesson.schools[b].packet_count(), before + 3);
}
