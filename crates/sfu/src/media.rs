//! A packet's way through a room: find its track, keep it, forward it.

use crate::forward::{Batch, forward, send_again};
use crate::incoming::Place;
use crate::leg::Leg;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use crate::stats::DropReason;
use crate::track::{Accepted, Origin, Track};
use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;
use tongke_transport::rtp::rtcp::{write_nack, write_pli, write_receiver_report};
use tongke_transport::rtp::{Arrival, Extensions, RtpHeader, RtpView};

/// Younger repeats of the newest packet are no probes but the network's duplicates.
const MIN_PROBE_AGE: Duration = Duration::from_millis(15);

/// A packet, with retransmission wrapping taken off.
struct Packet<'p> {
    place: Place,
    header: RtpHeader,
    extensions: Extensions,
    payload: &'p [u8],
}

impl Room {
    /// Takes a plain RTP packet of a leg; `flow` is that of a QUIC leg.
    pub fn on_rtp(&mut self, turn: &mut Turn<'_>, key: u64, bytes: &[u8], flow: Option<u64>) {
        self.counters.packets_in += 1;
        self.counters.bytes_in += bytes.len() as u64;
        let packet = match read(turn, key, bytes, flow) {
            Ok(Some(packet)) => packet,
            Ok(None) => return,
            Err(reason) => return self.counters.drop(reason),
        };
        let Some((track_key, is_new)) = self.track_of(turn, key, &packet) else { return };
        let Some(track) = self.tracks.get_mut(track_key) else { return };
        let (header, extensions) = (&packet.header, &packet.extensions);
        let accepted = track.accept(turn.now, header, packet.place.codec, extensions, packet.payload);
        let next_request = track.poll_timeout();
        match accepted {
            Ok((_, arrival)) => {
                self.counters.recovered += u64::from(arrival == Arrival::Recovered);
                if let Some(leg) = turn.legs.get_mut(key) {
                    leg.received.count(track.media());
                }
            }
            Err(reason) => {
                self.counters.drop(reason);
                if reason == DropReason::Duplicate {
                    self.pass_on_probe(turn, track_key, header.sequence);
                }
                return;
            }
        }
        if is_new {
            self.start_track(turn, track_key);
        }
        if let Some(at) = next_request {
            self.wake_at(at);
        }
        match accepted {
            Ok((Accepted::AtOnce(sequence), _)) => self.forward(turn, track_key, Batch::Live(&[sequence])),
            Ok((Accepted::Late(sequence), _)) => {
                self.forward(turn, track_key, Batch::Late(sequence));
                self.replay_to_waiting(turn, track_key);
            }
            Ok((Accepted::Flush, _)) => self.flush(turn, track_key),
            Ok((Accepted::Held, _)) if !self.holding.contains(&track_key) => self.holding.push(track_key),
            _ => {}
        }
        if let Some(leg) = turn.legs.get_mut(key) {
            leg.send_feedback(turn.now, turn.out, &mut self.counters);
        }
    }

    /// The packet's track, and whether it began with this packet.
    fn track_of(&mut self, turn: &mut Turn<'_>, key: u64, packet: &Packet<'_>) -> Option<(u64, bool)> {
        let leg = turn.legs.get_mut(key)?;
        let section = leg.incoming.sections.get_mut(packet.place.section)?;
        if let Some(known) = section.track {
            if let Some(track) = self.tracks.get_mut(known)
                && !packet.place.is_rtx
                && track.ssrc != packet.header.ssrc
            {
                track.restart(packet.header.ssrc);
                track.keyframes.want(turn.now.instant);
                close_subscriptions(turn.legs, &track.subscribers);
            }
            return Some((known, false));
        }
        if packet.place.is_rtx {
            // A retransmission of nothing: padding that probes the way before media flows.
            return None;
        }
        let origin = Origin {
            owner: leg.participant,
            leg: key,
            kind: section.kind,
            codec: packet.place.codec,
            ssrc: packet.header.ssrc,
            asks_again: section.nack,
            asks_keyframes: section.pli,
        };
        let track = self.tracks.insert_with(|_| Track::new(origin));
        section.track = Some(track);
        Some((track, true))
    }

    /// Forwards what a track holds.
    pub fn flush(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let mut sequences = std::mem::take(&mut turn.scratch.held);
        track.take_held(&mut sequences);
        self.holding.retain(|holding| *holding != key);
        self.forward(turn, key, Batch::Live(&sequences));
        turn.scratch.held = sequences;
    }

