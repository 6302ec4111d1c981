//! Drawn test slides: a page of courseware for eight seconds, then the next, with a pointer that moves
//! and the time marker.

use super::{Captured, PictureSource, VideoOptions};
use crate::capture::pace::Pace;
use crate::capture::{CaptureError, Identity};
use crate::draw::{Area, Canvas, colour};
use crate::marker::{self, Stamp};
use crate::picture::{Picture, PicturePool, VideoFormat};
use crate::text::Mask;
use std::time::{Duration, Instant};

/// How long a page stays.
const PAGE: Duration = Duration::from_secs(8);

const PAGES: [[&str; 4]; 4] = [
    ["同步课堂 测试课件", "第一课  分数的加法", "", "支援学校 · 受援学校"],
    ["例一  1/2 + 1/3 = ?", "先通分，再相加：", "1/2 + 1/3 = 3/6 + 2/6", "= 5/6"],
    ["练习", "① 1/4 + 1/6 = ?", "② 2/3 + 1/5 = ?", "请受援学校的同学举手回答。"],
    ["小结", "异分母分数相加，先通分，", "再按同分母分数相加。", "→ 第二课"],
];

/// Draws the slides, told when each picture is.
#[derive(Debug)]
struct Slides {
    format: VideoFormat,
    identity: Identity,
    pages: Vec<Vec<u8>>,
    frame: u32,
    pool: PicturePool,
}

impl Slides {
    fn new(format: VideoFormat, identity: Identity) -> Self {
        let (width, height) = (format.width as usize, format.height as usize);
        let pages = (0..PAGES.len()).map(|n| page(width, height, n)).collect();
        Self { format, identity, pages, frame: 0, pool: PicturePool::default() }
    }

    fn draw(&mut self, at: Instant) -> Picture {
        let VideoFormat { width, height, .. } = self.format;
        let elapsed = at.saturating_duration_since(self.identity.clock.instant);
        let page = &self.pages[(elapsed.as_secs() / PAGE.as_secs()) as usize % self.pages.len()];
        let stamp = Stamp::new(self.identity.session, self.frame, self.identity.clock.wall_of(at));
        let data = self.pool.fill(Picture::size(width, height), |data| {
            data.copy_from_slice(page);
            let mut canvas = Canvas::over(data, width as usize, height as usize);
            let (w, h, t) = (f64::from(width), f64::from(height), elapsed.as_secs_f64());
            let pointer = (w * (0.5 + 0.3 * (t * 0.7).sin()), h * (0.6 + 0.15 * (t * 1.1).cos()));
            canvas.disc((pointer.0 as i64, pointer.1 as i64), (h * 0.012) as i64, colour(230, 40, 40));
            // A picture too small for a marker is still a slide.
            let _ = marker::draw_planes(canvas.y, canvas.u, canvas.v, width, height, stamp);
        });
        self.frame = self.frame.wrapping_add(1);
        Picture::new(width, height, data, at)
    }
}

fn page(width: usize, height: usize, number: usize) -> Vec<u8> {
    let mut data = vec![0; width * height * 3 / 2];
    let mut canvas = Canvas::over(&mut data, width, height);
    let px = |at_720: usize| at_720 * height / 720;
    canvas.fill(Area { x: 0, y: 0, w: width, h: height }, colour(252, 252, 248));
    canvas.fill(Area { x: 0, y: px(136) & !1, w: width, h: px(12) }, colour(30, 90, 160));
    let dark = colour(24, 30, 44);
    for (line, text) in PAGES[number].iter().enumerate() {
        let size = if line == 0 { 76 } else { 60 };
        let mask = Mask::line(text, px(size).max(6) as f32);
        canvas.mask_centred(&mask, width / 2, px(190 + line * 118), dark);
    }
    let number = Mask::line(&format!("{} / {}", number + 1, PAGES.len()), px(28).max(6) as f32);
    canvas.mask(&number, (width * 9 / 10) & !1, px(670), colour(110, 110, 110));
    data
}

/// The slides at their pace.
pub(super) struct SlidesSource {
    slides: Slides,
    pace: Pace,
}

impl SlidesSource {
    pub(super) fn new(options: &VideoOptions) -> Self {
        let format = options.format;
        let patience = Duration::from_secs(1) / format.fps;
        Self { slides: Slides::new(format, options.identity.clone()), pace: Pace::new(format.fps, patience) }
    }
}

impl PictureSource for SlidesSource {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        self.pace.wait();
        Ok(Some(Captured::Picture(self.slides.draw(Instant::now()))))
    }

    fn describe(&self) -> String {
        format!("test slides, {}, drawn and encoded here", self.slides.format)
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_change_and_every_picture_carries_its_marker() {
        let mut slides = Slides::new(VideoFormat::default(), Identity::new(3, ""));
        let start = slides.identity.clock.instant;
        let first = slides.draw(start);
        let second = slides.draw(start + PAGE);
        assert_eq!(marker::read(&second).unwrap().frame, 1);
        let changed = first.data().iter().zip(second.data()).filter(|(a, b)| a.abs_diff(**b) > 50).count();
        assert!(changed > 5_000, "another page: {changed}");
    }
}
