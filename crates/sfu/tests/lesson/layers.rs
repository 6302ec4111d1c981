//! A browser's simulcast: which encoding who gets, and how the way from one to the next looks.

use super::support::payload_types::{H264, H264_RTX};
use super::support::{Lesson, Spread, Stage, describe, frame};
use bytes::Bytes;
use tongke_protocol::conduct::SlotSize;
use tongke_protocol::{MediaKind, Role};
use tongke_sfu::DropReason;
use tongke_transport::rtp::h264::is_keyframe_start;
use tongke_transport::rtp::rtcp::{self, Rtcp, SenderInfo, write_sender_report};
use tongke_transport::rtp::{RtpPacket, SmallId};

const H: usize = 0;
const M: usize = 1;
const L: usize = 2;
const NAMES: [&str; 3] = ["h", "m", "l"];
/// What OpenH264 would say: 1280x720, 640x360, 320x180.
const PARAMETERS: [&[u8]; 3] = [
    &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x01, 0x40, 0x16, 0xE4],
    &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x02, 0x80, 0xBF, 0xE5, 0x40],
    &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x05, 0x06, 0x7E, 0x74],
];
/// Where each encoding's media time begins; the last wraps soon.
const TIMES: [u32; 3] = [0, 700_000, 0xFFFF_FF00];
const FRAME_MS: u64 = 33;
const FRAME_TICKS: u32 = 2970;

/// A browser's camera, as Chromium sends it: a keyframe of every encoding when one of them is asked for.
struct Camera {
    browser: usize,
    sources: [u32; 3],
    active: [bool; 3],
    /// Packets sent of each source; the first ones carry its name.
    sent: [usize; 3],
    asked: [usize; 3],
    number: u32,
}

/// One picture that came: encoding, number, timestamp, whether it is a keyframe.
type Seen = (usize, u32, u32, bool);

impl Camera {
    fn join(lesson: &mut Lesson, name: &str) -> Self {
        let browser = lesson.publish_layers(name, Role::Supporting);
        let active = [true; 3];
        Self { browser, sources: [21, 23, 25], active, sent: [0; 3], asked: [0; 3], number: 0 }
    }

    /// Films `count` pictures; the way up takes 4 ms longer for each encoding.
    fn film(&mut self, stage: &mut impl Stage, count: u32) {
        for _ in 0..count {
            let browser = &stage.home().browsers[self.browser];
            let asked = self.sources.map(|ssrc| browser.keyframe_requests(ssrc));
            let is_asked = asked != self.asked;
            self.asked = asked;
            let active = self.active;
            for layer in (0..3).filter(|layer| active[*layer]) {
                let keyframe = is_asked || self.sent[layer] == 0;
                for packet in picture(layer, self.number, keyframe) {
                    self.send(stage.home(), layer, packet);
                }
                stage.pass(4);
            }
            stage.pass(FRAME_MS - 4 * self.active.iter().filter(|active| **active).count() as u64);
            self.number += 1;
        }
    }

    fn send(&mut self, lesson: &mut Lesson, layer: usize, mut packet: RtpPacket) {
        if self.sent[layer] < 6 {
            packet.extensions.mid = SmallId::new("0");
            packet.extensions.rid = SmallId::new(NAMES[layer]);
        }
        self.sent[layer] += 1;
        lesson.browsers[self.browser].send(self.sources[layer], H264, packet);
        lesson.settle();
    }

    /// Tells how the media times of the encodings lie to each other, as of the next picture.
    fn report(&self, lesson: &mut Lesson) {
        for layer in 0..3 {
            let info = SenderInfo {
                ssrc: self.sources[layer],
                ntp: lesson.now.wall.into(),
                rtp_timestamp: timestamp(layer, self.number),
                packets: 1,
                octets: 1,
            };
            lesson.browsers[self.browser].send_rtcp(|out| write_sender_report(out, &info, &[]));
        }
        lesson.settle();
    }
}

fn timestamp(layer: usize, number: u32) -> u32 {
    TIMES[layer].wrapping_add(number * FRAME_TICKS)
}

/// A picture of an encoding; a keyframe begins with its parameters.
fn picture(layer: usize, number: u32, keyframe: bool) -> Vec<RtpPacket> {
    let mut packets = frame(number, keyframe, 3);
    if keyframe {
        let set = PARAMETERS[layer];
        let aggregate = [&[0x78, 0, set.len() as u8][..], set].concat();
        let mut first = packets[0].clone();
        first.payload = Bytes::from(aggregate);
        packets.insert(0, first);
    }
    for packet in &mut packets {
        packet.header.timestamp = timestamp(layer, number);
        if packet.payload[0] == 0x7C {
            let mut payload = packet.payload.to_vec();
            payload[6] |= (layer as u8) << 4;
            packet.payload = payload.into();
        }
    }
    packets
}

