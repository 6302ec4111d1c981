//! Files as picture sources. The samples are the test scene, 16 pictures of 320x240 at 25 per second,
//! encoded by x264 as baseline and as main with two B-frames, and by x265.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tongke_media::capture::CaptureError;
use tongke_media::capture::video::{Captured, PictureSource, VideoOptions, VideoSource, open};
use tongke_media::decode::H264Decoder;
use tongke_media::{Picture, marker};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)
}

fn open_file(path: &Path, once: bool) -> Result<Box<dyn PictureSource>, CaptureError> {
    let source: VideoSource = path.to_str().unwrap().parse().unwrap();
    open(&source, &VideoOptions { once, ..Default::default() })
}

/// The next picture, decoded if it came encoded.
fn next(source: &mut dyn PictureSource, decoder: &mut H264Decoder) -> Option<Picture> {
    match source.next().unwrap()? {
        Captured::Picture(picture) => Some(picture),
        Captured::H264(unit) => Some(decoder.decode(&unit.data, unit.captured).unwrap().unwrap()),
    }
}

fn numbers_and_times(name: &str) -> Vec<(u32, Instant)> {
    let mut source = open_file(&sample(name), true).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    std::iter::from_fn(|| next(source.as_mut(), &mut decoder))
        .map(|picture| (marker::read(&picture).unwrap().frame, picture.captured))
        .collect()
}

#[test]
fn baseline_is_passed_through_and_says_so() {
    let mut source = open_file(&sample("baseline.mp4"), true).unwrap();
    let told = source.describe();
    assert!(
        told.contains("H.264 constrained baseline") && told.contains("320x240, passed through"),
        "{told}"
    );
    let Some(Captured::H264(first)) = source.next().unwrap() else { panic!("not passed through") };
    assert!(first.keyframe && (first.width, first.height) == (320, 240));
}

#[test]
fn b_frames_are_decoded_and_told_as_the_reason() {
    let mut source = open_file(&sample("bframes.mp4"), true).unwrap();
    let told = source.describe();
    assert!(told.contains("H.264 main") && told.contains("encoded again here because"), "{told}");
    assert!(told.contains("B-frames"), "{told}");
    assert!(matches!(source.next(), Ok(Some(Captured::Picture(_)))));
}

#[test]
fn both_give_every_picture_once_in_order_and_at_its_time() {
    for name in ["baseline.mp4", "bframes.mp4"] {
        let seen = numbers_and_times(name);
        let numbers: Vec<u32> = seen.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..16).collect::<Vec<_>>(), "{name}");
        for pair in seen.windows(2) {
            let step = pair[1].1 - pair[0].1;
            assert!(step.abs_diff(Duration::from_millis(40)) < Duration::from_millis(1), "{name}: {step:?}");
        }
    }
}

#[test]
fn a_file_begins_again_without_a_gap_in_time() {
    let mut source = open_file(&sample("bframes.mp4"), false).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    let mut last: Option<Picture> = None;
    for number in 0..24u32 {
        let picture = next(source.as_mut(), &mut decoder).unwrap();
        assert_eq!(marker::read(&picture).unwrap().frame, number % 16);
        if let Some(last) = last.replace(picture.clone()) {
            assert!(picture.captured - last.captured < Duration::from_millis(45), "at {number}");
        }
    }
}

#[test]
fn another_codec_is_named_together_with_what_is_supported() {
    let error = open_file(&sample("hevc.mp4"), true).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("holds video as hev1") && text.contains("supported: MP4 with one H.264"), "{text}");
    assert!(!error.may_pass(), "opening it again cannot help");
}

#[test]
fn cut_and_damaged_files_end_with_a_message_and_never_with_a_panic() {
    let whole = std::fs::read(sample("bframes.mp4")).unwrap();
    let path = std::env::temp_dir().join(format!("tongke-{}-damaged.mp4", std::process::id()));
    for length in (0..whole.len()).step_by(611) {
        std::fs::write(&path, &whole[..length]).unwrap();
        if let Ok(mut source) = open_file(&path, true) {
            while let Ok(Some(_)) = source.next() {}
        }
    }
    let pictures = whole.windows(4).position(|w| w == b"mdat").unwrap() + 4;
    let mut random = 1u32;
    for _ in 0..6 {
        let mut changed = whole.clone();
        for _ in 0..20 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = pictures + (random >> 8) as usize % (whole.len() - pictures);
            changed[at] ^= 1 << (random & 7);
        }
        std::fs::write(&path, &changed).unwrap();
        if let Ok(mut source) = open_file(&path, true) {
            while let Ok(Some(_)) = source.next() {}
        }
    }
    std::fs::remove_file(path).unwrap();
}
