//! How many times faster than needed this machine encodes the camera's pictures.

use super::super::bench::{Bench, Found, Nothing, blocking};
use super::super::findings::here;
use super::BY;
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Remark, RemarkCode};
use tongke_media::VideoFormat;
use tongke_media::capture::Identity;
use tongke_media::capture::video::Scene;
use tongke_media::encode::{Content, EncodeError, H264Encoder};

/// Pictures that are encoded at most, and the longest time for it.
const PICTURES: u32 = 60;
const LONGEST: Duration = Duration::from_secs(3);

/// Encodes drawn pictures, one after the other on one thread, as the configuration says.
pub(in super::super) async fn encoder(bench: &mut Bench<'_>) -> Found {
    let (format, bitrate_bps) = (bench.config.format, bench.config.video_bitrate.start_bps);
    let failed = |error: EncodeError| Nothing::Missing(Cause::DeviceFailed, Some(error.to_string().into()));
    let times_ms = blocking(move || burst(format, bitrate_bps)).await?.map_err(failed)?;
    let measured = headroom(&times_ms, format.fps);
    let measured = measured.ok_or(Nothing::Missing(Cause::DeviceFailed, None))?;
    bench.headroom = measured.value;
    let encoded = Remark::of(RemarkCode::Encoded)
        .with("encoder", "OpenH264")
        .with("format", format)
        .with("kbps", bitrate_bps / 1000);
    let measured = Measured { reference: vec![encoded], ..measured };
    Ok(vec![Finding::measured(Quantity::EncoderHeadroom, here(), measured)])
}

/// What each picture took to encode, in ms; drawing it is left out.
fn burst(format: VideoFormat, bitrate_bps: u32) -> Result<Vec<f64>, EncodeError> {
    let mut scene = Scene::new(format, Identity::default());
    let mut encoder = H264Encoder::new(format, bitrate_bps, Content::Camera)?;
    let begin = Instant::now();
    let mut times_ms = Vec::new();
    for number in 0..PICTURES {
        let picture = scene.draw(begin + Duration::from_secs(1) * number / format.fps);
        let before = Instant::now();
        encoder.encode(&picture, false)?;
        times_ms.push(before.elapsed().as_secs_f64() * 1e3);
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    Ok(times_ms)
}

/// How often the time of a picture fits into its period. None of no picture.
fn headroom(times_ms: &[f64], fps: u32) -> Option<Measured> {
    let period_ms = 1e3 / f64::from(fps);
    let ratio = |ms: f64| period_ms / ms.max(1e-3);
    let slowest = times_ms.iter().copied().max_by(f64::total_cmp)?;
    let fastest = times_ms.iter().copied().min_by(f64::total_cmp)?;
    let mean = times_ms.iter().sum::<f64>() / times_ms.len() as f64;
    Some(Measured {
        value: Some(ratio(mean)),
        min: Some(ratio(slowest)),
        max: Some(ratio(fastest)),
        ..Measured::new(times_ms.len() as u64, Method::DeviceProbe, BY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_is_the_period_over_the_time_that_a_picture_takes() {
        let measured = headroom(&[5.0, 10.0, 15.0], 25).unwrap();
        assert_eq!((measured.n, measured.value), (3, Some(4.0)));
        assert_eq!((measured.min, measured.max), (Some(40.0 / 15.0), Some(8.0)));
        assert!(headroom(&[], 25).is_none());
    }

    #[test]
    fn a_burst_encodes_pictures_of_the_format_and_ends() {
        let format = VideoFormat { width: 160, height: 96, fps: 25 };
        let times = burst(format, 100_000).unwrap();
        assert!((1..=PICTURES as usize).contains(&times.len()));
        assert!(times.iter().all(|ms| *ms > 0.0));
    }
}
