//! How much of the sound was invented: the counters of W3C webrtc-stats and the seconds of
//! RFC 7294 §4.2.

use std::time::Duration;

/// Share of a second that may be concealed before the second is severely concealed, in percent
/// (RFC 7294 §4.2, the default SCS threshold).
const SEVERE_PERCENT: u64 = 5;

/// Counts the samples of one sound track at the place where they are played.
#[derive(Debug, Clone)]
pub struct Concealment {
    sample_rate_hz: u64,
    total: u64,
    concealed: u64,
    silent_concealed: u64,
    events: u64,
    concealing: bool,
    second: Second,
    seconds: Seconds,
}

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    played: u64,
    concealed: u64,
}

/// Whole seconds of sound, sorted by how much of them was concealed (RFC 7294 §4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seconds {
    /// Nothing concealed.
    pub unimpaired: u64,
    /// Something concealed; the severely concealed ones are among these.
    pub concealed: u64,
    /// More than 5 % concealed.
    pub severely_concealed: u64,
}

impl Concealment {
    /// For sound of this sample rate.
    pub fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz: u64::from(sample_rate_hz),
            total: 0,
            concealed: 0,
            silent_concealed: 0,
            events: 0,
            concealing: false,
            second: Second::default(),
            seconds: Seconds::default(),
        }
    }

    /// Samples that came from the sender were played (redundant copies count as such).
    pub fn on_played(&mut self, samples: u64) {
        self.concealing = false;
        self.advance(samples, 0);
    }

    /// Samples were invented. `silent`: what was played was silence or comfort noise, so that nobody
    /// missed a word.
    pub fn on_concealed(&mut self, samples: u64, silent: bool) {
        self.events += u64::from(!self.concealing);
        self.concealing = true;
        self.concealed += samples;
        self.silent_concealed += if silent { samples } else { 0 };
        self.advance(samples, samples);
    }

    fn advance(&mut self, samples: u64, concealed: u64) {
        self.total += samples;
        self.second.played += samples;
        self.second.concealed += concealed;
        if self.second.played >= self.sample_rate_hz {
            let severe = self.second.concealed * 100 > self.second.played * SEVERE_PERCENT;
            self.seconds.unimpaired += u64::from(self.second.concealed == 0);
            self.seconds.concealed += u64::from(self.second.concealed > 0);
            self.seconds.severely_concealed += u64::from(severe);
            self.second = Second::default();
        }
    }

    /// Samples played, concealed ones included.
    pub fn total_samples(&self) -> u64 {
        self.total
    }

    /// `concealedSamples`.
    pub fn concealed_samples(&self) -> u64 {
        self.concealed
    }

    /// `silentConcealedSamples`.
    pub fn silent_concealed_samples(&self) -> u64 {
        self.silent_concealed
    }

    /// `concealmentEvents`: runs of concealment after something that was not concealed.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Invented sound that was no silence.
    pub fn audible(&self) -> Duration {
        let samples = self.concealed - self.silent_concealed;
        Duration::from_secs_f64(samples as f64 / self.sample_rate_hz as f64)
    }

    /// Share of the sound that was invented, silence left out.
    pub fn ratio(&self) -> Option<f64> {
        let audible = self.concealed - self.silent_concealed;
        (self.total > 0).then(|| audible as f64 / self.total as f64)
    }

    /// Whole seconds by how much of them was concealed.
    pub fn seconds(&self) -> Seconds {
        self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_events_and_silence_is_left_out_of_the_ratio() {
        let mut c = Concealment::new(48_000);
        assert_eq!(c.ratio(), None);
        c.on_played(960 * 96);
        c.on_concealed(960, false);
        c.on_concealed(960, false);
        c.on_played(960);
        c.on_concealed(960, true);
        assert_eq!((c.total_samples(), c.concealed_samples(), c.events()), (96_000, 2880, 2));
        assert_eq!(c.silent_concealed_samples(), 960);
        assert_eq!(c.ratio(), Some(0.02));
        assert_eq!(c.audible(), Duration::from_millis(40));
    }

    #[test]
    fn a_second_is_severely_concealed_above_five_percent() {
        let mut c = Concealment::new(48_000);
        for concealed in [0, 2, 3] {
            for frame in 0..50 {
                if frame < concealed { c.on_concealed(960, false) } else { c.on_played(960) }
            }
        }
        // 40 ms of a second are 4 %, 60 ms are 6 %.
        assert_eq!(c.seconds(), Seconds { unimpaired: 1, concealed: 2, severely_concealed: 1 });
    }
}
