//! Packets that wait, and one subscriber's datagrams on their way out.

use crate::port::Port;
use crate::seats::{Route, Seat};
use std::net::SocketAddr;
use std::time::Instant;
use tongke_bench::target::Counters;

/// Bytes that AES-GCM adds to a packet.
const TAG: usize = 16;

/// The plain packets of a picture that has not come to its end. Bound: it is emptied with the marker
/// and when its first packet is 5 ms old.
#[derive(Default)]
pub struct Held {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// When the first must go.
    pub due: Option<Instant>,
}

impl Held {
    /// Adds a packet.
    pub fn push(&mut self, packet: &[u8]) {
        self.bytes.extend_from_slice(packet);
        self.ends.push(self.bytes.len());
    }

    /// Nothing waits any more; the memory is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.due = None;
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

/// One subscriber's sealed datagrams, one behind the other.
#[derive(Default)]
pub struct Arena {
    bytes: Vec<u8>,
    segment: usize,
    datagrams: usize,
}

impl Arena {
    /// Writes the packets for one subscriber and sends them: a run for each stretch of equal sizes.
    pub fn forward(
        &mut self,
        port: &Port,
        counters: &Counters,
        held: &Held,
        route: &mut Route,
        to: &mut Seat,
    ) {
        let Some(address) = to.address else { return };
        for packet in held.packets() {
            let sealed = packet.len() + TAG;
            let is_ended = self.bytes.len() < self.datagrams * self.segment;
            if is_ended || sealed > self.segment || self.datagrams >= port.longest_run(self.segment) {
                self.send(port, counters, address);
                self.segment = sealed;
            }
            let start = self.bytes.len();
            self.bytes.extend_from_slice(packet);
            patch(&mut self.bytes[start..], route);
            if to.session.seal_rtp(&mut self.bytes, start) {
                self.datagrams += 1;
            } else {
                self.bytes.truncate(start);
            }
        }
        self.send(port, counters, address);
        counters.forwarded(held.len() as u64);
    }

    fn send(&mut self, port: &Port, counters: &Counters, address: SocketAddr) {
        if self.datagrams > 0 && port.send(address, &self.bytes, self.segment) {
            counters.sent(self.datagrams as u64);
        }
        self.bytes.clear();
        self.datagrams = 0;
        self.segment = 0;
    }
}

/// Makes a publisher's header (12 bytes at least: it has been opened) the subscriber's.
fn patch(packet: &mut [u8], route: &mut Route) {
    let sequence = u16::from_be_bytes([packet[2], packet[3]]);
    let offset = *route.offset.get_or_insert(route.next.wrapping_sub(sequence));
    let sequence = sequence.wrapping_add(offset);
    route.next = sequence.wrapping_add(1);
    packet[1] = packet[1] & 0x80 | route.payload_type;
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet[8..12].copy_from_slice(&route.ssrc.to_be_bytes());
}
