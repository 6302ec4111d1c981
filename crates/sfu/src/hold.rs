//! Which packets in the middle of a picture wait for others, to leave with them.
//!
//! No picture is shown before its last packet is there, so those before it may wait and leave together,
//! in one send for each receiver. What that costs, and whom, is in docs/forwarding.md: a run reaches a
//! slow line as a burst, and the line could have sent meanwhile what waits. And what still waits when the
//! picture's last packet comes leaves with it: where many receive, the last of them gets it so much
//! later. So runs have two bounds, in time and in packets, wider when the processor has little time left;
//! and where many receive and there is time, a run leaves before the picture's end is due.

use std::time::{Duration, Instant};

/// Longest wait while there is time: some four packets of a camera that paces itself.
const SHORTEST: Duration = Duration::from_millis(5);
/// Longest wait when there is none.
const LONGEST: Duration = Duration::from_millis(10);
/// Most packets that leave together: what every queue on the way can hold.
const MAX_RUN: usize = 8;
/// From this share of a processor on the wait grows.
const BUSY: f32 = 0.5;
/// From this share on it is the longest.
const FULL: f32 = 0.8;
/// From so many receivers on it counts how much is left to send when a picture ends.
const MANY_RECEIVERS: usize = 24;
/// Packets that may still leave together when a picture's end is due.
const LAST_RUN: usize = 2;
/// Pictures by whose length the end of the next one is foreseen.
const REMEMBERED: usize = 4;

/// How long packets may wait now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HoldBound {
    /// The longest wait.
    longest: Duration,
    /// Whether the processor has time for some more sends.
    at_leisure: bool,
}

impl HoldBound {
    /// The bound at this share of a processor's time that is used, 0 to 1.
    pub fn at_load(load: f32) -> Self {
        let busy = ((load - BUSY) / (FULL - BUSY)).clamp(0.0, 1.0);
        let more = (LONGEST - SHORTEST).as_secs_f32() * busy;
        Self {
            // A load that is not known is none.
            longest: SHORTEST + Duration::try_from_secs_f32(more).unwrap_or_default(),
            at_leisure: load.is_nan() || load <= BUSY,
        }
    }
}

/// The packets of one encoding that wait. At most [`MAX_RUN`].
#[derive(Debug)]
pub(crate) struct Hold {
    waiting: Vec<u64>,
    until: Option<Instant>,
    timestamp: u32,
    /// Packets of the present picture so far.
    taken: usize,
    /// Lengths of the last pictures, in packets; 0 is not known yet.
    lengths: [usize; REMEMBERED],
}

/// What decides about a packet's wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived {
    pub at: Instant,
    pub sequence: u64,
    pub timestamp: u32,
    /// The last one of its picture.
    pub marker: bool,
}

impl Hold {
    /// Nothing waits.
    pub fn new() -> Self {
        Self {
            waiting: Vec::with_capacity(MAX_RUN),
            until: None,
            timestamp: 0,
            taken: 0,
            lengths: [0; REMEMBERED],
        }
    }

    /// The source starts anew.
    pub fn clear(&mut self) {
        self.waiting.clear();
        *self = Self { waiting: std::mem::take(&mut self.waiting), ..Self::new() };
    }

    /// Adds a packet that is newer than all before it. True: all that waits is to leave now.
    pub fn add(&mut self, bound: HoldBound, receivers: usize, packet: Arrived) -> bool {
        let is_next_picture = self.timestamp != packet.timestamp;
        // The last packet of the picture before was lost: its others need not wait for it.
        let is_overdue = is_next_picture && !self.waiting.is_empty();
        self.taken = if is_next_picture { 1 } else { self.taken + 1 };
        self.timestamp = packet.timestamp;
        self.waiting.push(packet.sequence);
        self.until.get_or_insert(packet.at + bound.longest);
        if packet.marker {
            self.lengths.rotate_right(1);
            self.lengths[0] = self.taken;
        }
        let foresees = bound.at_leisure && receivers >= MANY_RECEIVERS;
        packet.marker || is_overdue || self.waiting.len() >= MAX_RUN || (foresees && self.end_is_due())
    }

