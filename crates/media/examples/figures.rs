//! What drawing, encoding and decoding cost on this machine and how well the markers survive:
//! `cargo run -p tongke-media --example figures -- [BITS_PER_SECOND] [PICTURES] [WIDTHxHEIGHT@FPS] [OUT.y4m]`.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::io::Write;
use std::time::{Duration, Instant};
use tongke_media::capture::{Identity, video::Scene};
use tongke_media::decode::H264Decoder;
use tongke_media::encode::{Content, H264Encoder};
use tongke_media::{Picture, VideoFormat, marker};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u32| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (bitrate_bps, pictures) = (number(0, 1_500_000)?, number(1, 300)?);
    let format: VideoFormat = arguments.get(2).map_or(Ok(VideoFormat::default()), |text| text.parse())?;
    let mut scene = Scene::new(format, Identity::new(7, "永嘉县实验小学"));
    let mut encoder = H264Encoder::new(format, bitrate_bps, Content::Camera)?;
    let mut decoder = H264Decoder::new()?;
    let mut file = arguments.get(3).map(std::fs::File::create).transpose()?;
    if let Some(file) = &mut file {
        writeln!(file, "YUV4MPEG2 W{} H{} F{}:1 C420", format.width, format.height, format.fps)?;
    }
    let (mut draw, mut encode, mut decode) = (Vec::new(), Vec::new(), Vec::new());
    let mut keyframes = Vec::new();
    let (mut bytes, mut largest, mut readable, mut shown) = (0, 0, 0, 0);
    let start = Instant::now();
    for number in 0..pictures {
        let at = start + Duration::from_secs(1) * number / format.fps;
        let picture = timed(&mut draw, || scene.draw(at));
        let Some(encoded) = timed(&mut encode, || encoder.encode(&picture, number == pictures / 2))? else {
            continue;
        };
        bytes += encoded.data.len();
        match encoded.keyframe {
            true => keyframes.push(encoded.data.len()),
            false => largest = largest.max(encoded.data.len()),
        }
        let Some(decoded) = timed(&mut decode, || decoder.decode(&encoded.data, at))? else { continue };
        shown += 1;
        readable += u32::from(marker::read(&decoded).is_ok_and(|s| s.frame == number));
        if let Some(file) = &mut file {
            write_picture(file, &decoded)?;
        }
    }
    let seconds = f64::from(pictures) / f64::from(format.fps);
    println!("{format}, {pictures} pictures, asked {bitrate_bps} bit/s");
    for (what, times) in [("draw", draw), ("encode", encode), ("decode", decode)] {
        println!("{what:>7}: {}", quantiles(times));
    }
    println!(
        "{:.0} bit/s, keyframes {keyframes:?} bytes, largest other {largest}",
        bytes as f64 * 8.0 / seconds
    );
    println!("{} left out, {shown} shown, {readable} markers readable", encoder.skipped());
    Ok(())
}

fn timed<T>(times: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    times.push(start.elapsed().as_secs_f64() * 1e3);
    result
}

fn quantiles(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at = |q: f64| times.get(((times.len() - 1) as f64 * q) as usize).copied().unwrap_or_default();
    format!("p50 {:.2} ms, p95 {:.2} ms, max {:.2} ms", at(0.5), at(0.95), at(1.0))
}

fn write_picture(file: &mut std::fs::File, picture: &Picture) -> std::io::Result<()> {
    file.write_all(b"FRAME\n")?;
    file.write_all(picture.data())
}
