//! The RTP header (RFC 3550 §5.1) and the raw header extension block (RFC 8285), read in place.

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// The bytes end inside the header, the contributing sources or the extension block.
    #[error("the packet ends inside its header")]
    Truncated,
    /// The version is not 2.
    #[error("the RTP version is not 2")]
    Version,
    /// The padding count is zero or larger than what follows the header.
    #[error("the padding does not fit the packet")]
    Padding,
}

/// Contributing sources, at most 15 (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Csrcs {
    len: u8,
    list: [u32; 15],
}

impl Csrcs {
    /// The sources, in order.
    pub fn as_slice(&self) -> &[u32] {
        &self.list[..usize::from(self.len)]
    }

    /// Adds a source; false when 15 are there already.
    pub fn push(&mut self, ssrc: u32) -> bool {
        match self.list.get_mut(usize::from(self.len)) {
            Some(place) => {
                *place = ssrc;
                self.len += 1;
                true
            }
            None => false,
        }
    }
}

/// The fixed RTP header and the contributing sources (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtpHeader {
    /// Video: last packet of a frame. Audio: first packet of a talk spurt.
    pub marker: bool,
    /// 0–127.
    pub payload_type: u8,
    /// Sequence number, wrapping.
    pub sequence: u16,
    /// Media time in the codec's clock (video 90 kHz, Opus 48 kHz), wrapping.
    pub timestamp: u32,
    /// Synchronization source.
    pub ssrc: u32,
    /// Contributing sources.
    pub csrcs: Csrcs,
}

/// Length of the fixed header in bytes.
const FIXED_LEN: usize = 12;
/// `profile` value of one-byte extension elements (RFC 8285 §4.2).
pub(super) const ONE_BYTE_PROFILE: u16 = 0xBEDE;
/// `profile` value of two-byte extension elements; the low four bits are free (RFC 8285 §4.3).
pub(super) const TWO_BYTE_PROFILE: u16 = 0x1000;

/// The header extension block of a packet, not yet interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RawExtensions<'a> {
    profile: u16,
    data: &'a [u8],
}

impl<'a> RawExtensions<'a> {
    /// The elements as (id, value), in both forms of RFC 8285. A broken element ends the walk.
    pub fn iter(&self) -> RawExtensionIter<'a> {
        let two_byte = self.profile & 0xFFF0 == TWO_BYTE_PROFILE;
        let known = two_byte || self.profile == ONE_BYTE_PROFILE;
        RawExtensionIter { rest: if known { self.data } else { &[] }, two_byte }
    }
}

impl<'a> IntoIterator for RawExtensions<'a> {
    type Item = (u8, &'a [u8]);
    type IntoIter = RawExtensionIter<'a>;

    fn into_iter(self) -> RawExtensionIter<'a> {
        self.iter()
    }
}

/// Walks the elements of [`RawExtensions`].
#[derive(Debug, Clone)]
pub struct RawExtensionIter<'a> {
    rest: &'a [u8],
    two_byte: bool,
}

impl<'a> RawExtensionIter<'a> {
    /// (id, offset of the value, its length) of the next element.
    fn element(&self) -> Option<(u8, usize, usize)> {
        let first = *self.rest.first()?;
        if self.two_byte {
            return Some((first, 2, usize::from(*self.rest.get(1)?)));
        }
        match first >> 4 {
            // 15 is reserved, and 0 with a length is no padding: both end the walk (RFC 8285 §4.2).
            15 | 0 => None,
            id => Some((id, 1, usize::from(first & 0x0F) + 1)),
        }
    }
}

impl<'a> Iterator for RawExtensionIter<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let found = self.element().and_then(|(id, start, len)| {
            let value = self.rest.get(start..start + len)?;
            self.rest = &self.rest[start + len..];
            Some((id, value))
        });
        if found.is_none() {
            self.rest = &[];
        }
        found
    }
}

/// A packet read in place: header, raw extensions, and where the payload lies without its padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpView<'a> {
    /// The header.
    pub header: RtpHeader,
    /// The extension block; empty when the packet has none.
    pub extensions: RawExtensions<'a>,
    /// The payload, padding removed. May be empty.
    pub payload: &'a [u8],
    /// Where the payload begins, in bytes from the start of the packet.
    pub payload_offset: usize,
    /// Bytes of padding after the payload.
    pub padding: usize,
}

