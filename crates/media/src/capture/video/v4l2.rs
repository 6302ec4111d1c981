//! Local cameras through V4L2.

use super::{Captured, PictureSource, VideoOptions, cameras};
use crate::capture::{CaptureError, found_clause};
use crate::picture::{Picture, PicturePool};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use v4l::buffer::Type;
use v4l::capability::Flags;
use v4l::io::traits::CaptureStream;
use v4l::prelude::{Device, MmapStream};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Format, FourCC};

const SUPPORTED: &str = "cameras that give YUYV, UYVY, NV12 or YU12 pictures";
/// Buffers the driver fills in turn.
const BUFFERS: u32 = 4;
/// A camera that gives nothing for this long has stopped.
const SILENT_AFTER: Duration = Duration::from_secs(5);

/// Pixel layouts that are converted, the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Planar,
    SemiPlanar,
    Yuyv,
    Uyvy,
}

impl Layout {
    const ALL: [(Layout, [u8; 4]); 4] = [
        (Layout::Planar, *b"YU12"),
        (Layout::SemiPlanar, *b"NV12"),
        (Layout::Yuyv, *b"YUYV"),
        (Layout::Uyvy, *b"UYVY"),
    ];

    /// Bytes per line of the first plane, at least.
    fn stride(self, width: u32) -> usize {
        width as usize * if matches!(self, Layout::Yuyv | Layout::Uyvy) { 2 } else { 1 }
    }
}

/// A running camera.
pub(super) struct V4l2Source {
    name: String,
    device: Device,
    stream: MmapStream<'static>,
    layout: Layout,
    format: Format,
    fps: f64,
    pool: PicturePool,
    dropped: u64,
    last_sequence: Option<u32>,
}

impl V4l2Source {
    pub(super) fn open(path: &Path, options: &VideoOptions) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        let open = |error: io::Error| CaptureError::Open { name: name.clone(), reason: explain(&error) };
        let device = Device::with_path(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                CaptureError::Missing { what: "camera", name: name.clone(), found: cameras() }
            }
            _ => open(error),
        })?;
        let captures = device.query_caps().is_ok_and(|c| c.capabilities.contains(Flags::VIDEO_CAPTURE));
        if !captures {
            let found = "no video capture device".into();
            return Err(CaptureError::Unsupported { name, found, supported: SUPPORTED });
        }
        let offered = device.enum_formats().map_err(open)?;
        let chosen = Layout::ALL.iter().find(|(_, code)| offered.iter().any(|o| o.fourcc.repr == *code));
        let Some((layout, code)) = chosen else {
            let names: Vec<String> =
                offered.iter().map(|o| format!("{} ({})", o.fourcc, o.description)).collect();
            let found = found_clause(&names, "a camera without any format", "a camera that gives only");
            return Err(CaptureError::Unsupported { name: name.clone(), found, supported: SUPPORTED });
        };
        let wanted = Format::new(options.format.width, options.format.height, FourCC::new(code));
        let format = device.set_format(&wanted).map_err(open)?;
        // Not every driver lets its rate be set; what it then gives is told.
        let fps = device
            .set_params(&Parameters::with_fps(options.format.fps))
            .map_or(0.0, |p| f64::from(p.interval.denominator) / f64::from(p.interval.numerator.max(1)));
        if format.width % 2 != 0 || format.height % 2 != 0 || format.fourcc.repr != *code {
            let found = format!("pictures of {}x{} as {}", format.width, format.height, format.fourcc);
            return Err(CaptureError::Unsupported { name, found, supported: SUPPORTED });
        }
        let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS).map_err(open)?;
        stream.set_timeout(SILENT_AFTER);
        let (pool, layout) = (PicturePool::default(), *layout);
        Ok(Self { name, device, stream, layout, format, fps, pool, dropped: 0, last_sequence: None })
    }

    fn receive(&mut self) -> io::Result<Picture> {
        loop {
            let (buffer, meta) = self.stream.next()?;
            let captured = Instant::now();
            // The driver numbers pictures; a gap is what it had no buffer for.
            let expected = self.last_sequence.replace(meta.sequence).map(|last| last.wrapping_add(1));
            let gap = expected.map_or(0, |expected| meta.sequence.wrapping_sub(expected));
            self.dropped += u64::from(if gap < 1000 { gap } else { 0 });
            // A newer one is there already: this one would only be late.
            if self.device.handle().poll(READABLE, 0)? > 0 {
                self.dropped += 1;
                continue;
            }
            let (width, height, layout) = (self.format.width, self.format.height, self.layout);
            let stride = (self.format.stride as usize).max(layout.stride(width));
            let used = &buffer[..buffer.len().min(meta.bytesused.max(1) as usize)];
            let mut whole = true;
            let data = self.pool.fill(Picture::size(width, height), |data| {
                whole = convert(layout, used, stride, data, width as usize, height as usize).is_some();
            });
            if whole {
                return Ok(Picture::new(width, height, data, captured));
            }
            self.dropped += 1;
        }
    }
}

/// `POLLIN` of poll(2).
const READABLE: i16 = 1;

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!(
                "{error}; the user must be in the group 'video' (sudo usermod -aG video $USER, then log in again)"
            )
        }
        io::ErrorKind::ResourceBusy => format!("{error}; another program uses the camera"),
        _ => error.to_string(),
    }
}

