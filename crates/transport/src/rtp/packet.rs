//! An owned packet: what nodes handle.

use super::{ExtensionMap, Extensions, RtpError, RtpHeader, RtpView, write_header};
use bytes::Bytes;

/// A packet with its payload by reference count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RtpPacket {
    /// The header.
    pub header: RtpHeader,
    /// Values of the known extensions.
    pub extensions: Extensions,
    /// The payload without padding.
    pub payload: Bytes,
}

impl RtpPacket {
    /// Reads a plain packet; the payload shares `bytes`.
    pub fn parse(bytes: &Bytes, map: &ExtensionMap) -> Result<RtpPacket, RtpError> {
        let view = RtpView::parse(bytes)?;
        let end = view.payload_offset + view.payload.len();
        Ok(RtpPacket {
            header: view.header,
            extensions: Extensions::read(&view, map),
            payload: bytes.slice(view.payload_offset..end),
        })
    }

    /// Appends the packet to `out` and returns its length in bytes.
    pub fn write(&self, out: &mut Vec<u8>, map: &ExtensionMap) -> usize {
        let header_len = write_header(out, &self.header, &self.extensions, map);
        out.extend_from_slice(&self.payload);
        header_len + self.payload.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owned_packet_is_written_and_read_back() {
        let packet = RtpPacket {
            header: RtpHeader { sequence: 65_535, payload_type: 111, ssrc: 9, ..Default::default() },
            extensions: Extensions { audio_level: Some(3), ..Default::default() },
            payload: Bytes::from_static(b"sound"),
        };
        let mut out = Vec::new();
        let len = packet.write(&mut out, &ExtensionMap::quic());
        assert_eq!(len, out.len());
        assert_eq!(RtpPacket::parse(&out.into(), &ExtensionMap::quic()).unwrap(), packet);
    }
}