/// The pictures in some packets, by their first fragments.
fn pictures<'a>(packets: impl IntoIterator<Item = &'a RtpPacket>) -> Vec<Seen> {
    let fragment = |packet: &&RtpPacket| packet.payload[0] == 0x7C && packet.payload[1] & 0x80 != 0;
    let read = |packet: &RtpPacket| {
        let number = u32::from_be_bytes(packet.payload[2..6].try_into().unwrap());
        let keyframe = packet.payload[1] & 0x1F == 5;
        (usize::from(packet.payload[6] >> 4), number, packet.header.timestamp, keyframe)
    };
    packets.into_iter().filter(fragment).map(read).collect()
}

/// What a watching browser saw in its first slot.
fn seen(lesson: &Lesson, watcher: usize) -> Vec<Seen> {
    pictures(&first_slot(lesson, watcher))
}

fn first_slot(lesson: &Lesson, watcher: usize) -> Vec<RtpPacket> {
    let browser = &lesson.browsers[watcher];
    browser.packets_of(browser.sources()[0])
}

fn last_layer(lesson: &Lesson, watcher: usize) -> usize {
    seen(lesson, watcher).last().expect("it sees something").0
}

/// Numbers without gaps, time that runs on, and each change of encoding at a keyframe.
fn assert_continuous(lesson: &Lesson, watcher: usize) {
    let packets = first_slot(lesson, watcher);
    let numbers: Vec<u16> = packets.iter().map(|packet| packet.header.sequence).collect();
    assert!(numbers.windows(2).all(|two| two[1] == two[0].wrapping_add(1)), "{numbers:?}");
    for two in seen(lesson, watcher).windows(2) {
        let step = two[1].2.wrapping_sub(two[0].2) as i32;
        assert!((1..90_000).contains(&step), "time goes by {step} from {:?} to {:?}", two[0], two[1]);
        assert!(two[1].0 == two[0].0 || two[1].3, "a change without a keyframe: {two:?}");
    }
}

fn show(lesson: &mut Lesson, watcher: usize, slot: u8, height: u16) {
    let leg = lesson.browsers[watcher].joined.clone().unwrap().leg;
    let size = SlotSize { slot, width: height / 9 * 16, height };
    lesson.core.set_slot_sizes(lesson.now, leg, &[size]);
    lesson.settle();
}

/// A filming browser and a watching one.
fn lesson() -> (Lesson, Camera, usize) {
    let mut lesson = Lesson::new();
    let camera = Camera::join(&mut lesson, "a");
    let watcher = lesson.watch("b", Role::Receiving, 2, 1);
    (lesson, camera, watcher)
}

#[test]
fn a_slot_gets_the_encoding_of_its_size_from_a_keyframe_on_and_in_one_piece() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    assert_eq!(last_layer(&lesson, watcher), H, "no size is told");
    camera.report(&mut lesson);
    for (height, layer) in [(180, L), (380, M), (360, M), (1080, H), (90, L)] {
        show(&mut lesson, watcher, 0, height);
        camera.film(&mut lesson, 10);
        assert_eq!(last_layer(&lesson, watcher), layer, "{height} pixels high");
    }
    assert_continuous(&lesson, watcher);
    let seen = seen(&lesson, watcher);
    for two in seen[10..].windows(2) {
        // A smaller encoding comes behind the larger one: its keyframe shows the same moment again.
        let expected = if two[1].1 == two[0].1 { 1 } else { FRAME_TICKS };
        assert_eq!(two[1].2.wrapping_sub(two[0].2), expected, "exact by the reports: {two:?}");
        assert!(two[1].1 - two[0].1 <= 1, "no picture is left out: {two:?}");
    }
}

#[test]
fn without_sender_reports_the_arrival_tells_how_time_runs_on() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    show(&mut lesson, watcher, 0, 180);
    camera.film(&mut lesson, 10);
    show(&mut lesson, watcher, 0, 720);
    camera.film(&mut lesson, 10);
    assert_continuous(&lesson, watcher);
    let seen = seen(&lesson, watcher);
    let (first, last) = (seen[0].2, seen[seen.len() - 1].2);
    assert!(last.wrapping_sub(first).abs_diff(29 * FRAME_TICKS) < 1800, "within 20 ms");
}

