//! Packets between our words and those of the `webrtc` crate.

use super::peer::{ABS_CAPTURE_TIME_URI, AUDIO_LEVEL_URI};
use bytes::Bytes;
use rtc::rtp;
use tongke_protocol::NtpTime;
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket};

/// The ids of the extensions that we use on one leg; none: not negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ExtensionIds {
    pub abs_capture_time: Option<u8>,
    pub audio_level: Option<u8>,
}

impl ExtensionIds {
    /// From (id, URI) pairs as in `a=extmap`.
    pub(super) fn from_pairs<'a>(pairs: impl Iterator<Item = (u8, &'a str)>) -> Self {
        let mut ids = Self::default();
        for (id, uri) in pairs {
            match uri {
                ABS_CAPTURE_TIME_URI => ids.abs_capture_time = Some(id),
                AUDIO_LEVEL_URI => ids.audio_level = Some(id),
                _ => {}
            }
        }
        ids
    }
}

/// Where a packet stands in a published stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
}

/// A packet to send, with what the link fills in.
pub(super) fn to_webrtc(packet: RtpPacket, place: Place, ids: ExtensionIds) -> rtp::Packet {
    let mut header = rtp::header::Header {
        version: 2,
        marker: packet.header.marker,
        payload_type: place.payload_type,
        sequence_number: place.sequence,
        timestamp: packet.header.timestamp,
        ssrc: place.ssrc,
        ..Default::default()
    };
    if let (Some(id), Some(stamp)) = (ids.abs_capture_time, packet.extensions.abs_capture_time) {
        let mut value = stamp.capture.0.to_be_bytes().to_vec();
        value.extend(stamp.clock_offset.iter().flat_map(|offset| offset.to_be_bytes()));
        // Fails only for values longer than 16 bytes.
        let _ = header.set_extension(id, Bytes::from(value));
    }
    if let (Some(id), Some(level)) = (ids.audio_level, packet.extensions.audio_level) {
        let _ = header.set_extension(id, Bytes::copy_from_slice(&[level]));
    }
    rtp::Packet { header, payload: packet.payload }
}

/// A packet that came.
pub(super) fn from_webrtc(packet: rtp::Packet, ids: ExtensionIds) -> RtpPacket {
    let value = |id: Option<u8>| id.and_then(|id| packet.header.get_extension(id));
    let extensions = Extensions {
        abs_capture_time: value(ids.abs_capture_time).and_then(|value| read_abs_capture_time(&value)),
        audio_level: value(ids.audio_level).and_then(|value| value.first().copied()),
        ..Extensions::default()
    };
    let header = RtpHeader {
        marker: packet.header.marker,
        payload_type: packet.header.payload_type,
        sequence: packet.header.sequence_number,
        timestamp: packet.header.timestamp,
        ssrc: packet.header.ssrc,
        ..RtpHeader::default()
    };
    RtpPacket { header, extensions, payload: packet.payload }
}

fn read_abs_capture_time(value: &[u8]) -> Option<AbsCaptureTime> {
    let (capture, rest) = value.split_first_chunk::<8>()?;
    let clock_offset = rest.first_chunk::<8>().map(|offset| i64::from_be_bytes(*offset));
    Some(AbsCaptureTime { capture: NtpTime(u64::from_be_bytes(*capture)), clock_offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: ExtensionIds = ExtensionIds { abs_capture_time: Some(2), audio_level: Some(5) };

    #[test]
    fn a_packet_survives_the_way_through_the_webrtc_crate() {
        let capture = AbsCaptureTime { capture: NtpTime(0x0102_0304_0506_0708), clock_offset: Some(-9) };
        let extensions =
            Extensions { abs_capture_time: Some(capture), audio_level: Some(0x85), ..Extensions::default() };
        let header = RtpHeader { marker: true, timestamp: 90_000, ..RtpHeader::default() };
        let sent = RtpPacket { header, extensions, payload: Bytes::from_static(&[0x65, 1, 2]) };
        let place = Place { ssrc: 7, payload_type: 96, sequence: 65_535 };
        let back = from_webrtc(to_webrtc(sent.clone(), place, IDS), IDS);
        let header = RtpHeader { ssrc: 7, payload_type: 96, sequence: 65_535, ..sent.header };
        assert_eq!(back, RtpPacket { header, ..sent });
    }

    #[test]
    fn an_extension_that_was_not_negotiated_is_left_out() {
        let capture = AbsCaptureTime { capture: NtpTime(1), clock_offset: None };
        let extensions = Extensions { abs_capture_time: Some(capture), ..Extensions::default() };
        let packet = RtpPacket { extensions, ..RtpPacket::default() };
        let place = Place { ssrc: 7, payload_type: 96, sequence: 1 };
        assert!(to_webrtc(packet, place, ExtensionIds::default()).header.extensions.is_empty());
    }

    #[test]
    fn a_stamp_that_is_cut_off_is_no_stamp() {
        assert_eq!(read_abs_capture_time(&[1, 2, 3]), None);
        assert!(read_abs_capture_time(&[0; 12]).unwrap().clock_offset.is_none());
    }
}
