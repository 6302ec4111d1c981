//! Which cameras this machine has, and which modes each says that it has.

use crate::capture::found_clause;
use std::path::Path;
use v4l::FourCC;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::prelude::Device;
use v4l::video::Capture;

/// Modes told of a camera, at most: some have hundreds.
const MOST_MODES: usize = 8;

/// The cameras of this machine with their modes, as a clause: `found: /dev/video0 (HD Webcam; YUYV 640x480@30)`.
pub fn cameras() -> String {
    let names: Vec<String> = nodes()
        .into_iter()
        .map(|node| {
            let device = format!("/dev/{node}");
            let title = std::fs::read_to_string(format!("/sys/class/video4linux/{node}/name"));
            let mut told: Vec<String> = title.iter().map(|title| title.trim().to_owned()).collect();
            told.extend(Some(modes(Path::new(&device)).join(", ")).filter(|modes| !modes.is_empty()));
            if told.is_empty() { device } else { format!("{device} ({})", told.join("; ")) }
        })
        .collect();
    found_clause(&names, "no camera was found under /dev", "found")
}

/// Device files of cameras, in order.
fn nodes() -> Vec<String> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut numbered: Vec<(u16, String)> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| Some((name.strip_prefix("video")?.parse().ok()?, name)))
        .collect();
    numbered.sort();
    numbered.into_iter().map(|(_, name)| name).collect()
}

/// The modes of a camera; none of one that cannot be opened.
fn modes(path: &Path) -> Vec<String> {
    let Ok(device) = Device::with_path(path) else { return Vec::new() };
    let formats = device.enum_formats().unwrap_or_default();
    let of_format = |code: FourCC| {
        let sizes = device.enum_framesizes(code).unwrap_or_default().into_iter();
        sizes.map(move |size| (code, size.size))
    };
    let sizes = formats.into_iter().flat_map(|format| of_format(format.fourcc));
    sizes.take(MOST_MODES).map(|(code, size)| mode(&device, code, &size)).collect()
}

fn mode(device: &Device, code: FourCC, size: &FrameSizeEnum) -> String {
    let (width, height, range) = match size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height, ""),
        FrameSizeEnum::Stepwise(sizes) => (sizes.max_width, sizes.max_height, "up to "),
    };
    let intervals = device.enum_frameintervals(code, width, height).unwrap_or_default();
    let shortest = intervals.iter().map(|interval| match &interval.interval {
        FrameIntervalEnum::Discrete(interval) => interval,
        FrameIntervalEnum::Stepwise(intervals) => &intervals.min,
    });
    let fps = shortest.filter(|of| of.numerator > 0).map(|of| of.denominator / of.numerator).max();
    let fps = fps.map_or_else(String::new, |fps| format!("@{fps}"));
    format!("{code} {range}{width}x{height}{fps}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_camera_has_no_modes() {
        assert!(modes(Path::new("/dev/null")).is_empty());
        assert!(modes(Path::new("/dev/video77")).is_empty());
    }

    #[test]
    fn where_there_is_no_camera_that_is_said() {
        let told = cameras();
        assert_eq!(nodes().is_empty(), told == "no camera was found under /dev", "{told}");
    }
}
