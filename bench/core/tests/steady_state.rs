//! A lesson in its steady state: every packet reaches everyone, and none of it touches the heap.

use std::time::Duration;
use tongke_bench_core::allocations::{self, Counting};
use tongke_bench_core::{Lesson, Link, media};
use tongke_protocol::control::RTCP_FLOW;
use tongke_sfu::Outputs;
use tongke_transport::quic::framing::read_datagram;
use tongke_transport::rtp::is_rtcp;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RECEIVERS: usize = 10;
/// Rings have turned over, logs and buffers have their size.
const WARM_UP: Duration = Duration::from_secs(6);

/// Allocations of the core's turns in 4 s of a lesson.
struct Counted {
    /// Of the turns that sent media or nothing.
    of_media: u64,
    /// Of those that sent reports too: some a second, however much is forwarded.
    of_reports: u64,
    /// Packets that were sent.
    sent: u64,
}

fn count(link: Link) -> Counted {
    let mut lesson = Lesson::new(link, RECEIVERS);
    lesson.run(WARM_UP, Lesson::turn);
    let before = lesson.counters();
    let (mut of_media, mut of_reports) = (0, 0);
    lesson.run(Duration::from_secs(4), |lesson, datagram| {
        let before = allocations::allocations();
        lesson.turn(datagram);
        let allocated = allocations::allocations() - before;
        if sends_reports(lesson.core.outputs()) { of_reports += allocated } else { of_media += allocated }
    });
    let after = lesson.counters();
    let received = after.packets_in - before.packets_in;
    let sent = after.packets_out - before.packets_out;
    let waiting = media::PACKETS_OF_A_KEYFRAME as u64;
    assert!(received > 1_000, "the publisher publishes: {received}");
    assert!(
        sent.abs_diff(received * RECEIVERS as u64) <= waiting * RECEIVERS as u64,
        "everybody gets everything: {sent} of {received}"
    );
    assert!(after.sends - before.sends < sent || link == Link::Quic, "packets wait for others");
    Counted { of_media, of_reports, sent }
}

fn sends_reports(outputs: &Outputs) -> bool {
    let over_udp = || outputs.udp.iter().any(|transmit| is_rtcp(&outputs.arena[transmit.range.clone()]));
    let is_report = |datagram| matches!(read_datagram(datagram), Ok((RTCP_FLOW, _)));
    over_udp() || outputs.quic.iter().any(|transmit| is_report(&outputs.arena[transmit.range.clone()]))
}

#[test]
fn forwarding_allocates_nothing_held_packets_and_timers_included() {
    for link in [Link::Webrtc, Link::Quic] {
        let Counted { of_media, of_reports, sent } = count(link);
        assert_eq!(of_media, 0, "allocations for {sent} packets sent over {link:?}");
        assert!(of_reports < sent / 50, "{of_reports} allocations for reports, {sent} packets over {link:?}");
    }
}

#[test]
fn the_counter_counts() {
    let before = allocations::allocations();
    let some = std::hint::black_box(vec![1_u8; 100]);
    assert_eq!(allocations::allocations() - before, 1, "{}", some.len());
}

#[test]
fn a_slot_goes_over_to_the_other_encoding_with_each_change_of_its_size() {
    let mut lesson = Lesson::of_layers();
    for picture in 0..20_u32 {
        let layer = picture as usize % 2;
        let mut packets = [0, 1].map(|layer| lesson.sealed(media::small_keyframe(layer, picture)));
        lesson.pass(Duration::from_secs(1));
        lesson.keep_alive();
        lesson.show(0, [720, 180][layer]);
        let before = lesson.counters().packets_out;
        let sent = packets.iter_mut().map(|packet| {
            lesson.turn(Some(packet));
            lesson.counters().packets_out - before
        });
        let sent: Vec<u64> = sent.collect();
        if picture > 4 {
            // Until the new encoding's keyframe comes, the one before goes on.
            assert_eq!(sent, [1, 1 + layer as u64], "picture {picture}: that of encoding {layer}");
        }
    }
}