#[test]
fn it_is_one_track_for_everyone_and_a_quic_school_gets_its_largest_encoding() {
    let (mut lesson, mut camera, watcher) = lesson();
    let school = lesson.join("s", Role::Receiving);
    camera.active = [false, false, true];
    camera.film(&mut lesson, 3);
    assert_eq!(last_layer(&lesson, watcher), L, "the first that comes");
    camera.active = [true; 3];
    camera.film(&mut lesson, 3);
    show(&mut lesson, watcher, 0, 180);
    camera.film(&mut lesson, 3);
    let slot = lesson.schools[school].first_slot(MediaKind::Video);
    let packets = lesson.schools[school].packets(slot);
    let layers: Vec<usize> =
        pictures(packets.iter().map(|(_, packet)| packet)).iter().map(|it| it.0).collect();
    assert_eq!(layers, [L, L, L, H, H, H, H, H, H], "at once, with the keyframe that it begins with");
    assert!(packets.windows(2).all(|two| two[1].0 == two[0].0 + 1));
    let started = lesson.events.iter().filter(|event| describe(&event.event) == "started a camera");
    assert_eq!(started.count(), 1);
    assert_eq!(lesson.core.stats().lessons[0].tracks, 1);
    assert_eq!(camera.asked, [0; 3], "each change had a young keyframe to begin with");
}

#[test]
fn an_encoding_that_is_switched_off_is_replaced_and_taken_again_when_it_comes_back() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    camera.active[H] = false;
    camera.film(&mut lesson, 25);
    assert_eq!(last_layer(&lesson, watcher), M);
    let seen_now = seen(&lesson, watcher);
    let gap = seen_now.windows(2).map(|two| two[1].1 - two[0].1).max().unwrap();
    assert!(gap <= 21, "{gap} pictures without anything, at 33 ms each");
    let asked = camera.asked;
    camera.film(&mut lesson, 60);
    assert_eq!(camera.asked, asked, "what is switched off is not asked for");
    camera.active[H] = true;
    camera.sent[H] = 0;
    camera.film(&mut lesson, 2);
    assert_eq!(last_layer(&lesson, watcher), H, "with its first keyframe");
    assert_continuous(&lesson, watcher);
}

#[test]
fn a_publisher_that_stops_altogether_changes_nothing() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    lesson.pass(3000);
    camera.film(&mut lesson, 10);
    assert!(seen(&lesson, watcher).iter().all(|picture| picture.0 == H));
    assert_eq!(camera.asked, [0; 3]);
}

#[test]
fn a_hidden_slot_gets_nothing_and_a_picture_at_once_when_it_is_shown_again() {
    let (mut lesson, mut camera, watcher) = lesson();
    show(&mut lesson, watcher, 0, 0);
    camera.film(&mut lesson, 10);
    assert_eq!(first_slot(&lesson, watcher).len(), 0, "hidden before there was a picture");
    show(&mut lesson, watcher, 0, 360);
    let replayed = seen(&lesson, watcher);
    assert_eq!(
        replayed.iter().map(|it| it.0).collect::<Vec<_>>(),
        [M; 10],
        "from the ring, without any time passing"
    );
    camera.film(&mut lesson, 5);
    show(&mut lesson, watcher, 0, 0);
    let before = lesson.browsers[watcher].received.len();
    camera.film(&mut lesson, 80);
    assert_eq!(lesson.browsers[watcher].received.len(), before);
    show(&mut lesson, watcher, 0, 180);
    camera.film(&mut lesson, 2);
    assert_eq!(last_layer(&lesson, watcher), L, "the ring's keyframe is too old: the next one");
    assert!(is_keyframe_start(&lesson.browsers[watcher].received[before].payload));
    let packets = first_slot(&lesson, watcher);
    assert!(packets.windows(2).all(|two| two[1].header.sequence == two[0].header.sequence.wrapping_add(1)));
}

#[test]
fn a_size_is_of_the_slot_whatever_it_shows_and_other_slots_keep_theirs() {
    let (mut lesson, mut camera, watcher) = lesson();
    show(&mut lesson, watcher, 0, 180);
    show(&mut lesson, watcher, 77, 0);
    show(&mut lesson, watcher, 2, 0);
    camera.film(&mut lesson, 3);
    assert_eq!(last_layer(&lesson, watcher), L, "told before there was a source");
    lesson.browsers[camera.browser].send(13, super::support::payload_types::OPUS, super::support::sound(0));
    lesson.settle();
    let sound = lesson.browsers[watcher].sources()[4];
    assert_eq!(lesson.browsers[watcher].packets_of(sound).len(), 1, "sound has no size");
    let other = lesson.watch("c", Role::Receiving, 1, 0);
    assert_eq!(last_layer(&lesson, other), H, "nobody else is touched");
    assert_eq!(camera.asked, [0; 3], "a late joiner gets it from the ring of the encoding of its size");
}

