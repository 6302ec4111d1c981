//! Several participants into one loudspeaker.

use std::collections::{BTreeMap, VecDeque};

/// Sound waiting to be played, per participant. What is queued beyond a bound is dropped, the oldest
/// first; who has nothing queued is silent.
#[derive(Debug)]
pub(super) struct Mixer {
    voices: BTreeMap<u32, Voice>,
    most: usize,
    dropped: u64,
    missing: u64,
}

/// Stereo samples of one participant.
#[derive(Debug, Default)]
struct Voice {
    queue: VecDeque<[f32; 2]>,
    /// Whether it is being played: it starts again, after it ran dry, with a short rise.
    running: bool,
}

impl Mixer {
    /// A mixer that keeps at most `most` samples per channel of each participant.
    pub(super) fn new(most: usize) -> Self {
        Self { voices: BTreeMap::new(), most, dropped: 0, missing: 0 }
    }

    /// Queues interleaved samples of a participant; says how many per channel are queued then.
    pub(super) fn push(&mut self, slot: u32, samples: &[f32], channels: usize) -> usize {
        let voice = self.voices.entry(slot).or_default();
        voice.queue.extend(samples.chunks_exact(channels.max(1)).map(|s| [s[0], s[channels - 1]]));
        let excess = voice.queue.len().saturating_sub(self.most);
        voice.queue.drain(..excess);
        self.dropped += excess as u64;
        voice.queue.len()
    }

    /// Samples per channel that a participant has queued.
    pub(super) fn queued(&self, slot: u32) -> usize {
        self.voices.get(&slot).map_or(0, |v| v.queue.len())
    }

    /// Forgets a participant.
    pub(super) fn remove(&mut self, slot: u32) {
        self.voices.remove(&slot);
    }

    /// The next sample of everybody together, softly limited.
    pub(super) fn next(&mut self) -> [f32; 2] {
        let mut sum = [0.0f32; 2];
        for voice in self.voices.values_mut() {
            match voice.queue.pop_front() {
                Some([left, right]) => {
                    voice.running = true;
                    sum[0] += left;
                    sum[1] += right;
                }
                None => self.missing += u64::from(std::mem::take(&mut voice.running)),
            }
        }
        sum.map(limit)
    }

    /// Samples per channel dropped because nobody played them in time.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Times a participant's queue ran dry while playing.
    pub(super) fn ran_dry(&self) -> u64 {
        self.missing
    }
}

/// Linear up to 0.8, then bent so that it never reaches 1: several loud classes must not crackle.
fn limit(sample: f32) -> f32 {
    let size = sample.abs();
    if size <= 0.8 {
        return sample;
    }
    let over = (size - 0.8) / 0.2;
    (0.8 + 0.2 * over / (1.0 + over)).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_add_up_and_a_missing_one_is_silent() {
        let mut mixer = Mixer::new(100);
        mixer.push(1, &[0.25, 0.25], 1);
        mixer.push(2, &[0.125, -0.125], 2);
        assert_eq!(mixer.next(), [0.375, 0.125]);
        assert_eq!(mixer.next(), [0.25, 0.25]);
        assert_eq!(mixer.next(), [0.0, 0.0]);
        assert_eq!(mixer.ran_dry(), 2);
    }

    #[test]
    fn the_queue_is_bounded_and_drops_the_oldest() {
        let mut mixer = Mixer::new(3);
        assert_eq!(mixer.push(1, &[0.1, 0.2, 0.3, 0.4, 0.5], 1), 3);
        assert_eq!((mixer.dropped(), mixer.queued(1)), (2, 3));
        assert_eq!(mixer.next(), [0.3, 0.3]);
        mixer.remove(1);
        assert_eq!(mixer.queued(1), 0);
    }

    #[test]
    fn loud_sums_stay_below_full_scale_and_keep_their_order() {
        let levels: Vec<f32> = (0..40).map(|n| limit(n as f32 * 0.1)).collect();
        assert!(levels.windows(2).all(|w| w[0] < w[1]) && levels.iter().all(|l| *l < 1.0));
        assert_eq!(limit(-0.5), -0.5);
    }
}
