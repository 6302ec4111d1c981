//! H.264 to I420.

use super::DecodeError;
use crate::picture::{Picture, PicturePool};
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use std::time::Instant;

/// A decoder for one track.
pub struct H264Decoder {
    decoder: Decoder,
    pool: PicturePool,
}

impl H264Decoder {
    /// A decoder that waits for its first keyframe and gives each picture at once.
    pub fn new() -> Result<Self, DecodeError> {
        Self::with(DecoderConfig::new())
    }

    /// A decoder for streams with B-frames: it holds pictures back until it knows their order, and
    /// gives them in the order in which they are shown.
    pub(crate) fn reordering() -> Result<Self, DecodeError> {
        Self::with(DecoderConfig::new().flush_after_decode(Flush::NoFlush))
    }

    fn with(config: DecoderConfig) -> Result<Self, DecodeError> {
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), config).map_err(failed)?;
        Ok(Self { decoder, pool: PicturePool::default() })
    }

    /// Decodes one access unit (Annex B), whose picture was captured at `captured`. `None`: it
    /// holds no picture to show, for example parameter sets only.
    pub fn decode(&mut self, annexb: &[u8], captured: Instant) -> Result<Option<Picture>, DecodeError> {
        let Some(decoded) = self.decoder.decode(annexb).map_err(failed)? else { return Ok(None) };
        Ok(copy(&mut self.pool, &decoded, captured))
    }

    /// The pictures held back at the end of a stream.
    pub(crate) fn flush(&mut self, captured: Instant) -> Result<Vec<Picture>, DecodeError> {
        let decoded = self.decoder.flush_remaining().map_err(failed)?;
        Ok(decoded.iter().filter_map(|decoded| copy(&mut self.pool, decoded, captured)).collect())
    }
}

fn copy(pool: &mut PicturePool, decoded: &DecodedYUV<'_>, captured: Instant) -> Option<Picture> {
    let (width, height) = decoded.dimensions();
    let (width, height) = (width as u32 & !1, height as u32 & !1);
    if width == 0 || height == 0 {
        return None;
    }
    let strides = decoded.strides();
    let data = pool.fill(Picture::size(width, height), |data| {
        let (w, h) = (width as usize, height as usize);
        let (y, chroma) = data.split_at_mut(w * h);
        let (u, v) = chroma.split_at_mut(w * h / 4);
        copy_plane(decoded.y(), strides.0, y, w);
        copy_plane(decoded.u(), strides.1, u, w / 2);
        copy_plane(decoded.v(), strides.2, v, w / 2);
    });
    Some(Picture::new(width, height, data, captured))
}

fn copy_plane(from: &[u8], stride: usize, to: &mut [u8], width: usize) {
    for (source, target) in from.chunks(stride).zip(to.chunks_mut(width)) {
        target.copy_from_slice(&source[..width]);
    }
}

fn failed(error: impl std::fmt::Display) -> DecodeError {
    DecodeError { codec: "H.264", reason: error.to_string() }
}
