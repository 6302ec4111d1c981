//! The virtual clock: what happens next, and the order of it.

use bytes::Bytes;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;
use tongke_protocol::Now;
use tongke_protocol::control::{ClientMessage, RelayMessage};

/// Something that happens at a moment.
#[derive(Debug)]
pub(crate) enum Event {
    /// The node connects.
    Join { node: usize },
    /// Its hello reaches the relay.
    Hello { node: usize },
    /// A camera or screen takes its next picture.
    Film { node: usize, track: usize, number: u64 },
    /// A picture is encoded.
    Encoded { node: usize, track: usize, captured: Now, annexb: Vec<u8> },
    /// 20 ms of sound are full.
    Spoken { node: usize, captured: Now },
    /// The sound clock wants 20 ms.
    Pull { node: usize },
    /// Lip sync, a few times a second.
    Sync { node: usize },
    /// The node asks what time it is.
    Probe { node: usize, number: u64 },
    /// A datagram reaches the relay.
    ToRelay { node: usize, datagram: Bytes },
    /// A datagram reaches a node.
    ToNode { node: usize, datagram: Bytes },
    /// A control message reaches the relay.
    ControlUp { node: usize, message: Box<ClientMessage> },
    /// A control message reaches a node.
    ControlDown { node: usize, message: Box<RelayMessage> },
    /// A node leaves.
    Leave { node: usize },
    /// The relay takes a vanished node's connection for dead.
    TimedOut { node: usize },
    /// A link changes.
    Change { index: usize },
}

#[derive(Debug)]
struct Scheduled {
    at: Instant,
    /// First scheduled, first to happen: the order at one moment is part of the run.
    number: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// The earliest is the greatest: `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// What is still to happen.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Scheduled>,
    scheduled: u64,
}

impl Agenda {
    pub(crate) fn at(&mut self, at: Instant, event: Event) {
        self.scheduled += 1;
        self.heap.push(Scheduled { at, number: self.scheduled, event });
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|scheduled| scheduled.at)
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        self.heap.pop().map(|scheduled| scheduled.event)
    }
}

/// A hash of everything that was delivered, when and to whom (FNV-1a): equal hashes, equal runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace(u64);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0100_0000_01b3);
    }

    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    pub(crate) fn hash(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn things_happen_in_time_order_and_at_one_moment_as_scheduled() {
        let t = Instant::now();
        let mut agenda = Agenda::default();
        for (ms, node) in [(20, 0), (10, 1), (20, 2), (10, 3)] {
            agenda.at(t + Duration::from_millis(ms), Event::Pull { node });
        }
        let mut order = Vec::new();
        while let Some(Event::Pull { node }) = agenda.next() {
            order.push(node);
        }
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
