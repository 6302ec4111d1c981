//! Encoders: H.264 for pictures, Opus for sound.

mod h264;
mod opus;
mod tuning;

pub use self::h264::{Content, H264Encoder};
pub use self::opus::{OpusEncoder, SoundMode};

/// Why nothing came out of an encoder.
#[derive(Debug, thiserror::Error)]
#[error("{codec} encoder: {reason}")]
pub struct EncodeError {
    codec: &'static str,
    reason: String,
}
