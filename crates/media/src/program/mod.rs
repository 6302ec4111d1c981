//! What the two ends of a measured call show and sound, and when: a program that both know beforehand.
//!
//! It follows from the lesson's name and the relay's clock alone, so the ends agree on it without a message. Turn by
//! turn each end speaks and then sends sweeps while the other is silent, so that what comes back of it is echo and
//! what else is there is noise; then both speak. While an end speaks, its picture flashes and it beeps, once a turn,
//! at the same moment.
//!
//! A fault can be put in, to see whether it is found: see [`Fault`].

mod schedule;
mod sound;

pub use schedule::{CYCLE, Schedule, Side, Stretch};
pub use sound::{ProgramSound, spoken, sweep};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tongke_protocol::{LessonId, WallTime};

/// Stands for an offset that nobody knows yet: no clock is 300 000 years off.
const UNKNOWN: i64 = i64::MIN;

/// How far the relay's clock is ahead of this machine's, once it is known. Whoever measures it tells it here, and
/// whoever acts by the program reads it. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub struct RelayClock(Arc<AtomicI64>);

impl Default for RelayClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }
}

impl RelayClock {
    /// It is so far ahead, µs.
    pub fn set(&self, ahead_us: i64) {
        self.0.store(ahead_us, Ordering::Relaxed);
    }

    /// How far it is ahead, µs; none: not known yet.
    pub fn ahead_us(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|ahead_us| *ahead_us != UNKNOWN)
    }

    /// The relay's time at a moment of this machine's clock; none: not known yet.
    pub fn relay_time(&self, wall: WallTime) -> Option<WallTime> {
        Some(wall.offset_by_us(self.ahead_us()?))
    }
}

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The microphone gives samples without anything in them.
    Muted,
    /// The camera's picture is black.
    Black,
    /// The camera gives the same picture again and again.
    Frozen,
    /// The markers of some pictures are not whole.
    MarkersDamaged {
        /// One of so many pictures; 0: none.
        one_in: u32,
    },
    /// The sound leaves this much before its picture, ms; negative: after it.
    SoundEarly {
        /// −500 to 500.
        ms: i32,
    },
}

/// One end's part in the program.
#[derive(Debug, Clone)]
pub struct Program {
    /// When what is shown and sounded.
    pub schedule: Schedule,
    /// Whose part.
    pub side: Side,
    /// By which clock. Until it is known nothing is flashed or sounded.
    pub clock: RelayClock,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
}

impl Program {
    /// The program of a lesson's test call.
    pub fn new(lesson: &LessonId, side: Side) -> Self {
        let schedule = Schedule::new(lesson);
        Self { schedule, side, clock: RelayClock::default(), fault: None }
    }

    /// Whether this end's picture flashes at a moment of this machine's clock.
    pub fn flashes_at(&self, wall: WallTime) -> bool {
        self.clock.relay_time(wall).is_some_and(|relay| self.schedule.flashes_at(self.side, relay))
    }
}
