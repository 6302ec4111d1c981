//! Keeps sound and picture of one participant together by delaying the one that is early.

use std::time::{Duration, Instant};

/// What may differ, and how quickly to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LipSyncConfig {
    /// Sound may be this much early. Detectability is 45 ms (ITU-R BT.1359).
    pub sound_early: Duration,
    /// Sound may be this much late. Detectability is 125 ms (ITU-R BT.1359).
    pub sound_late: Duration,
    /// Most delay added to either.
    pub max_extra: Duration,
    /// Greatest change of a delay per second.
    pub pace_per_s: Duration,
}

impl Default for LipSyncConfig {
    fn default() -> Self {
        Self {
            sound_early: Duration::from_millis(40),
            sound_late: Duration::from_millis(90),
            max_extra: Duration::from_millis(400),
            pace_per_s: Duration::from_millis(40),
        }
    }
}

/// Delay to add to what the buffers need for themselves. One of the two is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtraDelay {
    /// For [`VideoBuffer::set_extra_delay`](crate::VideoBuffer::set_extra_delay).
    pub video: Duration,
    /// For [`AudioBuffer::set_extra_delay`](crate::AudioBuffer::set_extra_delay).
    pub audio: Duration,
}

/// Watches the delays of one participant's sound and picture, extra delay included.
#[derive(Debug, Clone)]
pub struct LipSync {
    config: LipSyncConfig,
    sound_us: Option<f64>,
    picture_us: Option<f64>,
    /// Positive: sound is delayed by this; negative: the picture.
    extra_us: f64,
    updated: Option<Instant>,
}

/// Weight of a new delay in the running mean.
const SMOOTHING: f64 = 1.0 / 16.0;

impl LipSync {
    /// Nothing measured yet.
    pub fn new(config: LipSyncConfig) -> Self {
        Self { config, sound_us: None, picture_us: None, extra_us: 0.0, updated: None }
    }

    /// A sound was played this long after its capture. The clock's error may be in it, as long as it
    /// is in the picture's too; hence the sign.
    pub fn on_sound(&mut self, capture_to_render_us: i64) {
        smooth(&mut self.sound_us, capture_to_render_us);
    }

    /// A picture was shown this long after its capture.
    pub fn on_picture(&mut self, capture_to_render_us: i64) {
        smooth(&mut self.picture_us, capture_to_render_us);
    }

    /// One of the two stopped or has another source: no more comparing until both are measured anew.
    pub fn reset(&mut self) {
        (self.sound_us, self.picture_us) = (None, None);
    }

    /// Sound early by this many µs (negative: late), smoothed.
    pub fn skew_us(&self) -> Option<i64> {
        Some((self.picture_us? - self.sound_us?) as i64)
    }

    /// The delays from now on. Call it a few times a second.
    pub fn update(&mut self, now: Instant) -> ExtraDelay {
        let since = self.updated.replace(now);
        let elapsed_s = since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
        if let (Some(sound_us), Some(picture_us)) = (self.sound_us, self.picture_us) {
            let max_step = us(self.config.pace_per_s) * elapsed_s.min(1.0);
            // A part of it at a time: the means lag behind what was changed.
            let correction = self.correction_us(picture_us - sound_us) * elapsed_s.min(1.0);
            let step = correction.clamp(-max_step, max_step);
            let max_extra = us(self.config.max_extra);
            self.extra_us = (self.extra_us + step).clamp(-max_extra, max_extra);
        }
        self.extra()
    }

    /// The delays as last updated.
    pub fn extra(&self) -> ExtraDelay {
        let delay = |us: f64| Duration::from_micros(us.max(0.0) as u64);
        ExtraDelay { video: delay(-self.extra_us), audio: delay(self.extra_us) }
    }

    /// By how much to delay the sound more (negative: less): what lies beyond the tolerance, and, as
    /// long as there is delay to take back, anything that differs in its favour.
    fn correction_us(&self, early_us: f64) -> f64 {
        let (early, late) = (us(self.config.sound_early), us(self.config.sound_late));
        if early_us > early {
            early_us - early
        } else if early_us < -late {
            early_us + late
        } else if self.extra_us > 0.0 && early_us < 0.0 {
            early_us.max(-self.extra_us)
        } else if self.extra_us < 0.0 && early_us > 0.0 {
            early_us.min(-self.extra_us)
        } else {
            0.0
        }
    }
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn smooth(mean: &mut Option<f64>, sample_us: i64) {
    let sample = sample_us as f64;
    *mean = Some(mean.map_or(sample, |mean| mean + (sample - mean) * SMOOTHING));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an origin for the test's own times")]
    fn origin() -> Instant {
        Instant::now()
    }

    /// Ten seconds of a participant whose media need these delays by themselves; gives the last
    /// skew in ms (positive: sound early) and extra delays.
    fn run(sync: &mut LipSync, start: Instant, sound_ms: i64, picture_ms: i64) -> (i64, ExtraDelay) {
        let mut extra = sync.update(start);
        let mut skew_ms = 0;
        for tick in 0..500u64 {
            let sound_us = sound_ms * 1000 + extra.audio.as_micros() as i64;
            let picture_us = picture_ms * 1000 + extra.video.as_micros() as i64;
            sync.on_sound(sound_us);
            sync.on_picture(picture_us);
            skew_ms = (picture_us - sound_us) / 1000;
            if tick % 10 == 0 {
                extra = sync.update(start + Duration::from_millis(tick * 20));
            }
        }
        (skew_ms, extra)
    }

    #[test]
    fn within_the_tolerance_nothing_is_delayed() {
        for picture_ms in [20, 50, 85] {
            let (_, extra) = run(&mut LipSync::new(LipSyncConfig::default()), origin(), 50, picture_ms);
            assert_eq!(extra, ExtraDelay::default(), "{picture_ms}");
        }
    }

    #[test]
    fn early_sound_waits_for_the_picture_and_early_picture_for_the_sound() {
        let (skew_ms, extra) = run(&mut LipSync::new(LipSyncConfig::default()), origin(), 50, 250);
        assert!((35..=42).contains(&skew_ms), "{skew_ms} {extra:?}");
        assert_eq!(extra.video, Duration::ZERO);
        let (skew_ms, extra) = run(&mut LipSync::new(LipSyncConfig::default()), origin(), 250, 50);
        assert!((-92..=-85).contains(&skew_ms), "{skew_ms} {extra:?}");
        assert_eq!(extra.audio, Duration::ZERO);
    }

    #[test]
    fn a_delay_no_longer_needed_is_taken_back() {
        let t = origin();
        let mut sync = LipSync::new(LipSyncConfig::default());
        run(&mut sync, t, 50, 250);
        let (_, extra) = run(&mut sync, t + Duration::from_secs(10), 50, 50);
        assert!(extra.audio < Duration::from_millis(5), "{extra:?}");
    }

    #[test]
    fn the_extra_delay_is_bounded() {
        let t = origin();
        let mut sync = LipSync::new(LipSyncConfig::default());
        for round in 0..4 {
            run(&mut sync, t + Duration::from_secs(10 * round), 0, 5_000);
        }
        assert_eq!(sync.update(t + Duration::from_secs(41)).audio, Duration::from_millis(400));
    }
}
