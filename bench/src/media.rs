//! One school's media as a relay sees it: 720p at 2.2 Mbit/s in 30 pictures of nine packets, and
//! 50 packets of sound a second.

use bytes::Bytes;
use std::time::Duration;
use tongke_protocol::control::{Codec, PublishTrack};
use tongke_protocol::{NtpTime, TrackKind};
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket};

/// What such a school announces.
pub const TRACKS: [PublishTrack; 2] = [
    PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 100 },
    PublishTrack { kind: TrackKind::Microphone, codec: Codec::Opus, ssrc: 101 },
];
const PACKETS_OF_A_PICTURE: usize = 9;
/// The first picture; after it a relay asks for keyframes when it needs one.
const PACKETS_OF_A_KEYFRAME: usize = 40;
const PAYLOAD: usize = 1_100;
const LAST_PAYLOAD: usize = 500;
const SOUND_PAYLOAD: usize = 80;

/// What is to be sent next.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Since the lesson began.
    pub at: Duration,
    /// Camera or microphone.
    pub track: TrackKind,
    number: u32,
}

/// When what is sent.
#[derive(Debug, Default)]
pub struct Schedule {
    pictures: u32,
    sounds: u32,
}

impl Schedule {
    /// The next picture or sound.
    pub fn peek(&self) -> Due {
        let picture = Duration::from_secs(1) * self.pictures / 30;
        let sound = Duration::from_millis(20) * self.sounds + Duration::from_millis(7);
        if picture <= sound {
            Due { at: picture, track: TrackKind::Camera, number: self.pictures }
        } else {
            Due { at: sound, track: TrackKind::Microphone, number: self.sounds }
        }
    }

    /// Takes the next picture or sound, captured at `capture`.
    pub fn take(&mut self, capture: NtpTime) -> Vec<RtpPacket> {
        let Due { track, number, .. } = self.peek();
        let abs_capture_time = Some(AbsCaptureTime { capture, clock_offset: None });
        if track == TrackKind::Camera {
            self.pictures += 1;
            picture(number, Extensions { abs_capture_time, ..Extensions::default() })
        } else {
            self.sounds += 1;
            let extensions = Extensions { abs_capture_time, audio_level: Some(40), ..Extensions::default() };
            vec![packet(number * 960, false, extensions, &[0x78; SOUND_PAYLOAD])]
        }
    }
}

/// A picture in H.264 fragments (FU-A, RFC 6184 §5.8).
fn picture(number: u32, extensions: Extensions) -> Vec<RtpPacket> {
    let (packets, unit) = if number == 0 { (PACKETS_OF_A_KEYFRAME, 5) } else { (PACKETS_OF_A_PICTURE, 1) };
    let fragment = |at: usize| {
        let (is_first, is_last) = (at == 0, at + 1 == packets);
        let mut payload = [number as u8; PAYLOAD];
        payload[0] = 0x7C;
        payload[1] = u8::from(is_first) << 7 | u8::from(is_last) << 6 | unit;
        let len = if is_last { LAST_PAYLOAD } else { PAYLOAD };
        packet(number * 3_000, is_last, extensions, &payload[..len])
    };
    (0..packets).map(fragment).collect()
}

fn packet(timestamp: u32, marker: bool, extensions: Extensions, payload: &[u8]) -> RtpPacket {
    let header = RtpHeader { marker, timestamp, ..RtpHeader::default() };
    RtpPacket { header, extensions, payload: Bytes::copy_from_slice(payload) }
}
