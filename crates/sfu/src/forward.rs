//! The hot path behind the rooms: packets of one encoding of a track to one receiver.

use crate::mapping::Outgoing;
use crate::outputs::{Outputs, QuicTransmit, Transmit};
use crate::ring::Ring;
use crate::runs::first_run;
use crate::stats::{Counters, DropReason};
use crate::subscription::Subscription;
use crate::track::{Feed, Track};
use crate::wire::{Link, Wire};
use std::time::Instant;
use tongke_protocol::Now;
use tongke_transport::quic::framing::write_varint;
use tongke_transport::rtp::append_padding;
use tongke_transport::webrtc::Path;

/// A packet that passed the gate.
#[derive(Debug, Clone, Copy)]
struct Admitted {
    source: u64,
    outgoing: Outgoing,
    payload_type: u8,
    /// Header and payload, before sealing.
    len: usize,
}

/// Memory that is used again for each batch.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    admitted: Vec<Admitted>,
    lens: Vec<usize>,
    header: Vec<u8>,
    /// Numbers of packets on their way from a track to its receivers.
    pub held: Vec<u64>,
    /// Numbers to ask a publisher for.
    pub missing: Vec<u16>,
}

/// One receiving stream and the way to its peer.
pub(crate) struct Receiver<'a> {
    pub subscription: &'a mut Subscription,
    pub wire: &'a mut Wire,
    /// The flow of a QUIC leg.
    pub flow: u64,
}

/// Which packets of an encoding to forward.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Batch<'a> {
    /// These, as they came: a stream that waits may begin with one of them.
    Live(&'a [u64]),
    /// This one, which others have overtaken: it is of use only to a stream that runs.
    Late(u64),
    /// All from the first number to the second.
    Past(u64, u64),
}

/// Forwards packets of an encoding to one receiver.
pub(crate) fn forward(
    now: Now,
    feed: Feed<'_>,
    batch: Batch<'_>,
    receiver: &mut Receiver<'_>,
    scratch: &mut Scratch,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    if !receiver.wire.is_ready() {
        return;
    }
    if !out.has_room() {
        return counters.drop(DropReason::OutputsFull);
    }
    scratch.admitted.clear();
    scratch.lens.clear();
    let mut admit = |source, may_open| {
        admit(now.instant, feed, (source, may_open), receiver, scratch, counters);
    };
    match batch {
        Batch::Live(sources) => sources.iter().for_each(|source| admit(*source, true)),
        Batch::Late(source) => admit(source, false),
        Batch::Past(first, last) => (first..=last).for_each(|source| admit(source, false)),
    }
    match receiver.wire.link {
        Link::Quic => send_datagrams(now, feed.ring, &scratch.admitted, receiver, out, counters),
        Link::Webrtc(_) => send_runs(now, feed.ring, scratch, receiver, out, counters),
    }
}

/// Gate and numbers.
fn admit(
    now: Instant,
    feed: Feed<'_>,
    (source, may_open): (u64, bool),
    receiver: &mut Receiver<'_>,
    scratch: &mut Scratch,
    counters: &mut Counters,
) {
    let subscription = &mut *receiver.subscription;
    let Some((info, payload)) = feed.ring.get(source) else { return };
    let Some((payload_type, payload)) = subscription.payload_of(info.codec, payload) else {
        return counters.drop(DropReason::NoCodec);
    };
    let Some(outgoing) = subscription.admit(feed, info, may_open, now) else { return };
    let len = subscription.header_len(info, &mut scratch.header) + payload.len();
    scratch.admitted.push(Admitted { source, outgoing, payload_type, len });
    scratch.lens.push(len);
}

/// Appends one packet; false if it is gone meanwhile.
fn write(now: Now, ring: &Ring, packet: &Admitted, receiver: &mut Receiver<'_>, arena: &mut Vec<u8>) -> bool {
    let Some((info, payload)) = ring.get(packet.source) else { return false };
    let subscription = &mut *receiver.subscription;
    let Some((_, payload)) = subscription.payload_of(info.codec, payload) else { return false };
    let own = receiver.wire.own_extensions(now, &subscription.stream.extensions, packet.len);
    subscription.write(arena, (info, payload), packet.payload_type, packet.outgoing, &own);
    subscription.sent.packets += 1;
    subscription.sent.payload_bytes += payload.len() as u64;
    true
}

