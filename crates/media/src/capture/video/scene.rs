//! The drawn test scene: a classroom with writing on the board, things that move, camera noise, a
//! running clock, the flash and the time marker.
//!
//! Everything that stays is drawn once; a picture is then put together by rows, so that drawing costs
//! little beside encoding.

use super::strip::Strip;
use super::{Captured, PictureSource, VideoOptions};
use crate::beat::{Beats, flash_area};
use crate::capture::pace::Pace;
use crate::capture::{CaptureError, Identity};
use crate::draw::{Area, Canvas, Colour, colour};
use crate::marker::{self, Stamp};
use crate::picture::{Picture, PicturePool, VideoFormat};
use crate::program::Fault;
use crate::text::Mask;
use std::time::{Duration, Instant};
use tongke_protocol::WallTime;

/// Luma steps of camera noise: a pixel gets 0 to this, mostly the middle.
const NOISE_SPAN: u8 = 6;
/// Bytes of prepared noise; every row of every picture begins at another place in it.
const NOISE_LEN: usize = 1 << 17;
/// China has one time zone.
const BEIJING_OFFSET_MS: u64 = 8 * 3_600_000;
/// Motion begins anew at midnight.
const DAY_MS: u64 = 86_400_000;

/// Draws the pictures, told when each is.
#[derive(Debug)]
pub struct Scene {
    format: VideoFormat,
    identity: Identity,
    beats: Beats,
    background: Vec<u8>,
    strips: Vec<Strip>,
    noise: Vec<u8>,
    digits: Vec<(char, Mask)>,
    clock_at: (usize, usize),
    frame: u32,
    pool: PicturePool,
}

impl Scene {
    /// A scene of this size for this sender.
    pub fn new(format: VideoFormat, identity: Identity) -> Self {
        let (width, height) = (format.width as usize, format.height as usize);
        let px = |at_720: usize| at_720 * height / 720;
        let mut random = 0x2545_f491_4f6c_dd1d ^ u64::from(identity.session);
        let noise = (0..NOISE_LEN + width).map(|_| grain(next_random(&mut random))).collect();
        let clock_px = px(40).max(8) as f32;
        Self {
            format,
            beats: Beats::new(identity.session),
            background: background(width, height, &identity.label),
            strips: vec![
                Strip::passers_by(width, px(470), px(110)),
                Strip::ticker(
                    width,
                    px(640),
                    px(64),
                    "同课 同步课堂 · 支援学校与受援学校同上一节课 · 测试画面 · ",
                ),
            ],
            noise,
            digits: "0123456789:.# ".chars().map(|c| (c, Mask::line(&c.to_string(), clock_px))).collect(),
            clock_at: (width * 5 / 8, px(590) & !1),
            identity,
            frame: 0,
            pool: PicturePool::default(),
        }
    }

    /// The picture captured at `at`, the next one by number.
    pub fn draw(&mut self, at: Instant) -> Picture {
        let wall = self.identity.clock.wall_of(at);
        let picture = self.draw_numbered(self.frame, wall, at);
        self.frame = self.frame.wrapping_add(1);
        picture
    }

    /// The picture that a marker was read in, as its sender drew it: for comparing, at the far end. `wall` is the
    /// whole time of `stamp` on the sender's clock; format, session and label must be the sender's.
    pub fn draw_again(&mut self, stamp: Stamp, wall: WallTime) -> Picture {
        self.draw_numbered(stamp.frame, wall, self.identity.clock.instant)
    }

    /// All that is drawn follows from the number and the whole milliseconds of the time.
    fn draw_numbered(&mut self, frame: u32, wall: WallTime, captured: Instant) -> Picture {
        let (width, height) = (self.format.width as usize, self.format.height as usize);
        let stamp = Stamp::new(self.identity.session, frame, wall);
        let ms = wall.as_unix_us() / 1000;
        let mut pool = std::mem::take(&mut self.pool);
        let data = pool.fill(Picture::size(self.format.width, self.format.height), |data| {
            self.backdrop(data, stamp.frame, ms % DAY_MS);
            let mut canvas = Canvas::over(data, width, height);
            moving_discs(&mut canvas, ms % DAY_MS);
            self.clock(&mut canvas, stamp.frame, ms + BEIJING_OFFSET_MS);
            if self.flashes_at(WallTime(ms * 1000)) {
                canvas.fill(flash_area(self.format.width, self.format.height), [235, 128, 128]);
            }
            // A picture too small for a marker is still a test picture.
            let _ = marker::draw_planes(
                canvas.y,
                canvas.u,
                canvas.v,
                self.format.width,
                self.format.height,
                stamp,
            );
        });
        self.pool = pool;
        Picture::new(self.format.width, self.format.height, data, captured)
    }

