//! One packet: its header, its seal.

use std::hint::black_box;
use tongke_bench::stopwatch::best_ns;
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, ExtensionMap, Extensions, RtpHeader, RtpView, write_header};
use tongke_transport::webrtc::srtp::{Context, MAX_OVERHEAD, MasterKey, Profile};

const CALLS: u64 = 20_000;
const LEN: usize = 1_200;

/// Prints the cost of each.
pub fn report() {
    println!("packet of {LEN} bytes                  ns");
    let (read, write) = (read_ns(), write_ns());
    println!("  read header and extensions    {read:7.0}");
    println!("  write header and extensions   {write:7.0}");
    for profile in Profile::ALL {
        let (seal, open) = (seal_ns(profile), open_ns(profile));
        println!("  seal {:27}{seal:5.0}", profile.name());
        println!("  open {:27}{open:5.0}  (with a copy of the packet)", profile.name());
    }
    println!();
}

fn map() -> ExtensionMap {
    tongke_bench::browser::extensions()
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(LEN + MAX_OVERHEAD);
    let extensions = Extensions {
        abs_capture_time: Some(AbsCaptureTime { capture: NtpTime(7), clock_offset: None }),
        transport_cc: Some(sequence),
        ..Extensions::default()
    };
    write_header(&mut out, &RtpHeader { sequence, ssrc: 7, ..RtpHeader::default() }, &extensions, &map());
    out.resize(LEN, 0x55);
    out
}

fn read_ns() -> f64 {
    let (packet, map) = (packet(1), map());
    best_ns(CALLS, |_| {
        if let Ok(view) = RtpView::parse(black_box(&packet)) {
            black_box(Extensions::read(&view, &map));
        }
    })
}

fn write_ns() -> f64 {
    let (mut packet, map) = (packet(1), map());
    let view = RtpView::parse(&packet).map(|view| (view.header, Extensions::read(&view, &map)));
    let Ok((header, extensions)) = view else { return f64::NAN };
    best_ns(CALLS, |_| {
        packet.clear();
        black_box(write_header(&mut packet, &header, black_box(&extensions), &map));
    })
}

fn context(profile: Profile) -> Option<Context> {
    let (key, salt) = ([1; 32], [2; 14]);
    let master = MasterKey::new(profile, &key[..profile.key_len()], &salt[..profile.salt_len()])?;
    Some(Context::new(profile, &master))
}

fn seal_ns(profile: Profile) -> f64 {
    let (mut packet, Some(mut context)) = (packet(0), context(profile)) else { return f64::NAN };
    best_ns(CALLS, |call| {
        packet.truncate(LEN);
        packet[2..4].copy_from_slice(&(call as u16).to_be_bytes());
        black_box(context.seal_rtp(&mut packet, 0));
    })
}

fn open_ns(profile: Profile) -> f64 {
    let Some(mut seal) = context(profile) else { return f64::NAN };
    let sealed = |sequence| {
        let mut packet = packet(sequence);
        seal.seal_rtp(&mut packet, 0);
        packet
    };
    let sealed: Vec<Vec<u8>> = (0..2_000).map(sealed).collect();
    let (mut buffer, mut open) = (sealed[0].clone(), None);
    best_ns(CALLS, |call| {
        let at = call as usize % sealed.len();
        if at == 0 {
            // A number is opened only once: begin anew, once in 2,000 packets.
            open = context(profile);
        }
        buffer.copy_from_slice(&sealed[at]);
        let _ = black_box(open.as_mut().map(|open| open.open_rtp(&mut buffer)));
    })
}
