//! Sends that are taken while the core is still at work.

use super::support::{Lesson, frame};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use tongke_protocol::{Role, TrackKind};
use tongke_sfu::{Carrier, LegId, QuicTransmit, Transmit};

const OBSERVERS: usize = 60;

/// What was taken, by receiver, and the most bytes that ever lay there.
#[derive(Default)]
struct Taken {
    packets: HashMap<LegId, Vec<Vec<u8>>>,
    most_bytes: usize,
}

#[derive(Clone, Default)]
struct Collector(Rc<RefCell<Taken>>);

impl Carrier for Collector {
    fn carry(&mut self, arena: &[u8], udp: &[Transmit], quic: &[QuicTransmit]) {
        assert!(udp.is_empty());
        let mut taken = self.0.borrow_mut();
        taken.most_bytes = taken.most_bytes.max(arena.len());
        for transmit in quic {
            taken.packets.entry(transmit.leg).or_default().push(arena[transmit.range.clone()].to_vec());
        }
    }
}

/// A picture of many packets to many observers; all that each was sent, and how much lay there at most.
fn broadcast(carried: bool) -> Taken {
    let mut lesson = Lesson::new();
    let school = lesson.join("school", Role::Supporting);
    for number in 0..OBSERVERS {
        lesson.join_with(&format!("o{number}"), Role::Observer, &[], (1, 1)).unwrap();
    }
    lesson.send(school, TrackKind::Camera, frame(0, true, 4));
    let mut collector = Collector::default();
    if carried {
        lesson.core.carry_with(collector.clone());
    }
    for packet in frame(1, false, 40) {
        lesson.schools[school].leg.send(lesson.now, TrackKind::Camera, packet);
        while let Some(datagram) = lesson.schools[school].leg.poll_transmit() {
            lesson.core.handle_quic_datagram(lesson.now, lesson.schools[school].id, &datagram);
        }
    }
    let rest = std::mem::take(lesson.core.outputs());
    collector.carry(&rest.arena, &rest.udp, &rest.quic);
    drop(lesson);
    Rc::into_inner(collector.0).map(RefCell::into_inner).unwrap()
}

#[test]
fn what_is_taken_early_is_the_same_in_the_same_order_and_never_much_at_once() {
    let (early, late) = (broadcast(true), broadcast(false));
    let media = |packets: &Vec<Vec<u8>>| packets.iter().filter(|packet| packet.len() > 200).count();
    assert_eq!(early.packets.values().map(media).collect::<Vec<_>>(), vec![40; OBSERVERS]);
    assert_eq!(early.packets, late.packets);
    assert!(late.most_bytes > 500_000, "{}", late.most_bytes);
    assert!(early.most_bytes < 150_000, "{}", early.most_bytes);
}
