//! Opens a picture source and tells what comes out of it:
//! `cargo run -p tongke-media --example watch -- SOURCE [SECONDS] [OUT.y4m]`.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::path::Path;
use std::time::{Duration, Instant};
use tongke_media::capture::video::{Captured, VideoOptions, VideoSource, open};
use tongke_media::decode::H264Decoder;
use tongke_media::{Picture, marker, render};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let source: VideoSource = arguments.first().ok_or("which source?")?.parse()?;
    let seconds = arguments.get(1).map_or(Ok(5.0), |text| text.parse())?;
    let mut file = arguments.get(2).map(|path| render::Y4mWriter::create(Path::new(path), 30)).transpose()?;
    let opening = Instant::now();
    let mut source = open(&source, &VideoOptions { once: true, ..Default::default() })?;
    println!("open after {:.0} ms: {}", opening.elapsed().as_secs_f64() * 1e3, source.describe());
    let mut decoder = H264Decoder::new()?;
    let mut seen = Seen::default();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        let Some(captured) = source.next()? else { break };
        let picture = match captured {
            Captured::Picture(picture) => Some(picture),
            Captured::H264(unit) => {
                seen.keyframes += u32::from(unit.keyframe);
                seen.bytes += unit.data.len();
                decoder.decode(&unit.data, unit.captured)?
            }
        };
        let Some(picture) = picture else { continue };
        if let Some(file) = &mut file {
            file.write(&picture, picture.captured)?;
        }
        seen.picture(&picture);
    }
    println!("{seen:#?}\ndropped {}, now: {}", source.dropped(), source.describe());
    Ok(())
}

#[derive(Debug, Default)]
struct Seen {
    pictures: u32,
    keyframes: u32,
    bytes: usize,
    markers: u32,
    /// Pictures whose number is not the one after the picture before.
    out_of_order: u32,
    last_number: Option<u32>,
    last_captured: Option<Instant>,
    largest_step: Duration,
    backward_steps: u32,
    largest_age: Duration,
}

impl Seen {
    fn picture(&mut self, picture: &Picture) {
        self.pictures += 1;
        if let Ok(stamp) = marker::read(picture) {
            self.markers += 1;
            let expected = self.last_number.replace(stamp.frame).map(|n| n + 1);
            self.out_of_order += u32::from(expected.is_some_and(|n| n != stamp.frame));
        }
        if let Some(last) = self.last_captured.replace(picture.captured) {
            self.largest_step = self.largest_step.max(picture.captured.saturating_duration_since(last));
            self.backward_steps += u32::from(picture.captured < last);
        }
        self.largest_age = self.largest_age.max(picture.captured.elapsed());
    }
}
