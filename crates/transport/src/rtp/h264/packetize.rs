//! Access units into payloads (RFC 6184 §5.6–5.8).

use super::{nal_type, nal_units, unit};
use bytes::{Bytes, BytesMut};

/// Smallest payload that is worth sending, in bytes.
const MIN_PAYLOAD: usize = 64;

/// Cuts access units into payloads of at most a given size.
#[derive(Debug, Clone)]
pub struct Packetizer {
    max_payload: usize,
}

impl Packetizer {
    /// Payloads of at most `max_payload` bytes (at least 64).
    pub fn new(max_payload: usize) -> Packetizer {
        Packetizer { max_payload: max_payload.max(MIN_PAYLOAD) }
    }

    /// Appends the payloads of one access unit in Annex B form; the last one carries the marker.
    ///
    /// Neighbouring units that fit one packet together travel as STAP-A, so that parameter sets cost
    /// no packets; a unit that fits none is cut into FU-A of equal length, only the last shorter,
    /// which lets a sender hand them over as one segmented buffer. Delimiters are left out: the
    /// marker says the same. All payloads of a call share one buffer.
    pub fn packetize(&self, annexb: &[u8], out: &mut Vec<Bytes>) {
        let mut arena = BytesMut::with_capacity(annexb.len() + annexb.len() / 64 + 64);
        let mut small: Vec<&[u8]> = Vec::new();
        let mut small_len = 1;
        for nal in nal_units(annexb).filter(|nal| nal_type(nal) != Some(unit::AUD)) {
            if small_len + 2 + nal.len() > self.max_payload {
                flush(&mut arena, &mut small, out);
                small_len = 1;
            }
            if nal.len() > self.max_payload {
                self.fragment(&mut arena, nal, out);
            } else {
                small.push(nal);
                small_len += 2 + nal.len();
            }
        }
        flush(&mut arena, &mut small, out);
    }

    /// FU-A (RFC 6184 §5.8).
    fn fragment(&self, arena: &mut BytesMut, nal: &[u8], out: &mut Vec<Bytes>) {
        let (header, body) = (nal[0], &nal[1..]);
        let pieces = body.len().div_ceil(self.max_payload - 2);
        let piece_len = body.len().div_ceil(pieces);
        let last = body.len().div_ceil(piece_len) - 1;
        for (index, piece) in body.chunks(piece_len).enumerate() {
            let start = u8::from(index == 0) << 7;
            let end = u8::from(index == last) << 6;
            arena.extend_from_slice(&[(header & 0xE0) | unit::FU_A, start | end | (header & 0x1F)]);
            arena.extend_from_slice(piece);
            out.push(arena.split().freeze());
        }
    }
}

/// Writes the gathered small units: one as it is, several as STAP-A (RFC 6184 §5.7.1).
fn flush(arena: &mut BytesMut, small: &mut Vec<&[u8]>, out: &mut Vec<Bytes>) {
    match small[..] {
        [] => return,
        [single] => arena.extend_from_slice(single),
        _ => {
            // Forbidden bit if any has it, importance of the most important one.
            let forbidden = small.iter().fold(0, |bits, nal| bits | (nal[0] & 0x80));
            let importance = small.iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
            arena.extend_from_slice(&[forbidden | importance | unit::STAP_A]);
            for nal in small.iter() {
                arena.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                arena.extend_from_slice(nal);
            }
        }
    }
    small.clear();
    out.push(arena.split().freeze());
}

#[cfg(test)]
mod tests {
    use super::super::{depacketize, is_keyframe_start};
    use super::*;

    fn access_unit(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
    }

    fn packets(max: usize, annexb: &[u8]) -> Vec<Bytes> {
        let mut out = Vec::new();
        Packetizer::new(max).packetize(annexb, &mut out);
        out
    }

    #[test]
    fn parameter_sets_share_a_packet_and_the_picture_is_cut_evenly() {
        let mut idr = vec![0x65];
        idr.extend((0..5000).map(|i| (i % 250 + 1) as u8));
        let annexb = access_unit(&[&[0x67, 1, 2, 3], &[0x68, 4, 5], &idr]);
        let out = packets(1200, &annexb);
        assert_eq!(out[0], [0x78, 0, 4, 0x67, 1, 2, 3, 0, 3, 0x68, 4, 5][..]);
        assert!(is_keyframe_start(&out[0]) && is_keyframe_start(&out[1]) && !is_keyframe_start(&out[2]));
        let lens: Vec<_> = out[1..].iter().map(Bytes::len).collect();
        assert_eq!(lens, [1002, 1002, 1002, 1002, 1002]);
        assert_eq!((out[1][1], out[2][1], out[5][1]), (0x85, 0x05, 0x45));
        assert_eq!(depacketize(&out).unwrap(), annexb);
    }

    #[test]
    fn every_length_comes_back_and_fits() {
        for len in (1..400).chain([1000, 4096]) {
            let mut slice = vec![0x41];
            slice.extend((1..len).map(|i| (i % 200 + 1) as u8));
            let annexb = access_unit(&[&[0x06, 5, 1], &slice]);
            let out = packets(100, &annexb);
            assert!(out.iter().all(|payload| payload.len() <= 100), "{len}");
            assert_eq!(depacketize(&out).unwrap(), annexb, "{len}");
            let fragments: Vec<_> = out.iter().filter(|p| p[0] & 0x1F == unit::FU_A).collect();
            assert!(fragments.windows(2).all(|pair| pair[0].len() >= pair[1].len()));
            let starts = fragments.iter().filter(|p| p[1] & 0x80 != 0).count();
            let ends = fragments.iter().filter(|p| p[1] & 0x40 != 0).count();
            assert!(starts == ends && starts <= 1 && fragments.len() != 1, "{len}");
        }
    }

    #[test]
    fn a_lone_unit_travels_as_it_is_and_delimiters_stay_home() {
        let annexb = access_unit(&[&[0x09, 0xF0], &[0x41, 1, 2]]);
        assert_eq!(packets(1200, &annexb), [Bytes::from_static(&[0x41, 1, 2])]);
        assert_eq!(packets(1200, &[]), [] as [Bytes; 0]);
    }
}
