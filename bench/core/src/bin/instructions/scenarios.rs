//! What is counted. Each scenario gets ready, works uncounted until memory has settled, and then does the
//! same thing many times inside [`count_instructions`].

use std::hint::black_box;
use std::time::Duration;
use tongke_bench_core::packets::{self, LEN, context, extensions, header, plain, sealed};
use tongke_bench_core::{Lesson, Link, media};
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpView, h264, write_header};
use tongke_transport::webrtc::srtp::Profile;

/// Single packets handled under count.
const PACKETS: u16 = 1_000;
/// Before counting: rings, logs and buffers have their size.
const WARM_UP: Duration = Duration::from_millis(2_500);
/// Lesson time under count: two keyframes and 58 other pictures a keyframe.
const COUNTED: Duration = Duration::from_secs(2);

/// One thing that is counted.
pub struct Scenario {
    /// Its name in the file.
    pub name: &'static str,
    /// What is done so and so often.
    pub unit: &'static str,
    /// Does it and says how often.
    pub run: fn() -> u64,
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "open", unit: "packet", run: open },
    Scenario { name: "seal", unit: "packet", run: seal },
    Scenario { name: "read_header", unit: "packet", run: read },
    Scenario { name: "write_header", unit: "packet", run: write },
    Scenario { name: "keyframe_detection", unit: "packet", run: keyframe_detection },
    Scenario { name: "forward_webrtc_1", unit: "packet out", run: || forward(Link::Webrtc, 1) },
    Scenario { name: "forward_webrtc_10", unit: "packet out", run: || forward(Link::Webrtc, 10) },
    Scenario { name: "forward_webrtc_100", unit: "packet out", run: || forward(Link::Webrtc, 100) },
    Scenario { name: "forward_quic_10", unit: "packet out", run: || forward(Link::Quic, 10) },
    Scenario { name: "forward_quic_100", unit: "packet out", run: || forward(Link::Quic, 100) },
    Scenario { name: "nack_answer", unit: "packet", run: nack_answer },
    Scenario { name: "feedback", unit: "feedback", run: feedback },
    Scenario { name: "switch_layer", unit: "switch", run: switch_layer },
];

/// The function that callgrind counts inside of, found by its name.
#[inline(never)]
pub fn count_instructions(work: &mut dyn FnMut()) {
    work();
    // Something behind the call, lest it become a jump, of which callgrind does not see the return.
    black_box(());
}

fn open() -> u64 {
    let mut open = context(Profile::Aes128Gcm);
    let mut packets = sealed(Profile::Aes128Gcm, PACKETS + 1);
    let mut packets = packets.iter_mut();
    let _ = packets.next().map(|first| open.open_rtp(first));
    count_instructions(&mut || {
        for packet in packets.by_ref() {
            assert_eq!(open.open_rtp(packet), Ok(LEN));
        }
    });
    u64::from(PACKETS)
}

fn seal() -> u64 {
    let mut seal = context(Profile::Aes128Gcm);
    let mut packets: Vec<_> = (0..=PACKETS).map(plain).collect();
    let mut packets = packets.iter_mut();
    let _ = packets.next().map(|first| seal.seal_rtp(first, 0));
    count_instructions(&mut || {
        for packet in packets.by_ref() {
            assert!(seal.seal_rtp(packet, 0));
        }
    });
    u64::from(PACKETS)
}

fn read() -> u64 {
    let (packets, map): (Vec<_>, _) = ((0..PACKETS).map(plain).collect(), extensions());
    count_instructions(&mut || {
        for packet in &packets {
            if let Ok(view) = RtpView::parse(black_box(packet)) {
                black_box(Extensions::read(&view, &map));
            }
        }
    });
    u64::from(PACKETS)
}

fn write() -> u64 {
    let mut out = Vec::with_capacity(LEN);
    let abs_capture_time = Some(AbsCaptureTime { capture: NtpTime(7), clock_offset: None });
    let map = extensions();
    count_instructions(&mut || {
        for sequence in 0..PACKETS {
            out.clear();
            let values =
                Extensions { abs_capture_time, transport_cc: Some(sequence), ..Extensions::default() };
            black_box(write_header(&mut out, &header(sequence), black_box(&values), &map));
        }
    });
    u64::from(PACKETS)
}

/// A fragment, a keyframe's first fragment, and an aggregate with parameter sets, in turn.
fn keyframe_detection() -> u64 {
    let payloads = packets::payloads();
    count_instructions(&mut || {
        for at in 0..usize::from(PACKETS) {
            black_box(h264::is_keyframe_start(black_box(&payloads[at % payloads.len()])));
        }
    });
    u64::from(PACKETS)
}

/// Receive, open, store, forward, and all that a lesson does beside it.
fn forward(link: Link, receivers: usize) -> u64 {
    let mut lesson = Lesson::new(link, receivers);
    lesson.run(WARM_UP, Lesson::turn);
    let before = lesson.counters().packets_out;
    lesson.run(COUNTED, |lesson, mut datagram| {
        count_instructions(&mut || lesson.turn(datagram.as_deref_mut()));
    });
    lesson.counters().packets_out - before
}

/// A receiver asks for the last packets of the picture, five at a time.
fn nack_answer() -> u64 {
    let mut lesson = Lesson::new(Link::Webrtc, 1);
    lesson.run(WARM_UP, Lesson::turn);
    let before = lesson.counters().retransmitted;
    for _ in 0..50 {
        lesson.run_heard(Duration::from_millis(40));
        let newest = lesson.watchers[0].newest_picture_packet;
        let lost: Vec<u16> = (1..=5).map(|back| newest.wrapping_sub(back * 2)).collect();
        let mut asked = lesson.watchers[0].nack(&lost);
        let path = lesson.watchers[0].path;
        lesson.core.outputs().clear();
        count_instructions(&mut || lesson.core.handle_datagram(lesson.now, path, &mut asked));
    }
    lesson.counters().retransmitted - before
}

/// A receiver tells what came in the last 100 ms.
fn feedback() -> u64 {
    const TIMES: u64 = 50;
    let mut lesson = Lesson::new(Link::Webrtc, 1);
    lesson.run(WARM_UP, Lesson::turn);
    for _ in 0..TIMES {
        lesson.run_heard(Duration::from_millis(100));
        let mut told = lesson.watchers[0].feedback();
        let path = lesson.watchers[0].path;
        lesson.core.outputs().clear();
        count_instructions(&mut || lesson.core.handle_datagram(lesson.now, path, &mut told));
    }
    TIMES
}

/// A slot is shown larger or smaller: it goes over to the other encoding with that one's next keyframe,
/// which is of one packet.
fn switch_layer() -> u64 {
    const TIMES: u32 = 50;
    let mut lesson = Lesson::of_layers();
    for picture in 0..8 + TIMES {
        let layer = picture as usize % 2;
        let mut packets: Vec<_> =
            (0..2).map(|layer| lesson.sealed(media::small_keyframe(layer, picture))).collect();
        lesson.pass(Duration::from_secs(1));
        let mut switch = || {
            lesson.show(0, [720, 180][layer]);
            packets.iter_mut().for_each(|packet| lesson.turn(Some(packet)));
        };
        if picture < 8 { switch() } else { count_instructions(&mut switch) }
    }
    u64::from(TIMES)
}
