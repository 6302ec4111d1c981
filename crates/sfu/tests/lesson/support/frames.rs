//! Media that looks real enough to a relay.

use bytes::Bytes;
use tongke_protocol::{NtpTime, WallTime};
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket};

/// When picture or sound `number` was captured: 40 ms before a lesson that sends one each 33 ms.
pub fn capture(number: u32) -> AbsCaptureTime {
    let at = WallTime(1_794_999_999_960_000 + u64::from(number) * 33_000);
    AbsCaptureTime { capture: NtpTime::from(at), clock_offset: None }
}

/// Picture `number` in H.264 fragments (FU-A), 3000 ticks after the one before.
pub fn frame(number: u32, keyframe: bool, packets: usize) -> Vec<RtpPacket> {
    let unit = if keyframe { 5 } else { 1 };
    (0..packets)
        .map(|at| {
            let start = if at == 0 { 0x80 } else { 0 };
            let end = if at + 1 == packets { 0x40 } else { 0 };
            let mut payload = vec![0x7C, start | end | unit];
            payload.extend_from_slice(&number.to_be_bytes());
            payload.push(at as u8);
            payload.resize(if end == 0 { 900 } else { 500 }, number as u8);
            RtpPacket {
                header: RtpHeader {
                    marker: end != 0,
                    timestamp: number.wrapping_mul(3000),
                    ..RtpHeader::default()
                },
                extensions: Extensions { abs_capture_time: Some(capture(number)), ..Extensions::default() },
                payload: Bytes::from(payload),
            }
        })
        .collect()
}

/// 20 ms of sound.
pub fn sound(number: u32) -> RtpPacket {
    RtpPacket {
        header: RtpHeader { timestamp: number.wrapping_mul(960), ..RtpHeader::default() },
        extensions: Extensions {
            abs_capture_time: Some(capture(number)),
            audio_level: Some(0x85),
            ..Extensions::default()
        },
        payload: Bytes::from([&[0x78][..], &number.to_be_bytes(), &[9; 60]].concat()),
    }
}
