//! Sound as it was heard, on a time line: the last seconds of it, at a rate that holds the sweeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_media::sound::SAMPLE_RATE;

/// Samples a second of a recording: the sweeps end at 3.4 kHz.
pub(super) const RATE_HZ: u32 = SAMPLE_RATE / DECIMATE as u32;
const DECIMATE: usize = 3;
/// What is kept, in samples: 20 s.
const KEPT: usize = RATE_HZ as usize * 20;
/// Pieces' moments jitter; the time line follows them slowly.
const SMOOTH: f64 = 1.0 / 32.0;
/// A moment that far from where the samples have come to is a gap, or a clock that slept, in samples: 100 ms.
const GAP: f64 = RATE_HZ as f64 / 10.0;

/// The last seconds of a sound.
#[derive(Debug)]
pub(super) struct Recording {
    origin: Instant,
    /// Number of the first sample kept, counted from the origin.
    first: i64,
    samples: VecDeque<f32>,
    /// By how much the next sample is later than its place, as smoothed, in samples.
    late: f64,
}

impl Recording {
    pub(super) fn new(origin: Instant) -> Self {
        Self { origin, first: 0, samples: VecDeque::new(), late: 0.0 }
    }

    /// Takes samples at 48 kHz, of which the first is heard at `at`.
    pub(super) fn push(&mut self, at: Instant, samples: &[f32]) {
        let place = at.saturating_duration_since(self.origin).as_secs_f64() * f64::from(RATE_HZ);
        let off = place - self.next() as f64;
        if self.samples.is_empty() || off.abs() > GAP {
            self.go_to(place.round() as i64);
        } else {
            self.late += (off - self.late) * SMOOTH;
            // A sample more or less now and then: a recording must not drift away from its clock.
            if self.late.abs() >= 1.0 {
                self.go_to(self.next() + self.late.trunc() as i64);
                self.late = self.late.fract();
            }
        }
        self.samples.extend(decimated(samples));
        let excess = self.samples.len().saturating_sub(KEPT);
        self.samples.drain(..excess);
        self.first += excess as i64;
    }

    /// Number of the next sample.
    fn next(&self) -> i64 {
        self.first + self.samples.len() as i64
    }

    /// The next sample is this one: silence is put in before it, or samples are taken away.
    fn go_to(&mut self, next: i64) {
        let ahead = next - self.next();
        if self.samples.is_empty() || ahead > KEPT as i64 {
            self.samples.clear();
            self.first = next;
        } else if ahead > 0 {
            self.samples.extend(std::iter::repeat_n(0.0, ahead as usize));
        } else {
            let kept = self.samples.len().saturating_sub(ahead.unsigned_abs() as usize);
            self.samples.truncate(kept);
            if kept == 0 {
                self.first = next;
            }
        }
    }

    /// The first moment that is kept.
    pub(super) fn begin(&self) -> Instant {
        self.origin + Duration::from_secs_f64(self.first.max(0) as f64 / f64::from(RATE_HZ))
    }

    /// Whether a moment is over in it.
    pub(super) fn is_past(&self, at: Instant) -> bool {
        self.place(at) <= self.next()
    }

    /// What was heard from one moment on, for so long; none: not all of it is kept.
    pub(super) fn stretch(&self, from: Instant, lasting: Duration) -> Option<Vec<f32>> {
        let begin = usize::try_from(self.place(from) - self.first).ok()?;
        let length = (lasting.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        (begin + length <= self.samples.len())
            .then(|| self.samples.range(begin..begin + length).copied().collect())
    }

    fn place(&self, at: Instant) -> i64 {
        (at.saturating_duration_since(self.origin).as_secs_f64() * f64::from(RATE_HZ)).round() as i64
    }
}

/// One sample for each three of 48 kHz, their mean: what is above 8 kHz is weakened, what is below 4 hardly.
pub(super) fn decimated(samples: &[f32]) -> impl Iterator<Item = f32> + '_ {
    samples.chunks_exact(DECIMATE).map(|of| of.iter().sum::<f32>() / DECIMATE as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Duration = Duration::from_millis(20);

    #[test]
    fn a_click_is_where_it_was_heard_though_pieces_jitter_and_the_clocks_drift() {
        let origin = Instant::now();
        let mut recording = Recording::new(origin);
        // The sound's clock is 200 ppm slow, and every third piece is told 4 ms late.
        for n in 0..1_000u32 {
            let due = origin + PIECE * n + Duration::from_micros(4) * n;
            let late = Duration::from_millis(if n % 3 == 0 { 4 } else { 0 });
            let mut samples = vec![0.0; 960];
            if n == 950 {
                samples[0] = 1.0;
            }
            recording.push(due + late, &samples);
        }
        let click = origin + (PIECE + Duration::from_micros(4)) * 950;
        let from = click - Duration::from_millis(100);
        let around = recording.stretch(from, Duration::from_millis(200)).unwrap();
        let at = around.iter().position(|sample| *sample != 0.0).unwrap() as f64 / 16.0;
        // A third of the pieces being 4 ms late, sound is 1.3 ms late on average.
        assert!((at - 101.3).abs() < 1.0, "{at} ms");
    }

    #[test]
    fn a_gap_stays_a_gap_and_what_is_too_old_or_not_there_yet_is_not_given() {
        let origin = Instant::now();
        let at = |ms| origin + Duration::from_millis(ms);
        let mut recording = Recording::new(origin);
        recording.push(at(1_000), &[0.5; 960]);
        recording.push(at(1_500), &[0.5; 960]);
        let heard = recording.stretch(at(1_000), Duration::from_millis(520)).unwrap();
        assert_eq!(heard.iter().filter(|sample| **sample != 0.0).count(), 640);
        assert!(recording.is_past(at(1_520)) && !recording.is_past(at(1_521)));
        assert_eq!(recording.begin(), at(1_000));
        assert!(recording.stretch(at(1_000), Duration::from_millis(521)).is_none());
        assert!(recording.stretch(at(999), Duration::from_millis(20)).is_none());
        recording.push(at(60_000), &[0.5; 960]);
        assert!(recording.stretch(at(1_000), Duration::from_millis(20)).is_none());
        assert!(recording.stretch(at(60_000), Duration::from_millis(20)).is_some());
    }
}
