//! The client's end of a media session over QUIC: numbers and keeps what is published, answers the
//! relay's requests, asks for what is missing, reports. Pure: the node's shell and the simulator
//! both drive it.
//!
//! Mutate (`send`, `handle_*`, `request_keyframe`), then drain `poll_transmit` and `poll_event`, then
//! sleep until `poll_timeout` and call `handle_timeout`.

mod feedback;
mod publisher;
mod slot;
mod stats;

#[cfg(test)]
mod tests;

pub use stats::{LegStats, PublishStats, SlotStats};

use super::framing::read_datagram;
use crate::rtp::{ExtensionMap, HistoryConfig, NackConfig, RtpPacket};
use bytes::Bytes;
use publisher::Publisher;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use slot::ReceiveSlot;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tongke_protocol::control::{FIRST_SLOT_FLOW, PublishTrack, QuicSlot, RTCP_FLOW};
use tongke_protocol::{Now, NtpTime, TrackKind};

/// Most datagrams that wait for [`ClientLeg::poll_transmit`]; then the oldest goes.
const MAX_TRANSMITS: usize = 4096;
/// Most events that wait for [`ClientLeg::poll_event`]; then the oldest goes.
const MAX_EVENTS: usize = 8192;
/// From the first packet to the first report.
const FIRST_REPORT: Duration = Duration::from_millis(20);
/// How a leg is set up.
#[derive(Debug, Clone, Default)]
pub struct ClientLegConfig {
    /// What will be published, as said in the `Hello`.
    pub publish: Vec<PublishTrack>,
    /// Seed of first sequence numbers and report jitter.
    pub seed: u64,
    /// How hard to try to get lost packets.
    pub nack: NackConfig,
    /// How much is kept for the relay's requests, per video track; sound keeps at most 128 packets.
    pub history: HistoryConfig,
}

/// What a leg tells its owner.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a packet; a box for each would cost more"
)]
pub enum LegEvent {
    /// A packet of a slot, each at most once.
    Rtp {
        /// Which slot.
        slot: u8,
        /// The packet; its payload shares the datagram.
        packet: RtpPacket,
        /// Its number, extended to 64 bits.
        ext_seq: u64,
        /// It had been asked for.
        recovered: bool,
        /// When it came.
        arrived: Instant,
    },
    /// The clock of a slot's sender: a moment on the relay's wall clock and in media time.
    SenderClock {
        /// Which slot.
        slot: u8,
        /// Wall clock.
        ntp: NtpTime,
        /// Media time.
        rtp_timestamp: u32,
    },
    /// The relay wants a keyframe.
    KeyframeRequest {
        /// Of which track.
        track: TrackKind,
    },
    /// The relay tells what it hears of a track, about once a second.
    LossReport {
        /// Which track.
        track: TrackKind,
        /// Share lost on the way since the last report, before repair: 0–1.
        fraction_lost: f32,
        /// Interarrival jitter in ticks of the media clock.
        jitter: u32,
        /// Round trip, when this report allows to tell it.
        rtt: Option<Duration>,
    },
}

/// The client's end of a media session.
#[derive(Debug)]
pub struct ClientLeg {
    map: ExtensionMap,
    nack: NackConfig,
    rng: StdRng,
    /// Who speaks in our RTCP.
    ssrc: u32,
    publishers: Vec<Publisher>,
    slots: Vec<ReceiveSlot>,
    transmits: VecDeque<Bytes>,
    events: VecDeque<LegEvent>,
    /// RTCP packets that will share a datagram.
    compound: Vec<u8>,
    next_report: Option<Instant>,
    reports: u32,
    rtt: Option<Duration>,
    malformed: u64,
    unknown: u64,
    transmits_dropped: u64,
    events_dropped: u64,
}

impl ClientLeg {
    /// A leg that has sent and received nothing.
    pub fn new(config: ClientLegConfig) -> ClientLeg {
        let ClientLegConfig { publish, seed, nack, history } = config;
        let mut rng = StdRng::seed_from_u64(seed);
        let publishers: Vec<Publisher> = publish
            .into_iter()
            // Below 2^15, so that the first wrap is far away (RFC 3711 §3.3.1 wishes the same).
            .map(|track| Publisher::new(track, rng.random_range(0..1 << 15), history))
            .collect();
        ClientLeg {
            map: ExtensionMap::quic(),
            nack,
            ssrc: publishers.first().map_or_else(|| rng.random_range(1..=u32::MAX), |p| p.track.ssrc),
            rng,
            publishers,
            slots: Vec::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            compound: Vec::new(),
            next_report: None,
            reports: 0,
            rtt: None,
            malformed: 0,
            unknown: 0,
            transmits_dropped: 0,
            events_dropped: 0,
        }
    }

