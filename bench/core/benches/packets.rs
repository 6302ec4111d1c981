//! One packet: header, cipher, keyframe detection.

#![allow(missing_docs, reason = "criterion's macros make the functions")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tongke_bench_core::packets::{LEN, context, extensions, header, payloads, plain, sealed};
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpView, h264, write_header};
use tongke_transport::webrtc::srtp::Profile;

/// Packets of a batch: fewer than the replay window's numbers wrap at.
const BATCH: u16 = 64;

fn headers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("header");
    let (packet, map) = (plain(1), extensions());
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let view = RtpView::parse(black_box(&packet))?;
            black_box(Extensions::read(&view, &map));
            Ok::<_, tongke_transport::rtp::RtpError>(())
        });
    });
    let abs_capture_time = Some(AbsCaptureTime { capture: NtpTime(7), clock_offset: None });
    let values = Extensions { abs_capture_time, transport_cc: Some(1), ..Extensions::default() };
    let mut out = Vec::with_capacity(LEN);
    group.bench_function("rewrite", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_header(&mut out, black_box(&header(1)), black_box(&values), &map)
        });
    });
}

fn srtp(criterion: &mut Criterion) {
    for profile in Profile::ALL {
        let mut group = criterion.benchmark_group(profile.name());
        group.throughput(Throughput::Bytes(LEN as u64));
        // A number is opened once only, so that each opening has its own packet and its batch its own keys.
        let packets = sealed(profile, BATCH);
        group.bench_function("open", |bencher| {
            let mut next = 0;
            let mut open = context(profile);
            let take = || {
                next = (next + 1) % packets.len();
                packets[next].clone()
            };
            let open_one = |mut packet: Vec<u8>| {
                if packet[2..4] == [0, 0] {
                    open = context(profile);
                }
                black_box(open.open_rtp(&mut packet).is_ok());
                packet
            };
            bencher.iter_batched(take, open_one, BatchSize::NumIterations(u64::from(BATCH)));
        });
        let mut seal = context(profile);
        let mut sequence = 0_u16;
        let mut packet = plain(0);
        group.bench_function("seal", |bencher| {
            bencher.iter(|| {
                packet.truncate(LEN);
                packet[2..4].copy_from_slice(&sequence.to_be_bytes());
                sequence = sequence.wrapping_add(1);
                black_box(seal.seal_rtp(&mut packet, 0))
            });
        });
    }
}

fn keyframe_detection(criterion: &mut Criterion) {
    let payloads = payloads();
    criterion.bench_function("keyframe detection", |bencher| {
        let mut next = 0;
        bencher.iter(|| {
            next = (next + 1) % payloads.len();
            h264::is_keyframe_start(black_box(&payloads[next]))
        });
    });
}

criterion_group!(benches, headers, srtp, keyframe_detection);
criterion_main!(benches);
