//! Damaged, truncated and invented datagrams: counted, never a panic, never answered with more.

use super::support::{Lesson, frame, sound};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::SocketAddr;
use tongke_protocol::{Role, TrackKind};
use tongke_sfu::DropReason;
use tongke_transport::quic::framing::write_datagram;
use tongke_transport::webrtc::Path;

fn stranger() -> Path {
    Path::Udp { local: "127.0.0.1:5000".parse().unwrap(), remote: SocketAddr::from(([203, 0, 113, 9], 4000)) }
}

#[test]
fn datagrams_from_nobody_are_counted_and_not_answered() {
    let mut lesson = Lesson::new();
    lesson.join("a", Role::Supporting);
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..2000 {
        let mut datagram: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
        lesson.core.handle_datagram(lesson.now, stranger(), &mut datagram);
    }
    assert!(lesson.core.outputs().udp.is_empty());
    assert_eq!(lesson.total().dropped(DropReason::UnknownAddress), 2000);
}

#[test]
fn media_of_a_session_from_another_address_is_not_taken() {
    let mut lesson = Lesson::new();
    let browser = lesson.publish("a", Role::Supporting);
    lesson.browsers[browser].send(13, super::browsers::OPUS, sound(0));
    let mut datagram = lesson.browsers[browser].out.pop().unwrap();
    lesson.core.handle_datagram(lesson.now, stranger(), &mut datagram);
    assert_eq!(lesson.total().dropped(DropReason::UnknownAddress), 1);
    assert_eq!(lesson.total().packets_in, 0);
}

#[test]
fn damaged_datagrams_of_a_quic_leg_are_counted_and_the_lesson_goes_on() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..2, true);
    let mut samples = Vec::new();
    for packet in frame(2, false, 2) {
        lesson.schools[a].leg.send(lesson.now, TrackKind::Camera, packet);
    }
    samples.extend(std::iter::from_fn(|| lesson.schools[a].leg.poll_transmit()));
    let later = lesson.now.plus(super::support::MS * 1500);
    lesson.schools[b].leg.handle_timeout(later);
    samples.extend(std::iter::from_fn(|| lesson.schools[b].leg.poll_transmit()));
    assert!(samples.len() >= 3, "media and reports");
    let mut random = StdRng::seed_from_u64(2);
    for round in 0..3000 {
        let mut bytes = samples[random.random_range(0..samples.len())].to_vec();
        match round % 3 {
            0 => bytes.truncate(random.random_range(0..bytes.len())),
            1 => {
                for _ in 0..4 {
                    let at = random.random_range(0..bytes.len());
                    bytes[at] = random.random();
                }
            }
            _ => bytes = (0..random.random_range(0..100)).map(|_| random.random()).collect(),
        }
        let leg = lesson.leg_ids()[round % 2];
        lesson.core.handle_quic_datagram(lesson.now, leg, &bytes);
        lesson.core.outputs().clear();
    }
    let total = lesson.total();
    assert!(total.dropped(DropReason::MalformedRtp) > 100);
    assert!(total.dropped(DropReason::MalformedRtcp) > 10, "{:?}", total.drops().collect::<Vec<_>>());
    lesson.pass(3000);
    let before = lesson.schools[b].packet_count();
    lesson.film(a, TrackKind::Microphone, 0..0, true);
    lesson.send(a, TrackKind::Microphone, vec![sound(1), sound(2)]);
    assert_eq!(lesson.schools[b].packet_count(), before + 2);
}

#[test]
fn media_on_flows_and_types_that_were_not_announced_is_dropped() {
    let mut lesson = Lesson::new();
    let a = lesson.join_with("a", Role::Supporting, &[TrackKind::Camera], (1, 1)).unwrap();
    let o = lesson.join("o", Role::Observer);
    let mut packet = vec![0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 100, 0x65, 1];
    let mut datagram = Vec::new();
    write_datagram(&mut datagram, 2, &packet);
    lesson.core.handle_quic_datagram(lesson.now, lesson.schools[a].id, &datagram);
    assert_eq!(lesson.total().dropped(DropReason::UnknownStream), 1, "no screen was announced");
    packet[1] = 111;
    datagram.clear();
    write_datagram(&mut datagram, 1, &packet);
    lesson.core.handle_quic_datagram(lesson.now, lesson.schools[a].id, &datagram);
    assert_eq!(lesson.total().dropped(DropReason::UnknownStream), 2, "sound on the camera's flow");
    lesson.core.handle_quic_datagram(lesson.now, lesson.schools[o].id, &datagram);
    assert_eq!(lesson.total().dropped(DropReason::NotPublishing), 1);
    assert_eq!(lesson.core.stats().lessons[0].tracks, 0);
}

#[test]
fn an_offer_that_cannot_be_read_is_refused_with_words() {
    let mut lesson = Lesson::new();
    let grant = super::support::grant("a", Role::Supporting);
    for offer in ["", "hello", "v=0\r\n", "{\"type\":\"offer\"}"] {
        let refused =
            lesson.core.join_whip(lesson.now, &super::support::lesson_id(), &grant, offer).unwrap_err();
        assert_eq!(refused.code(), "offer_unsupported");
        assert!(refused.to_string().len() > 20, "{refused}");
    }
    assert!(lesson.core.stats().lessons.is_empty(), "nothing stays behind");
}
