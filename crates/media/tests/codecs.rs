//! The codecs through their public faces, on the test scene and the test sound.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, Instant};
use tongke_media::capture::{Identity, video::Scene};
use tongke_media::decode::{H264Decoder, OpusDecoder};
use tongke_media::encode::{Content, H264Encoder, OpusEncoder, SoundMode};
use tongke_media::{EncodedPicture, Picture, SoundFrame, VideoFormat, marker};
use tongke_transport::rtp::h264::{nal_type, nal_units, sps, unit};

/// The test scene at its rate, without waiting for the time to pass.
struct Film {
    scene: Scene,
    start: Instant,
    number: u32,
    fps: u32,
}

impl Film {
    fn new(format: VideoFormat) -> Self {
        let scene = Scene::new(format, Identity::new(7, "永嘉县实验小学"));
        Self { scene, start: Instant::now(), number: 0, fps: format.fps }
    }

    fn next(&mut self) -> Picture {
        let at = self.start + Duration::from_secs(1) * self.number / self.fps;
        self.number += 1;
        self.scene.draw(at)
    }
}

const SMALL: VideoFormat = VideoFormat { width: 640, height: 360, fps: 30 };

fn encode(encoder: &mut H264Encoder, film: &mut Film, pictures: u32) -> Vec<EncodedPicture> {
    (0..pictures).filter_map(|_| encoder.encode(&film.next(), false).unwrap()).collect()
}

fn bits_per_second(pictures: &[EncodedPicture], seconds: f64) -> f64 {
    pictures.iter().map(|p| p.data.len()).sum::<usize>() as f64 * 8.0 / seconds
}

#[test]
fn the_marker_survives_h264_at_one_megabit_per_second() {
    let format = VideoFormat::default();
    let mut film = Film::new(format);
    let mut encoder = H264Encoder::new(format, 1_000_000, Content::Camera).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    let mut shown = 0;
    for number in 0..90 {
        let picture = film.next();
        let Some(encoded) = encoder.encode(&picture, number == 45).unwrap() else { continue };
        let decoded = decoder.decode(&encoded.data, encoded.captured).unwrap().expect("no delay");
        assert_eq!(marker::read(&decoded).map(|s| (s.session, s.frame)), Ok((7, number)));
        shown += 1;
    }
    assert!(shown >= 80, "only {shown} of 90 pictures were encoded");
}

#[test]
fn the_stream_is_constrained_baseline_and_has_a_keyframe_only_first_and_on_request() {
    let mut film = Film::new(SMALL);
    let mut encoder = H264Encoder::new(SMALL, 800_000, Content::Camera).unwrap();
    for number in 0..150 {
        let picture = film.next();
        let Some(encoded) = encoder.encode(&picture, number == 100).unwrap() else { continue };
        let kinds: Vec<u8> = nal_units(&encoded.data).filter_map(nal_type).collect();
        assert_eq!(encoded.keyframe, number == 0 || number == 100, "picture {number}");
        assert_eq!(kinds.contains(&unit::SPS) && kinds.contains(&unit::PPS), encoded.keyframe, "{kinds:?}");
        assert_eq!(kinds.contains(&unit::IDR), encoded.keyframe);
        if encoded.keyframe {
            let set = nal_units(&encoded.data).find(|nal| nal_type(nal) == Some(unit::SPS)).unwrap();
            let sps = sps::parse(set).unwrap();
            assert!(sps.is_constrained_baseline() && !sps.may_reorder(), "{sps:?}");
            assert_eq!((sps.width, sps.height), (640, 360));
        }
    }
}

#[test]
fn the_bitrate_follows_while_running_down_and_up_again() {
    let mut film = Film::new(SMALL);
    let mut encoder = H264Encoder::new(SMALL, 800_000, Content::Camera).unwrap();
    encode(&mut encoder, &mut film, 60);
    for target in [300_000, 1_200_000, 500_000] {
        encoder.set_bitrate(target).unwrap();
        encode(&mut encoder, &mut film, 60);
        let measured = bits_per_second(&encode(&mut encoder, &mut film, 120), 4.0);
        let ratio = measured / f64::from(target);
        assert!((0.7..1.15).contains(&ratio), "asked {target}, got {measured:.0} bit/s");
    }
}

#[test]
fn another_picture_size_begins_with_a_keyframe_and_keeps_the_changed_bitrate() {
    let mut encoder = H264Encoder::new(SMALL, 2_000_000, Content::Camera).unwrap();
    let mut decoder = H264Decoder::new().unwrap();
    encode(&mut encoder, &mut Film::new(SMALL), 5);
    encoder.set_bitrate(400_000).unwrap();
    let larger = VideoFormat { width: 960, height: 540, fps: 30 };
    let mut film = Film::new(larger);
    let first = encoder.encode(&film.next(), false).unwrap().unwrap();
    assert!(first.keyframe);
    assert_eq!((first.width, first.height), (960, 540));
    assert_eq!(decoder.decode(&first.data, first.captured).unwrap().unwrap().width(), 960);
    encode(&mut encoder, &mut film, 60);
    let measured = bits_per_second(&encode(&mut encoder, &mut film, 120), 4.0);
    assert!((200_000.0..480_000.0).contains(&measured), "{measured:.0} bit/s");
}