fn send_datagrams(
    now: Now,
    ring: &Ring,
    packets: &[Admitted],
    receiver: &mut Receiver<'_>,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    for packet in packets {
        let start = out.arena.len();
        write_varint(&mut out.arena, receiver.flow);
        if write(now, ring, packet, receiver, &mut out.arena) {
            let range = start..out.arena.len();
            counters.count_sent(1, range.len());
            out.quic.push(QuicTransmit { leg: receiver.wire.leg, range });
        } else {
            out.arena.truncate(start);
        }
    }
}

fn send_runs(
    now: Now,
    ring: &Ring,
    scratch: &Scratch,
    receiver: &mut Receiver<'_>,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    let Some(path) = receiver.wire.path() else { return };
    let mut done = 0;
    while let Some(run) = first_run(&scratch.lens[done..]) {
        let run_start = out.arena.len();
        let mut segment_size = None;
        for (index, packet) in scratch.admitted[done..done + run.packets].iter().enumerate() {
            let start = out.arena.len();
            if !write(now, ring, packet, receiver, &mut out.arena) {
                continue;
            }
            append_padding(&mut out.arena, start, run.padding(index, packet.len));
            if !receiver.wire.seal(&mut out.arena, start) {
                continue;
            }
            segment_size.get_or_insert(out.arena.len() - start);
        }
        done += run.packets;
        push_run(path, run_start, segment_size, out, counters);
    }
}

fn push_run(
    path: Path,
    start: usize,
    segment_size: Option<usize>,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    let range = start..out.arena.len();
    let Some(segment) = segment_size else { return };
    let packets = range.len().div_ceil(segment);
    counters.count_sent(packets as u64, range.len());
    out.udp.push(Transmit { path, range, segment_size: (packets > 1).then_some(segment) });
}

/// Answers a receiver that lacks the packet sent to it as `sequence`.
pub(crate) fn answer(
    now: Now,
    track: &Track,
    sequence: u16,
    receiver: &mut Receiver<'_>,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    let sent = receiver.subscription.repeat(sequence);
    let found = sent.and_then(|(layer, source)| {
        let feed = track.feed(layer)?;
        Some((feed, source, feed.ring.get(source)?.0))
    });
    let Some((feed, source, info)) = found else {
        return counters.drop(DropReason::NotInRing);
    };
    // Asked for before it could arrive: it was late itself, and is on its way.
    let age = now.instant.saturating_duration_since(info.arrived);
    if receiver.wire.rtt.is_none_or(|rtt| age >= rtt / 2) {
        send_again(now, feed, source, receiver, out, counters);
    }
}

/// Sends one packet again: as RTX over WebRTC (RFC 4588), unchanged over QUIC. Where WebRTC has no
/// RTX it cannot be: sealing a number twice would give AES-GCM's key away.
pub(crate) fn send_again(
    now: Now,
    feed: Feed<'_>,
    source: u64,
    receiver: &mut Receiver<'_>,
    out: &mut Outputs,
    counters: &mut Counters,
) {
    let subscription = &mut *receiver.subscription;
    let Some((info, payload)) = feed.ring.get(source).filter(|_| out.has_room()) else { return };
    let Some(outgoing) = subscription.numbers_of(feed.layer, info) else { return };
    let own = receiver.wire.own_extensions(now, &subscription.stream.extensions, payload.len());
    let start = out.arena.len();
    if let Link::Quic = receiver.wire.link {
        let Some((payload_type, payload)) = subscription.payload_of(info.codec, payload) else { return };
        write_varint(&mut out.arena, receiver.flow);
        subscription.write(&mut out.arena, (info, payload), payload_type, outgoing, &own);
        out.quic.push(QuicTransmit { leg: receiver.wire.leg, range: start..out.arena.len() });
    } else {
        let Some(path) = receiver.wire.path() else { return };
        if subscription.write_rtx(&mut out.arena, (info, payload), outgoing, &own).is_none() {
            return counters.drop(DropReason::NoRtx);
        }
        if !receiver.wire.seal(&mut out.arena, start) {
            return;
        }
        out.udp.push(Transmit { path, range: start..out.arena.len(), segment_size: None });
    }
    counters.retransmitted += 1;
    counters.bytes_out += (out.arena.len() - start) as u64;
    counters.sends += 1;
}