    /// Whether the next packet may be the picture's last, and enough waits.
    fn end_is_due(&self) -> bool {
        let shortest = self.lengths.iter().copied().min().unwrap_or(0);
        let is_first_chance = self.taken + 1 == shortest;
        let may_come = shortest > 0 && self.taken + 1 > shortest;
        is_first_chance || (may_come && self.waiting.len() >= LAST_RUN)
    }

    /// When what waits must leave at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Takes what waits into `sequences`.
    pub fn release(&mut self, sequences: &mut Vec<u64>) {
        sequences.clear();
        sequences.append(&mut self.waiting);
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: f32 = 0.1;
    const MS: Duration = Duration::from_millis(1);

    /// Sends pictures of these lengths, a packet each `gap`; the runs in which each picture leaves.
    fn runs(load: f32, receivers: usize, gap: Duration, lengths: &[usize]) -> Vec<Vec<usize>> {
        let (mut hold, bound) = (Hold::new(), HoldBound::at_load(load));
        let (mut at, mut sequence, mut left) = (Instant::now(), 0, Vec::new());
        let mut all = Vec::new();
        for (picture, &length) in (1..).zip(lengths) {
            let mut of_picture = Vec::new();
            for number in 1..=length {
                let mut release = |hold: &mut Hold| {
                    hold.release(&mut left);
                    of_picture.push(left.len());
                };
                if hold.deadline().is_some_and(|deadline| deadline <= at) {
                    release(&mut hold);
                }
                let marker = number == length;
                if hold.add(bound, receivers, Arrived { at, sequence, timestamp: picture, marker }) {
                    release(&mut hold);
                }
                sequence += 1;
                at += gap;
            }
            all.push(of_picture);
        }
        assert!(hold.deadline().is_none());
        all
    }

    #[test]
    fn the_wait_is_short_until_the_processor_is_busy() {
        let longest = |load| HoldBound::at_load(load).longest;
        assert_eq!(longest(0.0), SHORTEST);
        assert_eq!(longest(0.5), SHORTEST);
        assert!(longest(0.65) > 7 * MS && longest(0.65) < 8 * MS, "{:?}", longest(0.65));
        assert_eq!(longest(0.9), LONGEST);
        assert_eq!(longest(f32::NAN), SHORTEST, "a load that is not known is none");
    }

    #[test]
    fn packets_leave_with_the_end_of_their_picture_or_when_5_ms_are_over() {
        assert_eq!(runs(IDLE, 1, MS, &[4]), [[4]]);
        assert_eq!(runs(IDLE, 1, Duration::from_micros(1_500), &[10]), [[4, 4, 2]]);
        assert_eq!(runs(0.9, 1, Duration::from_micros(1_500), &[10]), [[7, 3]]);
    }

    #[test]
    fn a_burst_is_never_longer_than_a_queue_holds() {
        assert_eq!(runs(0.9, 300, Duration::ZERO, &[20]), [[8, 8, 4]]);
    }

    #[test]
    fn where_many_receive_the_end_of_a_picture_finds_little_before_it() {
        let of_camera = runs(IDLE, 100, Duration::from_micros(1_500), &[10; 6]);
        // Nothing is foreseen of the first four.
        assert_eq!(of_camera[0], [4, 4, 2]);
        assert_eq!(of_camera[5], [4, 4, 1, 1]);
        let changing = runs(IDLE, 100, MS, &[9, 12, 8, 14, 11, 9, 13, 9]);
        assert!(changing[4..].iter().all(|runs| *runs.last().unwrap() <= LAST_RUN), "{changing:?}");
        assert_eq!(runs(0.9, 100, MS, &[8; 6])[5], [8], "without time, long runs count");
    }

    #[test]
    fn a_picture_whose_end_is_lost_leaves_with_the_next_one() {
        let (mut hold, bound) = (Hold::new(), HoldBound::at_load(IDLE));
        let packet = |sequence, timestamp| Arrived { at: Instant::now(), sequence, timestamp, marker: false };
        assert!(!hold.add(bound, 1, packet(0, 1)));
        assert!(!hold.add(bound, 1, packet(1, 1)));
        assert!(hold.add(bound, 1, packet(3, 2)));
    }
}
