//! Lost packets, in both directions.

use super::support::{Lesson, frame, sound};
use std::cell::Cell;
use std::rc::Rc;
use tongke_protocol::control::RTCP_FLOW;
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::DropReason;
use tongke_transport::quic::LegEvent;
use tongke_transport::quic::framing::read_datagram;

/// Loses the media datagrams with these places in the order of coming.
fn lose(places: &'static [u32]) -> Box<dyn FnMut(&bytes::Bytes) -> bool> {
    let count = Cell::new(0);
    Box::new(move |datagram| {
        if matches!(read_datagram(datagram), Ok((RTCP_FLOW, _)) | Err(_)) {
            return false;
        }
        count.set(count.get() + 1);
        places.contains(&(count.get() - 1))
    })
}

#[test]
fn a_receiver_that_misses_a_packet_gets_it_from_the_ring() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.schools[b].lose_down = lose(&[5, 6, 13]);
    lesson.film(a, TrackKind::Camera, 0..6, true);
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    let mut got = lesson.schools[b].packets(slot);
    got.sort_by_key(|(number, _)| *number);
    let sent: Vec<_> = (0..6).flat_map(|number| frame(number, number == 0, 4)).collect();
    assert_eq!(got.len(), sent.len());
    assert!(got.iter().zip(&sent).all(|((_, got), sent)| got.payload == sent.payload));
    assert_eq!(lesson.total().retransmitted, 3);
    assert_eq!(lesson.total().nacked_upstream, 0, "the publisher is not bothered");
    let recovered = |event: &&LegEvent| matches!(event, LegEvent::Rtp { recovered: true, .. });
    assert_eq!(lesson.schools[b].seen.iter().filter(recovered).count(), 3);
}

#[test]
fn a_gap_on_the_way_in_is_asked_for_and_the_repair_is_forwarded_at_once() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    let c = lesson.join("c", Role::Receiving);
    lesson.schools[a].lose_up = lose(&[1, 6]);
    lesson.film(a, TrackKind::Camera, 0..4, true);
    lesson.send(a, TrackKind::Microphone, vec![sound(0)]);
    lesson.schools[a].lose_up = lose(&[0]);
    lesson.send(a, TrackKind::Microphone, vec![sound(1)]);
    lesson.send(a, TrackKind::Microphone, vec![sound(2)]);
    lesson.pass(50);
    for school in [b, c] {
        let video = lesson.schools[school].first_slot(MediaKind::Video);
        assert_eq!(lesson.schools[school].packets(video).len(), 16);
        let audio = lesson.schools[school].first_slot(MediaKind::Audio);
        assert_eq!(lesson.schools[school].packets(audio).len(), 3, "sound is repaired too");
    }
    assert_eq!(lesson.total().recovered, 3);
    assert!(lesson.total().nacked_upstream >= 3);
}

#[test]
fn the_last_packet_before_a_silence_is_repaired_without_a_next_one() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.schools[b].lose_down = lose(&[7]);
    lesson.film(a, TrackKind::Screen, 0..2, true);
    lesson.pass(200);
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    assert_eq!(lesson.schools[b].packets(slot).len(), 8);
}

#[test]
fn what_left_the_ring_is_not_answered_and_counted() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let browser = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.film(a, TrackKind::Camera, 0..2, true);
    let ssrc = lesson.browsers[browser].sources()[0];
    let first = lesson.browsers[browser].packets_of(ssrc)[0].header.sequence;
    lesson.browsers[browser].nack(ssrc, &[first.wrapping_sub(20), first.wrapping_add(500)]);
    lesson.settle();
    assert_eq!(lesson.total().dropped(DropReason::NotInRing), 2);
    assert_eq!(lesson.total().retransmitted, 0);
}

#[test]
fn a_receiver_that_asks_for_everything_for_ever_at_most_doubles_its_stream() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let browser = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.film(a, TrackKind::Camera, 0..10, true);
    let ssrc = lesson.browsers[browser].sources()[0];
    let all: Vec<u16> =
        lesson.browsers[browser].packets_of(ssrc).iter().map(|packet| packet.header.sequence).collect();
    for _ in 0..100 {
        lesson.browsers[browser].nack(ssrc, &all);
    }
    lesson.settle();
    let total = lesson.total();
    assert!(total.retransmitted <= 512 + total.packets_out, "{} repeats", total.retransmitted);
    assert!(total.retransmitted >= 500);
}

#[test]
fn a_lossy_way_in_and_out_ends_without_a_hole() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    let state = Rc::new(Cell::new(12345_u32));
    for school in [a, b] {
        let state = state.clone();
        let lossy = move |_: &bytes::Bytes| {
            state.set(state.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
            state.get() >> 24 < 26
        };
        lesson.schools[school].lose_down = Box::new(lossy.clone());
        lesson.schools[school].lose_up = Box::new(lossy);
    }
    let mut asked = 0;
    for number in 0..100 {
        let wanted = lesson.schools[a].keyframe_requests();
        lesson.send(a, TrackKind::Camera, frame(number, number == 0 || wanted > asked, 4));
        asked = wanted;
        lesson.pass(33);
    }
    lesson.schools[a].lose_up = Box::new(|_| false);
    lesson.schools[b].lose_down = Box::new(|_| false);
    lesson.film(a, TrackKind::Camera, 100..101, false);
    lesson.pass(500);
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    let mut numbers: Vec<u64> = lesson.schools[b].packets(slot).iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert!(numbers.len() >= 380, "{}", numbers.len());
    assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1), "a tenth was lost each way, all is here");
}
