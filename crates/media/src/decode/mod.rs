//! Decoders: H.264 to pictures, Opus to sound.

mod h264;
mod opus;

pub use self::h264::H264Decoder;
pub use self::opus::OpusDecoder;

/// Why something could not be decoded. Packet-level: count it and go on, after H.264 errors with a
/// keyframe request.
#[derive(Debug, thiserror::Error)]
#[error("{codec} decoder: {reason}")]
pub struct DecodeError {
    codec: &'static str,
    reason: String,
}
