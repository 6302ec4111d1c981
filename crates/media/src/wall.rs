//! A display and a camera that exist in memory: what is shown on the one the other films, later, aslant, blurred and
//! in noise. For tests of what is read off filmed screens, on machines without any.
//!
//! `wall:delay_ms=60,size=0.7,lean_deg=20` is the name of such a display and of such a camera alike; both halves that
//! are opened by the same name in one process are of one wall. It lasts as long as either. What is filmed is grey.

mod film;
mod spec;

use crate::capture::CaptureError;
use crate::capture::pace::Pace;
use crate::capture::video::{Captured, PictureSource, VideoOptions};
use crate::picture::{Picture, VideoFormat};
use film::Film;
use spec::Spec;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What the names of walls begin with.
const PREFIX: &str = "wall:";
/// Pictures kept that were shown: two seconds of 60 a second; then the oldest is forgotten.
const KEPT: usize = 120;

/// Pictures in 1000 s of a camera that is told to give one a second: its clock is its own, so that its pictures come at
/// every moment of those that it films.
const DRIFTING_PER_1000_S: u32 = 1_013;

/// Walls that are there, by their name.
static WALLS: Mutex<BTreeMap<String, Weak<Wall>>> = Mutex::new(BTreeMap::new());

/// Whether a display or a camera of this name is a wall's.
pub fn is_wall(name: &str) -> bool {
    name.starts_with(PREFIX)
}

struct Wall {
    spec: Spec,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Since when each picture is seen, oldest first.
    shown: VecDeque<(Instant, Picture)>,
    has_display: bool,
    has_camera: bool,
}

impl Wall {
    fn before(name: &str) -> Result<Arc<Wall>, String> {
        let spec: Spec = name.strip_prefix(PREFIX).unwrap_or(name).parse()?;
        let mut walls = WALLS.lock().unwrap_or_else(PoisonError::into_inner);
        walls.retain(|_, wall| wall.strong_count() > 0);
        if let Some(wall) = walls.get(name).and_then(Weak::upgrade) {
            return Ok(wall);
        }
        let wall = Arc::new(Wall { spec, state: Mutex::default() });
        walls.insert(name.to_owned(), Arc::downgrade(&wall));
        Ok(wall)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The display shows a picture that came at this moment.
    fn show(&self, came: Instant, picture: Picture) {
        let mut state = self.state();
        state.shown.push_back((came + self.spec.delay, picture));
        if state.shown.len() > KEPT {
            state.shown.pop_front();
        }
    }

    /// What is seen while the camera gathers light, up to this moment: pictures, and for which share of that time.
    fn seen(&self, until: Instant) -> Vec<(f64, Picture)> {
        let exposure = self.spec.exposure.max(Duration::from_micros(1));
        let from = until.checked_sub(exposure).unwrap_or(until);
        let state = self.state();
        let mut end = until;
        let mut seen = Vec::new();
        for (since, picture) in state.shown.iter().rev().filter(|(since, _)| *since <= until) {
            let begin = (*since).max(from);
            let share = end.saturating_duration_since(begin).as_secs_f64() / exposure.as_secs_f64();
            seen.push((share, picture.clone()));
            end = begin;
            if *since <= from {
                break;
            }
        }
        seen
    }
}

/// A wall's display. Dropping it turns it off.
pub struct WallDisplay(Arc<Wall>);

impl WallDisplay {
    /// Turns it on. The error says what is wrong with the name.
    pub fn open(name: &str) -> Result<Self, String> {
        let wall = Wall::before(name)?;
        if std::mem::replace(&mut wall.state().has_display, true) {
            return Err("another one shows there already".into());
        }
        Ok(Self(wall))
    }

    /// Shows a picture from now on. Returns at once.
    pub fn show(&self, picture: Picture) {
        self.0.show(Instant::now(), picture);
    }
}

impl Drop for WallDisplay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.has_display = false;
        state.shown.clear();
    }
}

/// A camera before a wall.
pub(crate) struct WallCamera {
    name: String,
    format: VideoFormat,
    pace: Pace,
    film: Film,
    wall: Arc<Wall>,
}

impl WallCamera {
    /// Sets it up.
    pub(crate) fn open(name: &str, options: &VideoOptions) -> Result<Self, CaptureError> {
        let open = |reason: String| CaptureError::Open { name: name.to_owned(), reason };
        let wall = Wall::before(name).map_err(open)?;
        if std::mem::replace(&mut wall.state().has_camera, true) {
            return Err(open("another one stands there already".into()));
        }
        let VideoFormat { width, height, fps } = options.format;
        let pace = Pace::per_1000_s(fps * DRIFTING_PER_1000_S, Duration::from_secs(1) / fps);
        let film = Film::new(wall.spec, (width, height));
        Ok(Self { name: name.to_owned(), format: options.format, pace, film, wall })
    }
}

impl PictureSource for WallCamera {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        let at = self.pace.wait();
        let seen = self.wall.seen(at);
        Ok(Some(Captured::Picture(self.film.expose(&seen, at))))
    }

    fn describe(&self) -> String {
        format!("{}: filmed in this machine's memory, {}", self.name, self.format)
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped()
    }
}

impl Drop for WallCamera {
    fn drop(&mut self) {
        self.wall.state().has_camera = false;
    }
}

/// The camera of a wall, given by what follows `wall:`, told what it sees.
#[cfg(test)]
pub(crate) fn filmed_by(spec: &str, size: (u32, u32)) -> impl FnMut(&[(f64, Picture)]) -> Picture {
    let mut film = Film::new(spec.parse().expect("a test's wall"), size);
    move |seen| film.expose(seen, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(luma: u8) -> Picture {
        Picture::filled(64, 36, [luma, 128, 128], Instant::now())
    }

    #[test]
    fn what_is_shown_is_seen_later_by_the_delay_and_two_pictures_in_one_exposure_by_their_shares() {
        let wall = Wall { spec: "delay_ms=60,exposure_ms=10".parse().unwrap(), state: Mutex::default() };
        let start = Instant::now();
        let ms = Duration::from_millis;
        wall.show(start, picture(20));
        wall.show(start + ms(33), picture(40));
        let seen = |at_ms| -> Vec<(u32, u8)> {
            let seen = wall.seen(start + ms(at_ms));
            seen.iter().map(|(share, of)| ((share * 100.0).round() as u32, of.data()[0])).collect()
        };
        assert_eq!(seen(59), []);
        assert_eq!(seen(65), [(50, 20)], "the display was dark for the rest");
        assert_eq!(seen(80), [(100, 20)]);
        assert_eq!(seen(96), [(30, 40), (70, 20)]);
        assert_eq!(seen(500), [(100, 40)]);
    }

    #[test]
    fn both_halves_of_one_name_are_of_one_wall_and_each_is_there_once() {
        let name = "wall:size=1,exposure_ms=0";
        let display = WallDisplay::open(name).unwrap();
        assert!(WallDisplay::open(name).is_err());
        let format = VideoFormat { width: 64, height: 36, fps: 100 };
        let options = VideoOptions { format, ..VideoOptions::default() };
        let mut camera = WallCamera::open(name, &options).unwrap();
        assert!(WallCamera::open(name, &options).is_err());
        display.show(picture(200));
        let lit = (0..100).any(|_| match camera.next().unwrap().unwrap() {
            Captured::Picture(filmed) => filmed.data()[64 * 18 + 32] == 200,
            Captured::H264(_) => false,
        });
        assert!(lit);
    }
}
