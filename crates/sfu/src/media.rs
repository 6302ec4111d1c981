//! A packet's way through a room: find its track, keep it, forward it.

use crate::encoding::{Accepted, Encoding};
use crate::forward::{Batch, forward, send_again};
use crate::incoming::Place;
use crate::leg::Leg;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use crate::stats::DropReason;
use crate::track::{Origin, Track};
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
        let now = turn.now.instant;
        if !self.police(turn, key, |policer| policer.take(now, bytes.len())) {
            return;
        }
        let packet = match read(turn, key, bytes, flow) {
            Ok(Some(packet)) => packet,
            Ok(None) => return,
            Err(reason) => return self.counters.drop(reason),
        };
        let Some((track_key, layer, is_new)) = self.track_of(turn, key, &packet) else { return };
        let Some(track) = self.tracks.get_mut(track_key) else { return };
        let receivers = track.subscribers.len();
        let Some(encoding) = track.encodings.get_mut(layer) else { return };
        let (header, extensions) = (&packet.header, &packet.extensions);
        let accepted = encoding.accept(
            turn.now,
            (turn.hold, receivers),
            header,
            packet.place.codec,
            extensions,
            packet.payload,
        );
        let next_request = track.poll_timeout();
        let accepted = match accepted {
            Ok((accepted, arrival)) => {
                self.counters.recovered += u64::from(arrival == Arrival::Recovered);
                if let Some(leg) = turn.legs.get_mut(key) {
                    leg.received.count(track.media(), 1);
                }
                accepted
            }
            Err(reason) => {
                self.counters.drop(reason);
                // A browser repeats packets over RTX only to try out how much its way takes.
                if reason == DropReason::Duplicate && !packet.place.is_rtx {
                    self.pass_on_probe(turn, (track_key, layer), header.sequence);
                }
                return;
            }
        };
        let fits_anew = track.take_change();
        if is_new {
            self.start_track(turn, track_key);
        } else if fits_anew {
            self.choose_layers(turn, track_key);
        }
        if let Some(at) = next_request {
            self.wake_at(at);
        }
        self.pass_on(turn, (track_key, layer), accepted);
        if let Some(leg) = turn.legs.get_mut(key) {
            leg.send_feedback(turn.now, turn.out, &mut self.counters);
        }
    }

    /// Forwards a packet that was taken, when it is time.
    fn pass_on(&mut self, turn: &mut Turn<'_>, of: (u64, usize), accepted: Accepted) {
        match accepted {
            Accepted::AtOnce(sequence) => self.forward(turn, of, Batch::Live(&[sequence])),
            Accepted::Late(sequence) => {
                self.forward(turn, of, Batch::Late(sequence));
                self.replay_to_waiting(turn, of.0, of.1);
            }
            Accepted::Flush => self.flush(turn, of.0, of.1),
            Accepted::Held if !self.holding.contains(&of) => self.holding.push(of),
            Accepted::Held => {}
        }
    }

    /// The packet's track, which of its encodings, and whether the track began with this packet.
    fn track_of(&mut self, turn: &mut Turn<'_>, key: u64, packet: &Packet<'_>) -> Option<(u64, usize, bool)> {
        let leg = turn.legs.get_mut(key)?;
        let section = leg.incoming.sections.get_mut(packet.place.section)?;
        let (rank, ssrc) = (packet.place.rank, packet.header.ssrc);
        let known = section.track.and_then(|key| Some((key, self.tracks.get_mut(key)?)));
        if let Some((track_key, track)) = known
            && let Some(layer) = track.layer_of_rank(rank)
        {
            if !packet.place.is_rtx && track.encodings[layer].ssrc != ssrc {
                self.restart(turn, track_key, layer, ssrc);
            }
            return Some((track_key, layer, false));
        }
        if packet.place.is_rtx {
            // A retransmission of nothing: padding that probes the way before media flows.
            return None;
        }
        let encoding = Encoding::new(turn.now.instant, rank, packet.place.codec, ssrc);
        if let Some(known) = section.track
            && let Some(track) = self.tracks.get_mut(known)
        {
            track.encodings.push(encoding);
            return Some((known, track.encodings.len() - 1, false));
        }
        let origin = Origin {
            owner: leg.participant,
            leg: key,
            kind: section.kind,
            codec: packet.place.codec,
            asks_again: section.nack,
            asks_keyframes: section.pli,
        };
        let track = self.tracks.insert_with(|_| Track::new(origin, encoding));
        section.track = Some(track);
        Some((track, 0, true))
    }

    /// An encoding starts anew under another SSRC.
    pub fn restart(&mut self, turn: &mut Turn<'_>, key: u64, layer: usize, ssrc: u32) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(encoding) = track.encodings.get_mut(layer) else { return };
        encoding.restart(ssrc);
        encoding.keyframes.want(turn.now.instant);
        track.set_clock(layer);
        for &(leg, slot) in &track.subscribers {
            if let Some(receiver) = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) {
                receiver.subscription.forget(layer);
            }
        }
    }

    /// Forwards what an encoding holds.
    pub fn flush(&mut self, turn: &mut Turn<'_>, key: u64, layer: usize) {
        let encoding = self.tracks.get_mut(key).and_then(|track| track.encodings.get_mut(layer));
        let Some(encoding) = encoding else { return };
        let mut sequences = std::mem::take(&mut turn.scratch.held);
        encoding.hold.release(&mut sequences);
        self.holding.retain(|holding| *holding != (key, layer));
        self.forward(turn, (key, layer), Batch::Live(&sequences));
        turn.scratch.held = sequences;
    }

    /// Forwards what all encodings of a track hold.
    pub fn flush_all(&mut self, turn: &mut Turn<'_>, key: u64) {
        for layer in 0..self.tracks.get(key).map_or(0, |track| track.encodings.len()) {
            self.flush(turn, key, layer);
        }
    }

    /// Forwards packets of an encoding to everyone who gets it.
    pub fn forward(&mut self, turn: &mut Turn<'_>, (key, layer): (u64, usize), batch: Batch<'_>) {
        self.share_packets(turn, (key, layer), batch);
        let Some(track) = self.tracks.get(key).filter(|track| !track.is_silent) else { return };
        let Some(feed) = track.feed(layer) else { return };
        for &(leg, slot) in &track.subscribers {
            let receiver = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot));
            let Some(mut receiver) = receiver.filter(|it| it.subscription.wants(layer)) else { continue };
            let (scratch, out) = (&mut *turn.scratch, &mut *turn.out);
            forward(turn.now, feed, batch, &mut receiver, scratch, out, &mut self.counters);
            turn.out.relieve(turn.carrier.as_deref_mut());
        }
    }

    /// A publisher that falls silent sends its last packet again, so that its loss is noticed. The
    /// receivers' way may have lost it just as well.
    fn pass_on_probe(&mut self, turn: &mut Turn<'_>, (key, layer): (u64, usize), sequence: u16) {
        let Some(track) = self.tracks.get(key).filter(|track| track.media() == MediaKind::Video) else {
            return;
        };
        let Some(feed) = track.feed(layer) else { return };
        let Some(newest) = feed.ring.newest().filter(|newest| *newest as u16 == sequence) else { return };
        let Some((info, _)) = feed.ring.get(newest) else { return };
        if turn.now.instant.saturating_duration_since(info.arrived) < MIN_PROBE_AGE {
            return;
        }
        for &(leg, slot) in &track.subscribers {
            if let Some(mut receiver) = turn.legs.get_mut(leg).and_then(|leg| leg.receiver(slot)) {
                send_again(turn.now, feed, newest, &mut receiver, turn.out, &mut self.counters);
            }
        }
    }

    /// When held packets must leave at the latest.
    pub fn hold_deadline(&self) -> Option<Instant> {
        let held = self.holding.iter();
        held.filter_map(|(key, layer)| self.tracks.get(*key)?.encodings.get(*layer)?.hold.deadline()).min()
    }

    /// Forwards what was held long enough.
    pub fn flush_due(&mut self, turn: &mut Turn<'_>) {
        // From behind: a flush takes what it sends off the list.
        for at in (0..self.holding.len()).rev() {
            let Some(&(key, layer)) = self.holding.get(at) else { continue };
            let encoding = self.tracks.get(key).and_then(|track| track.encodings.get(layer));
            let deadline = encoding.and_then(|encoding| encoding.hold.deadline());
            if deadline.is_none_or(|deadline| deadline <= turn.now.instant) {
                self.flush(turn, key, layer);
            }
        }
    }

    /// Asks the publisher for what is missing: packets, a keyframe.
    pub fn poll_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(leg) = turn.legs.get_mut(track.leg) else { return self.ask_home(turn, key) };
        let (now, local) = (turn.now.instant, leg.local_ssrc);
        let missing = &mut turn.scratch.missing;
        for encoding in &mut track.encodings {
            let ssrc = encoding.ssrc;
            missing.clear();
            encoding.nack.poll(now, missing);
            // What a leg sent too much of was dropped here: asked for again, it would come again.
            if track.asks_again && !missing.is_empty() && !leg.policer.exceeds(now) {
                self.counters.nacked_upstream += missing.len() as u64;
                leg.wire.send_rtcp(turn.out, |out| {
                    write_receiver_report(out, local, &[]);
                    write_nack(out, local, ssrc, missing);
                });
            }
            if encoding.keyframes.poll(now) && track.asks_keyframes {
                self.counters.keyframe_requests += 1;
                leg.wire.send_rtcp(turn.out, |out| {
                    write_receiver_report(out, local, &[]);
                    write_pli(out, local, ssrc);
                });
            }
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
