//! Numbers, times and headers of one outgoing stream.

use super::*;
use crate::ring::{Ring, RingSize};
use tongke_transport::rtp::RtpView;

fn subscription(codecs: CodecSet) -> Subscription {
    let stream = Stream { ssrc: 7, rtx_ssrc: None, codecs, extensions: ExtensionMap::quic(), mid: None };
    let mut subscription = Subscription::new(stream, 0xFFFF_FFF0_0000_7FFF);
    subscription.target = Some(0);
    subscription
}

fn feed(ring: &Ring) -> Feed<'_> {
    Feed { ring, layer: 0, clocks: &[None; 4] }
}

fn info(sequence: u64, timestamp: u32, keyframe_start: bool, arrived: Instant) -> PacketInfo {
    PacketInfo {
        sequence,
        timestamp,
        marker: true,
        codec: Codec::H264,
        keyframe_start,
        extensions: Extensions::default(),
        arrived,
    }
}

#[test]
fn a_lost_start_of_a_keyframe_that_is_repaired_later_still_has_a_number() {
    let (t, mut ring) = (Instant::now(), Ring::new(RingSize::for_media(MediaKind::Video)));
    let mut subscription = subscription(CodecSet::quic());
    ring.insert(info(48, 3000, false, t), b"picture before");
    // 49 and 50, parameter sets, are lost; the slice begins a keyframe too.
    let slice = info(51, 6000, true, t);
    ring.insert(slice, b"slice");
    let first = subscription.admit(feed(&ring), &slice, true, t).unwrap();
    let late = info(49, 6000, true, t);
    ring.insert(late, b"parameters");
    let repaired = subscription.admit(feed(&ring), &late, false, t).unwrap();
    assert_eq!(repaired.sequence + 2, first.sequence);
    assert_eq!(repaired.timestamp, first.timestamp);
    assert_eq!(subscription.admit(feed(&ring), &info(48, 3000, false, t), false, t), None);
}

#[test]
fn timestamps_and_numbers_go_on_over_their_wraps() {
    let (t, mut ring) = (Instant::now(), Ring::new(RingSize::for_media(MediaKind::Video)));
    let mut subscription = subscription(CodecSet::quic());
    let mut last = None::<Outgoing>;
    for number in 0..40_u64 {
        let packet = info(0x1_FFF0 + number, (number as u32).wrapping_mul(3000), number == 0, t);
        ring.insert(packet, b"x");
        let outgoing = subscription.admit(feed(&ring), &packet, true, t).unwrap();
        if let Some(last) = last {
            assert_eq!(outgoing.sequence, last.sequence + 1);
            assert_eq!(outgoing.timestamp, last.timestamp.wrapping_add(3000));
        }
        last = Some(outgoing);
    }
    let sent = last.unwrap().sequence as u16;
    assert_eq!(subscription.repeat(sent), Some((0, 0x1_FFF0 + 39)));
    assert_eq!(subscription.repeat(sent.wrapping_sub(39)), Some((0, 0x1_FFF0)));
    assert_eq!(subscription.repeat(sent.wrapping_sub(48)), None, "well before the first");
}

#[test]
fn blocks_of_redundant_sound_get_the_receivers_number_of_opus() {
    let mut codecs = CodecSet::default();
    codecs.add(Codec::Opus, 109, None);
    codecs.add(Codec::Red, 120, None);
    let subscription = subscription(codecs);
    let packet = PacketInfo { codec: Codec::Red, ..info(1, 2, false, Instant::now()) };
    let payload = [0x80 | 111, 0x0F, 0x00, 2, 111, b'o', b'l', b'n', b'e', b'w'];
    let (payload_type, payload) = subscription.payload_of(Codec::Red, &payload).unwrap();
    let mut out = Vec::new();
    let outgoing = Outgoing { sequence: 1, timestamp: 2 };
    subscription.write(&mut out, (&packet, payload), payload_type, outgoing, &OwnExtensions::default());
    let view = RtpView::parse(&out).unwrap();
    assert_eq!(view.header.payload_type, 120);
    let blocks: Vec<_> = red::split(view.payload).unwrap().collect();
    assert_eq!(blocks.iter().map(|block| block.payload_type).collect::<Vec<_>>(), [109, 109]);
    assert_eq!((blocks[0].data, blocks[1].data), (&b"ol"[..], &b"new"[..]));
}

#[test]
fn a_header_is_as_long_as_was_said() {
    let mut subscription = subscription(CodecSet::quic());
    let mut packet = info(1, 2, true, Instant::now());
    let outgoing = Outgoing { sequence: 1, timestamp: 2 };
    for (level, orientation) in [(None, None), (Some(1), None), (Some(1), Some(1)), (None, Some(1))] {
        packet.extensions.audio_level = level;
        packet.extensions.video_orientation = orientation;
        let mut out = Vec::new();
        subscription.write(&mut out, (&packet, b""), 96, outgoing, &OwnExtensions::default());
        for _ in 0..2 {
            assert_eq!(subscription.header_len(&packet, &mut Vec::new()), out.len());
        }
    }
}
