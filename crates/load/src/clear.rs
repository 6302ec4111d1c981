//! The part of a sealed RTP packet that stays readable: its header and header extensions.

use crate::stream::Clear;

/// Fields of a sealed packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClearHeader {
    pub payload_type: u8,
    pub ssrc: u32,
    pub clear: Clear,
    /// Transport-wide number.
    pub transport_cc: Option<u16>,
}

/// Reads them; `transport_cc` is the id of that extension. RTP's own reader would look at the padding,
/// which is sealed.
pub(crate) fn read(packet: &[u8], transport_cc: u8) -> Option<ClearHeader> {
    let [first, second, s, q, t, i, m, e, a, b, c, d, rest @ ..] = packet else { return None };
    let block = rest.get(usize::from(first & 0x0F) * 4..)?;
    Some(ClearHeader {
        payload_type: second & 0x7F,
        ssrc: u32::from_be_bytes([*a, *b, *c, *d]),
        clear: Clear {
            sequence: u16::from_be_bytes([*s, *q]),
            timestamp: u32::from_be_bytes([*t, *i, *m, *e]),
            marker: second & 0x80 != 0,
        },
        transport_cc: if first & 0x10 != 0 { find(block, transport_cc) } else { None },
    })
}

/// A number of two bytes among one-byte elements (RFC 8285 §4.2).
fn find(block: &[u8], id: u8) -> Option<u16> {
    let [0xBE, 0xDE, high, low, elements @ ..] = block else { return None };
    let mut rest = elements.get(..usize::from(u16::from_be_bytes([*high, *low])) * 4)?;
    while let [head, values @ ..] = rest {
        let len = if *head == 0 { 0 } else { usize::from(head & 0x0F) + 1 };
        let value = values.get(..len)?;
        if head >> 4 == id {
            return value.try_into().ok().map(u16::from_be_bytes);
        }
        rest = &values[len..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_transport::rtp::{ExtensionKind, Extensions, RtpHeader, SmallId, write_header};

    fn packet() -> Vec<u8> {
        let header = RtpHeader {
            marker: true,
            payload_type: 102,
            sequence: 777,
            timestamp: 0x0102_0304,
            ssrc: 9,
            ..RtpHeader::default()
        };
        let extensions = Extensions {
            transport_cc: Some(4_321),
            audio_level: Some(7),
            mid: SmallId::new("0"),
            ..Extensions::default()
        };
        let mut out = Vec::new();
        write_header(&mut out, &header, &extensions, &crate::browser::extensions());
        // Padding that the sealed payload seems to have, and has not.
        out[0] |= 0x20;
        out.extend([0xEE; 40]);
        out
    }

    #[test]
    fn the_clear_part_is_read_whatever_the_sealed_part_seems_to_say() {
        let id = crate::browser::extensions().get(ExtensionKind::TransportCc).unwrap();
        let header = read(&packet(), id).unwrap();
        assert_eq!((header.payload_type, header.ssrc, header.transport_cc), (102, 9, Some(4_321)));
        let Clear { sequence, timestamp, marker } = header.clear;
        assert_eq!((sequence, timestamp, marker), (777, 0x0102_0304, true));
        assert_eq!(read(&packet(), 2).unwrap().transport_cc, None);
    }

    #[test]
    fn cut_and_changed_packets_never_panic() {
        let packet = packet();
        for len in 0..packet.len() {
            let _ = read(&packet[..len], 5);
            for byte in 0..=255 {
                let mut changed = packet.clone();
                changed[len] = byte;
                let _ = read(&changed, 5);
            }
        }
    }
}
