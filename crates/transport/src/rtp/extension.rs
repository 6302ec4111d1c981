//! Header extensions that travel from leg to leg: what they are, their values, and how a header
//! with them is written (RFC 8285).

use super::header::{ONE_BYTE_PROFILE, RtpHeader, RtpView, TWO_BYTE_PROFILE};
use tongke_protocol::NtpTime;
use tongke_protocol::control::QUIC_EXTENSION_IDS;

/// A header extension that we understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtensionKind {
    /// When the sample was captured, on the capturer's clock (webrtc.org abs-capture-time).
    AbsCaptureTime,
    /// Loudness of the sound (RFC 6464).
    AudioLevel,
    /// Least and greatest playout delay (webrtc.org playout-delay).
    PlayoutDelay,
    /// How a picture is turned (3GPP TS 26.114, CVO).
    VideoOrientation,
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    TransportCc,
    /// When the packet left (webrtc.org abs-send-time).
    AbsSendTime,
    /// Which media section a packet belongs to (RFC 9143).
    Mid,
    /// Which encoding of a source a packet belongs to (RFC 8852).
    Rid,
    /// Which encoding a retransmission repairs (RFC 8852).
    RepairedRid,
}

impl ExtensionKind {
    /// All kinds, in the order in which [`write_header`] writes them.
    pub const ALL: [ExtensionKind; 9] = [
        ExtensionKind::AbsCaptureTime,
        ExtensionKind::AudioLevel,
        ExtensionKind::PlayoutDelay,
        ExtensionKind::VideoOrientation,
        ExtensionKind::TransportCc,
        ExtensionKind::AbsSendTime,
        ExtensionKind::Mid,
        ExtensionKind::Rid,
        ExtensionKind::RepairedRid,
    ];

    /// The URI that names the extension in SDP.
    pub fn uri(self) -> &'static str {
        match self {
            ExtensionKind::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            ExtensionKind::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            ExtensionKind::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            ExtensionKind::VideoOrientation => "urn:3gpp:video-orientation",
            ExtensionKind::TransportCc => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            ExtensionKind::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            ExtensionKind::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            ExtensionKind::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            ExtensionKind::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        }
    }

    /// The extension of a URI.
    pub fn from_uri(uri: &str) -> Option<ExtensionKind> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// Which id stands for which extension on one leg (RFC 8285 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtensionMap {
    /// Id by kind; 0 is none.
    ids: [u8; ExtensionKind::ALL.len()],
}

impl ExtensionMap {
    /// The fixed ids of QUIC legs.
    pub fn quic() -> ExtensionMap {
        let mut map = ExtensionMap::default();
        for (id, uri) in QUIC_EXTENSION_IDS {
            if let Some(kind) = ExtensionKind::from_uri(uri) {
                map.set(id, kind);
            }
        }
        map
    }

    /// The id of an extension on this leg.
    pub fn get(&self, kind: ExtensionKind) -> Option<u8> {
        Some(self.ids[kind as usize]).filter(|id| *id != 0)
    }

    /// Binds an id (1–14; 16–255 force the two-byte form) to an extension. Id 0 unbinds it.
    pub fn set(&mut self, id: u8, kind: ExtensionKind) {
        self.ids[kind as usize] = id;
    }

    /// The extension of an id on this leg.
    pub fn kind(&self, id: u8) -> Option<ExtensionKind> {
        ExtensionKind::ALL.into_iter().find(|kind| id != 0 && self.ids[*kind as usize] == id)
    }
}

/// When a sample was captured (webrtc.org abs-capture-time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsCaptureTime {
    /// The capture moment on the capturer's clock.
    pub capture: NtpTime,
    /// The capturer's clock minus the sender's, Q32.32 seconds, when a middle box knows it.
    pub clock_offset: Option<i64>,
}

/// A short name inside an extension (mid, rid): at most 16 bytes of UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SmallId {
    len: u8,
    bytes: [u8; 16],
}

