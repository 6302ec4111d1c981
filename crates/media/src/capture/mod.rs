//! Where pictures and sound come from.

mod error;
pub mod sound;
pub mod video;

pub use error::CaptureError;

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::{Now, WallTime};

/// Who the test scene and the test sound belong to, and on which clock their stamps are.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Tells this sender's markers and beeps from others'.
    pub session: u16,
    /// Drawn into the test scene, e.g. the school's name.
    pub label: String,
    /// One moment on both clocks; stamps are derived from it, so that a stepped system clock does
    /// not bend a run.
    pub clock: Now,
}

impl Identity {
    /// An identity whose clock is read now.
    pub fn new(session: u16, label: &str) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Now { instant: Instant::now(), wall: WallTime(wall.as_micros() as u64) };
        Self { session, label: label.to_owned(), clock }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new(0, "")
    }
}
