//! Duplicate detection.

/// Which of the last numbers came, so that a copy is not taken for a late packet.
#[derive(Debug, Default)]
pub(super) struct Seen {
    highest: Option<u64>,
    bits: [u64; Seen::WORDS],
}

impl Seen {
    const WORDS: usize = 8;
    const SPAN: u64 = Seen::WORDS as u64 * 64;

    /// Whether `seq` is new, as far as it can be said.
    pub(super) fn insert(&mut self, seq: u64) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(seq);
            self.set(seq);
            return true;
        };
        if seq > highest {
            for forgotten in highest + 1..=seq.min(highest + Self::SPAN) {
                self.bits[(forgotten % Self::SPAN / 64) as usize] &= !(1 << (forgotten % 64));
            }
            if seq - highest > Self::SPAN {
                self.bits = [0; Self::WORDS];
            }
            self.highest = Some(seq);
            self.set(seq);
            return true;
        }
        if highest - seq >= Self::SPAN {
            return true;
        }
        let known = self.bits[(seq % Self::SPAN / 64) as usize] & (1 << (seq % 64)) != 0;
        self.set(seq);
        !known
    }

    fn set(&mut self, seq: u64) {
        self.bits[(seq % Self::SPAN / 64) as usize] |= 1 << (seq % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once_also_out_of_order_and_after_a_jump() {
        let mut seen = Seen::default();
        assert_eq!([100, 102, 101, 101, 102].map(|seq| seen.insert(seq)), [true, true, true, false, false]);
        assert!(seen.insert(102 + Seen::SPAN * 3) && !seen.insert(102 + Seen::SPAN * 3));
        assert!(seen.insert(101 + Seen::SPAN * 3), "forgotten by the jump");
        assert!(seen.insert(102), "too old to say");
    }
}
