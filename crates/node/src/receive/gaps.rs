//! Which packets of a track never came, through any number of links and slots.

use std::collections::BTreeSet;

/// Holes remembered one by one; a packet that fills an older one counts as lost.
const MAX_HOLES: usize = 4096;

/// Counts received and missing packets by their numbers. Each slot and link numbers anew: an epoch.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    done: Totals,
    epoch: Option<Epoch>,
}

/// Cumulative counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Packets that came, each once.
    pub received: u64,
    /// Of these, the ones that had been lost and were sent again.
    pub recovered: u64,
    /// Packets that never came.
    pub missing: u64,
}

#[derive(Debug)]
struct Epoch {
    highest: u64,
    holes: BTreeSet<u64>,
}

impl Gaps {
    /// A packet came, for the first time.
    pub(crate) fn on_packet(&mut self, ext_seq: u64, recovered: bool) {
        self.done.received += 1;
        self.done.recovered += u64::from(recovered);
        let Some(epoch) = &mut self.epoch else {
            self.epoch = Some(Epoch { highest: ext_seq, holes: BTreeSet::new() });
            return;
        };
        if ext_seq <= epoch.highest {
            epoch.holes.remove(&ext_seq);
            return;
        }
        let first_hole = (epoch.highest + 1).max(ext_seq.saturating_sub(MAX_HOLES as u64));
        self.done.missing += first_hole - (epoch.highest + 1);
        epoch.holes.extend(first_hole..ext_seq);
        while epoch.holes.len() > MAX_HOLES {
            epoch.holes.pop_first();
            self.done.missing += 1;
        }
        epoch.highest = ext_seq;
    }

    /// The numbers begin anew with the next packet.
    pub(crate) fn new_epoch(&mut self) {
        self.done = self.totals();
        self.epoch = None;
    }

    /// The counts so far.
    pub(crate) fn totals(&self) -> Totals {
        let open = self.epoch.as_ref().map_or(0, |epoch| epoch.holes.len() as u64);
        Totals { missing: self.done.missing + open, ..self.done }
    }
}

/// Packets of a slot that came before the event that says whose they are. Bounded: what is more is
/// not counted, as the jitter buffer drops it too.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<(u64, bool, usize)>);

const MAX_EARLY: usize = 4096;

impl Early {
    /// A packet came.
    pub(super) fn push(&mut self, ext_seq: u64, recovered: bool, bytes: usize) {
        if self.0.len() < MAX_EARLY {
            self.0.push((ext_seq, recovered, bytes));
        }
    }

    /// The packets, counted where they belong.
    pub(super) fn count(&mut self, received: &mut super::meter::Received) {
        for (ext_seq, recovered, bytes) in self.0.drain(..) {
            received.on_packet(ext_seq, recovered, bytes);
        }
    }

    /// They belong to nobody.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repaired_packet_is_lost_before_and_not_after_repair() {
        let mut gaps = Gaps::default();
        [10, 11, 13, 14].into_iter().for_each(|seq| gaps.on_packet(seq, false));
        assert_eq!(gaps.totals(), Totals { received: 4, recovered: 0, missing: 1 });
        gaps.on_packet(12, true);
        assert_eq!(gaps.totals(), Totals { received: 5, recovered: 1, missing: 0 });
    }

    #[test]
    fn a_new_epoch_keeps_the_counts_and_opens_no_gap() {
        let mut gaps = Gaps::default();
        [1, 3].into_iter().for_each(|seq| gaps.on_packet(seq, false));
        gaps.new_epoch();
        [70_000, 70_001].into_iter().for_each(|seq| gaps.on_packet(seq, false));
        assert_eq!(gaps.totals(), Totals { received: 4, recovered: 0, missing: 1 });
    }

    #[test]
    fn a_huge_jump_takes_bounded_memory_and_is_counted_whole() {
        let mut gaps = Gaps::default();
        gaps.on_packet(1, false);
        gaps.on_packet(1_000_001, false);
        assert_eq!(gaps.totals().missing, 999_999);
        assert!(gaps.epoch.unwrap().holes.len() <= MAX_HOLES);
    }
}