    /// Takes the receive slots of the `Welcome`. A slot that stays the same keeps its state.
    pub fn set_slots(&mut self, slots: &[QuicSlot]) {
        let mut before = std::mem::take(&mut self.slots);
        for slot in slots {
            let kept = before.iter().position(|old| old.slot == *slot).map(|index| before.swap_remove(index));
            self.slots.push(kept.unwrap_or_else(|| ReceiveSlot::new(*slot, self.nack)));
        }
    }

    /// Sends a packet of a published track. Marker, timestamp, extensions and payload are taken from
    /// it; source, number and payload type are set here. A track that is not published is left out.
    pub fn send(&mut self, now: Now, track: TrackKind, packet: RtpPacket) {
        let Some(publisher) = self.publishers.iter_mut().find(|p| p.track.kind == track) else {
            self.unknown += 1;
            return;
        };
        let datagram = publisher.send(now, packet, &self.map);
        self.transmit(datagram);
        self.report_soon(now.instant, FIRST_REPORT);
    }

    /// Takes a datagram, or a packet from a stream in the form of one. Whatever it holds: what cannot
    /// be read is counted.
    pub fn handle_datagram(&mut self, now: Now, datagram: &Bytes) {
        match read_datagram(datagram) {
            Ok((RTCP_FLOW, packet)) => self.handle_rtcp(now, packet),
            Ok((flow, packet)) => {
                let slot = flow.checked_sub(FIRST_SLOT_FLOW).and_then(|slot| u8::try_from(slot).ok());
                match slot {
                    Some(slot) => self.handle_rtp(now, slot, &datagram.slice_ref(packet)),
                    None => self.unknown += 1,
                }
            }
            Err(_) => self.malformed += 1,
        }
    }

    fn handle_rtp(&mut self, now: Now, number: u8, bytes: &Bytes) {
        let Ok(packet) = RtpPacket::parse(bytes, &self.map) else {
            self.malformed += 1;
            return;
        };
        let known =
            |slot: &&mut ReceiveSlot| slot.slot.slot == number && slot.slot.ssrc == packet.header.ssrc;
        let Some(slot) = self.slots.iter_mut().find(known) else {
            self.unknown += 1;
            return;
        };
        if let Some((ext_seq, recovered)) = slot.receive(now.instant, &packet) {
            let arrived = now.instant;
            self.event(LegEvent::Rtp { slot: number, packet, ext_seq, recovered, arrived });
        }
        self.report_soon(now.instant, FIRST_REPORT);
    }

    /// Asks for a keyframe in a slot, and goes on asking until one begins to come.
    pub fn request_keyframe(&mut self, now: Now, slot: u8) {
        if let Some(slot) = self.slots.iter_mut().find(|known| known.slot.slot == slot) {
            slot.want_keyframe(now.instant);
            self.ask(now.instant);
            self.flush_rtcp();
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        for index in 0..self.publishers.len() {
            if let Some(datagram) = self.publishers[index].tail_probe(now.instant) {
                self.transmit(datagram);
            }
        }
        self.ask(now.instant);
        if self.next_report.is_some_and(|at| at <= now.instant) {
            self.report(now);
        }
        self.flush_rtcp();
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let slots = self.slots.iter().filter_map(ReceiveSlot::poll_timeout);
        let tails = self.publishers.iter().filter_map(Publisher::tail_due);
        slots.chain(tails).chain(self.next_report).min()
    }

    /// Sets the first report's time.
    fn report_soon(&mut self, now: Instant, after: Duration) {
        self.next_report.get_or_insert(now + after);
    }

    fn transmit(&mut self, datagram: Bytes) {
        if self.transmits.len() == MAX_TRANSMITS {
            self.transmits.pop_front();
            self.transmits_dropped += 1;
        }
        self.transmits.push_back(datagram);
    }

    fn event(&mut self, event: LegEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
            self.events_dropped += 1;
        }
        self.events.push_back(event);
    }

    /// The next datagram to send: flow identifier and packet. One that does not fit the connection's
    /// datagrams goes on a stream, see [`super::framing::write_stream`].
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmits.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<LegEvent> {
        self.events.pop_front()
    }

    /// The smoothed round trip to the relay: by reports, else by repairs.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt.or_else(|| self.slots.iter().filter_map(|slot| slot.nack.rtt()).min())
    }

    /// What was counted so far.
    pub fn stats(&self) -> LegStats {
        LegStats {
            rtt: self.rtt(),
            published: self.publishers.iter().map(|publisher| publisher.counts).collect(),
            slots: self.slots.iter().map(ReceiveSlot::stats).collect(),
            malformed: self.malformed,
            unknown: self.unknown,
            transmits_dropped: self.transmits_dropped,
            events_dropped: self.events_dropped,
        }
    }
}