#[test]
fn a_window_that_is_drawn_to_and_fro_changes_the_encoding_once() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    for height in [600, 420, 380, 370, 392, 361, 358, 370, 390, 395, 355, 380] {
        show(&mut lesson, watcher, 0, height);
        camera.film(&mut lesson, 8);
    }
    let changes = seen(&lesson, watcher).windows(2).filter(|two| two[0].0 != two[1].0).count();
    assert_eq!((last_layer(&lesson, watcher), changes), (M, 1));
    assert_eq!(camera.asked, [0, 1, 0]);
}

#[test]
fn what_was_sent_before_a_change_is_repeated_from_the_encoding_that_it_was_of() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    show(&mut lesson, watcher, 0, 180);
    camera.film(&mut lesson, 3);
    let sent = first_slot(&lesson, watcher);
    let at = sent.iter().position(|packet| packet.payload[..] == picture(L, 10, true)[0].payload[..]);
    let at = at.expect("the small encoding's keyframe");
    let sources = lesson.browsers[watcher].sources();
    let wanted: Vec<&RtpPacket> = sent[at - 4..at + 4].iter().collect();
    let numbers: Vec<u16> = wanted.iter().map(|packet| packet.header.sequence).collect();
    lesson.browsers[watcher].nack(sources[0], &numbers);
    lesson.settle();
    let repeats = lesson.browsers[watcher].packets_of(sources[1]);
    assert_eq!(repeats.len(), 8);
    for (repeat, wanted) in repeats.iter().zip(&wanted) {
        assert_eq!(repeat.payload[..2], wanted.header.sequence.to_be_bytes());
        assert_eq!(repeat.payload[2..], wanted.payload, "never from another encoding");
        assert_eq!(repeat.header.timestamp, wanted.header.timestamp);
    }
    // Another change, and what is two of them ago is no longer known.
    show(&mut lesson, watcher, 0, 360);
    camera.film(&mut lesson, 3);
    lesson.browsers[watcher].nack(sources[0], &numbers[..4]);
    lesson.settle();
    assert_eq!(lesson.total().dropped(DropReason::NotInRing), 4);
}

#[test]
fn retransmissions_repair_the_encoding_that_they_name() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 10);
    let browser = camera.browser;
    // The middle packet of a picture is lost in all encodings; each is asked for under its source.
    let mut lost = Vec::new();
    for layer in [H, M, L] {
        for (at, packet) in picture(layer, 10, false).into_iter().enumerate() {
            if at == 1 {
                lost.push((layer, lesson.browsers[browser].number(camera.sources[layer]), packet));
            } else {
                camera.send(&mut lesson, layer, packet);
            }
        }
    }
    lesson.pass(10);
    for (layer, number, _) in &lost {
        let source = camera.sources[*layer];
        let asked = lesson.browsers[browser].rtcp.iter().flat_map(|compound| rtcp::read(compound)).any(|packet| {
            matches!(packet, Ok(Rtcp::Nack { media_ssrc, lost, .. }) if media_ssrc == source && lost.iter().eq([*number]))
        });
        assert!(asked, "{}", NAMES[*layer]);
    }
    let before = lesson.browsers[watcher].received.len();
    for (layer, number, mut packet) in lost.clone() {
        packet.payload = [&number.to_be_bytes()[..], &packet.payload].concat().into();
        packet.extensions.mid = SmallId::new("0");
        packet.extensions.repaired_rid = SmallId::new(NAMES[layer]);
        lesson.browsers[browser].send(camera.sources[layer] + 1, H264_RTX, packet);
    }
    lesson.settle();
    assert_eq!(lesson.total().recovered, 3);
    let repaired = &lesson.browsers[watcher].received[before..];
    assert_eq!(repaired.len(), 1, "only of the encoding that it gets");
    assert_eq!(repaired[0].payload, lost[0].2.payload);
}

#[test]
fn repeats_by_which_a_browser_tries_out_its_way_go_no_further() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 2);
    let before = lesson.browsers[watcher].received.len();
    let newest = lesson.browsers[camera.browser].number(21).wrapping_sub(1);
    let mut packet = picture(H, 1, false).remove(2);
    packet.payload = [&newest.to_be_bytes()[..], &packet.payload].concat().into();
    packet.extensions.mid = SmallId::new("0");
    packet.extensions.repaired_rid = SmallId::new("h");
    lesson.browsers[camera.browser].send(22, H264_RTX, packet);
    lesson.settle();
    assert_eq!(lesson.total().dropped(DropReason::Duplicate), 1);
    assert_eq!(lesson.browsers[watcher].received.len(), before);
}

