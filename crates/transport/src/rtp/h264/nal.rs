//! NAL units in a byte stream: Annex B (start codes) and AVCC (lengths).

use super::unit;

/// Why bytes are not NAL units behind lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AvccError {
    /// The length size is not 1, 2, 3 or 4.
    #[error("the length of a unit takes 1 to 4 bytes, not {0}")]
    LengthSize(usize),
    /// A unit is longer than what is left.
    #[error("a unit is longer than the sample")]
    Truncated,
}

/// The type of a NAL unit; `None` for an empty one.
pub fn nal_type(nal: &[u8]) -> Option<u8> {
    nal.first().map(|header| header & 0x1F)
}

/// The units of an Annex B stream (H.264 Annex B), without start codes and trailing zeros. Bytes
/// before the first start code are taken for a unit too, so a single bare unit may be given.
pub fn nal_units(annexb: &[u8]) -> NalUnits<'_> {
    NalUnits { rest: annexb }
}

/// Walks the units of an Annex B stream.
#[derive(Debug, Clone)]
pub struct NalUnits<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (unit, rest) = match find_start_code(self.rest) {
                Some(at) => (&self.rest[..at], &self.rest[at + 3..]),
                None => (self.rest, &[][..]),
            };
            self.rest = rest;
            let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if end > 0 {
                return Some(&unit[..end]);
            }
        }
        None
    }
}

/// Offset of the first 00 00 01.
fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + 3) {
        match window {
            [0, 0, 1] => return Some(at),
            // The third byte is in no start code that begins here or at the next two places.
            [_, _, third] if *third > 1 => at += 3,
            _ => at += 1,
        }
    }
    None
}

/// Appends the units behind lengths of `length_size` bytes (ISO/IEC 14496-15) in Annex B form.
pub fn avcc_to_annexb(avcc: &[u8], length_size: usize, out: &mut Vec<u8>) -> Result<(), AvccError> {
    if !(1..=4).contains(&length_size) {
        return Err(AvccError::LengthSize(length_size));
    }
    let mut rest = avcc;
    while !rest.is_empty() {
        let (length, after) = rest.split_at_checked(length_size).ok_or(AvccError::Truncated)?;
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (nal, after) = after.split_at_checked(length).ok_or(AvccError::Truncated)?;
        if !nal.is_empty() {
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(nal);
        }
        rest = after;
    }
    Ok(())
}

/// Appends the units of an Annex B stream behind lengths of four bytes.
pub fn annexb_to_avcc(annexb: &[u8], out: &mut Vec<u8>) {
    for nal in nal_units(annexb) {
        out.extend_from_slice(&(nal.len() as u32).to_be_bytes());
        out.extend_from_slice(nal);
    }
}

/// Whether a unit is a slice that may be predicted from later pictures: slice_type B (H.264 §7.4.3).
pub fn is_b_slice(nal: &[u8]) -> bool {
    if !matches!(nal_type(nal), Some(unit::SLICE)) {
        return false;
    }
    let mut bits = super::sps::BitReader::new(&nal[1..]);
    let slice_type = bits.ue().and_then(|_first_mb| bits.ue());
    matches!(slice_type, Some(1 | 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_behind_both_start_codes() {
        let stream = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 0, 2, 4, 0, 0];
        let units: Vec<_> = nal_units(&stream).collect();
        assert_eq!(units, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 0, 2, 4]]);
        assert_eq!(nal_units(&[0x65, 1]).collect::<Vec<_>>(), [[0x65, 1]]);
        assert_eq!(nal_units(&[0, 0, 1, 0, 0, 1]).count(), 0);
    }

    #[test]
    fn the_search_finds_what_a_plain_search_finds() {
        super::super::super::mutation::storm(&[vec![0, 0, 1, 2, 0, 0, 0, 1, 3, 0, 1, 0, 0, 1]], |bytes| {
            let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
            assert_eq!(find_start_code(bytes), plain, "{bytes:?}");
        });
    }

    #[test]
    fn avcc_and_annexb_are_two_forms_of_the_same() {
        let mut avcc = Vec::new();
        annexb_to_avcc(&[0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2, 3], &mut avcc);
        assert_eq!(avcc, [0, 0, 0, 2, 0x67, 1, 0, 0, 0, 3, 0x65, 2, 3]);
        let mut annexb = Vec::new();
        avcc_to_annexb(&avcc, 4, &mut annexb).unwrap();
        assert_eq!(annexb, [0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2, 3]);
        assert_eq!(avcc_to_annexb(&avcc[..7], 4, &mut annexb), Err(AvccError::Truncated));
        assert_eq!(avcc_to_annexb(&avcc, 5, &mut annexb), Err(AvccError::LengthSize(5)));
        assert_eq!(avcc_to_annexb(&[0xFF; 4], 4, &mut annexb), Err(AvccError::Truncated));
    }

    #[test]
    fn b_slices_are_told_from_others() {
        // first_mb 0 = '1'; slice_type: P 5 = '00110', B 6 = '00111', B 1 = '010'.
        assert!(!is_b_slice(&[0x41, 0b1001_1000]));
        assert!(is_b_slice(&[0x01, 0b1001_1100]));
        assert!(is_b_slice(&[0x01, 0b1010_0000]));
        assert!(!is_b_slice(&[0x67, 0b1010_0000]) && !is_b_slice(&[0x01]) && !is_b_slice(&[]));
    }
}