    fn flashes_at(&self, wall: WallTime) -> bool {
        match &self.identity.program {
            Some(program) => program.flashes_at(wall),
            None => self.beats.lasting_at(wall).is_some(),
        }
    }

    /// Background and moving strips, with noise on the luma.
    fn backdrop(&self, data: &mut [u8], frame: u32, elapsed_ms: u64) {
        let (width, height) = (self.format.width as usize, self.format.height as usize);
        let luma = width * height;
        data[luma..].copy_from_slice(&self.background[luma..]);
        // Never 0, where the generator would stay.
        let mut random = (u64::from(self.identity.session) << 24 | u64::from(frame))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            | 1;
        for line in 0..height {
            let strip = self.strips.iter().find(|s| s.holds(line));
            let source = match strip {
                Some(strip) => strip.luma(line, elapsed_ms),
                None => &self.background[line * width..][..width],
            };
            let from = (next_random(&mut random) as usize) % NOISE_LEN;
            add_rows(&mut data[line * width..][..width], source, &self.noise[from..from + width]);
        }
        let (u, v) = data[luma..].split_at_mut(luma / 4);
        for strip in &self.strips {
            strip.copy_chroma(u, v, elapsed_ms);
        }
    }

    fn clock(&self, canvas: &mut Canvas<'_>, frame: u32, ms: u64) {
        let (s, m, h) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000 % 24);
        let text = format!("{h:02}:{m:02}:{s:02}.{:03} #{:06}", ms % 1000, frame);
        let (mut x, y) = self.clock_at;
        for c in text.chars() {
            if let Some((_, mask)) = self.digits.iter().find(|(digit, _)| *digit == c) {
                canvas.mask(mask, x, y, [235, 128, 128]);
                x += mask.width;
            }
        }
    }
}

/// Two discs on paths that never quite repeat.
fn moving_discs(canvas: &mut Canvas<'_>, elapsed_ms: u64) {
    let (w, h) = (canvas.width as f64, canvas.height as f64);
    let t = elapsed_ms as f64 / 1000.0;
    let discs: [(f64, f64, f64, Colour); 2] =
        [(0.9, 1.3, 0.05, colour(240, 160, 40)), (1.7, 0.8, 0.035, colour(70, 160, 230))];
    for (fx, fy, radius, colour) in discs {
        let x = w * (0.5 + 0.38 * (t * fx).sin());
        let y = h * (0.45 + 0.2 * (t * fy).cos());
        canvas.disc((x as i64, y as i64), (h * radius) as i64, colour);
    }
}

/// The room: wall, floor, board and what is written on it.
fn background(width: usize, height: usize, label: &str) -> Vec<u8> {
    let mut data = vec![0; width * height * 3 / 2];
    let mut canvas = Canvas::over(&mut data, width, height);
    let px = |at_720: usize| at_720 * height / 720;
    for line in 0..height {
        let shade = (line * 50 / height) as u8;
        let wall = colour(206 - shade, 198 - shade, 178 - shade);
        canvas.fill(Area { x: 0, y: line, w: width, h: 1 }, wall);
    }
    canvas.fill(Area { x: 0, y: px(580) & !1, w: width, h: height }, colour(112, 84, 60));
    let board = Area { x: (width / 8) & !1, y: px(150) & !1, w: width * 3 / 4, h: px(300) };
    let frame = Area {
        x: board.x - px(8).min(board.x),
        y: board.y - px(8),
        w: board.w + px(16),
        h: board.h + px(16),
    };
    canvas.fill(frame, colour(150, 110, 70));
    canvas.fill(board, colour(28, 74, 56));
    canvas.fill(flash_area(width as u32, height as u32), colour(40, 40, 44));
    let chalk = colour(240, 240, 230);
    let lines = [("同课 · 同步课堂", 84, 175), (label, 48, 280), ("支援学校 ←→ 受援学校", 44, 350)];
    for (text, size, top) in lines {
        let mask = Mask::line(text, px(size).max(6) as f32);
        canvas.mask_centred(&mask, width / 2, px(top), chalk);
    }
    data
}

fn next_random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// One pixel's noise from random bits: the sum of six coins.
fn grain(bits: u64) -> u8 {
    (bits >> 20 & 0x3f).count_ones() as u8 * NOISE_SPAN / 6
}

/// `to = from + noise`, eight pixels at a time: no byte can carry into the next, since the brightest
/// pixel drawn plus [`NOISE_SPAN`] stays below 256.
fn add_rows(to: &mut [u8], from: &[u8], noise: &[u8]) {
    let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("chunks of eight"));
    let words = from.chunks_exact(8).zip(noise.chunks_exact(8));
    for (to, (from, noise)) in to.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&(word(from) + word(noise)).to_ne_bytes());
    }
    let rest = to.len() & !7;
    for (to, (from, noise)) in to[rest..].iter_mut().zip(from[rest..].iter().zip(&noise[rest..])) {
        *to = from + noise;
    }
}