impl SmallId {
    /// The name; `None` when it is empty or longer than 16 bytes.
    pub fn new(name: &str) -> Option<SmallId> {
        Self::from_bytes(name.as_bytes())
    }

    fn from_bytes(name: &[u8]) -> Option<SmallId> {
        if name.is_empty() || name.len() > 16 || std::str::from_utf8(name).is_err() {
            return None;
        }
        let mut bytes = [0; 16];
        bytes[..name.len()].copy_from_slice(name);
        Some(SmallId { len: name.len() as u8, bytes })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for SmallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// The values of the extensions that we carry from leg to leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extensions {
    /// When the sample was captured.
    pub abs_capture_time: Option<AbsCaptureTime>,
    /// RFC 6464: bit 7 voice activity, low 7 bits loudness in -dBov.
    pub audio_level: Option<u8>,
    /// Minimum and maximum delay, 12 bits each, in 10 ms.
    pub playout_delay: Option<[u8; 3]>,
    /// CVO byte: camera, flip, rotation.
    pub video_orientation: Option<u8>,
    /// Transport-wide sequence number.
    pub transport_cc: Option<u16>,
    /// 24 bits, 6.18 fixed point seconds.
    pub abs_send_time: Option<u32>,
    /// Media section.
    pub mid: Option<SmallId>,
    /// Encoding.
    pub rid: Option<SmallId>,
    /// Encoding that a retransmission repairs.
    pub repaired_rid: Option<SmallId>,
}

impl Extensions {
    /// The values of a packet's known extensions. Does not allocate; a value of the wrong length is
    /// left out.
    pub fn read(view: &RtpView<'_>, map: &ExtensionMap) -> Extensions {
        let mut found = Extensions::default();
        for (id, value) in view.extensions {
            if let Some(kind) = map.kind(id) {
                found.take(kind, value);
            }
        }
        found
    }

    fn take(&mut self, kind: ExtensionKind, value: &[u8]) {
        match kind {
            ExtensionKind::AbsCaptureTime => {
                if let Some((capture, rest)) = value.split_first_chunk() {
                    self.abs_capture_time = Some(AbsCaptureTime {
                        capture: NtpTime(u64::from_be_bytes(*capture)),
                        clock_offset: rest.first_chunk().map(|offset| i64::from_be_bytes(*offset)),
                    });
                }
            }
            ExtensionKind::AudioLevel => self.audio_level = value.first().copied(),
            ExtensionKind::PlayoutDelay => self.playout_delay = value.first_chunk().copied(),
            ExtensionKind::VideoOrientation => self.video_orientation = value.first().copied(),
            ExtensionKind::TransportCc => {
                self.transport_cc = value.first_chunk().map(|number| u16::from_be_bytes(*number));
            }
            ExtensionKind::AbsSendTime => {
                self.abs_send_time = value.first_chunk().map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]));
            }
            ExtensionKind::Mid => self.mid = SmallId::from_bytes(value),
            ExtensionKind::Rid => self.rid = SmallId::from_bytes(value),
            ExtensionKind::RepairedRid => self.repaired_rid = SmallId::from_bytes(value),
        }
    }

    /// The value of one kind in wire form.
    fn value(&self, kind: ExtensionKind) -> Option<Value> {
        match kind {
            ExtensionKind::AbsCaptureTime => self.abs_capture_time.map(|time| {
                let mut value = Value::of(&time.capture.0.to_be_bytes());
                if let Some(offset) = time.clock_offset {
                    value.bytes[8..].copy_from_slice(&offset.to_be_bytes());
                    value.len = 16;
                }
                value
            }),
            ExtensionKind::AudioLevel => self.audio_level.map(|level| Value::of(&[level])),
            ExtensionKind::PlayoutDelay => self.playout_delay.map(|delay| Value::of(&delay)),
            ExtensionKind::VideoOrientation => self.video_orientation.map(|cvo| Value::of(&[cvo])),
            ExtensionKind::TransportCc => self.transport_cc.map(|number| Value::of(&number.to_be_bytes())),
            ExtensionKind::AbsSendTime => self.abs_send_time.map(|time| Value::of(&time.to_be_bytes()[1..])),
            ExtensionKind::Mid => self.mid.map(|id| Value::of(id.as_bytes())),
            ExtensionKind::Rid => self.rid.map(|id| Value::of(id.as_bytes())),
            ExtensionKind::RepairedRid => self.repaired_rid.map(|id| Value::of(id.as_bytes())),
        }
    }
}

