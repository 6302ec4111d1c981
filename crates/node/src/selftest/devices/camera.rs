//! The camera: which pictures it really gives, how many a second, whether they are black or stand still.

use super::super::bench::{Bench, Found, Nothing, blocking};
use super::super::findings::here;
use super::{BY, not_configured};
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Outcome, Remark, RemarkCode};
use tongke_measure::picture::camera::{CameraFault, CameraWatch};
use tongke_measure::picture::luma::Luma;
use tongke_media::capture::CaptureError;
use tongke_media::capture::video::{self, Captured, PictureSource, VideoOptions};
use tongke_media::decode::H264Decoder;
use tongke_media::picture::Picture;

/// How long its pictures are watched from the first one on: one that stands still does so for three seconds at least.
const WATCHED: Duration = Duration::from_millis(3500);
/// Longest text of a mode, in characters: what facts take.
const MODE_LEN: usize = 120;
/// Luma of black and of white.
const BLACK: f64 = 16.0;
const WHITE: f64 = 235.0;

/// Watches the camera that the configuration names.
pub(in super::super) async fn camera(bench: &mut Bench<'_>) -> Found {
    let Some(source) = bench.config.camera.clone() else {
        return Err(not_configured(RemarkCode::CameraNotConfigured, &video::cameras()));
    };
    let options = VideoOptions { format: bench.config.format, ..VideoOptions::default() };
    let watched = blocking(move || {
        let mut camera = video::open(&source, &options)?;
        Watched::by(camera.as_mut(), WATCHED)
    });
    watched.await??.findings()
}

/// What was seen.
struct Watched {
    camera: String,
    watch: CameraWatch,
    size: (u32, u32),
    /// When the first and the last picture were captured.
    span: Option<(Instant, Instant)>,
    /// Pictures that came, also those that could not be decoded.
    pictures: u64,
}

impl Watched {
    fn by(camera: &mut dyn PictureSource, for_: Duration) -> Result<Self, CaptureError> {
        let mut seen = Watched {
            camera: camera.describe(),
            watch: CameraWatch::new(),
            size: (0, 0),
            span: None,
            pictures: 0,
        };
        let mut decoder = None;
        let mut end = None;
        while end.is_none_or(|end| Instant::now() < end)
            && let Some(captured) = camera.next()?
        {
            end.get_or_insert_with(|| Instant::now() + for_);
            let (at, picture) = match captured {
                Captured::Picture(picture) => (picture.captured, Some(picture)),
                Captured::H264(unit) => {
                    if decoder.is_none() {
                        decoder = H264Decoder::new().ok();
                    }
                    let decoded = decoder.as_mut().map(|of| of.decode(&unit.data, unit.captured));
                    (unit.captured, decoded.and_then(Result::ok).flatten())
                }
            };
            seen.take(at, picture.as_ref());
        }
        Ok(seen)
    }

    fn take(&mut self, at: Instant, picture: Option<&Picture>) {
        self.pictures += 1;
        self.span = Some((self.span.map_or(at, |(first, _)| first), at));
        let Some(picture) = picture else { return };
        self.size = (picture.width(), picture.height());
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if let Ok(luma) = Luma::new(picture.planes().0, width, height, width) {
            self.watch.on_picture(at, luma);
        }
    }

    /// Pictures a second; none of fewer than two pictures.
    fn fps(&self) -> Option<f64> {
        let (first, last) = self.span?;
        let seconds = last.saturating_duration_since(first).as_secs_f64();
        (seconds > 0.0).then(|| (self.pictures - 1) as f64 / seconds)
    }

