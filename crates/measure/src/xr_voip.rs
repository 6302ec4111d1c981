//! The counters of RFC 3611 Appendix A.2, for the VoIP Metrics block (§4.7, BT 7) and for nothing else. A report
//! uses [`LossPattern`](crate::LossPattern), which follows the definition of §4.7.2.
//!
//! They are kept as the appendix has them, with what is odd about them, because receivers of the block expect
//! that:
//!
//! - The first missing packet after 16 received ones counts as a burst (c13), even if it is the only one of the
//!   session.
//! - Packets received are counted from zero at the session's start, so a packet missing among the first 16 is
//!   filed as if a burst had been going on (c23, c33).
//! - Without a burst (c13 = 0) the lengths would divide by zero; they are none here.

use crate::Outcome;

/// Received packets that end a burst (Gmin).
const GMIN: u64 = 16;

/// Takes the outcomes of one stream's packets in sequence order.
#[derive(Debug, Clone, Default)]
pub struct VoipCounters {
    /// Received since the last missing packet.
    pkt: u64,
    /// Missing in the burst that goes on.
    lost: u64,
    counts: Transitions,
}

/// The appendix's transition counts: `c13` counts those from state 1 (gap, received) to state 3 (burst, missing),
/// and so on; state 2 is a packet received within a burst, 4 one missing within a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the appendix names them, and the type says what the digits are")]
pub struct Transitions {
    pub c11: u64,
    pub c13: u64,
    pub c14: u64,
    pub c22: u64,
    pub c23: u64,
    pub c33: u64,
}

/// What goes into the block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoipBursts {
    /// Share missing within bursts, in 1/256.
    pub burst_density: f64,
    /// Share missing within gaps, in 1/256.
    pub gap_density: f64,
    /// Mean length of a gap, ms; none without a burst.
    pub gap_length_ms: Option<f64>,
    /// Mean length of a burst, ms; none without a burst.
    pub burst_length_ms: Option<f64>,
}

impl VoipCounters {
    /// Nothing expected yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What became of the next packet.
    pub fn record(&mut self, outcome: Outcome) {
        if outcome == Outcome::Received {
            self.pkt += 1;
            return;
        }
        let counts = &mut self.counts;
        if self.pkt >= GMIN {
            if self.lost == 1 {
                counts.c14 += 1;
            } else {
                counts.c13 += 1;
            }
            self.lost = 1;
            counts.c11 += self.pkt;
        } else {
            self.lost += 1;
            if self.pkt == 0 {
                counts.c33 += 1;
            } else {
                counts.c23 += 1;
                counts.c22 += self.pkt - 1;
            }
        }
        self.pkt = 0;
    }

    /// The counts so far.
    pub fn transitions(&self) -> Transitions {
        self.counts
    }

    /// What goes into the block, for packets of this length in ms.
    pub fn bursts(&self, packet_ms: f64) -> VoipBursts {
        let Transitions { c11, c13, c14, c22, c23, c33 } = self.counts;
        let (c31, c32) = (c13, c23);
        let p32 = share(c32, c31 + c32 + c33).unwrap_or(0.0);
        let p23 = 1.0 - share(c22, c22 + c23).unwrap_or(0.0);
        let length_ms = |packets: u64| share(packets, c13).map(|mean| mean * packet_ms);
        let gap_length_ms = length_ms(c11 + c14 + c13);
        VoipBursts {
            burst_density: 256.0 * p23 / (p23 + p32),
            gap_density: 256.0 * share(c14, c11 + c14).unwrap_or(0.0),
            gap_length_ms,
            burst_length_ms: length_ms(self.counts.total()).zip(gap_length_ms).map(|(all, gap)| all - gap),
        }
    }
}

impl Transitions {
    /// The appendix's ctotal.
    pub fn total(&self) -> u64 {
        self.c11 + self.c14 + self.c13 + self.c22 + self.c23 + self.c13 + self.c23 + self.c33
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_burst_there_are_no_lengths() {
        let mut counters = VoipCounters::new();
        (0..50).for_each(|_| counters.record(Outcome::Received));
        let bursts = counters.bursts(20.0);
        assert_eq!((bursts.gap_length_ms, bursts.burst_length_ms), (None, None));
        assert_eq!(bursts.gap_density, 0.0);
    }
}
