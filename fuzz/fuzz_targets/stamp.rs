//! Packets of the delay and loss test (RFC 8762), at a reflector and at the sender it answers. What is read is written
//! back the same, and any answer leaves a run's figures consistent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_measure::network::stamp::{ErrorEstimate, ReflectedPacket, TestPacket};
use tongke_measure::network::two_way::TwoWayRun;
use tongke_protocol::WallTime;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = TestPacket::parse(bytes) {
        assert_eq!(TestPacket::parse(&packet.write()), Ok(packet));
        let answer = packet.reflect(packet.seq, packet.sent, ErrorEstimate::UNKNOWN, 255);
        assert_eq!(ReflectedPacket::parse(&answer.write()), Ok(answer));
    }
    let mut run = TwoWayRun::new();
    let numbers: Vec<u32> = (0..4).filter_map(|at| run.on_send(WallTime(at))).collect();
    for (i, chunk) in bytes.chunks(44).enumerate() {
        if let Ok(mut packet) = ReflectedPacket::parse(chunk) {
            packet.test.seq = packet.test.seq % 8;
            run.on_reply(&packet, WallTime(1_000_000 + i as u64));
        }
    }
    let figures = run.figures(Some(1.0));
    assert_eq!(figures.sent, numbers.len() as u64);
    assert_eq!(figures.answered + figures.out.loss.lost + figures.back.loss.lost + figures.undecided, figures.sent);
});
