//! Packet indices of one source: the rollover counter (RFC 3711 §3.3.1) and what has been seen (§3.3.2).

/// Packets behind the newest that may still arrive; libwebrtc's value.
const WINDOW: u64 = 1024;
const WORDS: usize = (WINDOW / 64) as usize;

/// The window over the indices of one source.
#[derive(Clone)]
pub(super) struct ReplayWindow {
    /// The greatest index seen; none before the first packet.
    highest: Option<u64>,
    /// A bit for each of the last [`WINDOW`] indices, at `index % WINDOW`.
    seen: [u64; WORDS],
}

impl ReplayWindow {
    pub fn new() -> Self {
        ReplayWindow { highest: None, seen: [0; WORDS] }
    }

    /// The 48-bit index meant by a 16-bit sequence number: the one nearest to the greatest seen.
    /// `None` if that lies before the source's beginning.
    pub fn estimate(&self, sequence: u16) -> Option<u64> {
        estimate(self.highest, sequence)
    }

    /// Whether a packet of this index may be taken: new, and not older than the window.
    pub fn is_fresh(&self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                highest - index < WINDOW && self.seen[word(index)] & bit(index) == 0
            }
            _ => true,
        }
    }

    /// Marks an index seen; only for packets whose authentication succeeded.
    pub fn mark(&mut self, index: u64) {
        let highest = self.highest.get_or_insert(index);
        if index > *highest {
            if index - *highest >= WINDOW {
                self.seen = [0; WORDS];
            } else {
                for skipped in *highest + 1..index {
                    self.seen[word(skipped)] &= !bit(skipped);
                }
            }
            *highest = index;
        }
        self.seen[word(index)] |= bit(index);
    }
}

fn word(index: u64) -> usize {
    ((index % WINDOW) / 64) as usize
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

/// See [`ReplayWindow::estimate`]; also what a sender needs, which has no window.
pub(super) fn estimate(highest: Option<u64>, sequence: u16) -> Option<u64> {
    let Some(highest) = highest else { return Some(u64::from(sequence)) };
    let ahead = sequence.wrapping_sub(highest as u16) as i16;
    highest.checked_add_signed(i64::from(ahead)).filter(|index| *index < 1 << 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rollover_counter_follows_the_sequence_number_both_ways_round() {
        let mut window = ReplayWindow::new();
        for (sequence, index) in [(65_534, 65_534), (1, 65_537), (65_535, 65_535), (0, 65_536), (2, 65_538)] {
            assert_eq!(window.estimate(sequence), Some(index));
            assert!(window.is_fresh(index));
            window.mark(index);
        }
        assert_eq!(window.estimate(65_535), Some(65_535));
        assert!(!window.is_fresh(65_535));
    }

    #[test]
    fn nothing_lies_before_the_beginning_or_behind_the_last_index() {
        assert_eq!(estimate(Some(5), 65_535), None);
        assert_eq!(estimate(Some((1 << 48) - 1), 0), None);
        assert_eq!(estimate(Some((1 << 48) - 1), 65_535), Some((1 << 48) - 1));
    }

    #[test]
    fn a_packet_is_taken_once_and_not_when_older_than_the_window() {
        let mut window = ReplayWindow::new();
        window.mark(5_000);
        assert!(!window.is_fresh(5_000));
        assert!(window.is_fresh(5_000 - WINDOW + 1));
        assert!(!window.is_fresh(5_000 - WINDOW));
        window.mark(4_900);
        assert!(!window.is_fresh(4_900));
        window.mark(5_000 + 3 * WINDOW);
        assert!(window.is_fresh(5_000 + 3 * WINDOW - 1), "a jump forgets the old bits");
    }

    #[test]
    fn a_window_agrees_with_a_set_of_all_indices() {
        use rand::{Rng, SeedableRng};
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let mut window = ReplayWindow::new();
        let mut seen = std::collections::HashSet::new();
        let mut highest = 0u64;
        for _ in 0..50_000 {
            let index = (highest + rng.random_range(0..40)).saturating_sub(rng.random_range(0..1_500));
            let fresh = !seen.contains(&index) && (seen.is_empty() || highest.saturating_sub(index) < WINDOW);
            assert_eq!(window.is_fresh(index), fresh, "index {index} with {highest} the highest");
            if fresh {
                window.mark(index);
                seen.insert(index);
                highest = highest.max(index);
            }
        }
    }
}
