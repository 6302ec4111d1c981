//! The program's sweeps in what was heard: the echo of this end's own, and the other end's in this room's air.

use super::recording::{RATE_HZ, Recording, decimated};
use super::times::Times;
use std::time::Duration;
use tongke_measure::InputError;
use tongke_measure::chirp::{Detection, Probe, ProbeKind, Train, detect};
use tongke_measure::correlate::Weighting;
use tongke_measure::echo::Echo;
use tongke_media::program::{CYCLE, Side, sweep};
use tongke_protocol::WallTime;

/// The longest echo, ms: what the program leaves time for.
const LONGEST_ECHO_MS: f64 = 700.0;
/// After this the longest echo has died away, ms.
const ECHO_OVER_MS: usize = 800;
/// How much of what was heard before a sweep says how loud the noise is, at most, ms.
const QUIET_MS: usize = 600;
/// The longest way from mouth to ear that is looked for, ms: less than sweeps are apart.
const LONGEST_WAY_MS: f64 = 800.0;

/// Looks at each turn of sweeps of one end, once its time is over in a recording.
#[derive(Debug)]
pub(super) struct Turns {
    of: Side,
    /// The turn that is looked at next begins after this, on the relay's clock.
    after: Option<WallTime>,
}

/// A turn's sweeps in a recording that begins with the turn.
pub(super) struct Turn {
    pub heard: Vec<f32>,
    /// At which samples the sweeps were sent.
    pub starts: Vec<usize>,
}

impl Turns {
    pub(super) fn of(of: Side) -> Self {
        Self { of, after: None }
    }

    /// The next turn, once it and `then` after it are over.
    pub(super) fn next(&mut self, times: &Times, recording: &Recording, then: Duration) -> Option<Turn> {
        let begun = times.relay_of(times.begin)?;
        let after = *self.after.get_or_insert(begun);
        let in_cycle = |relay| times.schedule.sweeping(self.of, relay);
        let this = in_cycle(after);
        let turn =
            if this.start >= after { this } else { in_cycle(after.offset_by_us(CYCLE.as_micros() as i64)) };
        let from = times.instant_of(turn.start)?;
        let lasting = Duration::from_micros(turn.end.micros_since(turn.start).unsigned_abs()) + then;
        if !recording.is_past(from + lasting) {
            return None;
        }
        self.after = Some(turn.end);
        let sample =
            |at: WallTime| (at.micros_since(turn.start).max(0) as f64 * f64::from(RATE_HZ) / 1e6) as usize;
        let starts = times.schedule.sweeps(self.of, turn.start, turn.start).map(sample).collect();
        Some(Turn { heard: recording.stretch(from, lasting)?, starts })
    }
}

impl Turn {
    /// What comes back of each of this end's own sweeps. One by one: buffers may grow or shrink between them, and two
    /// echoes at two lags are no echo of both.
    pub(super) fn echoes(&self) -> impl Iterator<Item = Result<Echo, InputError>> + '_ {
        let samples = |ms: usize| ms * RATE_HZ as usize / 1000;
        self.starts.iter().enumerate().map(move |(n, start)| {
            // The echo of the sweep before is over then.
            let before = n.checked_sub(1).map_or(0, |last| self.starts[last] + samples(ECHO_OVER_MS));
            let from = before.max(start.saturating_sub(samples(QUIET_MS))).min(*start);
            let until = (start + samples(ECHO_OVER_MS)).min(self.heard.len());
            let heard = self.heard.get(from..until).unwrap_or_default();
            let probe = decimated(&sweep()).collect::<Vec<f32>>();
            let mut sent = vec![0.0; (start - from + probe.len()).max(heard.len())];
            sent[start - from..][..probe.len()].copy_from_slice(&probe);
            Echo::find(&sent, heard, RATE_HZ, LONGEST_ECHO_MS, Weighting::Matched)
        })
    }

    /// How long the other end's sweeps were on their way.
    pub(super) fn way(&self) -> Result<Detection, InputError> {
        let samples = decimated(&sweep()).collect();
        let probe = Probe { kind: ProbeKind::Chirp, rate_hz: RATE_HZ, samples };
        detect(&self.heard, &Train { probe, starts: self.starts.clone() }, LONGEST_WAY_MS)
    }
}
