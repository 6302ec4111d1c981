//! What runs for every packet of every subscriber must not touch the heap.

mod allocations;

use tongke_transport::quic::framing::read_datagram;
use tongke_transport::rtp::{
    AbsCaptureTime, ExtensionKind, ExtensionMap, Extensions, NackConfig, NackGenerator, RtpHeader, RtpView,
    SequenceExtender, SmallId, h264, is_rtcp, red, rtcp, vp8, write_header,
};

fn allocations(work: impl FnOnce()) -> u64 {
    let before = allocations::so_far();
    work();
    allocations::so_far() - before
}

#[test]
fn reading_and_writing_packets_allocates_nothing() {
    let mut map = ExtensionMap::default();
    (1..).zip(ExtensionKind::ALL).for_each(|(id, kind)| map.set(id, kind));
    let extensions = Extensions {
        abs_capture_time: Some(AbsCaptureTime { capture: Default::default(), clock_offset: Some(-1) }),
        audio_level: Some(1),
        playout_delay: Some([1, 2, 3]),
        video_orientation: Some(1),
        transport_cc: Some(9),
        abs_send_time: Some(7),
        mid: SmallId::new("0"),
        rid: SmallId::new("h"),
        repaired_rid: SmallId::new("h"),
    };
    let mut out = Vec::with_capacity(1500);
    let count = allocations(|| {
        for sequence in 0..100 {
            out.clear();
            let header = RtpHeader { sequence, ..Default::default() };
            write_header(&mut out, &header, &extensions, &map);
            out.extend_from_slice(&[0x65, 1, 2, 3]);
            let view = RtpView::parse(&out).unwrap();
            assert!(!is_rtcp(&out));
            assert_eq!(Extensions::read(&view, &map), extensions);
            assert!(h264::is_keyframe_start(view.payload) && !vp8::is_keyframe_start(view.payload));
            let _ = red::split(view.payload).map(Iterator::count);
            let _ = read_datagram(&out);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn reading_rtcp_allocates_nothing() {
    let mut compound = Vec::new();
    rtcp::write_receiver_report(&mut compound, 1, &[rtcp::ReportBlock::default(); 3]);
    rtcp::write_nack(&mut compound, 1, 2, &[1, 5, 99]);
    let count = allocations(|| {
        for packet in rtcp::read(&compound) {
            if let Ok(rtcp::Rtcp::Nack { lost, .. }) = packet {
                assert_eq!(lost.iter().count(), 3);
            }
        }
    });
    assert_eq!(count, 0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]
fn packets_in_order_cost_the_repair_no_memory() {
    let mut extender = SequenceExtender::default();
    let mut nack = NackGenerator::new(NackConfig::default());
    let now = std::time::Instant::now();
    let count = allocations(|| {
        for sequence in 0..10_000_u16 {
            nack.on_packet(now, extender.extend(sequence));
        }
    });
    assert_eq!(count, 0);
}
