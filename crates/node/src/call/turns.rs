//! What was heard of one end's turns of the program: each is cut out of a recording once its time is over.

use super::recording::Recording;
use super::times::Times;
use std::ops::Range;
use std::time::Duration;
use tongke_media::program::{CYCLE, Schedule, Side};
use tongke_protocol::WallTime;

/// An end's turn in the cycle of a moment, on the relay's clock.
type InCycle = fn(&Schedule, Side, WallTime) -> Range<WallTime>;

/// Looks at the turns of one end in their order.
#[derive(Debug)]
pub(super) struct Turns {
    pub of: Side,
    in_cycle: InCycle,
    /// The turn that is looked at next begins after this.
    after: Option<WallTime>,
}

/// One turn.
#[derive(Debug)]
pub(super) struct Turn {
    /// When it was, on the relay's clock.
    pub time: Range<WallTime>,
    /// What was heard from its begin on.
    pub heard: Vec<f32>,
}

impl Turns {
    /// Its turns of sweeps.
    pub(super) fn of_sweeps(of: Side) -> Self {
        Self { of, in_cycle: Schedule::sweeping, after: None }
    }

    /// Its turns of speech, in which it speaks alone.
    pub(super) fn of_speech(of: Side) -> Self {
        Self { of, in_cycle: Schedule::speaking, after: None }
    }

    /// The next turn, once it and `then` after it are over.
    pub(super) fn next(&mut self, times: &Times, recording: &Recording, then: Duration) -> Option<Turn> {
        let begun = times.relay_of(times.begin)?;
        let after = *self.after.get_or_insert(begun);
        let in_cycle = |relay| (self.in_cycle)(&times.schedule, self.of, relay);
        let this = in_cycle(after);
        let time =
            if this.start >= after { this } else { in_cycle(after.offset_by_us(CYCLE.as_micros() as i64)) };
        let from = times.instant_of(time.start)?;
        let lasting = Duration::from_micros(time.end.micros_since(time.start).unsigned_abs()) + then;
        if !recording.is_past(from + lasting) {
            return None;
        }
        self.after = Some(time.end);
        Some(Turn { time, heard: recording.stretch(from, lasting)? })
    }
}
