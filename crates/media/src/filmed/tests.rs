use super::*;
use crate::capture::Identity;
use crate::capture::video::Scene;
use crate::picture::VideoFormat;
use crate::wall::filmed_by;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SESSION: u16 = 0xBEEF;

/// Pictures of the test scene, 33 ms apart.
fn scene(width: u32, height: u32) -> impl FnMut() -> Picture {
    let mut scene =
        Scene::new(VideoFormat { width, height, fps: 30 }, Identity::new(SESSION, "永嘉县实验小学"));
    let mut at = Instant::now();
    move || {
        at += Duration::from_millis(33);
        scene.draw(at)
    }
}

/// How many of `of` pictures of a scene are read as what was drawn, each filmed by itself.
fn read_right(wall: &str, display: (u32, u32), camera: (u32, u32), of: u32) -> u32 {
    let (mut draw, mut finder) = (scene(display.0, display.1), MarkerFinder::new(SESSION));
    let mut film = filmed_by(wall, camera);
    let mut right = 0;
    for _ in 0..of {
        let shown = draw();
        let drawn = marker::read(&shown).unwrap();
        match finder.look(&film(&[(1.0, shown)])) {
            Sighting::Read(read) => {
                assert_eq!(read, drawn, "{wall}: a wrong number");
                right += 1;
            }
            Sighting::Unreadable | Sighting::Nothing => {}
        }
    }
    right
}

#[test]
fn a_marker_is_read_off_screens_of_every_size_from_every_side() {
    let walls = [
        "size=1",
        "size=0.8",
        "size=0.5,noise=8",
        "size=0.7,turn_deg=12,lean_deg=25",
        "size=0.6,turn_deg=-8,lean_deg=-30,blur_px=1,noise=10",
        "size=0.8,blur_px=2,noise=15",
        "size=0.5,turn_deg=180",
        "size=0.4,turn_deg=90,noise=5",
        "size=0.4,turn_deg=45",
    ];
    for wall in walls {
        assert_eq!(read_right(wall, (1280, 720), (1280, 720), 6), 6, "{wall}");
    }
    for (display, camera) in [((1920, 1080), (1280, 720)), ((640, 360), (640, 360)), ((480, 360), (640, 480))]
    {
        assert_eq!(
            read_right("size=0.8,lean_deg=15,noise=6,blur_px=1", display, camera, 6),
            6,
            "{display:?}"
        );
    }
}

#[test]
fn too_small_too_blurred_and_in_too_much_noise_nothing_wrong_is_read() {
    for wall in ["size=0.2,noise=20", "size=0.5,blur_px=8", "size=0.6,noise=100"] {
        read_right(wall, (1280, 720), (640, 360), 20);
    }
}

#[test]
fn two_pictures_in_one_exposure_are_read_as_the_one_that_lasted_or_not_at_all() {
    let (mut draw, mut finder) = (scene(640, 360), MarkerFinder::new(SESSION));
    let mut film = filmed_by("size=0.9,noise=4", (640, 360));
    let (mut longer, mut unreadable) = (0, 0);
    for n in 0..40 {
        let share = f64::from(n) / 40.0;
        let (before, after) = (draw(), draw());
        let stamps = [&before, &after].map(|picture| marker::read(picture).unwrap());
        match finder.look(&film(&[(share, after), (1.0 - share, before)])) {
            Sighting::Read(stamp) => {
                assert_eq!(stamp, stamps[usize::from(share > 0.5)], "{share}");
                longer += 1;
            }
            Sighting::Unreadable => {
                assert!((0.4..=0.6).contains(&share), "{share}");
                unreadable += 1;
            }
            Sighting::Nothing => panic!("a marker is there: {share}"),
        }
    }
    assert!(longer >= 32 && unreadable >= 3, "{longer} {unreadable}");
}

#[test]
fn a_camera_that_is_moved_finds_the_marker_again_and_another_session_is_nothing() {
    let (mut draw, mut finder) = (scene(1280, 720), MarkerFinder::new(SESSION));
    for wall in ["size=0.9", "size=0.5,turn_deg=10", "size=0.7,lean_deg=20"] {
        let mut film = filmed_by(wall, (1280, 720));
        assert!(matches!(finder.look(&film(&[(1.0, draw())])), Sighting::Read(_)), "{wall}");
    }
    let mut film = filmed_by("size=0.7,lean_deg=20", (1280, 720));
    assert_eq!(MarkerFinder::new(7).look(&film(&[(1.0, draw())])), Sighting::Nothing);
    assert_eq!(finder.look(&film(&[])), Sighting::Nothing, "the display is off");
}

/// A generator for pictures that nobody drew.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn no_picture_makes_it_stumble_or_read_what_nobody_drew() {
    for seed in 0..300 {
        let mut next = random(seed);
        let (width, height) = (2 * (1 + next() as u32 % 500), 2 * (1 + next() as u32 % 120));
        let mut data = vec![0; Picture::size(width, height)];
        let (kind, boxes) = (next() % 4, next() % 40);
        for byte in &mut data {
            *byte = match kind {
                0 => next() as u8,
                1 => [16, 235][next() as usize % 2],
                2 => 16,
                _ => 200,
            };
        }
        for _ in 0..boxes {
            let value = next() as u8;
            let (x, y) = (next() as usize % width as usize, next() as usize % height as usize);
            let (w, h) = (next() as usize % 300, next() as usize % 100);
            for row in data.chunks_mut(width as usize).take(height as usize).skip(y).take(h) {
                let end = (x + w).min(row.len());
                row[x.min(end)..end].fill(value);
            }
        }
        let picture = Picture::new(width, height, Arc::new(data), Instant::now());
        let looked = MarkerFinder::new(SESSION).look(&picture);
        assert!(!matches!(looked, Sighting::Read(_)), "{seed}: {looked:?}");
    }
}

#[test]
fn markers_that_are_torn_are_never_another_number() {
    let (mut draw, mut finder) = (scene(640, 360), MarkerFinder::new(SESSION));
    let mut next = random(5);
    for _ in 0..200 {
        let mut picture = draw();
        let drawn = marker::read(&picture).unwrap();
        let (y, _, _) = picture.planes_mut();
        for _ in 0..1 + next() % 3 {
            let (column, row) = (next() as usize % 20, next() as usize % 5);
            let (left, top) = (16 + (column + 1) * 24, 16 + (row + 1) * 24);
            let value = next() as u8;
            y.chunks_mut(640).skip(top).take(24).for_each(|line| line[left..left + 24].fill(value));
        }
        if let Sighting::Read(read) = finder.look(&picture) {
            assert_eq!(read, drawn);
        }
    }
}
