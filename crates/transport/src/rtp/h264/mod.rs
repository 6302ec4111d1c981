//! H.264 payloads (RFC 6184, packetization-mode 1): single NAL units, STAP-A, FU-A.

mod depacketize;
mod nal;
mod packetize;
pub mod sps;

pub use depacketize::{Depacketizer, H264Error, depacketize};
pub use nal::{AvccError, NalUnits, annexb_to_avcc, avcc_to_annexb, is_b_slice, nal_type, nal_units};
pub use packetize::Packetizer;

/// NAL unit types (H.264 table 7-1, RFC 6184 table 1) that this module tells apart.
pub mod unit {
    /// Coded slice of a picture that is no IDR picture.
    pub const SLICE: u8 = 1;
    /// Coded slice of an IDR picture.
    pub const IDR: u8 = 5;
    /// Supplemental enhancement information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Access unit delimiter.
    pub const AUD: u8 = 9;
    /// Single-time aggregation packet without a decoding order number.
    pub const STAP_A: u8 = 24;
    /// Fragmentation unit without a decoding order number.
    pub const FU_A: u8 = 28;
}

/// Whether a payload begins a picture that can be decoded by itself: it holds a sequence parameter
/// set, or the start of an IDR slice.
///
/// Where parameter sets travel in packets of their own, each of the keyframe's first packets says
/// yes; the first one of a timestamp is the keyframe's start.
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    begins(payload, |unit_type| unit_type == unit::IDR || unit_type == unit::SPS)
}

/// Whether a payload holds, or begins, a sequence parameter set, which a decoder needs before all else.
pub fn holds_parameter_sets(payload: &[u8]) -> bool {
    begins(payload, |unit_type| unit_type == unit::SPS)
}

/// Whether a unit of such a type begins in a payload.
fn begins(payload: &[u8], is_such: impl Fn(u8) -> bool) -> bool {
    match payload {
        [first, rest @ ..] if first & 0x1F == unit::STAP_A => {
            aggregated(rest).any(|nal| nal.first().is_some_and(|header| is_such(header & 0x1F)))
        }
        [first, fu, ..] if first & 0x1F == unit::FU_A => fu & 0x80 != 0 && is_such(fu & 0x1F),
        [first, ..] => is_such(first & 0x1F),
        [] => false,
    }
}

/// Height of the pictures that begin with this payload, in pixels, where it holds their sequence
/// parameter set.
pub fn picture_height(payload: &[u8]) -> Option<u32> {
    let (first, rest) = payload.split_first()?;
    let set = match first & 0x1F {
        unit::STAP_A => aggregated(rest).find(|nal| nal_type(nal) == Some(unit::SPS))?,
        unit::SPS => payload,
        _ => return None,
    };
    Some(sps::parse(set).ok()?.height)
}

/// The units inside a STAP-A, behind its first byte; a cut one ends the walk.
pub(super) fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (nal, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        rest = after;
        Some(nal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframes_are_seen_in_every_packet_form() {
        assert!(is_keyframe_start(&[0x65, 0x88]), "single IDR");
        assert!(holds_parameter_sets(&[0x67, 0x42]) && !holds_parameter_sets(&[0x65, 0x88]));
        assert!(is_keyframe_start(&[0x67, 0x42]), "single SPS");
        assert!(!is_keyframe_start(&[0x68, 0x42]), "PPS alone");
        assert!(!is_keyframe_start(&[0x41, 0x9A]), "slice");
        assert!(is_keyframe_start(&[0x7C, 0x85, 1]), "first fragment of an IDR");
        assert!(!is_keyframe_start(&[0x7C, 0x05, 1]), "a later fragment");
        assert!(!is_keyframe_start(&[0x7C, 0x81, 1]), "first fragment of a slice");
        assert!(is_keyframe_start(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1]), "SPS behind a delimiter");
        assert!(!is_keyframe_start(&[0x78, 0, 1, 0x09, 0, 3, 0x67, 1]), "cut off");
        assert!(!is_keyframe_start(&[]) && !is_keyframe_start(&[0x7C]) && !is_keyframe_start(&[0x78]));
    }

    #[test]
    fn the_height_is_read_where_the_parameter_set_is() {
        let set = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDC, 0x80];
        assert_eq!(picture_height(&set), Some(720));
        let aggregate = [&[0x78, 0, 2, 0x09, 0x10, 0, set.len() as u8][..], &set].concat();
        assert_eq!(picture_height(&aggregate), Some(720));
        assert_eq!(picture_height(&[0x78, 0, 2, 0x68, 0xCE]), None, "no set inside");
        assert_eq!(picture_height(&set[..5]), None, "cut off");
        assert_eq!(picture_height(&[0x65, 0x88]), None);
        assert_eq!(picture_height(&[]), None);
    }
}