#[test]
fn packets_without_a_name_or_with_an_unknown_one_are_not_taken() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 2);
    let before = lesson.browsers[watcher].received.len();
    let mut packets = picture(H, 2, true);
    packets[0].extensions.mid = SmallId::new("0");
    packets[1].extensions.mid = SmallId::new("0");
    packets[1].extensions.rid = SmallId::new("x");
    for packet in packets.drain(..2) {
        lesson.browsers[camera.browser].send(99, H264, packet);
    }
    lesson.settle();
    assert_eq!(lesson.total().dropped(DropReason::UnknownStream), 2);
    assert_eq!(lesson.browsers[watcher].received.len(), before);
}

#[test]
fn an_encoding_that_starts_again_under_another_source_leaves_the_others_alone() {
    let (mut lesson, mut camera, watcher) = lesson();
    let small = lesson.watch("c", Role::Receiving, 1, 0);
    show(&mut lesson, small, 0, 180);
    camera.film(&mut lesson, 10);
    let of_small = seen(&lesson, small).len();
    camera.sources[H] = 31;
    camera.sent[H] = 0;
    camera.film(&mut lesson, 10);
    assert_eq!(last_layer(&lesson, watcher), H);
    assert_continuous(&lesson, watcher);
    let later = &seen(&lesson, small)[of_small..];
    assert_eq!(later.len(), 10);
    assert!(later.iter().all(|picture| picture.0 == L));
    assert_continuous(&lesson, small);
}

#[test]
fn reports_go_to_each_encoding_and_receivers_hear_of_the_one_they_get() {
    let (mut lesson, mut camera, watcher) = lesson();
    camera.film(&mut lesson, 5);
    camera.report(&mut lesson);
    show(&mut lesson, watcher, 0, 180);
    camera.film(&mut lesson, 40);
    let compounds = lesson.browsers[camera.browser].rtcp.clone();
    for source in camera.sources {
        let told = compounds.iter().flat_map(|compound| rtcp::read(compound)).any(|packet| match packet {
            Ok(Rtcp::ReceiverReport { reports, .. }) => reports.iter().any(|block| block.ssrc == source),
            _ => false,
        });
        assert!(told, "source {source}");
    }
    let ssrc = lesson.browsers[watcher].sources()[0];
    let rtcp = lesson.browsers[watcher].rtcp.iter().flat_map(|compound| rtcp::read(compound));
    let last = rtcp
        .filter_map(|packet| match packet {
            Ok(Rtcp::SenderReport { info, .. }) if info.ssrc == ssrc => Some(info),
            _ => None,
        })
        .last()
        .expect("a report");
    // Picture 5 was sent when the encodings were reported: its moment in the receiver's media time.
    let (_, number, timestamp, _) = *seen(&lesson, watcher).last().unwrap();
    let since_us = lesson.now.wall.micros_since(tongke_protocol::WallTime::from(last.ntp));
    let now_ticks = last.rtp_timestamp.wrapping_add((since_us * 90 / 1000) as u32);
    let age = now_ticks.wrapping_sub(timestamp);
    assert!(age.abs_diff(FRAME_TICKS) < 10, "picture {number} is {age} ticks old, not one picture");
}

#[test]
fn at_a_branch_a_slot_gets_the_encoding_of_its_size_in_one_piece_too() {
    let mut spread = Spread::new();
    let mut camera = Camera::join(&mut spread.home, "t");
    let watcher = spread.watch("there");
    camera.film(&mut spread, 20);
    assert_eq!(last_layer(&spread.branch, watcher), H);
    camera.report(&mut spread.home);
    show(&mut spread.branch, watcher, 0, 180);
    spread.settle();
    camera.film(&mut spread, 20);
    assert_eq!(last_layer(&spread.branch, watcher), L);
    assert!(seen(&spread.branch, watcher).iter().find(|seen| seen.0 == L).unwrap().3, "a keyframe");
    camera.active[L] = false;
    camera.film(&mut spread, 60);
    assert_eq!(last_layer(&spread.branch, watcher), M, "what does not come any more is replaced");
    (camera.sources[M], camera.sent[M]) = (99, 0);
    camera.film(&mut spread, 20);
    assert_eq!(last_layer(&spread.branch, watcher), M, "begun anew under another source");
    assert_continuous(&spread.branch, watcher);
    assert_eq!(spread.branch.total().keyframe_requests, 0, "the publisher is asked by its home");
}
