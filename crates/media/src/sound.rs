//! Sound, as captured or decoded and as encoded.

use bytes::Bytes;
use std::time::{Duration, Instant};

/// Samples per second and channel, everywhere in the program.
pub const SAMPLE_RATE: u32 = 48_000;
/// Samples per channel of one frame.
pub const FRAME_SAMPLES: usize = 960;
/// Length of one frame.
pub const FRAME_DURATION: Duration = Duration::from_millis(20);

/// 20 ms of sound.
#[derive(Debug, Clone)]
pub struct SoundFrame {
    /// 48 kHz; [`FRAME_SAMPLES`] per channel, interleaved when stereo.
    pub samples: Vec<i16>,
    /// 1 or 2.
    pub channels: u8,
    /// When the first sample was captured.
    pub captured: Instant,
}

impl SoundFrame {
    /// Root mean square below full scale, in dBov (0 is the loudest, -127 silence): the unit of the
    /// RTP audio level extension (RFC 6464).
    pub fn level_dbov(&self) -> f32 {
        let sum: f64 = self.samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
        let mean = sum / self.samples.len().max(1) as f64;
        if mean < 1.0 {
            return -127.0;
        }
        (10.0 * (mean / (32_768.0 * 32_768.0)).log10()).max(-127.0) as f32
    }
}

/// One Opus packet.
#[derive(Debug, Clone)]
pub struct EncodedSound {
    /// The packet as it travels.
    pub data: Bytes,
    /// When its first sample was captured.
    pub captured: Instant,
    /// When its encoding ended.
    pub encoded: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_of_a_full_scale_square_is_zero_and_of_silence_the_floor() {
        let frame = |value| SoundFrame { samples: vec![value; 960], channels: 1, captured: Instant::now() };
        assert!(frame(i16::MIN).level_dbov().abs() < 0.01);
        assert_eq!(frame(0).level_dbov(), -127.0);
        assert!((frame(3277).level_dbov() + 20.0).abs() < 0.01);
    }
}
