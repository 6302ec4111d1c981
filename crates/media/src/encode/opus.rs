//! Opus: 48 kHz, 20 ms, in-band FEC.

use super::EncodeError;
use crate::sound::{EncodedSound, SAMPLE_RATE, SoundFrame};
use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Signal};
use std::time::Instant;

/// Largest packet asked of the encoder (RFC 6716 §3.2.1 allows 1275 bytes per frame).
const MAX_PACKET: usize = 1275;

/// What the sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundMode {
    /// A teacher and a class speaking.
    #[default]
    Speech,
    /// A music lesson: full band, no speech model.
    Music,
}

/// An Opus encoder for one track.
#[derive(Debug)]
pub struct OpusEncoder {
    encoder: opus::Encoder,
    channels: u8,
    buffer: Vec<u8>,
}

impl OpusEncoder {
    /// An encoder for frames of `channels` (1 or 2).
    pub fn new(mode: SoundMode, channels: u8, bitrate_bps: u32) -> Result<Self, EncodeError> {
        let layout = if channels == 2 { Channels::Stereo } else { Channels::Mono };
        let application = match mode {
            SoundMode::Speech => Application::Voip,
            SoundMode::Music => Application::Audio,
        };
        let mut encoder = opus::Encoder::new(SAMPLE_RATE, layout, application).map_err(failed)?;
        if mode == SoundMode::Music {
            encoder.set_signal(Signal::Music).map_err(failed)?;
        }
        encoder.set_inband_fec(true).map_err(failed)?;
        let mut this = Self { encoder, channels, buffer: vec![0; MAX_PACKET] };
        this.set_bitrate(bitrate_bps)?;
        this.set_loss_percent(5)?;
        Ok(this)
    }

    /// Encodes 20 ms.
    pub fn encode(&mut self, frame: &SoundFrame) -> Result<EncodedSound, EncodeError> {
        if frame.channels != self.channels {
            return Err(failed(format!("got {} channels, set up for {}", frame.channels, self.channels)));
        }
        let length = self.encoder.encode(&frame.samples, &mut self.buffer).map_err(failed)?;
        let data = Bytes::copy_from_slice(&self.buffer[..length]);
        Ok(EncodedSound { data, captured: frame.captured, encoded: Instant::now() })
    }

    /// Changes the target bitrate.
    pub fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError> {
        let bits = i32::try_from(bitrate_bps).unwrap_or(i32::MAX);
        self.encoder.set_bitrate(Bitrate::Bits(bits)).map_err(failed)
    }

    /// Tells the expected loss, which decides how many bits go into repeating the frame before.
    pub fn set_loss_percent(&mut self, percent: u8) -> Result<(), EncodeError> {
        self.encoder.set_packet_loss_perc(i32::from(percent.min(100))).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError { codec: "Opus", reason: error.to_string() }
}
