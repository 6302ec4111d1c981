//! What the receiver of a run does when: what to report, and until when to wait. Pure.

use super::packet::{Packet, Plan, Told};
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::{CapacityReceiver, SubInterval};

/// Silence of the sender after which nothing more is awaited.
const GIVE_UP: Duration = Duration::from_secs(1);
/// How long the first packet is awaited: the word to begin may have to be said more than once.
const START_WAIT: Duration = Duration::from_secs(3);
/// How long reports go on when all should have come: see the sender's.
const LINGER: Duration = Duration::from_millis(700);
/// Before the receiver's begin: a packet may be stamped before it is read.
const EARLY: Duration = Duration::from_secs(10);

/// The receiver of a run.
#[derive(Debug)]
pub(crate) struct Receiving {
    receiver: CapacityReceiver,
    origin: Instant,
    length: Duration,
    first: Option<Instant>,
    newest: Instant,
    highest_seq: Option<u32>,
    /// Up to which moment everything that came was read.
    read_until: Instant,
}

impl Receiving {
    pub fn new(now: Instant, plan: &Plan) -> Receiving {
        Receiving {
            receiver: CapacityReceiver::new(),
            origin: now - EARLY,
            length: plan.length,
            first: None,
            newest: now,
            highest_seq: None,
            read_until: now,
        }
    }

    /// A packet of load came, as an IP packet of so many bytes.
    pub fn on_load(&mut self, packet: &Packet, arrived: Instant, ip_bytes: usize) {
        self.first.get_or_insert(arrived);
        self.newest = self.newest.max(arrived);
        self.read_until = self.read_until.max(arrived);
        self.highest_seq = self.highest_seq.max(Some(packet.seq));
        self.receiver.on_packet(packet.seq, packet.sent_us, self.micros(arrived), ip_bytes);
    }

    /// All that came before then was read.
    pub fn on_empty(&mut self, before: Instant) {
        self.read_until = self.read_until.max(before);
    }

    /// The report to send, if one is due. It is made of what was read: a second is not closed while some of its
    /// packets wait in the socket.
    pub fn poll_report(&mut self) -> Option<Told> {
        let report = self.receiver.poll_report(self.micros(self.read_until))?;
        let seconds = self.seconds();
        // A run is of seconds, so their number is small.
        let newest = seconds.last().map(|second| (seconds.len() as u16 - 1, *second));
        Some(Told { report, newest })
    }

    /// When to look again at the latest.
    pub fn poll_timeout(&self) -> Instant {
        let due = self.receiver.poll_timeout_us().map(|us| self.origin + Duration::from_micros(us));
        due.unwrap_or_else(|| self.ends())
    }

    fn ends(&self) -> Instant {
        match self.first {
            Some(first) => (self.newest + GIVE_UP).min(first + self.length + LINGER),
            None => self.newest + START_WAIT,
        }
    }

    /// Whether nothing more is to be awaited.
    pub fn is_over(&self) -> bool {
        self.read_until >= self.ends()
    }

    /// The whole seconds so far.
    pub fn seconds(&self) -> &[SubInterval] {
        let all = self.receiver.sub_intervals();
        &all[..all.len().min(self.length.as_secs() as usize)]
    }

    /// Packets sent up to the last one that came.
    pub fn sent(&self) -> u32 {
        self.highest_seq.map_or(0, |seq| seq.saturating_add(1))
    }

    fn micros(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.origin).as_micros() as u64
    }
}

#[cfg(test)]
mod tests;
