//! The hot path of a spread lesson: a packet's way into its home, over the trunk and out of a branch must
//! not touch the heap.

#![allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

#[path = "../../transport/tests/allocations/mod.rs"]
mod allocations;

use std::sync::Arc;
use std::time::{Duration, Instant};
use tongke_protocol::control::{Codec, Hello, PublishTrack};
use tongke_protocol::{Grant, LessonScope, Now, Role, TrackKind, WallTime};
use tongke_sfu::{Core, CoreConfig, LegId, Site};
use tongke_transport::webrtc::Certificate;

const HOME: Site = Site(1);
const BRANCH: Site = Site(2);
const SSRC: u32 = 7;
const PACKETS_PER_PICTURE: u32 = 8;

fn join(core: &mut Core, now: Now, name: &str, role: Role, publish: Vec<PublishTrack>) -> LegId {
    let grant = Grant {
        lesson: LessonScope::Any,
        participant: name.parse().unwrap(),
        name: name.to_owned(),
        role,
        expires_unix_s: u64::MAX,
    };
    let hello = Hello {
        token: String::new(),
        lesson: "math".parse().unwrap(),
        publish,
        video_slots: 1,
        audio_slots: 1,
    };
    core.join_quic(now, &grant, &hello).unwrap().0
}

/// Packet `number` of the camera, on its flow; every tenth picture is a keyframe.
fn write_packet(datagram: &mut Vec<u8>, number: u32) {
    let (picture, at) = (number / PACKETS_PER_PICTURE, number % PACKETS_PER_PICTURE);
    let is_last = at + 1 == PACKETS_PER_PICTURE;
    let unit = if picture % 10 == 0 { 5 } else { 1 };
    datagram.clear();
    datagram.extend_from_slice(&[1, 0x80, 96 | u8::from(is_last) << 7]);
    datagram.extend_from_slice(&(number as u16).to_be_bytes());
    datagram.extend_from_slice(&(picture * 3000).to_be_bytes());
    datagram.extend_from_slice(&SSRC.to_be_bytes());
    datagram.extend_from_slice(&[0x7C, u8::from(at == 0) << 7 | u8::from(is_last) << 6 | unit]);
    datagram.resize(1100, 3);
}

fn carry(from: Site, sender: &mut Core, receiver: &mut Core, now: Now) {
    while let Some(mut batch) = sender.outputs().trunk.pop() {
        receiver.handle_trunk(now, from, &mut batch);
        sender.outputs().recycle(batch);
    }
    sender.outputs().clear();
}

#[test]
fn a_packet_over_a_trunk_allocates_nothing_after_the_first_pictures() {
    let certificate = Arc::new(Certificate::generate().unwrap());
    let [mut home, mut branch] = [1, 2].map(|seed| Core::new(CoreConfig::new(certificate.clone()), seed));
    let start = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
    let camera = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: SSRC };
    let teacher = join(&mut home, start, "t", Role::Supporting, vec![camera]);
    branch.open_branch(start, &"math".parse().unwrap(), HOME);
    join(&mut branch, start, "observer", Role::Observer, Vec::new());
    carry(BRANCH, &mut branch, &mut home, start);
    carry(HOME, &mut home, &mut branch, start);
    let mut datagram = Vec::with_capacity(2000);
    let (mut before, mut sent_before) = (0, 0);
    for number in 0..4000 {
        if number == 2000 {
            sent_before = branch.stats().total.packets_out;
            before = allocations::so_far();
        }
        let now = start.plus(Duration::from_millis(4) * number);
        write_packet(&mut datagram, number);
        home.handle_quic_datagram(now, teacher, &datagram);
        carry(HOME, &mut home, &mut branch, now);
        branch.outputs().clear();
    }
    let allocated = allocations::so_far() - before;
    assert_eq!(branch.stats().total.packets_out - sent_before, 2000);
    assert_eq!(allocated, 0);
}