/// A value in wire form, at most 16 bytes: what a one-byte element can hold.
struct Value {
    len: usize,
    bytes: [u8; 16],
}

impl Value {
    fn of(bytes: &[u8]) -> Value {
        let mut value = Value { len: bytes.len(), bytes: [0; 16] };
        value.bytes[..bytes.len()].copy_from_slice(bytes);
        value
    }
}

/// Appends a header with its extensions to `out` and returns its length in bytes. The length is the
/// same for the same set of values; a value without an id on this leg is left out. Allocates only
/// when `out` must grow.
pub fn write_header(
    out: &mut Vec<u8>,
    header: &RtpHeader,
    extensions: &Extensions,
    map: &ExtensionMap,
) -> usize {
    let start = out.len();
    let csrcs = header.csrcs.as_slice();
    out.push(0x80 | csrcs.len() as u8);
    out.push((u8::from(header.marker) << 7) | (header.payload_type & 0x7F));
    out.extend_from_slice(&header.sequence.to_be_bytes());
    out.extend_from_slice(&header.timestamp.to_be_bytes());
    out.extend_from_slice(&header.ssrc.to_be_bytes());
    for csrc in csrcs {
        out.extend_from_slice(&csrc.to_be_bytes());
    }
    let block = out.len();
    let two_byte = map.ids.iter().any(|id| *id > 14);
    for kind in ExtensionKind::ALL {
        let (Some(id), Some(value)) = (map.get(kind), extensions.value(kind)) else { continue };
        if out.len() == block {
            out[start] |= 0x10;
            let profile = if two_byte { TWO_BYTE_PROFILE } else { ONE_BYTE_PROFILE };
            out.extend_from_slice(&profile.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        if two_byte {
            out.extend_from_slice(&[id, value.len as u8]);
        } else {
            out.push((id << 4) | (value.len as u8 - 1));
        }
        out.extend_from_slice(&value.bytes[..value.len]);
    }
    if out.len() > block {
        while !(out.len() - block).is_multiple_of(4) {
            out.push(0);
        }
        let words = ((out.len() - block) / 4 - 1) as u16;
        out[block + 2..block + 4].copy_from_slice(&words.to_be_bytes());
    }
    out.len() - start
}

/// Appends `count` (1–255) bytes of RTP padding to the packet that begins at `start` of `out`.
pub fn append_padding(out: &mut Vec<u8>, start: usize, count: u8) {
    if count == 0 {
        return;
    }
    out[start] |= 0x20;
    out.resize(out.len() + usize::from(count) - 1, 0);
    out.push(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_values() -> Extensions {
        Extensions {
            abs_capture_time: Some(AbsCaptureTime {
                capture: NtpTime(0x1122_3344_5566_7788),
                clock_offset: None,
            }),
            audio_level: Some(0x85),
            playout_delay: Some([0, 0x10, 0x20]),
            video_orientation: Some(1),
            transport_cc: Some(0xFFFE),
            abs_send_time: Some(0x00AB_CDEF),
            mid: SmallId::new("0"),
            rid: SmallId::new("hi"),
            repaired_rid: SmallId::new("lo"),
        }
    }

    fn map(first_id: u8) -> ExtensionMap {
        let mut map = ExtensionMap::default();
        for (id, kind) in (first_id..).zip(ExtensionKind::ALL) {
            map.set(id, kind);
        }
        map
    }

    #[test]
    fn every_value_survives_both_forms() {
        let mut values = all_values();
        for (first_id, offset) in [(1, None), (1, Some(-5)), (20, None), (20, Some(1 << 40))] {
            values.abs_capture_time.as_mut().unwrap().clock_offset = offset;
            let header = RtpHeader {
                marker: true,
                payload_type: 96,
                sequence: 3,
                timestamp: 4,
                ssrc: 5,
                ..Default::default()
            };
            let mut out = vec![0xEE];
            let len = write_header(&mut out, &header, &values, &map(first_id));
            out.extend([9, 9]);
            let view = RtpView::parse(&out[1..]).unwrap();
            assert_eq!((view.payload_offset, view.header), (len, header));
            assert_eq!(Extensions::read(&view, &map(first_id)), values);
        }
    }

    #[test]
    fn a_value_without_an_id_is_left_out_and_no_block_is_written_for_nothing() {
        let header = RtpHeader::default();
        let mut out = Vec::new();
        assert_eq!(write_header(&mut out, &header, &all_values(), &ExtensionMap::default()), 12);
        assert_eq!(out[0], 0x80);
        let mut out = Vec::new();
        // Four fixed ids of QUIC legs: 4 + (1 + 8) + (1 + 1) + (1 + 3) + (1 + 1) = 21, padded to 24.
        assert_eq!(write_header(&mut out, &header, &all_values(), &ExtensionMap::quic()), 36);
    }

    #[test]
    fn the_length_does_not_depend_on_the_values() {
        let mut other = all_values();
        other.audio_level = Some(0);
        other.transport_cc = Some(0);
        let header = RtpHeader::default();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        assert_eq!(
            write_header(&mut a, &header, &all_values(), &map(1)),
            write_header(&mut b, &header, &other, &map(1))
        );
    }

    #[test]
    fn padding_equalises_lengths_and_is_removed_again() {
        for count in [1, 2, 255] {
            let mut out = vec![1, 2, 3];
            write_header(&mut out, &RtpHeader::default(), &Extensions::default(), &ExtensionMap::default());
            out.extend([7, 8]);
            append_padding(&mut out, 3, count);
            let view = RtpView::parse(&out[3..]).unwrap();
            assert_eq!((view.payload, view.padding), (&[7, 8][..], usize::from(count)));
        }
    }

    #[test]
    fn uris_name_kinds_and_back() {
        for kind in ExtensionKind::ALL {
            assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
        }
        for (id, uri) in QUIC_EXTENSION_IDS {
            assert_eq!(ExtensionMap::quic().kind(id), ExtensionKind::from_uri(uri));
            assert!(ExtensionMap::quic().kind(id).is_some());
        }
        assert_eq!(ExtensionMap::quic().kind(0), None);
    }

    #[test]
    fn a_value_of_the_wrong_length_is_left_out() {
        let mut found = Extensions::default();
        found.take(ExtensionKind::AbsCaptureTime, &[1; 7]);
        found.take(ExtensionKind::TransportCc, &[1]);
        found.take(ExtensionKind::AbsSendTime, &[]);
        found.take(ExtensionKind::Mid, &[b'a'; 17]);
        found.take(ExtensionKind::Rid, &[0xFF]);
        assert_eq!(found, Extensions::default());
    }

    #[test]
    fn mutated_extensions_never_panic() {
        let mut samples = Vec::new();
        for first_id in [1, 20] {
            let mut out = Vec::new();
            write_header(&mut out, &RtpHeader::default(), &all_values(), &map(first_id));
            samples.push(out);
        }
        super::super::mutation::storm(&samples, |bytes| {
            if let Ok(view) = RtpView::parse(bytes) {
                let _ = Extensions::read(&view, &map(1));
                let _ = Extensions::read(&view, &map(20));
            }
        });
    }
}
