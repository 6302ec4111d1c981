//! Plays a sound source on a loudspeaker, through Opus: `cargo run -p tongke-media --example listen --
//! SOURCE [SECONDS] [LOUDSPEAKER]`.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::time::{Duration, Instant};
use tongke_media::beat::BeepDetector;
use tongke_media::capture::sound::{SoundOptions, SoundSource, open};
use tongke_media::decode::OpusDecoder;
use tongke_media::encode::{OpusEncoder, SoundMode};
use tongke_media::render::Speaker;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let source: SoundSource = arguments.first().ok_or("which source?")?.parse()?;
    let seconds = arguments.get(1).map_or(Ok(5.0), |text| text.parse())?;
    let mut source = open(&source, &SoundOptions { once: true, ..Default::default() })?;
    let speaker = Speaker::open(arguments.get(2).map(String::as_str))?;
    println!("{} to {}", source.describe(), speaker.name());
    let (mut encoder, mut decoder) = (OpusEncoder::new(SoundMode::Speech, 1, 40_000)?, OpusDecoder::new(1)?);
    let mut beeps = BeepDetector::default();
    let (mut frames, mut loudest, mut oldest, mut queued) = (0, f32::MIN, Duration::ZERO, 0.0f64);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        let Some(frame) = source.next()? else { break };
        oldest = oldest.max(frame.captured.elapsed());
        loudest = loudest.max(frame.level_dbov());
        let heard = decoder.decode(&encoder.encode(&frame)?.data)?;
        speaker.play(0, &heard, 1)?;
        queued = queued.max(speaker.queued_ms(0));
        if let Some(at) = beeps.on_samples(&heard, 1, frame.captured) {
            println!(
                "a beep {:.1} ms after the start",
                at.saturating_duration_since(start).as_secs_f64() * 1e3
            );
        }
        frames += 1;
    }
    println!(
        "{frames} frames, loudest {loudest:.1} dBov, oldest at arrival {oldest:?}, longest queue {queued:.1} ms"
    );
    println!(
        "{} samples dropped at the source; loudspeaker dropped, ran dry: {:?}",
        source.dropped(),
        speaker.losses()
    );
    Ok(())
}