    /// Forwards packets of a track to everyone who gets it.
    fn forward(&mut self, turn: &mut Turn<'_>, key: u64, batch: Batch<'_>) {
        let Some(track) = self.tracks.get(key).filter(|track| !track.is_silent) else { return };
        for &(leg, slot) in &track.subscribers {
            let Some(mut receiver) = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) else {
                continue;
            };
            let (scratch, out) = (&mut *turn.scratch, &mut *turn.out);
            forward(turn.now, &track.ring, batch, &mut receiver, scratch, out, &mut self.counters);
        }
    }

    /// A late packet may have made the run since the last keyframe whole: who waits can begin.
    fn replay_to_waiting(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get(key) else { return };
        for (leg, slot) in track.subscribers.clone() {
            let receiver = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot));
            if receiver.is_some_and(|receiver| receiver.subscription.is_closed()) {
                self.replay(turn, leg, slot);
            }
        }
    }

    /// A publisher that falls silent sends its last packet again, so that its loss is noticed. The
    /// receivers' way may have lost it just as well.
    fn pass_on_probe(&mut self, turn: &mut Turn<'_>, key: u64, sequence: u16) {
        let Some(track) = self.tracks.get(key).filter(|track| track.media() == MediaKind::Video) else {
            return;
        };
        let Some(newest) = track.ring.newest().filter(|newest| *newest as u16 == sequence) else { return };
        let Some((info, _)) = track.ring.get(newest) else { return };
        if turn.now.instant.saturating_duration_since(info.arrived) < MIN_PROBE_AGE {
            return;
        }
        for &(leg, slot) in &track.subscribers {
            if let Some(mut receiver) = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) {
                send_again(turn.now, &track.ring, newest, &mut receiver, turn.out, &mut self.counters);
            }
        }
    }

    /// When held packets must leave at the latest.
    pub fn hold_deadline(&self) -> Option<Instant> {
        self.holding.iter().filter_map(|key| self.tracks.get(*key)?.hold_deadline()).min()
    }

    /// Forwards what was held long enough.
    pub fn flush_due(&mut self, turn: &mut Turn<'_>) {
        for key in self.holding.clone() {
            let deadline = self.tracks.get(key).and_then(Track::hold_deadline);
            if deadline.is_none_or(|deadline| deadline <= turn.now.instant) {
                self.flush(turn, key);
            }
        }
    }

    /// Sends the requests that are due, for all tracks.
    pub fn poll_tracks(&mut self, turn: &mut Turn<'_>) {
        self.due = None;
        for key in self.tracks.keys() {
            self.poll_track(turn, key);
        }
    }

    /// Asks the publisher for what is missing: packets, a keyframe.
    pub fn poll_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(leg) = turn.legs.get_mut(track.leg) else { return };
        let (now, ssrc, local) = (turn.now.instant, track.ssrc, leg.local_ssrc);
        let missing = &mut turn.scratch.missing;
        missing.clear();
        track.nack.poll(now, missing);
        if track.asks_again && !missing.is_empty() {
            self.counters.nacked_upstream += missing.len() as u64;
            leg.wire.send_rtcp(turn.out, |out| {
                write_receiver_report(out, local, &[]);
                write_nack(out, local, ssrc, missing);
            });
        }
        if track.keyframes.poll(now) && track.asks_keyframes {
            self.counters.keyframe_requests += 1;
            leg.wire.send_rtcp(turn.out, |out| {
                write_receiver_report(out, local, &[]);
                write_pli(out, local, ssrc);
            });
        }
        if let Some(at) = track.poll_timeout() {
            self.wake_at(at);
        }
    }
}

/// Reads a packet and says where it belongs; `None` is a packet that only probes the way.
fn read<'p>(
    turn: &mut Turn<'_>,
    key: u64,
    bytes: &'p [u8],
    flow: Option<u64>,
) -> Result<Option<Packet<'p>>, DropReason> {
    let leg = turn.legs.get_mut(key).ok_or(DropReason::UnknownStream)?;
    if !leg.publishes() {
        return Err(DropReason::NotPublishing);
    }
    let view = RtpView::parse(bytes).map_err(|_| DropReason::MalformedRtp)?;
    let place = match flow {
        Some(flow) => leg.incoming.place_on_flow(flow, &view),
        None => leg.incoming.place_of(&view),
    };
    let place = place.ok_or(DropReason::UnknownStream)?;
    let extensions = Extensions::read(&view, &leg.incoming.sections[place.section].extensions);
    leg.note_arrival(turn.now, extensions.transport_cc);
    if leg.incoming.sections[place.section].is_ended {
        return Err(DropReason::Ended);
    }
    let (mut header, mut payload) = (view.header, view.payload);
    if place.is_rtx {
        // RFC 4588 §4: the original's number, then its payload.
        let Some((original, rest)) = payload.split_first_chunk::<2>() else { return Ok(None) };
        header.sequence = u16::from_be_bytes(*original);
        payload = rest;
        if payload.is_empty() {
            return Ok(None);
        }
    }
    Ok(Some(Packet { place, header, extensions, payload }))
}

pub(crate) fn close_subscriptions(legs: &mut Slab<Leg>, subscribers: &[(u64, usize)]) {
    for &(leg, slot) in subscribers {
        if let Some(receiver) = legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) {
            receiver.subscription.close();
        }
    }
}
