//! What the cameras, microphones and loudspeakers of this machine really do, and how fast it encodes. Which they are
//! says the node's configuration, as for a lesson.

mod camera;
mod encoder;
mod loudspeaker;
mod microphone;

pub(super) use camera::camera;
pub(super) use encoder::encoder;
pub(super) use loudspeaker::loudspeaker;
pub(super) use microphone::microphone;

use super::bench::Nothing;
use tongke_inspection::facts::{Cause, Remark, RemarkCode};
use tongke_media::capture::CaptureError;
use tongke_media::render::RenderError;

/// Who measured.
const BY: &str = "node";

impl From<CaptureError> for Nothing {
    fn from(error: CaptureError) -> Self {
        let cause = match &error {
            CaptureError::Missing { .. } => Cause::NoDevice,
            _ => Cause::DeviceFailed,
        };
        Nothing::Missing(cause, Some(error.to_string().into()))
    }
}

impl From<RenderError> for Nothing {
    fn from(error: RenderError) -> Self {
        let cause = match &error {
            RenderError::Missing { .. } => Cause::NoDevice,
            _ => Cause::DeviceFailed,
        };
        Nothing::Missing(cause, Some(error.to_string().into()))
    }
}

/// Nobody configured such a device; `there` says which there are.
fn not_configured(what: RemarkCode, there: &str) -> Nothing {
    Nothing::Missing(Cause::NotAsked, Some(Remark::of(what).with("there", there)))
}
