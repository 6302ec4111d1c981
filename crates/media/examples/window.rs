//! Three participants in a window, one of them with characters the embedded font lacks:
//! `cargo run -p tongke-media --example window -- [SECONDS]`.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::time::{Duration, Instant};
use tongke_media::VideoFormat;
use tongke_media::capture::{Identity, video::Scene};
use tongke_media::render::{Window, WindowOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5.0), |text| text.parse())?;
    let names = ["永嘉县实验小学（支援学校）", "岩坦镇中心小学", "鲤溪乡雩溪学校 Lixi"];
    let formats =
        [(1280, 720), (640, 360), (640, 480)].map(|(width, height)| VideoFormat { width, height, fps: 30 });
    let mut scenes: Vec<Scene> =
        names.iter().zip(formats).map(|(name, format)| Scene::new(format, Identity::new(1, name))).collect();
    let window = Window::open(&WindowOptions::default())?;
    let start = Instant::now();
    let mut busy = Duration::ZERO;
    while start.elapsed() < Duration::from_secs_f64(seconds) && !window.is_closed() {
        let drawing = Instant::now();
        for (tile, (scene, name)) in scenes.iter_mut().zip(names).enumerate() {
            window.show(tile as u32, name, scene.draw(Instant::now()));
        }
        busy += drawing.elapsed();
        std::thread::sleep(Duration::from_millis(33).saturating_sub(drawing.elapsed()));
    }
    println!("drawing and handing over took {:.1} % of the time", busy.as_secs_f64() / seconds * 100.0);
    Ok(())
}
