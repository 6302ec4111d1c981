//! Packets in QUIC datagrams and on streams (draft-ietf-avtcore-rtp-over-quic §5).
//!
//! A datagram is a flow identifier (QUIC varint) and a packet. A packet that fits no datagram
//! travels on a unidirectional stream as flow identifier, varint length, packet;
//! [`StreamReader`] gives it back in the form of a datagram, so that there is one way on from there.

use bytes::{Buf, Bytes, BytesMut};

/// Longest packet taken from a stream, in bytes: as long as a UDP datagram could be.
pub const MAX_STREAM_PACKET: usize = 65_535;
/// Largest number that a varint can hold (RFC 9000 §16).
const MAX_VARINT: u64 = (1 << 62) - 1;

/// Why bytes are not framed packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// The flow identifier is cut off.
    #[error("the datagram ends inside its flow identifier")]
    Truncated,
    /// There is no packet behind the flow identifier.
    #[error("the datagram holds no packet")]
    Empty,
    /// The packet on a stream is longer than [`MAX_STREAM_PACKET`].
    #[error("a packet of {0} bytes is longer than a stream may carry")]
    TooLong(u64),
}

/// Appends a variable-length integer (RFC 9000 §16); larger values than it can hold become the
/// largest.
pub fn write_varint(out: &mut Vec<u8>, value: u64) {
    let value = value.min(MAX_VARINT);
    match value {
        0..=0x3F => out.push(value as u8),
        0x40..=0x3FFF => out.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        0x4000..=0x3FFF_FFFF => out.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(value | 0xC000_0000_0000_0000).to_be_bytes()),
    }
}

/// The variable-length integer that bytes begin with, and its length; none when it is cut off.
pub fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = 1_usize << (first >> 6);
    let rest = bytes.get(1..len)?;
    let value = rest.iter().fold(u64::from(first & 0x3F), |value, byte| value << 8 | u64::from(*byte));
    Some((value, len))
}

/// Appends a datagram: flow identifier and packet.
pub fn write_datagram(out: &mut Vec<u8>, flow: u64, packet: &[u8]) {
    write_varint(out, flow);
    out.extend_from_slice(packet);
}

/// Flow identifier and packet of a datagram. Does not allocate.
pub fn read_datagram(datagram: &[u8]) -> Result<(u64, &[u8]), FramingError> {
    let (flow, len) = read_varint(datagram).ok_or(FramingError::Truncated)?;
    let packet = &datagram[len..];
    if packet.is_empty() { Err(FramingError::Empty) } else { Ok((flow, packet)) }
}

/// Appends the stream form of a whole datagram: flow identifier, length, packet.
pub fn write_stream(out: &mut Vec<u8>, datagram: &[u8]) -> Result<(), FramingError> {
    let (flow, packet) = read_datagram(datagram)?;
    if packet.len() > MAX_STREAM_PACKET {
        return Err(FramingError::TooLong(packet.len() as u64));
    }
    write_varint(out, flow);
    write_varint(out, packet.len() as u64);
    out.extend_from_slice(packet);
    Ok(())
}

/// Takes the bytes of one unidirectional stream as they come. Holds at most one unfinished packet
/// and what was pushed last.
#[derive(Debug, Default)]
pub struct StreamReader {
    buffer: BytesMut,
    flow: Option<u64>,
}

impl StreamReader {
    /// A reader at the start of a stream.
    pub fn new() -> StreamReader {
        StreamReader::default()
    }

