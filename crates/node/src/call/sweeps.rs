//! The program's sweeps in what was heard: the echo of this end's own, and the other end's in this room's air.

use super::recording::{RATE_HZ, decimated};
use super::times::Times;
use super::turns::Turn;
use tongke_measure::InputError;
use tongke_measure::chirp::{Detection, Probe, ProbeKind, Train, detect};
use tongke_measure::correlate::Weighting;
use tongke_measure::echo::Echo;
use tongke_media::program::{Schedule, Side, sweep};
use tongke_protocol::WallTime;

/// The longest echo, ms: what the program leaves time for.
const LONGEST_ECHO_MS: f64 = 700.0;
/// After this the longest echo has died away, ms.
const ECHO_OVER_MS: usize = 800;
/// How much of what was heard before a sweep says how loud the noise is, at most, ms.
const QUIET_MS: usize = 600;
/// The longest way from mouth to ear that is looked for, ms: less than sweeps are apart.
const LONGEST_WAY_MS: f64 = 800.0;

/// At which samples of a turn its sweeps were sent.
fn starts(turn: &Turn, schedule: &Schedule, of: Side) -> Vec<usize> {
    let begin = turn.time.start;
    let sample = |at: WallTime| (at.micros_since(begin).max(0) as f64 * f64::from(RATE_HZ) / 1e6) as usize;
    schedule.sweeps(of, begin, begin).map(sample).collect()
}

impl Turn {
    /// What comes back of each of this end's own sweeps. One by one: buffers may grow or shrink between them, and two
    /// echoes at two lags are no echo of both.
    pub(super) fn echoes(&self, times: &Times) -> Vec<Result<Echo, InputError>> {
        let samples = |ms: usize| ms * RATE_HZ as usize / 1000;
        let starts = starts(self, &times.schedule, times.side);
        let echo = |(n, start): (usize, &usize)| {
            // The echo of the sweep before is over then.
            let before = n.checked_sub(1).map_or(0, |last| starts[last] + samples(ECHO_OVER_MS));
            let from = before.max(start.saturating_sub(samples(QUIET_MS))).min(*start);
            let until = (start + samples(ECHO_OVER_MS)).min(self.heard.len());
            let heard = self.heard.get(from..until).unwrap_or_default();
            let probe = decimated(&sweep()).collect::<Vec<f32>>();
            let mut sent = vec![0.0; (start - from + probe.len()).max(heard.len())];
            sent[start - from..][..probe.len()].copy_from_slice(&probe);
            Echo::find(&sent, heard, RATE_HZ, LONGEST_ECHO_MS, Weighting::Matched)
        };
        starts.iter().enumerate().map(echo).collect()
    }

    /// How long the other end's sweeps were on their way.
    pub(super) fn way(&self, times: &Times) -> Result<Detection, InputError> {
        let samples = decimated(&sweep()).collect();
        let probe = Probe { kind: ProbeKind::Chirp, rate_hz: RATE_HZ, samples };
        detect(
            &self.heard,
            &Train { probe, starts: starts(self, &times.schedule, times.side.other()) },
            LONGEST_WAY_MS,
        )
    }
}
