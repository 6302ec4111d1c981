//! Opus to sound.

use super::DecodeError;
use crate::sound::{FRAME_SAMPLES, SAMPLE_RATE};
use opus::Channels;

/// Longest packet in samples per channel: 120 ms (RFC 6716 §2.1.4).
const MAX_SAMPLES: usize = 5760;

/// A decoder for one track; whatever the sender's layout, it gives `channels`.
#[derive(Debug)]
pub struct OpusDecoder {
    decoder: opus::Decoder,
    channels: usize,
}

impl OpusDecoder {
    /// A decoder giving 1 or 2 channels.
    pub fn new(channels: u8) -> Result<Self, DecodeError> {
        let (layout, channels) = if channels == 2 { (Channels::Stereo, 2) } else { (Channels::Mono, 1) };
        let decoder = opus::Decoder::new(SAMPLE_RATE, layout).map_err(failed)?;
        Ok(Self { decoder, channels })
    }

    /// Decodes a packet: usually 20 ms, any length Opus allows.
    pub fn decode(&mut self, packet: &[u8]) -> Result<Vec<i16>, DecodeError> {
        if packet.is_empty() {
            return Err(failed("the packet is empty"));
        }
        self.run(packet, MAX_SAMPLES, false)
    }

    /// Rebuilds the 20 ms lost just before `next` from the copy `next` carries; where it carries
    /// none, conceals.
    pub fn decode_fec(&mut self, next: &[u8]) -> Result<Vec<i16>, DecodeError> {
        if next.is_empty() {
            return self.conceal();
        }
        self.run(next, FRAME_SAMPLES, true)
    }

    /// Invents 20 ms that continue what was heard.
    pub fn conceal(&mut self) -> Result<Vec<i16>, DecodeError> {
        self.run(&[], FRAME_SAMPLES, false)
    }

    fn run(&mut self, packet: &[u8], samples: usize, fec: bool) -> Result<Vec<i16>, DecodeError> {
        let mut output = vec![0; samples * self.channels];
        let length = self.decoder.decode(packet, &mut output, fec).map_err(failed)?;
        output.truncate(length * self.channels);
        Ok(output)
    }
}

fn failed(error: impl std::fmt::Display) -> DecodeError {
    DecodeError { codec: "Opus", reason: error.to_string() }
}
