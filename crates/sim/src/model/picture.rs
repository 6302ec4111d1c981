//! A model of an H.264 encoder and its decoder.

use crate::random::Random;
use std::time::Duration;
use tongke_transport::rtp::h264::nal_units;

/// Parameter sets of a 1280x720 constrained baseline stream.
const SPS: [u8; 11] = [0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x80, 0x50, 0x05, 0xbb, 0x01, 0x10];
const PPS: [u8; 4] = [0x68, 0xcb, 0x83, 0xcb];
/// A keyframe is this many times as large as the mean other picture.
const KEYFRAME_FACTOR: f64 = 8.0;
/// Bytes of a slice before its filling: header, its number and its reference's number.
const SLICE_HEAD: usize = 1 + 16 + 16;

/// What is filmed and how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureFormat {
    /// Pictures per second.
    pub fps: f64,
    /// Mean bits per second.
    pub bitrate_bps: f64,
    /// From capture to encoded; keyframes take twice as long.
    pub encode: Duration,
}

/// Encodes numbered pictures, each referring to the one before it.
#[derive(Debug)]
pub struct Encoder {
    format: PictureFormat,
    random: Random,
    number: u64,
    keyframe_wanted: bool,
}

/// One encoded picture.
#[derive(Debug)]
pub struct Encoded {
    /// The access unit, Annex B.
    pub annexb: Vec<u8>,
    /// Whether it is a keyframe.
    pub keyframe: bool,
    /// From capture to encoded.
    pub took: Duration,
}

impl Encoder {
    /// An encoder that begins with a keyframe.
    pub fn new(format: PictureFormat, random: Random) -> Self {
        Self { format, random, number: 0, keyframe_wanted: true }
    }

    /// The next picture is to be a keyframe.
    pub fn request_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// Encodes the next picture.
    pub fn encode(&mut self) -> Encoded {
        let keyframe = std::mem::take(&mut self.keyframe_wanted);
        let mean = self.format.bitrate_bps / 8.0 / self.format.fps;
        let spread = self.random.between(0.6, 1.4);
        let size = mean * spread * if keyframe { KEYFRAME_FACTOR } else { 1.0 };
        let mut annexb = Vec::with_capacity(size as usize + 100);
        if keyframe {
            push_nal(&mut annexb, &SPS);
            push_nal(&mut annexb, &PPS);
        }
        let reference = if keyframe { self.number } else { self.number - 1 };
        let mut slice = vec![if keyframe { 0x65 } else { 0x41 }];
        // Hexadecimal digits never look like a start code.
        slice.extend(format!("{:016x}{reference:016x}", self.number).into_bytes());
        slice.resize((size as usize).max(SLICE_HEAD), 0xaa);
        push_nal(&mut annexb, &slice);
        self.number += 1;
        Encoded { annexb, keyframe, took: self.format.encode * if keyframe { 2 } else { 1 } }
    }

    /// Pictures encoded.
    pub fn pictures(&self) -> u64 {
        self.number
    }
}

fn push_nal(annexb: &mut Vec<u8>, nal: &[u8]) {
    annexb.extend([0, 0, 0, 1]);
    annexb.extend(nal);
}

/// Why a picture cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecodable {
    /// There is no slice in it, or it is cut.
    Broken,
    /// A keyframe without parameter sets, before any came.
    NoParameterSets,
    /// The picture it refers to was not the last one decoded.
    NoReference,
}

/// Notices what a real decoder would choke on.
#[derive(Debug, Default)]
pub struct Decoder {
    has_parameter_sets: bool,
    last: Option<u64>,
}

impl Decoder {
    /// Decodes an access unit and gives the picture's number.
    pub fn decode(&mut self, annexb: &[u8]) -> Result<u64, Undecodable> {
        let mut decoded = Err(Undecodable::Broken);
        for nal in nal_units(annexb) {
            match nal.first().map(|header| header & 0x1f) {
                Some(7) => self.has_parameter_sets = true,
                Some(1 | 5) => decoded = self.decode_slice(nal),
                _ => {}
            }
        }
        if decoded.is_err() {
            self.last = None;
        }
        decoded
    }

    fn decode_slice(&mut self, nal: &[u8]) -> Result<u64, Undecodable> {
        let number = |range: std::ops::Range<usize>| {
            let digits = std::str::from_utf8(nal.get(range)?).ok()?;
            u64::from_str_radix(digits, 16).ok()
        };
        let (Some(own), Some(reference)) = (number(1..17), number(17..33)) else {
            return Err(Undecodable::Broken);
        };
        if nal[SLICE_HEAD..].iter().any(|byte| *byte != 0xaa) {
            return Err(Undecodable::Broken);
        }
        if own == reference && !self.has_parameter_sets {
            return Err(Undecodable::NoParameterSets);
        }
        if own != reference && self.last != Some(reference) {
            return Err(Undecodable::NoReference);
        }
        self.last = Some(own);
        Ok(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format() -> PictureFormat {
        PictureFormat { fps: 30.0, bitrate_bps: 1_200_000.0, encode: Duration::from_millis(8) }
    }

    #[test]
    fn pictures_decode_in_order_and_only_so() {
        let mut encoder = Encoder::new(format(), Random::new(1, 1));
        let pictures: Vec<_> = (0..5).map(|_| encoder.encode()).collect();
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(&pictures[1].annexb), Err(Undecodable::NoReference));
        for (number, picture) in pictures.iter().take(3).enumerate() {
            assert_eq!(decoder.decode(&picture.annexb), Ok(number as u64));
            assert_eq!(picture.keyframe, number == 0);
        }
        assert_eq!(decoder.decode(&pictures[4].annexb), Err(Undecodable::NoReference));
        encoder.request_keyframe();
        assert_eq!(decoder.decode(&encoder.encode().annexb), Ok(5));
    }

    #[test]
    fn the_mean_rate_is_the_one_asked_for() {
        let mut encoder = Encoder::new(format(), Random::new(1, 1));
        let bytes: usize = (0..3000).map(|_| encoder.encode().annexb.len()).sum();
        let bps = bytes as f64 * 8.0 / 100.0;
        assert!((bps / 1_200_000.0 - 1.0).abs() < 0.03, "{bps}");
    }

    #[test]
    fn a_keyframe_without_its_parameter_sets_and_a_cut_slice_are_noticed() {
        let mut encoder = Encoder::new(format(), Random::new(1, 1));
        let annexb = encoder.encode().annexb;
        let slice_at = annexb.windows(5).position(|bytes| bytes == [0, 0, 0, 1, 0x65]).unwrap();
        assert_eq!(Decoder::default().decode(&annexb[slice_at..]), Err(Undecodable::NoParameterSets));
        assert_eq!(Decoder::default().decode(&annexb[..slice_at + 20]), Err(Undecodable::Broken));
    }
}