    /// A black picture says nothing of anything, one that stands still says at least how bright it is.
    fn findings(&self) -> Found {
        let fault = match self.watch.fault() {
            Some(CameraFault::NoPictures) => {
                let detail = Remark::of(RemarkCode::CameraUndecoded).with("camera", &self.camera);
                return Err(Nothing::Missing(Cause::DeviceFailed, Some(detail)));
            }
            Some(CameraFault::Black) => Some(Cause::CameraBlack),
            Some(CameraFault::Frozen { .. }) => Some(Cause::CameraFrozen),
            // How dark it is, the brightness says.
            Some(CameraFault::Dark) | None => None,
        };
        let missing = |quantity, cause| Finding::missing(quantity, here(), cause);
        let fps = match (fault, self.fps()) {
            (Some(cause), _) => missing(Quantity::CameraFps, cause),
            (None, None) => missing(Quantity::CameraFps, Cause::DeviceFailed),
            (None, Some(fps)) => {
                let measured = Measured { value: Some(fps), ..self.measured() };
                Finding::measured(Quantity::CameraFps, here(), measured)
            }
        };
        let brightness = match (fault, self.watch.mean_luma()) {
            (Some(Cause::CameraBlack), _) | (_, None) => {
                missing(Quantity::CameraBrightness, fault.unwrap_or(Cause::DeviceFailed))
            }
            (_, Some(luma)) => {
                let share = ((luma - BLACK) / (WHITE - BLACK)).clamp(0.0, 1.0);
                let measured = Measured { value: Some(share), ..self.measured() };
                Finding::measured(Quantity::CameraBrightness, here(), measured)
            }
        };
        let mode = Finding::new(Quantity::CameraMode, here(), Outcome::Found(self.mode()));
        Ok(vec![mode, fps, brightness])
    }

    fn measured(&self) -> Measured {
        Measured::new(self.watch.pictures(), Method::DeviceProbe, BY)
    }

    fn mode(&self) -> String {
        let (width, height) = self.size;
        let fps = self.fps().map_or_else(String::new, |fps| format!(" @ {fps:.1}"));
        let text = format!("{width}x{height}{fps}; {}", self.camera);
        text.chars().take(MODE_LEN).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 150 pictures, 40 ms apart, that somebody drew.
    fn watched(draw: impl Fn(u32) -> [u8; 3]) -> Vec<Finding> {
        let origin = Instant::now();
        let mut seen = Watched {
            camera: "a camera".into(),
            watch: CameraWatch::new(),
            size: (0, 0),
            span: None,
            pictures: 0,
        };
        for number in 0..150 {
            let at = origin + Duration::from_millis(40) * number;
            seen.take(at, Some(&Picture::filled(64, 48, draw(number), at)));
        }
        seen.findings().unwrap()
    }

    fn cause(findings: &[Finding], quantity: Quantity) -> Option<Cause> {
        let finding = findings.iter().find(|finding| finding.quantity == quantity).unwrap();
        match &finding.outcome {
            Outcome::Missing(missing) => Some(missing.cause),
            _ => None,
        }
    }

    fn value(findings: &[Finding], quantity: Quantity) -> f64 {
        let finding = findings.iter().find(|finding| finding.quantity == quantity).unwrap();
        let Outcome::Measured(measured) = &finding.outcome else { panic!("{finding:?}") };
        measured.value.unwrap()
    }

    #[test]
    fn a_camera_is_told_with_what_it_really_gives() {
        let findings = watched(|number| [100 + (number % 30) as u8, 128, 128]);
        assert!((value(&findings, Quantity::CameraFps) - 25.0).abs() < 1e-6);
        assert!((value(&findings, Quantity::CameraBrightness) - 98.5 / 219.0).abs() < 0.01);
        assert_eq!(findings[0].outcome, Outcome::Found("64x48 @ 25.0; a camera".into()));
    }

    #[test]
    fn a_black_and_a_frozen_picture_have_no_rate_that_could_pass() {
        let black = watched(|number| [16 + (number % 2) as u8, 128, 128]);
        assert_eq!(cause(&black, Quantity::CameraFps), Some(Cause::CameraBlack));
        assert_eq!(cause(&black, Quantity::CameraBrightness), Some(Cause::CameraBlack));
        let frozen = watched(|_| [100, 128, 128]);
        assert_eq!(cause(&frozen, Quantity::CameraFps), Some(Cause::CameraFrozen));
        assert_eq!(cause(&frozen, Quantity::CameraBrightness), None);
    }

    #[test]
    fn a_dark_room_is_a_figure_and_a_camera_without_pictures_a_fault() {
        assert!(
            value(&watched(|number| [30 + (number % 2) as u8, 128, 128]), Quantity::CameraBrightness) < 0.1
        );
        let none = Watched {
            camera: "a camera".into(),
            watch: CameraWatch::new(),
            size: (0, 0),
            span: None,
            pictures: 0,
        };
        assert!(matches!(none.findings(), Err(Nothing::Missing(Cause::DeviceFailed, Some(_)))));
    }
}
