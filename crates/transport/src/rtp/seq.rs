//! Sequence numbers that do not wrap.

/// A jump back this long is no reordering (RFC 3550 A.1 has 100 for misorder and 3000 for dropout;
/// repairs come later than reordered packets, so the larger one stands here).
const MAX_MISORDER: i32 = 3000;

/// Extends 16-bit sequence numbers to 64 bits. The first packet is 2^16 + its number, so that
/// packets before it do not fall below zero.
///
/// A source that starts again at another number is noticed by two packets in a row at the new
/// place (RFC 3550 A.1); its numbers then go on above all earlier ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct SequenceExtender {
    highest: Option<u64>,
    /// The number that would prove a restart.
    suspect: Option<u16>,
}

impl SequenceExtender {
    /// The 64-bit number of a packet that came.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            let first = (1 << 16) | u64::from(sequence);
            self.highest = Some(first);
            return first;
        };
        let delta = i32::from(sequence.wrapping_sub(highest as u16) as i16);
        if delta < -MAX_MISORDER {
            if self.suspect.replace(sequence.wrapping_add(1)) == Some(sequence) {
                let restarted = highest + u64::from(sequence.wrapping_sub(highest as u16));
                self.highest = Some(restarted);
                self.suspect = None;
                return restarted;
            }
        } else {
            self.suspect = None;
        }
        let extended = highest.saturating_add_signed(i64::from(delta));
        self.highest = Some(extended.max(highest));
        extended
    }

    /// The highest number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_the_wrap_and_back_for_late_packets() {
        let mut extender = SequenceExtender::default();
        assert_eq!(extender.extend(65_534), 0x1_FFFE);
        assert_eq!(extender.extend(1), 0x2_0001);
        assert_eq!(extender.extend(65_535), 0x1_FFFF);
        assert_eq!(extender.extend(2), 0x2_0002);
        assert_eq!(extender.highest(), Some(0x2_0002));
    }

    #[test]
    fn a_packet_before_the_first_one_stays_positive() {
        let mut extender = SequenceExtender::default();
        assert_eq!(extender.extend(0), 0x1_0000);
        assert_eq!(extender.extend(65_535), 0xFFFF);
    }

    #[test]
    fn a_restarted_source_goes_on_above_its_past() {
        let mut extender = SequenceExtender::default();
        let before = extender.extend(40_000);
        assert!(extender.extend(20_000) < before, "one stray packet proves nothing");
        let after = extender.extend(20_001);
        assert!(after > before);
        assert_eq!(extender.extend(20_002), after + 1);
    }
}
