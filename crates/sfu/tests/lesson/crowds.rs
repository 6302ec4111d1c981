//! Many who join at once.

use super::support::{Browser, Lesson, frame, grant, lesson_id};
use tongke_protocol::{Role, TrackKind};

const CROWD: usize = 60;

/// So many browsers with their answers in hand; what they say first has reached the relay.
fn crowd(lesson: &mut Lesson) {
    for number in 0..CROWD {
        let mut browser = Browser::watching(2000 + number as u16, 1, 1);
        let grant = grant(&format!("o{number}"), Role::Observer);
        let joined = lesson.core.join_whep(lesson.now, &lesson_id(), &grant, &browser.offer).unwrap();
        browser.connect(lesson.now, joined);
        for mut datagram in std::mem::take(&mut browser.out) {
            lesson.core.handle_datagram(lesson.now, browser.path, &mut datagram);
        }
        lesson.browsers.push(browser);
    }
}

#[test]
fn a_crowd_is_let_in_a_few_at_a_time_and_media_does_not_wait_for_it() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.film(a, TrackKind::Camera, 0..1, true);
    crowd(&mut lesson);
    lesson.core.outputs().clear();
    let to_b = lesson.schools[b].id;
    for picture in 1..=CROWD as u32 / 2 {
        for packet in frame(picture, false, 4) {
            lesson.schools[a].leg.send(lesson.now, TrackKind::Camera, packet);
        }
        while let Some(datagram) = lesson.schools[a].leg.poll_transmit() {
            lesson.core.handle_quic_datagram(lesson.now, lesson.schools[a].id, &datagram);
        }
        let outputs = lesson.core.outputs();
        assert_eq!(outputs.quic.iter().filter(|transmit| transmit.leg == to_b).count(), 4);
        assert!(outputs.udp.is_empty(), "no handshake has gone on");
        outputs.clear();
        assert!(lesson.core.poll_timeout().is_some_and(|due| due <= lesson.now.instant));
        lesson.core.handle_timeout(lesson.now);
        let answered = lesson.core.outputs().udp.len();
        assert!((1..=2).contains(&answered), "{answered} handshakes at once");
        lesson.core.outputs().clear();
    }
    assert!(!lesson.core.has_handshakes(), "all have had their turn");
}

#[test]
fn a_crowd_asks_for_one_keyframe_at_the_offer_and_gets_it_as_one() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..70, true);
    let asked = lesson.schools[a].keyframe_requests();
    crowd(&mut lesson);
    assert!(lesson.browsers.iter().all(|browser| !browser.is_connected()));
    let requests = |lesson: &Lesson| lesson.schools[a].keyframe_requests() - asked;
    lesson.settle();
    assert!(lesson.browsers.iter().all(Browser::is_connected));
    assert_eq!(requests(&lesson), 1, "asked before anybody was connected");
    lesson.film(a, TrackKind::Camera, 70..71, true);
    assert!(lesson.browsers.iter().all(|browser| browser.received.len() == 4));
    lesson.pass(1000);
    assert_eq!(requests(&lesson), 1);
}

#[test]
fn a_crowd_behind_a_young_keyframe_begins_with_it_without_asking() {
    let mut lesson = Lesson::new();
    let a = lesson.join("a", Role::Supporting);
    lesson.film(a, TrackKind::Camera, 0..10, true);
    let asked = lesson.schools[a].keyframe_requests();
    crowd(&mut lesson);
    lesson.settle();
    assert!(lesson.browsers.iter().all(|browser| browser.received.len() == 40), "at once");
    assert_eq!(lesson.schools[a].keyframe_requests(), asked);
    assert_eq!(lesson.total().replays, CROWD as u64);
}
