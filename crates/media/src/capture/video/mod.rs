//! Picture sources.

mod cameras;
mod mp4;
mod route;
mod rtsp;
mod scene;
mod slides;
mod strip;
mod v4l2;
mod y4m;

pub use cameras::cameras;
pub use scene::Scene;

use super::{CaptureError, Identity};
use crate::picture::{EncodedPicture, Picture, VideoFormat};
use crate::wall::{WallCamera, is_wall};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoSource {
    /// The drawn test scene.
    TestScene,
    /// Drawn test slides.
    Slides,
    /// An IP camera.
    Rtsp(String),
    /// A local camera, e.g. `/dev/video0`.
    V4l2(PathBuf),
    /// An uncompressed Y4M file.
    Y4m(PathBuf),
    /// An MP4 file.
    Mp4(PathBuf),
    /// A camera in memory before a display in memory, `wall:…` (`wall.rs`).
    Wall(String),
}

impl FromStr for VideoSource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        match text {
            "test" => return Ok(Self::TestScene),
            "slides" => return Ok(Self::Slides),
            _ if lower.starts_with("rtsp://") => return Ok(Self::Rtsp(text.to_owned())),
            _ if is_wall(text) => return Ok(Self::Wall(text.to_owned())),
            _ if text.starts_with("/dev/") => return Ok(Self::V4l2(text.into())),
            _ => {}
        }
        if let Some(device) = text.strip_prefix("v4l2:") {
            return Ok(Self::V4l2(device.into()));
        }
        match PathBuf::from(&lower).extension().and_then(|e| e.to_str()) {
            Some("y4m") => Ok(Self::Y4m(text.into())),
            Some("mp4" | "m4v" | "mov") => Ok(Self::Mp4(text.into())),
            _ => Err(format!(
                "'{text}' is not a picture source; use test, slides, rtsp://HOST/PATH, /dev/videoN, \
                 v4l2:DEVICE, FILE.y4m or FILE.mp4"
            )),
        }
    }
}

impl fmt::Display for VideoSource {
    /// As written on the command line, but without a camera's password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestScene => f.write_str("test"),
            Self::Slides => f.write_str("slides"),
            Self::Rtsp(url) => f.write_str(&without_password(url)),
            Self::Wall(name) => f.write_str(name),
            Self::V4l2(path) | Self::Y4m(path) | Self::Mp4(path) => write!(f, "{}", path.display()),
        }
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) => format!("{scheme}://***@{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// How to open a picture source.
#[derive(Debug, Clone, Default)]
pub struct VideoOptions {
    /// What a drawn scene is drawn in and a camera is asked for. Files and IP cameras keep their own.
    pub format: VideoFormat,
    /// For the marker, the flash and the label.
    pub identity: Identity,
    /// Whether a file begins again at its end; otherwise the source ends there.
    pub once: bool,
}

/// What a source gives.
#[derive(Debug, Clone)]
pub enum Captured {
    /// A picture to be encoded.
    Picture(Picture),
    /// H.264 to be sent as it is.
    H264(EncodedPicture),
}

/// A running source. `next` blocks, so it belongs into a thread of its own; dropping it closes the
/// device.
pub trait PictureSource: Send {
    /// The next picture, at its time; `None` at the end of a file. After an error the source is
    /// finished: whether and when to open it again is the caller's decision.
    fn next(&mut self) -> Result<Option<Captured>, CaptureError>;

    /// What is captured and whether it is passed through or will be encoded again, and why: one
    /// line for people.
    fn describe(&self) -> String;

    /// Pictures captured but not taken in time; the oldest is dropped first.
    fn dropped(&self) -> u64 {
        0
    }
}

/// Opens a source. Blocks until it is known to work or not, at most some seconds.
pub fn open(source: &VideoSource, options: &VideoOptions) -> Result<Box<dyn PictureSource>, CaptureError> {
    Ok(match source {
        VideoSource::TestScene => Box::new(scene::SceneSource::new(options)),
        VideoSource::Slides => Box::new(slides::SlidesSource::new(options)),
        VideoSource::Rtsp(url) => Box::new(rtsp::RtspSource::open(url)?),
        VideoSource::V4l2(path) => Box::new(v4l2::V4l2Source::open(path, options)?),
        VideoSource::Y4m(path) => Box::new(y4m::Y4mSource::open(path, options)?),
        VideoSource::Mp4(path) => Box::new(mp4::Mp4Source::open(path, options)?),
        VideoSource::Wall(name) => Box::new(WallCamera::open(name, options)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_as_written() {
        let read = |text: &str| text.parse::<VideoSource>();
        assert_eq!(read("test"), Ok(VideoSource::TestScene));
        assert_eq!(read("rtsp://cam/1"), Ok(VideoSource::Rtsp("rtsp://cam/1".into())));
        assert_eq!(read("/dev/video2"), Ok(VideoSource::V4l2("/dev/video2".into())));
        assert_eq!(read("v4l2:/dev/video2"), Ok(VideoSource::V4l2("/dev/video2".into())));
        assert_eq!(read("课 1.Y4M"), Ok(VideoSource::Y4m("课 1.Y4M".into())));
        assert_eq!(read("a.mp4"), Ok(VideoSource::Mp4("a.mp4".into())));
        assert!(read("a.avi").unwrap_err().contains("FILE.mp4"));
    }

    #[test]
    fn a_camera_password_is_never_shown() {
        let source: VideoSource = "rtsp://admin:p@ss/w@10.0.0.2/stream".parse().unwrap();
        assert!(!source.to_string().contains("p@ss") || source.to_string().contains("***"));
        let source: VideoSource = "rtsp://admin:secret@10.0.0.2/stream".parse().unwrap();
        assert_eq!(source.to_string(), "rtsp://***@10.0.0.2/stream");
    }
}