/// The scene at its pace.
pub(super) struct SceneSource {
    scene: Scene,
    pace: Pace,
    fault: Option<Fault>,
    /// The picture that a frozen camera gives.
    frozen: Option<Picture>,
}

impl SceneSource {
    pub(super) fn new(options: &VideoOptions) -> Self {
        let format = options.format;
        let patience = Duration::from_secs(1) / format.fps;
        let fault = options.identity.program.as_ref().and_then(|program| program.fault);
        let scene = Scene::new(format, options.identity.clone());
        Self { scene, pace: Pace::new(format.fps, patience), fault, frozen: None }
    }
}

impl PictureSource for SceneSource {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        self.pace.wait();
        let at = Instant::now();
        let picture = match self.fault {
            Some(Fault::Black) => {
                let VideoFormat { width, height, .. } = self.scene.format;
                Picture::filled(width, height, [16, 128, 128], at)
            }
            Some(Fault::Frozen) => {
                let mut again = self.frozen.get_or_insert_with(|| self.scene.draw(at)).clone();
                again.captured = at;
                again
            }
            Some(Fault::MarkersDamaged { one_in }) => {
                let mut picture = self.scene.draw(at);
                if self.scene.frame.is_multiple_of(one_in) {
                    marker::damage(&mut picture);
                }
                picture
            }
            _ => self.scene.draw(at),
        };
        Ok(Some(Captured::Picture(picture)))
    }

    fn describe(&self) -> String {
        format!("test scene, {}, drawn and encoded here", self.scene.format)
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beat::FlashDetector;

    fn scene(width: u32, height: u32) -> Scene {
        Scene::new(VideoFormat { width, height, fps: 30 }, Identity::new(7, "永嘉县实验小学"))
    }

    #[test]
    fn every_picture_carries_a_marker_with_its_number_and_its_time() {
        let mut scene = scene(1280, 720);
        let clock = scene.identity.clock;
        for frame in 0..10u32 {
            let at = clock.instant + Duration::from_micros(u64::from(frame) * 33_333);
            let stamp = marker::read(&scene.draw(at)).unwrap();
            assert_eq!((stamp.session, stamp.frame), (7, frame));
            assert!(stamp.wall_near(clock.wall).micros_since(clock.wall_of(at)).abs() < 1000);
        }
    }

    #[test]
    fn the_square_flashes_in_the_first_picture_of_each_beat() {
        let mut scene = scene(640, 360);
        let clock = scene.identity.clock;
        let (mut detector, mut flashes) = (FlashDetector::default(), 0);
        for frame in 0..300u64 {
            let at = clock.instant + Duration::from_nanos(frame * 33_333_333);
            if let Some(shown) = detector.on_picture(&scene.draw(at), at) {
                let wall = clock.wall_of(shown);
                let late_us = wall.micros_since(scene.beats.nearest(wall));
                assert!((0..33_400).contains(&late_us), "{late_us}");
                flashes += 1;
            }
        }
        assert!((2..=4).contains(&flashes), "{flashes} flashes in 10 s");
    }

    #[test]
    fn a_picture_is_drawn_again_from_what_its_marker_says() {
        let mut near = scene(640, 360);
        let (clock, mut far) = (near.identity.clock, scene(640, 360));
        for at_ms in [0, 33, 67, 4_000] {
            let sent = near.draw(clock.instant + Duration::from_millis(at_ms) + Duration::from_micros(700));
            let stamp = marker::read(&sent).unwrap();
            let wall = stamp.wall_near(clock.wall);
            assert!(far.draw_again(stamp, wall).data() == sent.data(), "{at_ms}");
            let other = far.draw_again(Stamp { frame: stamp.frame + 1, ..stamp }, wall);
            assert!(other.data() != sent.data(), "another number is another picture");
        }
    }

    #[test]
    fn any_even_size_can_be_drawn() {
        for (width, height) in
            [(16, 16), (64, 36), (178, 100), (320, 240), (1922, 1080), (720, 1280), (3840, 16)]
        {
            let mut scene = scene(width, height);
            let picture = scene.draw(Instant::now());
            assert_eq!((picture.width(), picture.height()), (width, height));
            scene.draw(Instant::now() + Duration::from_secs(100));
        }
    }

    #[test]
    fn pictures_differ_by_motion_and_noise() {
        let mut scene = scene(320, 180);
        let at = Instant::now();
        let (first, second) = (scene.draw(at), scene.draw(at));
        let changed = first.data().iter().zip(second.data()).filter(|(a, b)| a != b).count();
        assert!(changed > 320 * 180 / 2, "noise changes most of the luma: {changed}");
    }
}