impl<'a> RtpView<'a> {
    /// Reads a plain (decrypted) packet. Does not allocate. Tell RTCP apart first: [`is_rtcp`].
    pub fn parse(packet: &'a [u8]) -> Result<Self, RtpError> {
        let Some((fixed, _)) = packet.split_first_chunk::<FIXED_LEN>() else {
            return Err(RtpError::Truncated);
        };
        if fixed[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let mut header = RtpHeader {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7F,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            csrcs: Csrcs::default(),
        };
        let mut offset = FIXED_LEN;
        for _ in 0..fixed[0] & 0x0F {
            header.csrcs.push(read_u32(packet, offset).ok_or(RtpError::Truncated)?);
            offset += 4;
        }
        let mut extensions = RawExtensions::default();
        if fixed[0] & 0x10 != 0 {
            let word = read_u32(packet, offset).ok_or(RtpError::Truncated)?;
            let end = offset + 4 + (word & 0xFFFF) as usize * 4;
            let data = packet.get(offset + 4..end).ok_or(RtpError::Truncated)?;
            extensions = RawExtensions { profile: (word >> 16) as u16, data };
            offset = end;
        }
        let body = &packet[offset..];
        let padding = match (fixed[0] & 0x20 != 0, body.last()) {
            (false, _) => 0,
            (true, Some(&count)) if count > 0 && usize::from(count) <= body.len() => usize::from(count),
            (true, _) => return Err(RtpError::Padding),
        };
        let payload = &body[..body.len() - padding];
        Ok(RtpView { header, extensions, payload, payload_offset: offset, padding })
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

/// Whether bytes are RTCP rather than RTP on a shared port: packet types 192–223 (RFC 5761 §4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet, [first, second, ..] if first >> 6 == 2 && (192..=223).contains(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V=2, one CSRC, extension, padding of 3; payload 0xAA 0xBB.
    fn full_packet() -> Vec<u8> {
        let mut packet = vec![0xB1, 0x80 | 96, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 5];
        packet.extend([0xBE, 0xDE, 0, 2, 0x10, 0x55, 0, 0x21, 1, 2, 0, 0]);
        packet.extend([0xAA, 0xBB, 0, 0, 3]);
        packet
    }

    #[test]
    fn a_full_packet_is_read_with_sources_extensions_and_padding() {
        let packet = full_packet();
        let view = RtpView::parse(&packet).unwrap();
        assert!(view.header.marker);
        assert_eq!((view.header.payload_type, view.header.sequence), (96, 0x1234));
        assert_eq!((view.header.timestamp, view.header.ssrc), (9, 7));
        assert_eq!(view.header.csrcs.as_slice(), [5]);
        assert_eq!((view.payload, view.payload_offset, view.padding), (&[0xAA, 0xBB][..], 28, 3));
        let elements: Vec<_> = view.extensions.iter().collect();
        assert_eq!(elements, [(1, &[0x55][..]), (2, &[1, 2][..])]);
    }

    #[test]
    fn every_truncation_inside_the_header_is_an_error() {
        let packet = full_packet();
        for len in 0..28 {
            assert_eq!(RtpView::parse(&packet[..len]), Err(RtpError::Truncated), "{len}");
        }
    }

    #[test]
    fn two_byte_elements_may_be_empty_and_long() {
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0x03, 0, 6];
        packet.extend([20, 0, 0, 21, 17]);
        packet.extend([7; 17]);
        packet.extend([0, 0]);
        let view = RtpView::parse(&packet).unwrap();
        let elements: Vec<_> = view.extensions.iter().collect();
        assert_eq!(elements, [(20, &[][..]), (21, &[7; 17][..])]);
    }

    #[test]
    fn a_broken_element_ends_the_walk_and_not_the_packet() {
        let packet = [0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 0x55, 0x2F, 0x01, 0xEE];
        let view = RtpView::parse(&packet).unwrap();
        assert_eq!(view.extensions.iter().count(), 1);
        assert_eq!(view.payload, [0xEE]);
    }

    #[test]
    fn padding_that_does_not_fit_is_refused() {
        let mut packet = vec![0xA0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(RtpView::parse(&packet), Err(RtpError::Padding));
        packet.extend([0, 0]);
        assert_eq!(RtpView::parse(&packet), Err(RtpError::Padding));
        packet[13] = 2;
        assert!(RtpView::parse(&packet).unwrap().payload.is_empty());
        packet[13] = 3;
        assert_eq!(RtpView::parse(&packet), Err(RtpError::Padding));
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_the_second_byte() {
        assert!(is_rtcp(&[0x80, 200]));
        assert!(is_rtcp(&[0x81, 206, 0, 0]));
        assert!(!is_rtcp(&[0x80, 96]));
        assert!(!is_rtcp(&[0x80, 0x80 | 111]));
        assert!(!is_rtcp(&[0x80]));
        assert!(!is_rtcp(&[0x00, 200]));
    }

    #[test]
    fn mutated_packets_never_panic() {
        super::super::mutation::storm(&[full_packet()], |bytes| {
            if let Ok(view) = RtpView::parse(bytes) {
                let _ = view.extensions.iter().count();
                assert_eq!(view.payload_offset + view.payload.len() + view.padding, bytes.len());
            }
        });
    }
}