/// Brings a camera's buffer to I420; `None` if the buffer is too short.
fn convert(layout: Layout, from: &[u8], stride: usize, to: &mut [u8], w: usize, h: usize) -> Option<()> {
    let (y, chroma) = to.split_at_mut(w * h);
    let (u, v) = chroma.split_at_mut(w * h / 4);
    match layout {
        Layout::Planar => {
            let chroma_stride = stride / 2;
            let (from_u, from_v) = (stride * h, stride * h + chroma_stride * h / 2);
            copy_rows(from, stride, y, w)?;
            copy_rows(from.get(from_u..)?, chroma_stride, u, w / 2)?;
            copy_rows(from.get(from_v..)?, chroma_stride, v, w / 2)
        }
        Layout::SemiPlanar => {
            copy_rows(from, stride, y, w)?;
            let pairs = from.get(stride * h..)?;
            for (line, (u, v)) in u.chunks_mut(w / 2).zip(v.chunks_mut(w / 2)).enumerate() {
                let row = pairs.get(line * stride..line * stride + w)?;
                for (pair, (u, v)) in row.chunks_exact(2).zip(u.iter_mut().zip(v)) {
                    (*u, *v) = (pair[0], pair[1]);
                }
            }
            Some(())
        }
        Layout::Yuyv => interleaved(from, stride, y, u, v, w, [0, 1, 3]),
        Layout::Uyvy => interleaved(from, stride, y, u, v, w, [1, 0, 2]),
    }
}

fn copy_rows(from: &[u8], stride: usize, to: &mut [u8], width: usize) -> Option<()> {
    for (line, row) in to.chunks_mut(width).enumerate() {
        row.copy_from_slice(from.get(line * stride..line * stride + width)?);
    }
    Some(())
}

/// Two pixels in four bytes, `at` saying where the first luma, U and V are; chroma of every other line.
fn interleaved(
    from: &[u8],
    stride: usize,
    y: &mut [u8],
    u: &mut [u8],
    v: &mut [u8],
    w: usize,
    at: [usize; 3],
) -> Option<()> {
    for (line, row) in y.chunks_mut(w).enumerate() {
        let source = from.get(line * stride..line * stride + 2 * w)?;
        for (group, pixels) in source.chunks_exact(4).zip(row.chunks_exact_mut(2)) {
            (pixels[0], pixels[1]) = (group[at[0]], group[at[0] + 2]);
        }
        if line % 2 == 0 {
            let start = line / 2 * (w / 2);
            let chroma = u[start..start + w / 2].iter_mut().zip(&mut v[start..start + w / 2]);
            for (group, (u, v)) in source.chunks_exact(4).zip(chroma) {
                (*u, *v) = (group[at[1]], group[at[2]]);
            }
        }
    }
    Some(())
}

impl PictureSource for V4l2Source {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        match self.receive() {
            Ok(picture) => Ok(Some(Captured::Picture(picture))),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(CaptureError::Silent { name: self.name.clone(), after: SILENT_AFTER })
            }
            Err(error) => Err(CaptureError::Broken { name: self.name.clone(), reason: explain(&error) }),
        }
    }

    fn describe(&self) -> String {
        let Format { width, height, fourcc, .. } = self.format;
        format!("{}: {fourcc} {width}x{height}, {:.0} pictures per second, encoded here", self.name, self.fps)
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_camera_is_named_and_what_was_found_is_listed() {
        let opened = V4l2Source::open(Path::new("/dev/video77"), &VideoOptions::default());
        let message = opened.err().unwrap().to_string();
        assert!(message.starts_with("camera '/dev/video77' was not found; "), "{message}");
        assert!(message.contains("found"), "{message}");
    }

    #[test]
    fn something_that_is_no_camera_is_told() {
        let opened = V4l2Source::open(Path::new("/dev/null"), &VideoOptions::default());
        let message = opened.err().unwrap().to_string();
        assert!(message.contains("'/dev/null' holds no video capture device"), "{message}");
    }

    #[test]
    fn every_layout_gives_the_same_picture_and_short_buffers_are_refused() {
        // Two lines of four pixels, each line padded by four bytes.
        let yuyv = [1, 90, 2, 80, 3, 91, 4, 81, 0, 0, 0, 0, 5, 0, 6, 0, 7, 0, 8, 0, 0, 0, 0, 0];
        let uyvy = [90, 1, 80, 2, 91, 3, 81, 4, 0, 0, 0, 0, 0, 5, 0, 6, 0, 7, 0, 8, 0, 0, 0, 0];
        let nv12 = [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0, 90, 80, 91, 81];
        let yu12 = [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0, 90, 91, 0, 0, 80, 81];
        let wanted = [1, 2, 3, 4, 5, 6, 7, 8, 90, 91, 80, 81];
        let cases: [(Layout, &[u8], usize); 4] = [
            (Layout::Yuyv, &yuyv, 12),
            (Layout::Uyvy, &uyvy, 12),
            (Layout::SemiPlanar, &nv12, 8),
            (Layout::Planar, &yu12, 8),
        ];
        for (layout, from, stride) in cases {
            let mut to = [0; 12];
            assert_eq!(convert(layout, from, stride, &mut to, 4, 2), Some(()), "{layout:?}");
            assert_eq!(to, wanted, "{layout:?}");
            let shorter = &from[..from.len() - 5];
            assert_eq!(convert(layout, shorter, stride, &mut to, 4, 2), None, "{layout:?}");
        }
    }
}