    /// Takes the next bytes. Call [`Self::next_datagram`] until it has none before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet in the form of a datagram; none until more bytes come. After an error the
    /// stream is of no more use.
    pub fn next_datagram(&mut self) -> Result<Option<Bytes>, FramingError> {
        let flow = match self.flow {
            Some(flow) => flow,
            None => {
                let Some((flow, len)) = read_varint(&self.buffer) else { return Ok(None) };
                self.buffer.advance(len);
                *self.flow.insert(flow)
            }
        };
        let Some((packet_len, len)) = read_varint(&self.buffer) else { return Ok(None) };
        if packet_len > MAX_STREAM_PACKET as u64 {
            return Err(FramingError::TooLong(packet_len));
        }
        if packet_len == 0 {
            return Err(FramingError::Empty);
        }
        let end = len + packet_len as usize;
        if self.buffer.len() < end {
            return Ok(None);
        }
        let framed = self.buffer.split_to(end);
        let mut datagram = Vec::with_capacity(8 + packet_len as usize);
        write_datagram(&mut datagram, flow, &framed[len..]);
        Ok(Some(datagram.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::mutation::storm;

    #[test]
    fn integers_are_those_of_rfc_9000_a_1() {
        for (bytes, value) in [
            (&[0xC2, 0x19, 0x7C, 0x5E, 0xFF, 0x14, 0xE8, 0x8C][..], 151_288_809_941_952_652),
            (&[0x9D, 0x7F, 0x3E, 0x7D], 494_878_333),
            (&[0x7B, 0xBD], 15_293),
            (&[0x25], 37),
        ] {
            assert_eq!(read_varint(bytes), Some((value, bytes.len())));
            let mut out = Vec::new();
            write_varint(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(read_varint(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(read_varint(&[0x40, 0x25]), Some((37, 2)), "a longer form than needed");
        let mut out = Vec::new();
        write_varint(&mut out, u64::MAX);
        assert_eq!(read_varint(&out), Some((MAX_VARINT, 8)));
    }

    #[test]
    fn datagrams_carry_flow_and_packet() {
        let mut out = Vec::new();
        write_datagram(&mut out, 300, b"packet");
        assert_eq!(read_datagram(&out), Ok((300, &b"packet"[..])));
        assert_eq!(read_datagram(&[]), Err(FramingError::Truncated));
        assert_eq!(read_datagram(&[0x40]), Err(FramingError::Truncated));
        assert_eq!(read_datagram(&[7]), Err(FramingError::Empty));
    }

    #[test]
    fn a_stream_gives_its_packets_back_however_it_is_cut() {
        let mut datagrams = vec![Vec::new(), Vec::new()];
        write_datagram(&mut datagrams[0], 16, &[1; 3000]);
        write_datagram(&mut datagrams[1], 16, b"second");
        let mut stream = Vec::new();
        write_stream(&mut stream, &datagrams[0]).unwrap();
        // Only the first packet of a stream has the flow before it.
        let mut second = Vec::new();
        write_stream(&mut second, &datagrams[1]).unwrap();
        stream.extend_from_slice(&second[1..]);
        for piece in [1, 7, 1000, stream.len()] {
            let mut reader = StreamReader::new();
            let mut back = Vec::new();
            for bytes in stream.chunks(piece) {
                reader.push(bytes);
                while let Some(datagram) = reader.next_datagram().unwrap() {
                    back.push(datagram);
                }
            }
            assert_eq!(back, datagrams, "in pieces of {piece}");
        }
    }

    #[test]
    fn an_endless_packet_is_refused_before_it_is_gathered() {
        let mut reader = StreamReader::new();
        reader.push(&[16, 0x80, 0x01, 0x00, 0x00]);
        assert_eq!(reader.next_datagram(), Err(FramingError::TooLong(65_536)));
        let mut reader = StreamReader::new();
        reader.push(&[16, 0]);
        assert_eq!(reader.next_datagram(), Err(FramingError::Empty));
        assert_eq!(write_stream(&mut Vec::new(), &[1; 70_000]), Err(FramingError::TooLong(69_999)));
    }

    #[test]
    fn mutated_streams_never_panic() {
        let mut stream = Vec::new();
        write_stream(&mut stream, &[16, 1, 2, 3]).unwrap();
        storm(&[stream, vec![0xC0; 20], vec![0x80, 1, 0, 0]], |bytes| {
            let _ = read_datagram(bytes);
            let mut reader = StreamReader::new();
            for piece in bytes.chunks(3) {
                reader.push(piece);
                while let Ok(Some(_)) = reader.next_datagram() {}
                assert!(reader.buffer.len() <= MAX_STREAM_PACKET + 16);
            }
        });
    }
}