#[test]
fn damaged_pictures_are_errors_or_pictures_and_the_next_keyframe_heals() {
    let mut film = Film::new(SMALL);
    let mut encoder = H264Encoder::new(SMALL, 800_000, Content::Camera).unwrap();
    let pictures = encode(&mut encoder, &mut film, 4);
    let keyframe = encoder.encode(&film.next(), true).unwrap().unwrap();
    let mut random = 1u32;
    let mut decoder = H264Decoder::new().unwrap();
    for round in 0..200 {
        let mut data = pictures[round % pictures.len()].data.to_vec();
        for _ in 0..1 + round % 5 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (random >> 8) as usize % data.len();
            if random & 1 == 0 { data.truncate(at.max(1)) } else { data[at] ^= 1 << (random >> 1 & 7) }
        }
        let _ = decoder.decode(&data, Instant::now());
    }
    let _ = decoder.decode(&[], Instant::now());
    // The decoder may first have to throw away what the damage left behind.
    let healed = (0..3).any(|_| matches!(decoder.decode(&keyframe.data, Instant::now()), Ok(Some(_))));
    assert!(healed, "a keyframe must bring the picture back");
}

fn tone(frame: u32, hz: f32, channels: u8) -> SoundFrame {
    let sample = |n: u32| {
        let t = (frame * 960 + n) as f32 / 48_000.0;
        // A slowly swelling tone: neither silence nor anything that repeats frame by frame.
        let swell = 0.6 + 0.4 * (t * 3.0).sin();
        ((std::f32::consts::TAU * hz * t).sin() * swell * 9_000.0) as i16
    };
    let samples = (0..960).flat_map(|n| std::iter::repeat_n(sample(n), channels.into())).collect();
    SoundFrame { samples, channels, captured: Instant::now() }
}

fn level(samples: &[i16]) -> f32 {
    SoundFrame { samples: samples.to_vec(), channels: 1, captured: Instant::now() }.level_dbov()
}

/// How alike two frames are, 1 for the same shape.
fn likeness(a: &[i16], b: &[i16]) -> f64 {
    let dot =
        |a: &[i16], b: &[i16]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1.0)
}

#[test]
fn a_lost_opus_packet_comes_back_from_the_next_one() {
    let mut encoder = OpusEncoder::new(SoundMode::Speech, 1, 32_000).unwrap();
    encoder.set_loss_percent(20).unwrap();
    let frame = |n: u32| tone(n, 200.0 + 15.0 * (n % 20) as f32, 1);
    let packets: Vec<_> = (0..100).map(|n| encoder.encode(&frame(n)).unwrap().data).collect();
    let mut whole = OpusDecoder::new(1).unwrap();
    let reference: Vec<Vec<i16>> = packets.iter().map(|p| whole.decode(p).unwrap()).collect();
    let mut decoder = OpusDecoder::new(1).unwrap();
    let (mut repaired, mut concealed) = (Vec::new(), Vec::new());
    for n in 0..100 {
        if n % 10 == 9 && n < 99 {
            let mut guessing = OpusDecoder::new(1).unwrap();
            packets[..n].iter().for_each(|p| drop(guessing.decode(p)));
            concealed.push(likeness(&guessing.conceal().unwrap(), &reference[n]));
            let copy = decoder.decode_fec(&packets[n + 1]).unwrap();
            assert_eq!(copy.len(), 960);
            repaired.push(likeness(&copy, &reference[n]));
        } else {
            decoder.decode(&packets[n]).unwrap();
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(mean(&repaired) > 0.8, "repaired {repaired:?}");
    assert!(mean(&repaired) > mean(&concealed) + 0.1, "{repaired:?} against {concealed:?}");
}

#[test]
fn concealment_fades_and_the_bitrate_follows() {
    let mut encoder = OpusEncoder::new(SoundMode::Speech, 1, 24_000).unwrap();
    let mut decoder = OpusDecoder::new(1).unwrap();
    let mut bytes = [0usize; 2];
    for (n, bytes) in bytes.iter_mut().enumerate() {
        encoder.set_bitrate([24_000, 64_000][n]).unwrap();
        for frame in 0..100 {
            let packet = encoder.encode(&tone(frame, 300.0, 1)).unwrap();
            *bytes += packet.data.len();
            decoder.decode(&packet.data).unwrap();
        }
    }
    assert!(bytes[0] < 24_000 / 8 * 2 * 13 / 10 && bytes[1] > bytes[0], "{bytes:?} in 2 s each");
    let first = level(&decoder.conceal().unwrap());
    let later = (0..25).map(|_| level(&decoder.conceal().unwrap())).last().unwrap();
    assert!(first > -40.0 && later < first - 10.0, "{first} then {later} dBov");
}

#[test]
fn music_is_stereo_and_full_band() {
    let mut encoder = OpusEncoder::new(SoundMode::Music, 2, 128_000).unwrap();
    let mut decoder = OpusDecoder::new(2).unwrap();
    let mut samples = Vec::new();
    for n in 0..50 {
        let packet = encoder.encode(&tone(n, 15_000.0, 2)).unwrap();
        samples = decoder.decode(&packet.data).unwrap();
    }
    assert_eq!(samples.len(), 1920);
    assert!(level(&samples) > -20.0, "15 kHz passes at {} dBov", level(&samples));
    let mono = SoundFrame { samples: vec![0; 960], channels: 1, captured: Instant::now() };
    assert!(encoder.encode(&mono).is_err(), "a frame of another layout is refused");
}

#[test]
fn damaged_opus_packets_never_panic() {
    let mut encoder = OpusEncoder::new(SoundMode::Speech, 1, 32_000).unwrap();
    let packet = encoder.encode(&tone(1, 300.0, 1)).unwrap().data;
    let mut decoder = OpusDecoder::new(1).unwrap();
    let mut random = 1u32;
    for length in 0..packet.len() {
        let _ = decoder.decode(&packet[..length]);
        let mut changed = packet.to_vec();
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        changed[length] ^= (random >> 24) as u8;
        let _ = decoder.decode(&changed);
        let _ = decoder.decode_fec(&changed);
    }
    assert!(decoder.decode(&[]).is_err());
}
