//! H.264, constrained baseline, without delay: every picture in gives its access unit at once or,
//! when the rate control has to, none.

use super::{EncodeError, tuning};
use crate::picture::{EncodedPicture, Picture, VideoFormat};
use bytes::Bytes;
use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile,
    RateControlMode, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;
use std::time::Instant;

/// What the pictures show; the encoder searches differently for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A camera.
    Camera,
    /// Courseware: sharp edges, long stills, sudden changes.
    Screen,
}

/// An H.264 encoder for one track.
pub struct H264Encoder {
    encoder: Encoder,
    bitrate_bps: u32,
    /// Size of the last picture; nothing was encoded before the first.
    size: Option<(u32, u32)>,
    skipped: u64,
}

impl H264Encoder {
    /// An encoder for pictures of `format`. Pictures of another size are taken too, each change
    /// begins with a keyframe.
    pub fn new(format: VideoFormat, bitrate_bps: u32, content: Content) -> Result<Self, EncodeError> {
        let config = EncoderConfig::new()
            .profile(Profile::Baseline)
            .usage_type(match content {
                Content::Camera => UsageType::CameraVideoRealTime,
                Content::Screen => UsageType::ScreenContentRealTime,
            })
            .complexity(Complexity::Low)
            .rate_control_mode(RateControlMode::Bitrate)
            .skip_frames(true)
            .bitrate(BitRate::from_bps(bitrate_bps))
            .max_frame_rate(FrameRate::from_hz(format.fps as f32))
            // Keyframes only when a receiver asks: a periodic one costs every receiver its bitrate.
            .intra_frame_period(IntraFramePeriod::auto())
            .scene_change_detect(content == Content::Screen)
            // OpenH264 has neither for screen content, and would say so on the terminal.
            .adaptive_quantization(content == Content::Camera)
            .background_detection(content == Content::Camera)
            // One thread per track: with one slice per picture more give nothing.
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).map_err(failed)?;
        Ok(Self { encoder, bitrate_bps, size: None, skipped: 0 })
    }

    /// Encodes one picture. `None`: the rate control left it out to stay within the bitrate.
    pub fn encode(
        &mut self,
        picture: &Picture,
        force_keyframe: bool,
    ) -> Result<Option<EncodedPicture>, EncodeError> {
        let (width, height) = (picture.width(), picture.height());
        if force_keyframe && self.size.is_some() {
            self.encoder.force_intra_frame();
        }
        let (w, h) = (width as usize, height as usize);
        let source = YUVSlices::new(picture.planes(), (w, h), (w, w / 2, w / 2));
        let stream = self.encoder.encode(&source).map_err(failed)?;
        let keyframe = stream.frame_type() == FrameType::IDR;
        let data = Bytes::from(stream.to_vec());
        if self.size.replace((width, height)) != Some((width, height)) {
            // A change of size sets the encoder up anew, with the bitrate it began with.
            tuning::set_bitrate(&mut self.encoder, self.bitrate_bps).map_err(failed)?;
        }
        if data.is_empty() {
            self.skipped += 1;
            return Ok(None);
        }
        let captured = picture.captured;
        Ok(Some(EncodedPicture { data, keyframe, width, height, captured, encoded: Instant::now() }))
    }

    /// Changes the target bitrate from the next picture on.
    pub fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError> {
        self.bitrate_bps = bitrate_bps;
        match self.size {
            Some(_) => tuning::set_bitrate(&mut self.encoder, bitrate_bps).map_err(failed),
            // Not set up before its first picture; it gets the new bitrate right after it.
            None => Ok(()),
        }
    }

    /// The target in bits per second.
    pub fn bitrate_bps(&self) -> u32 {
        self.bitrate_bps
    }

    /// Pictures left out by the rate control.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError { codec: "H.264", reason: error.to_string() }
}
