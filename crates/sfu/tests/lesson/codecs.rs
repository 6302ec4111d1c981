//! VP8 and redundant sound, passed through.

use super::support::Lesson;
use super::support::payload_types::{OPUS, RED};
use bytes::Bytes;
use tongke_protocol::control::{Codec, PublishTrack};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::DropReason;
use tongke_transport::rtp::{RtpHeader, RtpPacket};

fn school_with(lesson: &mut Lesson, kind: TrackKind, codec: Codec) -> usize {
    let track = PublishTrack { kind, codec, ssrc: 5 };
    lesson.join_publishing("s", Role::Supporting, vec![track], (1, 1)).unwrap()
}

fn packet(payload: &'static [u8], timestamp: u32) -> RtpPacket {
    RtpPacket {
        header: RtpHeader { marker: true, timestamp, ..RtpHeader::default() },
        payload: Bytes::from_static(payload),
        ..RtpPacket::default()
    }
}

/// One old block of two bytes, then the primary: both name Opus as payload type 111.
const REDUNDANT: &[u8] = &[0x80 | 111, 0x0F, 0x00, 2, 111, b'o', b'l', b'n', b'e', b'w'];

#[test]
fn vp8_passes_through_and_begins_at_its_keyframe() {
    let mut lesson = Lesson::new();
    let school = school_with(&mut lesson, TrackKind::Camera, Codec::Vp8);
    let other = lesson.join("b", Role::Receiving);
    let (key, delta) = (&[0x10, 0x00, 1, 2, 3][..], &[0x10, 0x01, 9][..]);
    lesson.send(school, TrackKind::Camera, vec![packet(delta, 1), packet(key, 2), packet(delta, 3)]);
    let got = lesson.schools[other].packets(lesson.schools[other].first_slot(MediaKind::Video));
    let payloads: Vec<_> = got.iter().map(|(_, packet)| &packet.payload[..]).collect();
    assert_eq!(payloads, [key, delta]);
    assert!(got.iter().all(|(_, packet)| packet.header.payload_type == 97));
}

#[test]
fn a_browser_without_vp8_does_not_get_it_and_keeps_its_slot_free() {
    let mut lesson = Lesson::new();
    let school = school_with(&mut lesson, TrackKind::Camera, Codec::Vp8);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.send(school, TrackKind::Camera, vec![packet(&[0x10, 0x00, 1], 2)]);
    assert!(lesson.browsers[watcher].received.is_empty());
    assert_eq!(lesson.total().dropped(DropReason::NoCodec), 0, "it is never in the slot");
}

#[test]
fn redundant_sound_goes_whole_to_browsers_and_as_opus_over_quic() {
    let mut lesson = Lesson::new();
    let school = school_with(&mut lesson, TrackKind::Microphone, Codec::Red);
    let other = lesson.join("b", Role::Receiving);
    let watcher = lesson.watch("c", Role::Receiving, 1, 1);
    lesson.send(school, TrackKind::Microphone, vec![packet(REDUNDANT, 960)]);
    let whole = &lesson.browsers[watcher].received[0];
    assert_eq!(whole.header.payload_type, RED);
    assert_eq!(whole.payload[..], [0x80 | OPUS, 0x0F, 0x00, 2, OPUS, b'o', b'l', b'n', b'e', b'w']);
    let opus = lesson.schools[other].packets(lesson.schools[other].first_slot(MediaKind::Audio));
    assert_eq!((opus[0].1.header.payload_type, &opus[0].1.payload[..]), (111, &b"new"[..]));
    lesson.send(school, TrackKind::Microphone, vec![packet(&[0x80 | 111, 0xFF], 1920)]);
    assert_eq!(lesson.total().dropped(DropReason::NoCodec), 1, "damaged: no primary block to be found");
}
