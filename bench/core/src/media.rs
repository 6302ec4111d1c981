//! One school's media as a relay sees it: 720p at 2.5 Mbit/s in 30 pictures a second, a keyframe of five
//! times the size every 2 s, and 50 packets of sound a second.

use bytes::Bytes;
use std::time::Duration;
use tongke_protocol::{MediaKind, NtpTime};
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket};

/// Packets of a picture that is no keyframe.
pub const PACKETS_OF_A_PICTURE: usize = 10;
/// Packets of a keyframe.
pub const PACKETS_OF_A_KEYFRAME: usize = 48;
/// Pictures from one keyframe to the next.
pub const KEYFRAME_DISTANCE: u32 = 60;
/// Time from one packet of a picture to the next: they are paced at 2.5 times the bit rate.
const PACING: Duration = Duration::from_micros(1_400);
/// Of every packet of a picture but the last.
const PAYLOAD: usize = 1_100;
const LAST_PAYLOAD: usize = 500;
const SOUND_PAYLOAD: usize = 80;

/// What is sent, when, in order.
#[derive(Debug, Default)]
pub struct Schedule {
    picture: u32,
    packet: usize,
    sound: u32,
}

impl Schedule {
    /// When the next packet is due, since the lesson began, and of what it is.
    pub fn peek(&self) -> (Duration, MediaKind) {
        let picture = Duration::from_secs(1) * self.picture / 30 + PACING * self.packet as u32 / self.burst();
        let sound = Duration::from_millis(20) * self.sound + Duration::from_millis(7);
        if picture <= sound { (picture, MediaKind::Video) } else { (sound, MediaKind::Audio) }
    }

    /// Takes the next packet.
    pub fn take(&mut self) -> RtpPacket {
        if self.peek().1 == MediaKind::Audio {
            self.sound += 1;
            return sound(self.sound - 1);
        }
        let packet = fragment(self.picture, self.packet, self.packets());
        self.packet += 1;
        if self.packet == self.packets() {
            (self.picture, self.packet) = (self.picture + 1, 0);
        }
        packet
    }

    fn packets(&self) -> usize {
        if is_keyframe(self.picture) { PACKETS_OF_A_KEYFRAME } else { PACKETS_OF_A_PICTURE }
    }

    /// How much denser than others the packets of a keyframe come, so that it does not run into the next picture.
    fn burst(&self) -> u32 {
        if is_keyframe(self.picture) { 3 } else { 1 }
    }
}

fn is_keyframe(picture: u32) -> bool {
    picture.is_multiple_of(KEYFRAME_DISTANCE)
}

fn captured(after_ms: u64) -> Option<AbsCaptureTime> {
    Some(AbsCaptureTime { capture: NtpTime((4_000_000_000 + after_ms / 1000) << 32), clock_offset: None })
}

/// A packet of a picture in H.264 fragments (FU-A, RFC 6184 §5.8).
fn fragment(picture: u32, at: usize, packets: usize) -> RtpPacket {
    let (is_first, is_last) = (at == 0, at + 1 == packets);
    let unit = if is_keyframe(picture) { 5 } else { 1 };
    let mut payload = vec![picture as u8; if is_last { LAST_PAYLOAD } else { PAYLOAD }];
    payload[0] = 0x7C;
    payload[1] = u8::from(is_first) << 7 | u8::from(is_last) << 6 | unit;
    let header = RtpHeader {
        marker: is_last,
        timestamp: picture.wrapping_mul(3_000),
        payload_type: 102,
        ssrc: super::client::CAMERA_SSRC,
        ..RtpHeader::default()
    };
    let extensions =
        Extensions { abs_capture_time: captured(u64::from(picture) * 33), ..Extensions::default() };
    RtpPacket { header, extensions, payload: Bytes::from(payload) }
}

/// 20 ms of sound.
fn sound(number: u32) -> RtpPacket {
    let header = RtpHeader {
        timestamp: number.wrapping_mul(960),
        payload_type: 109,
        ssrc: super::client::MICROPHONE_SSRC,
        ..RtpHeader::default()
    };
    let abs_capture_time = captured(u64::from(number) * 20);
    let extensions = Extensions { abs_capture_time, audio_level: Some(40), ..Extensions::default() };
    RtpPacket { header, extensions, payload: Bytes::from_static(&[0x78; SOUND_PAYLOAD]) }
}

/// A keyframe in one packet that tells its height: what a simulcast's encoding may begin with. `layer` is 0
/// for 720 lines and 1 for 180.
pub fn small_keyframe(layer: usize, picture: u32) -> RtpPacket {
    // What OpenH264 would say: parameters of 1280x720 and of 320x180, in a STAP-A (RFC 6184 §5.7.1) with the
    // picture.
    const PARAMETERS: [&[u8]; 2] = [
        &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x01, 0x40, 0x16, 0xE4],
        &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x05, 0x06, 0x7E, 0x74],
    ];
    let mut payload = vec![0x78];
    for unit in [PARAMETERS[layer], &[0x65; 1_000]] {
        payload.extend_from_slice(&(unit.len() as u16).to_be_bytes());
        payload.extend_from_slice(unit);
    }
    let header = RtpHeader {
        marker: true,
        timestamp: picture.wrapping_mul(3_000),
        payload_type: 102,
        ssrc: super::client::LAYER_SSRCS[layer],
        ..RtpHeader::default()
    };
    RtpPacket { header, extensions: Extensions::default(), payload: Bytes::from(payload) }
}
