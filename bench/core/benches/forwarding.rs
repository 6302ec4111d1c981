//! A packet through the core: opened, stored, forwarded to all, and what a lesson does beside it.

#![allow(missing_docs, reason = "criterion's macros make the functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::{Duration, Instant};
use tongke_bench_core::{Lesson, Link, media};

/// Before measuring: rings, logs and buffers have their size.
const WARM_UP: Duration = Duration::from_millis(2_500);
/// Lesson time that is measured in one piece: a picture.
const STEP: Duration = Duration::from_micros(33_334);

/// Time of a packet that was received, for each number of receivers; the throughput is of packets sent.
fn forward(criterion: &mut Criterion) {
    for link in [Link::Webrtc, Link::Quic] {
        let mut group = criterion.benchmark_group(format!("forward over {link:?}"));
        group.sample_size(20).measurement_time(Duration::from_secs(3));
        for receivers in [1, 10, 100] {
            let mut lesson = Lesson::new(link, receivers);
            lesson.run(WARM_UP, Lesson::turn);
            group.throughput(Throughput::Elements(receivers as u64));
            group.bench_with_input(BenchmarkId::from_parameter(receivers), &receivers, |bencher, _| {
                bencher.iter_custom(|packets| time_of(&mut lesson, packets));
            });
        }
    }
}

/// Time of the core for so many packets of the publisher.
fn time_of(lesson: &mut Lesson, packets: u64) -> Duration {
    let before = lesson.counters().packets_in;
    let mut time = Duration::ZERO;
    loop {
        lesson.run(STEP, |lesson, datagram| {
            let start = Instant::now();
            lesson.turn(datagram);
            time += start.elapsed();
        });
        let done = lesson.counters().packets_in - before;
        if done >= packets {
            return time.mul_f64(packets as f64 / done as f64);
        }
    }
}

/// A slot goes over to another encoding of its source: asked for, and begun with a keyframe of one packet.
fn switch(criterion: &mut Criterion) {
    criterion.bench_function("slot goes over to another encoding", |bencher| {
        let mut lesson = Lesson::of_layers();
        let mut picture = 0;
        bencher.iter_custom(|times| {
            let mut time = Duration::ZERO;
            for _ in 0..times {
                picture += 1;
                let mut packets = [0, 1].map(|layer| lesson.sealed(media::small_keyframe(layer, picture)));
                lesson.pass(Duration::from_secs(1));
                let start = Instant::now();
                lesson.show(0, [720, 180][picture as usize % 2]);
                packets.iter_mut().for_each(|packet| lesson.turn(Some(packet)));
                time += start.elapsed();
                lesson.keep_alive();
            }
            time
        });
    });
}

criterion_group!(benches, forward, switch);
criterion_main!(benches);
